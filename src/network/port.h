/*
 * Published ports: protocols by name, and reservation against other containers and other programs.
 *
 * The kernel decides who has a port: a socket bound to it (TCP: listening), which the container's
 * monitor holds for as long as the container runs. The files below run/network/ports keep it
 * reserved where a monitor was killed and its container lives on, and name the owner.
 */
#pragma once

#include "base/error.h"
#include "network/hold.h"
#include "network/network.h"
#include "network/record.h"

/* "tcp", "udp". */
const char *port_protocol(int protocol);
/* The number, or -EINVAL. Any case, as Docker has it. */
int port_protocol_parse(const char *name) MUST_CHECK;

/*
 * Reserves @count ports for the container of @record: sockets first, then the lines of the record,
 * then the links. Chooses where host_port is 0 or a range. @ports gets what was reserved, @ret what
 * holds it. ERROR_CONFLICT names the port and whose it is.
 */
int port_reserve(const struct root *root, struct record *record, struct port_mapping *ports,
		 size_t count, struct hold *ret, struct error *err) MUST_CHECK;

/* Whether the port is reserved for the container of @record: 1, 0, or -errno. */
int port_is_reserved(int ports_fd, const struct record *record,
		     const struct port_mapping *port) MUST_CHECK;

/* Gives the ports back that are the record's. */
int port_release(const struct root *root, const struct record *record,
		 const struct port_mapping *ports, size_t count, struct error *err) MUST_CHECK;

#define PORTS_FOLDER "network/ports"
#define PORT_CURSOR  "../port-cursor" /* from PORTS_FOLDER */
