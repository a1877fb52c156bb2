/*
 * POST /containers/create: the body, as the request that the engine knows.
 *
 * Runs where requests are parsed, without privileges: purely textual, every value in range
 * afterwards (container_config_check() has passed). What kist does not do is refused by name.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "engine/container-config.h"

#include <stddef.h>

/*
 * @name and @platform are those of the query, NULL or "" if it has none. ERROR_INVALID,
 * ERROR_UNSUPPORTED. On success *@ret owns everything.
 */
int create_decode(const char *text, size_t len, const char *name, const char *platform,
		  struct container_config *ret, struct error *err) MUST_CHECK;
