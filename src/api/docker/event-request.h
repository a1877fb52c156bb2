/*
 * GET /events as a request.
 */
#pragma once

#include "api/operation.h"
#include "base/strv.h"

#include <stdbool.h>
#include <stdint.h>

struct event_request {
	int64_t since, until; /* ns; 0: not said */
	bool has_until;
	struct strv filters;
};

extern const struct operation operation_events;
