/*
 * Where kistd listens: unix sockets that it opens itself, or that a service manager handed over
 * (LISTEN_FDS of sd_listen_fds(3)).
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "base/strv.h"

#include <stdbool.h>
#include <stddef.h>

#define LISTENERS_MAX 16

struct listener {
	int fd;
	char *path; /* of a socket that is ours to remove; NULL: handed over */
};

struct listeners {
	struct listener list[LISTENERS_MAX];
	size_t count;
};

/* Takes the sockets that a service manager has opened for us; none: count stays 0. */
int listeners_inherit(struct listeners *listeners, struct error *err) MUST_CHECK;

/* Listens at @address ("unix:///run/kist/docker.sock"), for root and @group (NULL: root's). A
 * socket there that nobody listens on is replaced; ERROR_CONFLICT if somebody does. */
int listeners_open(struct listeners *listeners, const char *address, const char *group,
		   struct error *err) MUST_CHECK;

/* Closes all, and removes those that are ours. */
void listeners_release(struct listeners *listeners);
