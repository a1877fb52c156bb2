#include "network/subnet.h"

#include "base/mem.h"
#include "base/parse.h"
#include "kern/rtnl-addr.h"
#include "kern/rtnl-route.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Routes change while they are listed; a busy router must not keep us for ever. */
#define LIST_TRIES 10

uint32_t subnet_mask(unsigned prefix)
{
	return htonl((uint32_t)(UINT64_C(0xffffffff) << (32 - prefix)));
}

static struct subnet make_subnet(struct in_addr address, unsigned prefix)
{
	return (struct subnet) {.base = {address.s_addr & subnet_mask(prefix)}, .prefix = prefix};
}

int subnet_parse(const char *text, struct subnet *ret)
{
	const char *slash = strchr(text, '/');
	char address[INET_ADDRSTRLEN];
	struct subnet subnet;
	uint32_t prefix;

	if (!slash || (size_t)(slash - text) >= sizeof(address))
		return -EINVAL;
	(void)snprintf(address, sizeof(address), "%.*s", (int)(slash - text), text);
	if (inet_pton(AF_INET, address, &subnet.base) != 1 ||
	    parse_u32(slash + 1, 1, 30, &prefix) < 0)
		return -EINVAL;
	subnet.prefix = prefix;
	if (subnet.base.s_addr & ~subnet_mask(prefix))
		return -EINVAL;
	*ret = subnet;
	return 0;
}

const char *subnet_format(const struct subnet *subnet, char ret[SUBNET_TEXT_SIZE])
{
	char address[INET_ADDRSTRLEN];

	(void)snprintf(ret, SUBNET_TEXT_SIZE, "%s/%u",
		       inet_ntop(AF_INET, &subnet->base, address, sizeof(address)),
		       subnet->prefix % 100);
	return ret;
}

bool subnet_overlap(const struct subnet *a, const struct subnet *b)
{
	return ((a->base.s_addr ^ b->base.s_addr) & subnet_mask(MIN(a->prefix, b->prefix))) == 0;
}

struct in_addr subnet_address(const struct subnet *subnet, uint32_t number)
{
	return (struct in_addr) {subnet->base.s_addr | htonl(number)};
}

struct taken {
	struct subnet *list; /* owned */
	size_t count;
	size_t size;
	uint32_t except;
};

static void note(struct taken *taken, struct in_addr address, unsigned prefix)
{
	/* The default route covers everything and forbids nothing. */
	if (prefix == 0)
		return;
	if (taken->count == taken->size) {
		taken->size = taken->size ? taken->size * 2 : 16;
		taken->list = mem_resize(taken->list, taken->size * sizeof(*taken->list));
	}
	taken->list[taken->count++] = make_subnet(address, prefix);
}

static int note_route(const struct rtnl_route *route, void *arg)
{
	struct taken *taken = arg;

	if (!taken->except || route->index != taken->except)
		note(taken, route->destination, route->prefix);
	return 0;
}

static int note_address(uint32_t index, struct in_addr address, unsigned prefix, void *arg)
{
	struct taken *taken = arg;

	if (!taken->except || index != taken->except)
		note(taken, address, prefix);
	return 0;
}

static int list_taken(struct netlink *route, struct taken *taken)
{
	int r = -EAGAIN;

	for (int tries = 0; r == -EAGAIN && tries < LIST_TRIES; tries++) {
		taken->count = 0;
		r = rtnl_route_list(route, note_route, taken);
		if (r == 0)
			r = rtnl_addr_list(route, note_address, taken);
	}
	return r;
}

static bool is_free(const struct taken *taken, const struct subnet *subnet)
{
	for (size_t i = 0; i < taken->count; i++) {
		if (subnet_overlap(&taken->list[i], subnet))
			return false;
	}
	return true;
}

static bool find_free(const struct taken *taken, struct subnet *ret)
{
	for (uint32_t i = 0; i < 15 + 16; i++) {
		bool large = i < 15;
		uint32_t base = large ? 0xac110000 + (i << 16) : 0xc0a80000 + ((i - 15) << 12);
		struct subnet subnet = {.base = {htonl(base)}, .prefix = large ? 16 : 20};

		if (is_free(taken, &subnet)) {
			*ret = subnet;
			return true;
		}
	}
	return false;
}

int subnet_choose(struct netlink *route, uint32_t except, struct subnet *ret, struct error *err)
{
	struct taken taken = {.except = except};
	bool found;
	int r;

	r = list_taken(route, &taken);
	found = r == 0 && find_free(&taken, ret);
	mem_freep(&taken.list);
	if (r < 0)
		return error_errno(err, r, "choose a subnet: list the routes of this host");
	if (!found)
		return error_set(err, ERROR_EXHAUSTED,
				 "choose a subnet: routes of this host cover all of "
				 "172.17.0.0-172.31.255.255 and 192.168.0.0/16");
	return 0;
}

struct search {
	uint32_t index;
	struct subnet subnet;
};

static int match_interface(uint32_t index, struct in_addr address, unsigned prefix, void *arg)
{
	struct search *search = arg;

	if (index == search->index && prefix >= 1 && prefix <= 30)
		search->subnet = make_subnet(address, prefix);
	return 0;
}

int subnet_of_interface(struct netlink *route, uint32_t index, struct subnet *ret)
{
	struct search search = {.index = index};
	int r = -EAGAIN;

	for (int tries = 0; r == -EAGAIN && tries < LIST_TRIES; tries++)
		r = rtnl_addr_list(route, match_interface, &search);
	if (r < 0)
		return r;
	if (search.subnet.prefix == 0)
		return 0;
	*ret = search.subnet;
	return 1;
}
