/*
 * POST /containers/create: the body, as the request that the engine knows.
 *
 * Runs where requests are parsed, without privileges: purely textual. What only the engine can say
 * (limits of this machine, values against each other) is left to it: container_config_check(). What
 * kist does not do is refused by name.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "codec/json.h"
#include "engine/container/config.h"

/*
 * @body is an object, or NULL: none. @name and @platform are those of the query, NULL or "" if it
 * has none. ERROR_INVALID, ERROR_UNSUPPORTED. On success *@ret owns everything.
 */
int create_decode(const struct json *body, const char *name, const char *platform,
		  struct container_config *ret, struct error *err) MUST_CHECK;
