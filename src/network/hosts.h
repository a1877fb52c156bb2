/*
 * The text of a container's /etc/hosts and /etc/hostname. The caller writes and mounts it.
 */
#pragma once

#include "base/error.h"
#include "base/strv.h"

#include <stdbool.h>

struct hosts_options {
	const char *base; /* what it begins with; NULL: localhost and its relatives */
	const char *hostname;
	const char *address;	  /* the container's; NULL or "" if it has none */
	const char *gateway;	  /* what "host-gateway" stands for; NULL or "" if nothing */
	const struct strv *extra; /* --add-host: "name:address" or "name=address"; may be NULL */
};

/* True for what may stand in /etc/hosts: letters, digits, ".", "-" and "_", at most 253. */
bool hosts_name_valid(const char *name);

/* The host's own /etc/hosts, for a container that shares its network; NULL if there is none to
 * read. Owned by the caller. */
char *hosts_read_host(void) MUST_CHECK;

/* *@ret is owned by the caller. ERROR_INVALID quotes what is wrong, in Docker's words. */
int hosts_make(const struct hosts_options *options, char **ret, struct error *err) MUST_CHECK;
int hostname_make(const char *hostname, char **ret, struct error *err) MUST_CHECK;
