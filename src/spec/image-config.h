/*
 * The image config (OCI image-spec 1.1, config.md; Docker image spec v1.2) as a struct, and our own
 * record of it.
 *
 * image_config_parse reads the document as it came from outside, in kist-worker; what it understood
 * travels as our own JSON, which image_config_read checks again, field by field, in kist.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "base/strv.h"
#include "codec/json-write.h"
#include "codec/json.h"

#include <stdint.h>

struct image_config {
	char *os, *architecture, *variant, *author;
	int64_t created;      /* ns since 1970, 0 if unknown */
	struct strv diff_ids; /* lowest layer first */
	struct strv env, entrypoint, cmd, exposed_ports, volumes, labels; /* labels: "key=value" */
	char *user, *working_dir, *stop_signal;
};

/* ERROR_INVALID names the field that is not what the specification says. */
int image_config_parse(const char *text, size_t len, struct image_config *ret,
		       struct error *err) MUST_CHECK;

/* Writes the fields as members of the object that @w is in. */
void image_config_write(struct json_writer *w, const struct image_config *config);
/* Reads those members from @object. ERROR_CORRUPT if one is missing or of another type. */
int image_config_read(const struct json *object, struct image_config *ret,
		      struct error *err) MUST_CHECK;

void image_config_release(struct image_config *config);
#define auto_image_config CLEANUP(image_config_release) struct image_config
