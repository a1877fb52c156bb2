/*
 * Networks of containers: what the engine asks for, whatever the driver.
 *
 * A driver is a struct network_driver (bridge, host, none; macvlan and rootless later). State is
 * files below root->run/network: an address or a port is reserved by the exclusive creation of a
 * file that contains the container's id, so that `network_detach` needs nothing but the id.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "io/root.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct port_mapping {
	struct in_addr host_ip;	 /* INADDR_ANY: all addresses of the host */
	uint16_t host_port;	 /* 0 in a request: choose a free one (49153-65535) */
	uint16_t host_port_last; /* in a request, if not 0: choose one from host_port to this */
	uint16_t container_port;
	int protocol; /* IPPROTO_TCP, IPPROTO_UDP */
};

#define PORTS_MAX 4096

/* Parses one -p argument: [[ip:][hostPort]:]containerPort[/proto], with Docker's grammar and words:
 * ranges a-b on both sides of equal length, or a range of host ports to choose from for one
 * container port. Appends to *@list (mem_resize'd, owned by the caller). ERROR_INVALID,
 * ERROR_UNSUPPORTED for what this version does not publish (sctp, IPv6). */
int port_parse(const char *text, struct port_mapping **list, size_t *count,
	       struct error *err) MUST_CHECK;

struct network_request {
	const char *network;	  /* "bridge", "host", "none" */
	const char *container_id; /* 64 hexadecimal digits */
	const struct port_mapping *ports;
	size_t port_count;
	const uint8_t
		*mac; /* 6 bytes, of its interface on the bridge; NULL: made from the address */
};

/* "92:d0:c6:0a:29:33", with colons or dashes, of one interface (not of a group), into 6 bytes. 0 or
 * -EINVAL. */
int mac_parse(const char *text, uint8_t *ret) MUST_CHECK;

/* What an attached container has. Zero-initialised it is empty. */
struct network_attachment {
	int netns_fd; /* owned; -EBADF: the host's namespace (host), or a fresh empty one that the
		       * runtime makes itself (none) */
	bool private_netns;	       /* false for host only */
	char address[INET_ADDRSTRLEN]; /* "" if none */
	unsigned prefix;
	char gateway[INET_ADDRSTRLEN];
	char mac[18];
	char interface[16];	    /* name inside, "eth0" */
	struct port_mapping *ports; /* owned; host_port filled in */
	size_t port_count;
	int *held_fds; /* owned: what reserves the ports; the monitor keeps it open. At most 16,
			* however many the ports (hold.h) */
	size_t held_fd_count;
};

/*
 * Makes everything the request asks for: namespace, interfaces, address, routes, port map, sockets.
 * On failure everything made so far is undone. ERROR_CONFLICT: a port is taken (the message names
 * it and, if it is a container of ours, its id); ERROR_EXHAUSTED: no address or port left;
 * ERROR_NOT_FOUND: no such network.
 */
int network_attach(const struct root *root, const struct network_request *request,
		   struct network_attachment *ret, struct error *err) MUST_CHECK;

/* Gives back everything that @container_id holds: interfaces, nft elements, ports, address.
 * Idempotent; works from the files alone, whoever died in between. */
int network_detach(const struct root *root, const char *container_id, struct error *err) MUST_CHECK;

/* The drivers' names, NULL-terminated: "bridge", "host", "none". */
extern const char *const network_names[];

/* The subnet of the bridge ("172.18.0.0/16") and the address of its gateway: 1; 0 if no container
 * has been attached since it was made. @ret_subnet has INET_ADDRSTRLEN + 3 bytes. */
int network_bridge_subnet(const struct root *root, char *ret_subnet,
			  char ret_gateway[INET_ADDRSTRLEN], struct error *err) MUST_CHECK;

/* Closes the descriptors and frees the lists; does not detach. */
void network_attachment_release(struct network_attachment *attachment);

/* One row of `kist network ls`; more comes with user-defined networks. */
struct network_driver {
	const char *name;
	int (*attach)(const struct root *root, const struct network_request *request,
		      struct network_attachment *ret, struct error *err);
	int (*detach)(const struct root *root, const char *container_id, struct error *err);
};
