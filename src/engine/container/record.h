/*
 * The record of a container as JSON text and back. Version 1. A record with a member that is
 * unknown or of another type is refused, so that no later format is half understood; a member of
 * the configuration that is missing has its default, so that an earlier one is.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "base/str.h"
#include "engine/container/container.h"
#include "engine/fields-pack.h"

#include <stddef.h>

#define RECORD_FILE "record.json"
#define RECORD_MAX  (8 * 1024 * 1024)

/* What is not state of the kernel's: id, name, image, times, config. */
void container_record_write(const struct container *container, struct str *out);

/* ERROR_CORRUPT says which member is wrong. On success *@ret owns everything. */
int container_record_read(const char *text, size_t len, struct container *ret,
			  struct error *err) MUST_CHECK;

/* The bundle's network.json: what the container was given when it was attached. */
void container_network_write(const struct container_network *network, struct str *out);
int container_network_read(const char *text, size_t len, struct container_network *ret,
			   struct error *err) MUST_CHECK;

/* The same content for caches (fields-pack.h), by way of the same tables. */
void container_pack(const struct container *container, struct str *out);
/* Into zeroed @container, to be released in any case. */
void container_unpack(struct unpacker *in, struct container *container);
/* Differs from build to build where what is packed does. */
uint64_t container_pack_layout(void) MUST_CHECK;
