/*
 * Containers and images as the JSON documents of Docker's API.
 *
 * Both doors show them: `kist inspect` and GET /containers/{id}/json. Names, order and types of the
 * members are those that Docker Engine 28 gives (API 1.51); what a member means where kist does it
 * differently is said beside it. Every function writes one object: as an element of the array that
 * @w is in, or as the outermost value.
 */
#pragma once

#include "base/strv.h"
#include "codec/json-write.h"
#include "engine/container.h"
#include "store/store.h"

#include <stdint.h>

/* GET /containers/{id}/json. */
void document_container(struct json_writer *w, struct engine *engine,
			const struct container *container);
/* GET /images/{name}/json. */
void document_image(struct json_writer *w, const struct image *image);

/* ---- members that several documents have ---- */

/* A time as Go writes it: RFC3339Nano, year 1 for "never". */
void document_time(struct json_writer *w, const char *key, int64_t time);
/* A Go slice: null when it is empty. */
void document_list(struct json_writer *w, const char *key, const struct strv *list);
/* {"key": "value", ...}, sorted, from a list of "key=value". */
void document_map(struct json_writer *w, const char *key, const struct strv *pairs);
/* A Go set of names, {"80/tcp": {}, ...}; nothing at all when it is empty ("omitempty"). */
void document_set(struct json_writer *w, const char *key, const struct strv *names);
