/* Property: messages and attributes lie within the bytes they were read from, in order, and the
 * reader always comes to an end. */
#include "kern/netlink.h"
#include "kern/rtnl-link.h"

#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void walk(struct netlink_cursor cursor, unsigned depth)
{
	const uint8_t *begin = cursor.data, *end = cursor.data + cursor.len;
	struct netlink_attribute attribute;

	while (netlink_next_attribute(&cursor, &attribute) > 0) {
		if (attribute.payload <= begin || attribute.payload > end ||
		    attribute.len > (size_t)(end - attribute.payload) ||
		    cursor.data < attribute.payload + attribute.len || cursor.data > end)
			abort();
		begin = attribute.payload;
		if (depth < DEPTH_MAX)
			walk(netlink_nested(&attribute), depth + 1);
	}
}

static void check_link(const struct netlink_message *message)
{
	struct rtnl_link link;

	if (rtnl_link_parse(message, &link) < 0)
		return;
	if (link.index == 0 || !link.name[0] || strlen(link.name) >= sizeof(link.name) ||
	    strlen(link.alias) >= sizeof(link.alias) || strlen(link.kind) >= sizeof(link.kind))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct netlink_cursor cursor = {data, size}, attributes;
	struct netlink_message message;

	while (netlink_next_message(&cursor, &message) > 0) {
		if (message.payload < data || message.len > size ||
		    message.payload + message.len > data + size)
			abort();
		if (netlink_attributes(&message, sizeof(struct ifinfomsg), &attributes) == 0)
			walk(attributes, 0);
		check_link(&message);
	}
	return 0;
}
