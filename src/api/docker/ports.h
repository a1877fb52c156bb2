/*
 * Published and exposed ports as Docker's ps and port show them.
 */
#pragma once

#include "base/str.h"
#include "base/strv.h"
#include "network/network.h"

#include <stddef.h>

struct shown_port {
	char host_ip[INET_ADDRSTRLEN]; /* "": exposed, not published */
	uint16_t host_port;
	uint16_t container_port;
	const char *protocol; /* "tcp", "udp" */
};

/*
 * Everything that @published (with the ports that were chosen) and @exposed ("80/tcp", "80",
 * "80-90/udp") say, sorted; an exposed port that is published is not repeated. What is no port in
 * @exposed is left out. Returns an owned array of *@ret_count.
 */
struct shown_port *ports_collect(const struct port_mapping *published, size_t published_count,
				 const struct strv *exposed, size_t *ret_count) MUST_CHECK;

/* The PORTS column: "0.0.0.0:8080->80/tcp, 90-91/tcp", neighbours joined to ranges. */
void ports_show(const struct shown_port *ports, size_t count, struct str *out);
