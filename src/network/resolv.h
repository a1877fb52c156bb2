/*
 * The text of a container's /etc/resolv.conf, from the host's and the user's wishes.
 *
 * As Docker does it on its default bridge: name servers on the host's loopback addresses, which a
 * container cannot reach, are left out, and so are IPv6 ones on an IPv4 network; if none is left,
 * Google's public ones take their place. A host whose only name server is systemd-resolved's stub
 * (127.0.0.53) is asked for the servers behind it instead.
 */
#pragma once

#include "base/error.h"
#include "base/strv.h"

#include <stdbool.h>

struct resolv_options {
	const struct strv *servers; /* --dns; each list may be NULL, then the host's is taken */
	const struct strv *search;  /* --dns-search; "." alone: none */
	const struct strv *options; /* --dns-option */
	bool host_network;	    /* the host's name servers can all be reached */
};

#define RESOLV_TEXT_MAX 65536

/* The host's text: "" if there is no such file. *@ret is owned by the caller. */
int resolv_read_host(char **ret, struct error *err) MUST_CHECK;

/* *@ret is owned by the caller. ERROR_INVALID quotes the wish that is wrong; lines of the host's
 * that mean nothing are left out. */
int resolv_make(const char *host_text, const struct resolv_options *options, char **ret,
		struct error *err) MUST_CHECK;
