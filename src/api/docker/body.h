/*
 * Bodies of requests: JSON objects whose members are a table.
 *
 * As Docker's own decoder (Go's encoding/json) has it: names match in any case, the exact one
 * always; members that no table names are ignored, null means absent, and a value of the wrong type
 * is refused. What Docker knows and kist does not do is refused as soon as a request asks for it
 * (body_refuse): nothing that a client set is skipped in silence.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "codec/json.h"

#include <stddef.h>

struct body_member {
	const char *name; /* NULL ends the table */
	/* Reads @value (never null) to @field, which lies at @offset of the target. */
	int (*read)(const struct json *value, void *field, struct error *err);
	size_t offset;
	/* Instead of read: the members of the object that @value must be. */
	const struct body_member *members;
};

/* Reads the members of @object into @target. The error names the member by its path:
 * "HostConfig.Memory: must be a whole number". */
int body_read(const struct json *object, const struct body_member *members, void *target,
	      struct error *err) MUST_CHECK;

/* The value of a member that @name matches as above, or NULL. */
const struct json *body_get(const struct json *object, const char *name);

/* Readers. Those of texts own what they write, and replace what is there; an empty text is none
 * (NULL). */
int body_text(const struct json *value, void *field, struct error *err);    /* char * */
int body_flag(const struct json *value, void *field, struct error *err);    /* bool */
int body_int(const struct json *value, void *field, struct error *err);	    /* int */
int body_i64(const struct json *value, void *field, struct error *err);	    /* int64_t */
int body_u64(const struct json *value, void *field, struct error *err);	    /* uint64_t */
int body_list(const struct json *value, void *field, struct error *err);    /* struct strv */
int body_command(const struct json *value, void *field, struct error *err); /* strv; or a string */
int body_pairs(const struct json *value, void *field, struct error *err);   /* strv: "key=value" */
int body_names(const struct json *value, void *field, struct error *err);   /* strv: names */

/* Members without a meaning for us, whatever they say. */
int body_ignore(const struct json *value, void *field, struct error *err);
/* Members whose meaning we do not have: anything but Go's zero value ("", 0, false, [], {} and
 * objects of such) is refused. */
int body_refuse(const struct json *value, void *field, struct error *err);
