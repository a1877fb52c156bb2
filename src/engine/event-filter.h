/*
 * Which events somebody wants: "name=value" as --filter and the API's filters give them.
 *
 * container (id, its beginning, or name), daemon, event, image, label, network, scope, type,
 * volume. Values of one name are alternatives but for labels; different names must all match.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "base/strv.h"
#include "engine/event.h"

#include <stdbool.h>

/* ERROR_INVALID: no such filter, or no "name=value". */
int event_filters_check(const struct strv *filters, struct error *err) MUST_CHECK;

/* @filters have been checked. */
bool event_matches(const struct event *event, const struct strv *filters);
