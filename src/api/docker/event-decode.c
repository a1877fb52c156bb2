#include "api/docker/event-decode.h"

#include "api/docker/event-request.h"
#include "api/docker/query.h"

int decode_events(const struct request *request, void *values, struct error *err)
{
	struct event_request *wanted = values;
	bool has_since;
	int r;

	r = query_time(request, "since", &wanted->since, &has_since, err);
	/* 0 is "from now on": the beginning of time is a nanosecond later. */
	if (r == 0 && has_since && wanted->since == 0)
		wanted->since = 1;
	if (r == 0)
		r = query_time(request, "until", &wanted->until, &wanted->has_until, err);
	if (r == 0 && wanted->has_until && has_since && wanted->until < wanted->since)
		r = error_set(err, ERROR_INVALID, "`since` time cannot be after `until` time");
	return r < 0 ? r : request_filters(request, &wanted->filters, err);
}
