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
#include "engine/container/container.h"
#include "store/store.h"

#include <stdint.h>

/* GET /containers/{id}/json. */
void document_container(struct json_writer *w, struct engine *engine,
			const struct container *container);
/* What a row says of sizes where somebody has measured them; NULL: nobody has. */
struct document_sizes {
	uint64_t written;  /* container: in its upper directory */
	uint64_t image;	   /* container: of its image */
	uint64_t shared;   /* image: in layers of others as well */
	size_t containers; /* image: how many are of it */
};

/* An element of GET /containers/json. */
void document_container_row(struct json_writer *w, const struct engine *engine,
			    const struct container *container, const struct document_sizes *sizes);
/* GET /images/{name}/json, as API 1.@version has it. */
void document_image(struct json_writer *w, const struct image *image, unsigned version);
/* An element of GET /images/json; @tags and @digests are those to show. */
void document_image_row(struct json_writer *w, const struct image *image, const struct strv *tags,
			const struct strv *digests, unsigned version,
			const struct document_sizes *sizes);

#define DOCUMENT_VERSION_NEWEST 51

/* ---- members that several documents have ---- */

/* A time as Go writes it: RFC3339Nano, year 1 for "never". */
void document_time(struct json_writer *w, const char *key, int64_t time);
/* A Go slice: null when it is empty. */
void document_list(struct json_writer *w, const char *key, const struct strv *list);
/* {"key": "value", ...}, sorted, from a list of "key=value". */
void document_map(struct json_writer *w, const char *key, const struct strv *pairs);
/* A Go set of names, {"80/tcp": {}, ...}; nothing at all when it is empty ("omitempty"). */
void document_set(struct json_writer *w, const char *key, const struct strv *names);
/* {"80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "8080"}], "90/udp": null}. */
void document_ports(struct json_writer *w, const char *key, const struct port_mapping *published,
		    size_t published_count, const struct strv *exposed);

/* ---- parts of a container's document ---- */

/* "running", "paused", "exited", ... */
const char *document_state_name(const struct container *container);
/* Its command line in one text, as `docker ps --no-trunc` shows it. Owned by the caller. */
char *document_command(const struct container *container) MUST_CHECK;
/* The object HostConfig. */
void document_host_config(struct json_writer *w, const char *key,
			  const struct container *container);
/* The list Mounts. */
void document_mounts(struct json_writer *w, const struct engine *engine,
		     const struct container_config *config);
/* A member of Networks: what it has in its network. */
void document_endpoint(struct json_writer *w, const struct engine *engine,
		       const struct container *container);

/* ---- names and ids ---- */

#define DOCUMENT_ID_SIZE 65

/* The id of a network, which has a name only: 64 digits made of that and of the engine. */
const char *document_network_id(const struct engine *engine, const char *network,
				char ret[DOCUMENT_ID_SIZE]);
/* The names of an image as people write them: with a tag, and by the digest of its manifest. */
void document_image_names(const struct image *image, struct strv *ret_tags,
			  struct strv *ret_digests);
