/*
 * Those who are connected to the monitor: its owner, and clients of <bundle>/control.
 *
 * What a peer does not read is kept for it up to a bound. The unread output of the owner, and of
 * those who were there before the container, holds the container back (peers_behind), so that a
 * foreground run is exact however slow its reader is. Any other client does so for two seconds, and
 * then for a tenth of the time: enough for one that is late for a moment. One that has used that up
 * is disconnected, so that nobody who attaches can stop a service by stopping to read.
 *
 * What a peer sends to stdin is read no faster than the
 * container takes it. The end of a peer is never an error.
 *
 * Callbacks of the loop only record what has happened here; the monitor looks at it after each
 * step.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "base/str.h"
#include "io/loop.h"
#include "monitor/stdio.h"
#include "monitor/wire-reader.h"

#include <stdbool.h>

#define PEERS_MAX 64

struct peers;

struct peer {
	struct peers *peers;
	struct peer *next;
	struct loop_source source;
	struct wire_reader reader;
	struct str out; /* frames not yet sent */
	size_t sent;	/* of out */
	unsigned char mask;
	uint64_t skip[2]; /* bytes of each stream that it has from a monitor before us */
	bool exact;	  /* the container waits for it, however long */
	int64_t late;	  /* since when it holds the container back; 0: it does not */
	int64_t early;	  /* since when it does not */
	int64_t patience; /* how long it may */
	bool waits;	  /* for WIRE_EXITED */
	bool half_closed; /* it sends no more */
	bool throttled;	  /* stdin is full: it is not read */
	bool last;	  /* to be disconnected when all is sent */
};

struct peers {
	struct loop *loop;
	struct stdio *stdio;
	struct loop_source listener;
	struct loop_timer patience; /* of the first who runs out of it */
	struct peer *first;
	struct peer *owner; /* NULL: gone */
	unsigned count;
	bool launch;	   /* the owner has said WIRE_LAUNCH */
	bool committed;	   /* the owner has said WIRE_COMMIT */
	bool owner_cleans; /* ... WIRE_CLEANING, and is there */
	bool owner_told;   /* it has WIRE_EXITED and cleans */
	bool ended;	   /* WIRE_EXITED was sent */
};

/* The object without any connection. */
void peers_init(struct peers *peers, struct loop *loop, struct stdio *stdio);
/* @owner_fd is taken over. */
int peers_add_owner(struct peers *peers, int owner_fd, struct error *err) MUST_CHECK;
/* Somebody who is there before the container is; @fd is taken over. */
void peers_add_early(struct peers *peers, int fd);
/* Makes the control socket in @bundle_fd. */
int peers_listen(struct peers *peers, int bundle_fd, struct error *err) MUST_CHECK;
void peers_release(struct peers *peers);

void peers_send_started(struct peers *peers, const struct wire_started *started);
/* Also disconnects the owner, once it has been sent. */
void peers_send_failed(struct peers *peers, const struct error *error);
void peers_send_output(struct peers *peers, int stream, const char *data, size_t len);
/* To the owner and all who wait; then everybody is disconnected once all is sent. No new
 * connections are taken. */
void peers_send_exited(struct peers *peers, const struct wire_exit *exit);

/* Whether the container has to wait: more than @bound bytes are kept for one who must not miss any,
 * or a client is late. Disconnects those who have been too often. */
bool peers_behind(struct peers *peers, size_t bound);
/* Whether somebody is there for whom the container waits. */
bool peers_any_exact(const struct peers *peers);
/* Takes what the owner has sent up to now. */
void peers_read_owner(struct peers *peers);
/* stdin has room again. */
void peers_resume_input(struct peers *peers);
