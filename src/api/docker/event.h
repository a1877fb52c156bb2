/*
 * GET /events: what has happened and what happens, a line each.
 */
#pragma once

#include "api/call.h"

int event_call_stream(struct call *call, const void *values, struct error *err);
