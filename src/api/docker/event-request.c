#include "api/docker/event-request.h"

#include "api/docker/operations.h"

static const struct tagged_field fields[] = {
	{TAGGED_ROW_SIGNED(1, struct event_request, since, INT64_MIN, INT64_MAX)},
	{TAGGED_ROW_SIGNED(2, struct event_request, until, INT64_MIN, INT64_MAX)},
	{TAGGED_ROW_BOOL(3, struct event_request, has_until)},
	{TAGGED_ROW_LIST(4, struct event_request, filters)},
	{0},
};

const struct operation operation_events = {DOCKER_EVENTS, "events", fields,
					   sizeof(struct event_request)};
