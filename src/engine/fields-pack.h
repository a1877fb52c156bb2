/*
 * The members of a structure (fields.h) as bytes of this machine and this build: for caches that
 * may be thrown away at any time, where JSON costs too much.
 */
#pragma once

#include "base/macro.h"
#include "base/str.h"
#include "engine/fields.h"

#include <stdbool.h>
#include <stdint.h>

/* What is left to read. Whoever reads past the end gets zeros, and @bad. */
struct unpacker {
	const char *p;
	size_t left;
	bool bad;
};

void pack_bytes(struct str *out, const void *data, size_t len);
void pack_text(struct str *out, const char *text); /* may be NULL */
void unpack_bytes(struct unpacker *in, void *ret, size_t len);
char *unpack_text(struct unpacker *in) MUST_CHECK; /* owned by the caller; NULL */
/* A number of elements that take at least @size bytes each. */
uint32_t unpack_count(struct unpacker *in, size_t size);

void fields_pack(const struct fields *fields, const void *base, struct str *out);
/* Into @base, which is zeroed; to be released in any case. */
void fields_unpack(const struct fields *fields, struct unpacker *in, void *base);

/* Differs, in all likelihood, when the table does. */
uint64_t fields_hash(const struct fields *fields, uint64_t seed);
