/*
 * What kist-worker unpack found in an archive: its images, and where in the plain tar their parts
 * are. It travels as our own JSON (a list of images), and is checked here field by field.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "base/strv.h"
#include "codec/digest.h"

#include <stddef.h>
#include <stdint.h>

#define ARCHIVE_PLAN_MAX (16u << 20)

/* WORKER_DONE of the job "archive". */
struct archive_found {
	uint64_t spooled; /* the plain tar is the spool file, not the source */
	uint64_t bytes;	  /* of it */
};

struct archive_part {
	uint64_t offset, size;
	char digest[DIGEST_TEXT_SIZE]; /* "" if the archive does not say */
	char *media_type;	       /* NULL if the archive does not say */
};

struct archive_image {
	struct strv names;
	struct archive_part manifest; /* size 0: none */
	struct archive_part config;
	struct archive_part *layers; /* lowest first */
	size_t layer_count;
};

struct archive_plan {
	struct archive_image *images;
	size_t count;
};

/* @bytes: how long the tar is; no part may lie beyond. */
int archive_plan_read(const char *text, size_t len, uint64_t bytes, struct archive_plan *ret,
		      struct error *err) MUST_CHECK;
void archive_plan_release(struct archive_plan *plan);
#define auto_archive_plan CLEANUP(archive_plan_release) struct archive_plan
