/*
 * What `ps` read last time: the records of containers, packed into one file of the run folder, so
 * that a list of many opens one file instead of two for each.
 *
 * Nothing depends on it. An entry counts only while the folder of its container is what it was
 * (inode and times: everything in it is replaced by renames). While there is a run folder, which
 * whoever starts it makes first, the kernel is asked for the state. Folders that changed a moment
 * ago are not kept: the clock that stamps them is coarse. The file is written anew by the reader
 * that found many missing.
 */
#pragma once

#include "base/macro.h"
#include "base/str.h"
#include "base/strv.h"
#include "engine/container/container.h"
#include "engine/engine.h"

#include <errno.h>
#include <stdbool.h>

struct list_cache {
	const struct engine *engine;
	const struct strv *started; /* ids that have a run folder, in order; the caller's */
	size_t started_at;
	int folder;	  /* containers/ */
	bool started_now; /* the id that was asked for last is one of them */
	char *data;	  /* what was read; owned */
	size_t at, len;
	size_t kept_begin, kept_end; /* of it: stays, and is not in @next yet */
	struct str next;	     /* what will be written */
	size_t missed;
};

/* Ids are asked for in order, each once; one that was not found is loaded and added before the
 * next. */
void list_cache_open(const struct engine *engine, const struct strv *started,
		     struct list_cache *ret);
/* 1: *@ret is the container, as container_load() would give it; 2: its record alone, the state is
 * to be read; 0: it has to be loaded. */
int list_cache_find(struct list_cache *cache, const char *id, struct container *ret);
/* One that was loaded: kept for the next time, if it can be. */
void list_cache_add(struct list_cache *cache, const struct container *container);
/* Writes the file anew if that is worth it. */
void list_cache_close(struct list_cache *cache);
#define LIST_CACHE_CLOSED        \
	{                        \
		.folder = -EBADF \
	}
#define auto_list_cache CLEANUP(list_cache_close) struct list_cache

/* One container as bytes, and back; for tests. Returns whether @data is one, and nothing else. */
void list_cache_pack(const struct container *container, struct str *out);
bool list_cache_unpack(const char *data, size_t len, struct container *ret);
