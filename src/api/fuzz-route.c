/* A whole request of a client, as the door takes it: head, route, body, decoder, record. Property:
 * whatever a decoder makes of it, the operation process reads its record, and would write the same
 * again. */
#include "api/docker/routes.h"
#include "base/mem.h"
#include "codec/http1-body.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_record(const struct operation *operation, const struct str *record)
{
	auto_free void *values = mem_zero(1, operation->size ? operation->size : 1);
	auto_str again = {0};

	if (tagged_decode(operation->record, record->data, record->len, values, operation->size) <
		    0 ||
	    tagged_encode(operation->record, values, &again) < 0 || again.len != record->len ||
	    (record->len > 0 && memcmp(again.data, record->data, record->len) != 0))
		abort();
	tagged_release(operation->record, values);
}

static void take_request(const struct http1_request *http, const char *body, size_t len)
{
	auto_request request = {.http = http};
	const struct route *route;
	auto_error err = {0};
	auto_str record = {0};

	if (http1_target_parse(http->target, &request.target) < 0)
		return;
	if (route_find(docker_routes, &request, &route, &err) == 0 && route->operation &&
	    route_read_body(route, &request, body, len, &err) == 0 &&
	    route_encode(route, &request, &record, &err) == 0)
		check_record(route->operation, &record);
	else if (err.kind != ERROR_NONE && !err.message)
		abort();
}

/* The body that belongs to the head, in the bytes behind it. */
static void take_body(const struct http1_request *http, const char *data, size_t len)
{
	struct http1_body frames;
	auto_str body = {0};
	const char *piece;
	size_t n;
	int r;

	http1_body_init(&frames, http->framing, http->length);
	while ((r = http1_body_next(&frames, &data, &len, &piece, &n)) == 1)
		str_append_mem(&body, piece, n);
	/* One that is cut short is none; but the decoders may as well be tried with it. */
	if (r == 0)
		take_request(http, str_text(&body), body.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t len = http1_head_length((const char *)data, size, 0);
	auto_free char *head = mem_copy(data, len ? len : 1);
	auto_free struct http1_request *http = mem_new(struct http1_request);

	if (len > 0 && http1_request_parse(head, len, http) == 0)
		take_body(http, (const char *)data + len, size - len);
	return 0;
}
