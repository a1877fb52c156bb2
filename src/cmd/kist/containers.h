/*
 * What the verbs that take a list of containers share: each is done in turn, a failure of one is
 * told and does not keep the others from it.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "base/options.h"
#include "engine/container/container.h"
#include "engine/engine.h"

/*
 * Opens the engine and calls @each for every operand, found as container. Prints the operand on
 * success if @print. Returns the exit status: KIST_FAILED if any failed.
 */
int containers_each(const struct invocation *invocation, bool print,
		    int (*each)(struct engine *engine, struct container *container, void *arg,
				struct error *err),
		    void *arg);

/* A number of seconds from an option, -1 if it was not given. ERROR_INVALID names @flag. */
int seconds_parse(const char *text, const char *flag, int *ret, struct error *err) MUST_CHECK;
