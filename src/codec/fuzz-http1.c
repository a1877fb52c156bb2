/* Properties: a head that is read keeps no line break, blank or NUL where it would mean something
 * else to another reader, and says one thing about its body; a body comes out the same however it
 * is cut, and written as chunks comes back. */
#include "base/mem.h"
#include "base/str.h"
#include "codec/http1-body.h"
#include "codec/http1-request.h"
#include "codec/http1-response.h"
#include "codec/http1-target.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void check_request(const struct http1_request *request)
{
	size_t lengths = 0, codings = 0, hosts = 0;
	auto_http1_target target = {0};

	require(request->target[0] == '/' && !strpbrk(request->target, " \t\r\n"));
	for (size_t i = 0; i < request->header_count; i++) {
		const struct http1_header *header = &request->headers[i];

		require(*header->name && !strpbrk(header->name, " \t\r\n:ABCXYZ"));
		require(!strpbrk(header->value, "\r\n"));
		lengths += STREQ(header->name, "content-length");
		codings += STREQ(header->name, "transfer-encoding");
		hosts += STREQ(header->name, "host");
	}
	require(lengths + codings <= 1 && hosts <= 1);
	require((request->framing == HTTP1_CHUNKED) == (codings == 1));
	require((request->framing == HTTP1_LENGTH) == (lengths == 1));
	if (http1_target_parse(request->target, &target) == 0)
		require(target.path[0] == '/');
}

/* How much of the body came and whether it is whole; -1: refused. */
static int read_body(const char *data, size_t size, size_t step, struct str *out)
{
	struct http1_body body;

	http1_body_init(&body, HTTP1_CHUNKED, 0);
	while (size > 0 && !http1_body_complete(&body)) {
		const char *p = data, *piece;
		size_t n = MIN(step, size), left = n, len;
		int r;

		while ((r = http1_body_next(&body, &p, &left, &piece, &len)) == 1) {
			require(piece >= data && len > 0 && piece + len <= data + n);
			str_append_mem(out, piece, len);
		}
		if (r < 0)
			return -1;
		data += n - left;
		size -= n - left;
	}
	return http1_body_complete(&body);
}

static void check_body(const char *data, size_t size)
{
	auto_str whole = {0}, pieces = {0}, again = {0}, frames = {0};
	int complete = read_body(data, size, size, &whole);

	require(read_body(data, size, 1, &pieces) == complete);
	require(complete < 0 || (whole.len == pieces.len &&
				 memcmp(str_text(&whole), str_text(&pieces), whole.len) == 0));
	if (complete != 1)
		return;
	http1_chunk(&frames, str_text(&whole), whole.len);
	http1_chunk_end(&frames);
	require(read_body(frames.data, frames.len, 7, &again) == 1);
	require(again.len == whole.len &&
		memcmp(str_text(&again), str_text(&whole), whole.len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	size_t len = http1_head_length(text, size, 0);

	if (len > 0) {
		auto_free char *head = mem_copy(data, len);
		auto_free struct http1_request *request = mem_new(struct http1_request);

		if (http1_request_parse(head, len, request) == 0)
			check_request(request);
	}
	check_body(text + len, size - len);
	return 0;
}
