/*
 * A pull with its progress, as `kist pull` shows it on stdout and `kist run` on stderr.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "engine/engine.h"
#include "registry/pull.h"

#include <stdio.h>

/* *@ret_name (owned; may be NULL) is the full name of the image. @out NULL: silent. */
int image_pull(struct engine *engine, const struct pull_request *request, FILE *out,
	       char **ret_name, struct error *err) MUST_CHECK;
