#include "network/network.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/parse.h"
#include "base/str.h"
#include "network/bridge.h"
#include "network/record.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <string.h>

/* Both have nothing of their own to make: the host's namespace is there, and an empty one is what
 * the runtime makes. */
static int attach_plain(const struct network_request *request, bool private_netns,
			struct network_attachment *ret, struct error *err)
{
	/* Docker drops the ports of such a container and says so; the caller has the stream. */
	*ret = (struct network_attachment) {.netns_fd = -EBADF, .private_netns = private_netns};
	return 0;
}

static int host_attach(const struct root *root, const struct network_request *request,
		       struct network_attachment *ret, struct error *err)
{
	return attach_plain(request, false, ret, err);
}

static int none_attach(const struct root *root, const struct network_request *request,
		       struct network_attachment *ret, struct error *err)
{
	return attach_plain(request, true, ret, err);
}

static int plain_detach(const struct root *root, const char *container_id, struct error *err)
{
	return 0;
}

static const struct network_driver host_driver = {
	.name = "host", .attach = host_attach, .detach = plain_detach};
static const struct network_driver none_driver = {
	.name = "none", .attach = none_attach, .detach = plain_detach};

static const struct network_driver *const drivers[] = {
	&bridge_driver,
	&host_driver,
	&none_driver,
};

const char *const network_names[] = {"bridge", "host", "none", NULL};

int network_bridge_subnet(const struct root *root, char *ret_subnet,
			  char ret_gateway[INET_ADDRSTRLEN], struct error *err)
{
	auto_netlink route = NETLINK_CLOSED;
	struct in_addr gateway;
	struct subnet subnet;
	char name[IFNAMSIZ];
	unsigned index;
	int r;

	bridge_name(root, name);
	index = if_nametoindex(name);
	if (index == 0)
		return 0;
	r = netlink_open(NETLINK_ROUTE, &route);
	if (r == 0)
		r = subnet_of_interface(&route, index, &subnet);
	if (r < 0)
		return error_errno(err, r, "look at the bridge %s", name);
	if (r == 0)
		return 0;
	(void)subnet_format(&subnet, ret_subnet);
	gateway = subnet_address(&subnet, 1);
	(void)inet_ntop(AF_INET, &gateway, ret_gateway, INET_ADDRSTRLEN);
	return 1;
}

static const struct network_driver *find_driver(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(drivers); i++) {
		if (STREQ(drivers[i]->name, name))
			return drivers[i];
	}
	return NULL;
}

int network_attach(const struct root *root, const struct network_request *request,
		   struct network_attachment *ret, struct error *err)
{
	const struct network_driver *driver = find_driver(request->network);

	if (!driver)
		return error_set(err, ERROR_NOT_FOUND,
				 "network %s not found: choose bridge, host or none",
				 request->network);
	return driver->attach(root, request, ret, err);
}

int network_detach(const struct root *root, const char *container_id, struct error *err)
{
	const struct network_driver *driver;
	auto_record record = RECORD_CLOSED;
	auto_holdings holdings = {0};
	int r;

	r = record_open(root, container_id, &record, err);
	if (r <= 0)
		return r;
	r = record_read(&record, &holdings, err);
	if (r < 0)
		return r;
	/* Cut off before its second line: nothing was begun. */
	if (!holdings.network[0])
		return record_remove(&record, err);
	driver = find_driver(holdings.network);
	if (!driver)
		return error_set(err, ERROR_CORRUPT,
				 "detach container %.12s: its network %s is unknown", container_id,
				 holdings.network);
	return driver->detach(root, container_id, err);
}

void network_attachment_release(struct network_attachment *attachment)
{
	attachment->netns_fd = fd_close(attachment->netns_fd);
	for (size_t i = 0; i < attachment->held_fd_count; i++)
		(void)fd_close(attachment->held_fds[i]);
	mem_freep(&attachment->held_fds);
	mem_freep(&attachment->ports);
	*attachment = (struct network_attachment) {.netns_fd = -EBADF};
}

int mac_parse(const char *text, uint8_t *ret)
{
	uint8_t mac[6];
	char separator = text[0] && text[1] ? text[2] : '\0';

	if (separator != ':' && separator != '-')
		return -EINVAL;
	for (size_t i = 0; i < sizeof(mac); i++, text += 3) {
		int high = parse_hex_digit(text[0]);
		int low = high < 0 ? -1 : parse_hex_digit(text[1]);

		if (low < 0 || text[2] != (i + 1 < sizeof(mac) ? separator : '\0'))
			return -EINVAL;
		mac[i] = (uint8_t)(high << 4 | low);
	}
	if (mac[0] & 1)
		return -EINVAL;
	memcpy(ret, mac, sizeof(mac));
	return 0;
}
