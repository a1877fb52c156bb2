#include "kern/conntrack.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>

/* Bits of CTA_FILTER_ORIG_FLAGS, which no header of the kernel exports
 * (net/netfilter/nf_conntrack_netlink.c). */
#define FILTER_PROTO_NUM (1 << 3)
#define FILTER_DST_PORT	 (1 << 5)
/* One batch; what is left is found by the next pass. */
#define DELETES_MAX 1024
#define PASSES_MAX  1024

struct search {
	struct netlink_batch deletes;
	bool (*matches)(struct in_addr destination, uint16_t port, void *arg);
	void *arg;
};

static void search_release(struct search *search)
{
	netlink_batch_release(&search->deletes);
}

static void begin(struct netlink_batch *batch, uint16_t type, uint16_t flags)
{
	struct nfgenmsg header = {.nfgen_family = NFPROTO_IPV4, .version = NFNETLINK_V0};

	netlink_begin(batch, (uint16_t)(NFNL_SUBSYS_CTNETLINK << 8 | type), flags, &header,
		      sizeof(header));
}

static int find_nested(struct netlink_cursor cursor, uint16_t type, struct netlink_attribute *ret)
{
	struct netlink_attribute attribute;
	int r;

	while ((r = netlink_next_attribute(&cursor, &attribute)) > 0) {
		if (attribute.type != type)
			continue;
		*ret = attribute;
		return 0;
	}
	return r < 0 ? r : -EBADMSG;
}

static int read_destination(const struct netlink_attribute *tuple, struct in_addr *ret,
			    uint16_t *ret_port)
{
	struct netlink_attribute ip = {0}, destination = {0}, protocol = {0}, port = {0};
	int r;

	r = find_nested(netlink_nested(tuple), CTA_TUPLE_IP, &ip);
	if (r == 0)
		r = find_nested(netlink_nested(&ip), CTA_IP_V4_DST, &destination);
	if (r == 0)
		r = netlink_get_u32(&destination, &ret->s_addr);
	if (r == 0)
		r = find_nested(netlink_nested(tuple), CTA_TUPLE_PROTO, &protocol);
	if (r == 0)
		r = find_nested(netlink_nested(&protocol), CTA_PROTO_DST_PORT, &port);
	if (r == 0 && port.len != sizeof(*ret_port))
		r = -EBADMSG;
	if (r < 0)
		return r;
	*ret_port = (uint16_t)(port.payload[0] << 8 | port.payload[1]);
	return 0;
}

static int take_flow(const struct netlink_message *message, void *arg)
{
	struct search *search = arg;
	struct netlink_attribute tuple = {0}, id = {0};
	struct netlink_cursor cursor;
	struct in_addr destination;
	uint16_t port;
	int r;

	r = netlink_attributes(message, sizeof(struct nfgenmsg), &cursor);
	if (r == 0)
		r = find_nested(cursor, CTA_TUPLE_ORIG, &tuple);
	if (r == 0)
		r = find_nested(cursor, CTA_ID, &id);
	if (r == 0)
		r = read_destination(&tuple, &destination, &port);
	if (r < 0)
		return r;
	if (search->deletes.count == DELETES_MAX ||
	    !search->matches(destination, port, search->arg))
		return 0;
	begin(&search->deletes, IPCTNL_MSG_CT_DELETE, NLM_F_ACK);
	netlink_put(&search->deletes, CTA_TUPLE_ORIG | NLA_F_NESTED, tuple.payload, tuple.len);
	/* This very flow, not one that took its place. */
	netlink_put(&search->deletes, CTA_ID, id.payload, id.len);
	return 0;
}

static void ask_for_flows(struct netlink_batch *batch, uint8_t protocol, uint16_t port)
{
	size_t tuple, nest;

	begin(batch, IPCTNL_MSG_CT_GET, NLM_F_DUMP);
	tuple = netlink_nest(batch, CTA_TUPLE_ORIG);
	nest = netlink_nest(batch, CTA_TUPLE_PROTO);
	netlink_put_u8(batch, CTA_PROTO_NUM, protocol);
	if (port)
		netlink_put_u16(batch, CTA_PROTO_DST_PORT, htons(port));
	netlink_nest_end(batch, nest);
	netlink_nest_end(batch, tuple);
	nest = netlink_nest(batch, CTA_FILTER);
	netlink_put_u32(batch, CTA_FILTER_ORIG_FLAGS,
			FILTER_PROTO_NUM | (port ? FILTER_DST_PORT : 0));
	netlink_nest_end(batch, nest);
}

int conntrack_forget(struct netlink *netlink, uint8_t protocol, uint16_t port,
		     bool (*matches)(struct in_addr destination, uint16_t port, void *arg),
		     void *arg)
{
	for (unsigned pass = 0; pass < PASSES_MAX; pass++) {
		CLEANUP(search_release) struct search search = {.matches = matches, .arg = arg};
		auto_batch batch = {0};
		unsigned found;
		int r;

		ask_for_flows(&batch, protocol, port);
		r = netlink_query(netlink, &batch, take_flow, &search);
		if (r == -EINVAL || r == -EOPNOTSUPP)
			return 0;
		if (r < 0 && r != -EAGAIN)
			return r;
		found = search.deletes.count;
		r = netlink_run(netlink, &search.deletes, NULL);
		/* It may have ended by itself; the others are deleted all the same. */
		if (r < 0 && r != -ENOENT)
			return r;
		if (found < DELETES_MAX)
			return 0;
	}
	return -EAGAIN;
}
