/*
 * The spawner: the part of kistd that has privileges, and parses nothing.
 *
 * Theory of operation. It opens the listeners, starts the door with them, and then only waits: for
 * the door to ask for an operation process (cmd/kistd/wire.h: a number and two descriptors, which
 * it passes on unread), for processes to end, and for signals. A door that dies, or says what it
 * must not, is killed and started anew; connections that were being read are lost, operation
 * processes are not. When the spawner dies the door follows.
 *
 * SIGTERM and SIGINT end it in good order: the door stops accepting, the requests that it is
 * reading are still served, and operation processes go on by themselves.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "cmd/kistd/listen.h"

struct spawner_config {
	const char *dir, *run; /* where the engine is; NULL: its defaults */
	const struct listeners *listeners;
};

/* Returns when it has been told to stop: 0, or -errno with @err set. */
int spawner_run(const struct spawner_config *config, struct error *err) MUST_CHECK;
