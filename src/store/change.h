/*
 * The Dockerfile instructions that `import --change` takes: CMD ENTRYPOINT ENV EXPOSE LABEL USER
 * VOLUME WORKDIR STOPSIGNAL, one line each, with Docker's quoting and its JSON form.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "spec/image-config.h"

/* Changes @config as the instruction says. ERROR_INVALID in words that name it. */
int change_apply(const char *instruction, struct image_config *config,
		 struct error *err) MUST_CHECK;
