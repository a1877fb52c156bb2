/*
 * Restart policies: what follows the end of a container's process.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"

enum restart_kind {
	RESTART_NO,
	RESTART_ON_FAILURE, /* of a status other than 0 */
	RESTART_ALWAYS,
	RESTART_UNLESS_STOPPED,
};

struct restart_policy {
	enum restart_kind kind;
	unsigned retries; /* of RESTART_ON_FAILURE; 0: no bound */
};

/* "no", "on-failure", "on-failure:3", "always", "unless-stopped"; "" is "no". ERROR_INVALID in
 * Docker's words. */
int restart_policy_parse(const char *text, struct restart_policy *ret,
			 struct error *err) MUST_CHECK;

/* "no", "on-failure", ...; static. */
const char *restart_kind_name(enum restart_kind kind);
