/*
 * The door: the part of kistd that listens to clients, and has no privileges.
 *
 * Theory of operation. One thread, one event loop, a state for each connection (connection.c). A
 * request is read within bounds and time limits, its route found, its query and JSON decoded into a
 * record. Record and connection then go to the spawner, and the operation process answers. The door
 * keeps its descriptor of the connection until it hears that the process has ended; if the process
 * says that the connection may be used again, the next request is read from it.
 *
 * Answers of the door itself are short: /_ping, and what is wrong with a request.
 */
#pragma once

#include "api/route.h"
#include "base/error.h"
#include "base/macro.h"
#include "cmd/kistd/quota.h"
#include "cmd/kistd/wire.h"
#include "io/loop.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DOOR_CONNECTIONS_MAX 2048
#define DOOR_LISTENERS_MAX   16

struct connection;

struct door {
	struct loop loop;
	const struct route *routes;
	struct loop_source control;
	struct loop_source listeners[DOOR_LISTENERS_MAX];
	size_t listener_count;
	bool listening;
	bool draining; /* no new connections; ends when nothing is being read */
	bool gone;     /* the spawner has ended */
	struct quota quota;
	struct connection *slots[DOOR_CONNECTIONS_MAX];
	uint32_t serials[DOOR_CONNECTIONS_MAX]; /* how often a slot was used for an operation */
	size_t outstanding;			/* operations that have not ended */
	size_t promised; /* those after which the client was told it may ask again */
	int64_t drain_end;
	struct loop_timer sweep; /* looks for connections that are too slow */
};

/* Runs as `kistd door COUNT`: with @listener_count listeners from DOOR_LISTENER on. Enters its
 * sandbox first. Returns when it is no longer needed. */
int door_run(size_t listener_count, struct error *err) MUST_CHECK;

/* The sandbox alone; for the test that breaks into it. */
int door_confine(struct error *err) MUST_CHECK;

/* For connections. */
void door_listen(struct door *door, bool on);
