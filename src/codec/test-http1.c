#include "base/mem.h"
#include "base/test.h"
#include "codec/http1-body.h"
#include "codec/http1-request.h"
#include "codec/http1-response.h"
#include "codec/http1-target.h"

#include <errno.h>
#include <string.h>

static struct http1_request request;
static char head[8192];

static int parse(const char *text)
{
	size_t len = http1_head_length(text, strlen(text), 0);

	assert_true(len < sizeof(head));
	if (len == 0)
		return -ENODATA;
	memcpy(head, text, len);
	return http1_request_parse(head, len, &request);
}

TEST(a_request_of_docker_is_read)
{
	assert_int_equal(parse("POST /v1.51/exec/ab/start?x=1 HTTP/1.1\r\nHost: docker\r\n"
			       "User-Agent: a b\t\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n"
			       "Content-Length: 12\r\nX-Empty:\r\n\r\n{"),
			 0);
	assert_int_equal(request.method, HTTP1_POST);
	assert_string_equal(request.target, "/v1.51/exec/ab/start?x=1");
	assert_string_equal(http1_request_header(&request, "user-agent"), "a b");
	assert_string_equal(http1_request_header(&request, "x-empty"), "");
	assert_null(http1_request_header(&request, "x"));
	assert_int_equal(request.framing, HTTP1_LENGTH);
	assert_int_equal(request.length, 12);
	assert_true(request.upgrade);
	assert_true(request.keep_alive);
	assert_false(request.expect_continue);
}

TEST(connection_options_are_words_of_a_list)
{
	assert_int_equal(parse("GET / HTTP/1.1\r\nHost:\r\nConnection: foo, CLOSE\r\n\r\n"), 0);
	assert_false(request.keep_alive);
	assert_int_equal(parse("GET / HTTP/1.1\r\nHost:\r\nConnection: closed\r\n\r\n"), 0);
	assert_true(request.keep_alive);
	/* h2c is no upgrade of ours: the request is served as it is. */
	assert_int_equal(
		parse("GET / HTTP/1.1\r\nHost:\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n"), 0);
	assert_false(request.upgrade);
	assert_int_equal(parse("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"), 0);
	assert_false(request.keep_alive);
}

TEST(an_unknown_method_is_well_formed)
{
	assert_int_equal(parse("OPTIONS / HTTP/1.1\r\nHost: a\r\n\r\n"), 0);
	assert_int_equal(request.method, HTTP1_OTHER);
	assert_int_equal(parse("get / HTTP/1.1\r\nHost: a\r\n\r\n"), 0);
	assert_int_equal(request.method, HTTP1_OTHER);
}

#define GET_ "GET / HTTP/1.1\r\nHost: a\r\n"

TEST(what_could_be_read_in_two_ways_is_refused)
{
	static const struct {
		const char *text;
		int r;
	} bad[] = {
		{GET_ "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", -EBADMSG},
		{GET_ "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n", -EBADMSG},
		{GET_ "Content-Length: 1\r\nContent-Length: 1\r\n\r\n", -EBADMSG},
		{GET_ "Content-Length: 1, 1\r\n\r\n", -EBADMSG},
		{GET_ "Content-Length: +1\r\n\r\n", -EBADMSG},
		{GET_ "Content-Length: -1\r\n\r\n", -EBADMSG},
		{GET_ "Content-Length: 0x1\r\n\r\n", -EBADMSG},
		{GET_ "Content-Length: \r\n\r\n", -EBADMSG},
		{GET_ "Content-Length: 9223372036854775808\r\n\r\n", -EBADMSG},
		{GET_ "Content-Length: 99999999999999999999\r\n\r\n", -EBADMSG},
		{GET_ "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", -EBADMSG},
		{GET_ "Transfer-Encoding: gzip, chunked\r\n\r\n", -EOPNOTSUPP},
		{GET_ "Transfer-Encoding: identity\r\n\r\n", -EOPNOTSUPP},
		{GET_ "Transfer-Encoding:\x0b"
		      "chunked\r\n\r\n",
		 -EBADMSG},
		{GET_ "Content-Length : 1\r\n\r\n", -EBADMSG},
		{GET_ " folded\r\n\r\n", -EBADMSG},
		{GET_ "X: a\r\n folded\r\n\r\n", -EBADMSG},
		{GET_ "X: a\r\n\tfolded\r\n\r\n", -EBADMSG},
		{GET_ "X: a\nY: b\r\n\r\n", -EBADMSG},
		{GET_ "X: a\rY: b\r\n\r\n", -EBADMSG},
		{GET_ "X: a\x7f\r\n\r\n", -EBADMSG},
		{GET_ "X\r\n\r\n", -EBADMSG},
		{GET_ ": a\r\n\r\n", -EBADMSG},
		{GET_ "Host: b\r\n\r\n", -EBADMSG},
		{GET_ "Expect: 200-ok\r\n\r\n", -EOPNOTSUPP},
		{"GET / HTTP/1.1\r\n\r\n", -EBADMSG},
		{"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", -EBADMSG},
		{"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", -EBADMSG},
		{"GET / HTTP/1.1 \r\nHost: a\r\n\r\n", -EBADMSG},
		{"GET /\tx HTTP/1.1\r\nHost: a\r\n\r\n", -EBADMSG},
		{"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", -EBADMSG},
		{"GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n", -EBADMSG},
		{"GET * HTTP/1.1\r\nHost: a\r\n\r\n", -EBADMSG},
		{"GET /#x HTTP/1.1\r\nHost: a\r\n\r\n", -EBADMSG},
		{"GET /\xc3\xa4 HTTP/1.1\r\nHost: a\r\n\r\n", -EBADMSG},
		{"GET /\r\nHost: a\r\n\r\n", -EBADMSG},
		{"GET / HTTP/1.2\r\nHost: a\r\n\r\n", -EPROTONOSUPPORT},
		{"GET / HTTP/2.0\r\nHost: a\r\n\r\n", -EPROTONOSUPPORT},
		{"GET / http/1.1\r\nHost: a\r\n\r\n", -EBADMSG},
		{"PRI * HTTP/2.0\r\n\r\n", -EBADMSG},
		{"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", -EBADMSG},
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		int r = parse(bad[i].text);

		if (r != bad[i].r)
			print_error("%s", bad[i].text);
		assert_int_equal(r, bad[i].r);
	}
}

TEST(headers_are_counted)
{
	auto_str text = {0};

	str_append(&text, "GET / HTTP/1.0\r\n");
	for (int i = 0; i < HTTP1_HEADERS_MAX; i++)
		str_append(&text, "A: b\r\n");
	str_append(&text, "\r\n");
	assert_int_equal(parse(text.data), 0);
	text.len -= 2;
	str_append(&text, "A: b\r\n\r\n");
	assert_int_equal(parse(text.data), -E2BIG);
}

TEST(the_end_of_a_head_is_found_however_it_is_cut)
{
	static const char text[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET";
	size_t end = sizeof(text) - 1 - 3;

	for (size_t first = 0; first < end; first++) {
		assert_int_equal(http1_head_length(text, first, 0), 0);
		assert_int_equal(http1_head_length(text, end, first), end);
		assert_int_equal(http1_head_length(text, sizeof(text) - 1, first), end);
	}
}

/* -------------------------------------------------------------------------------- bodies */

/* Feeds @text in pieces of @step bytes. Returns what is left behind the body, or -EBADMSG. */
static int feed(enum http1_framing framing, uint64_t length, const char *text, size_t step,
		struct str *out)
{
	struct http1_body body;
	size_t at = 0, all = strlen(text);

	str_clear(out);
	http1_body_init(&body, framing, length);
	while (at < all) {
		const char *data = text + at, *piece;
		size_t n = MIN(step, all - at), left = n, len;
		int r;

		while ((r = http1_body_next(&body, &data, &left, &piece, &len)) == 1)
			str_append_mem(out, piece, len);
		if (r < 0)
			return r;
		at += n - left;
		if (http1_body_complete(&body))
			return (int)(all - at);
	}
	return http1_body_complete(&body) ? 0 : -ENODATA;
}

static void assert_body(enum http1_framing framing, uint64_t length, const char *text,
			const char *expected, int left)
{
	auto_str out = {0};

	for (size_t step = 1; step < 20; step++) {
		assert_int_equal(feed(framing, length, text, step, &out), left);
		assert_string_equal(str_text(&out), expected);
	}
}

TEST(a_body_ends_where_its_frame_says)
{
	assert_body(HTTP1_LENGTH, 5, "helloGET /", "hello", 5);
	assert_body(HTTP1_CHUNKED, 0, "5\r\nhello\r\n0\r\n\r\nGET", "hello", 3);
	assert_body(HTTP1_CHUNKED, 0,
		    "1;a=b\r\nx\r\n00a \r\n0123456789\r\n0;x\r\nA: b\r\nC:\r\n\r\n", "x0123456789",
		    0);
}

TEST(a_message_without_a_body_is_complete_at_once)
{
	struct http1_body body;

	http1_body_init(&body, HTTP1_NO_BODY, 0);
	assert_true(http1_body_complete(&body));
	http1_body_init(&body, HTTP1_LENGTH, 0);
	assert_true(http1_body_complete(&body));
	http1_body_init(&body, HTTP1_CHUNKED, 0);
	assert_false(http1_body_complete(&body));
}

TEST(a_malformed_chunk_is_refused)
{
	static const char *const bad[] = {
		"\r\n",
		"x\r\n",
		"-1\r\n",
		"0x1\r\n",
		" 1\r\n",
		"1\nx\r\n",
		"1\r\nxy\r\n",
		"1\r\nx\n0\r\n",
		"1\r\nx\r0\r\n",
		"1111111111111111\r\n",
		"1;\n\r\n",
		"1;a\x01\r\n",
		"0\r\n folded\r\n\r\n",
		"0\r\nA: b\n\r\n",
		"0\r\n\rx",
	};
	auto_str out = {0};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		for (size_t step = 1; step < 20; step++)
			assert_int_equal(feed(HTTP1_CHUNKED, 0, bad[i], step, &out), -EBADMSG);
}

TEST(extensions_and_trailers_are_bounded)
{
	auto_str text = {0}, out = {0};

	str_append(&text, "1;");
	for (size_t i = 0; i <= HTTP1_EXTENSION_MAX; i++)
		str_append_char(&text, 'a');
	assert_int_equal(feed(HTTP1_CHUNKED, 0, text.data, 1000, &out), -EBADMSG);
	str_clear(&text);
	str_append(&text, "0\r\n");
	for (size_t i = 0; i < HTTP1_TRAILERS_MAX; i++)
		str_append(&text, "a:\r\n");
	assert_int_equal(feed(HTTP1_CHUNKED, 0, text.data, 1000, &out), -EBADMSG);
}

/* -------------------------------------------------------------------------------- target */

TEST(path_and_query_are_decoded_once)
{
	auto_http1_target target = {0};

	assert_int_equal(http1_target_parse("/a%2Fb%2520?x=1+2%26&y&z=%3D=&x=3&&", &target), 0);
	assert_string_equal(target.path, "/a/b%20");
	assert_string_equal(http1_target_parameter(&target, "x"), "1 2&");
	assert_string_equal(http1_target_parameter(&target, "y"), "");
	assert_string_equal(http1_target_parameter(&target, "z"), "==");
	assert_null(http1_target_parameter(&target, "a"));
	assert_int_equal(target.parameter_count, 4);
}

TEST(a_malformed_target_is_refused)
{
	static const char *const bad[] = {"/%", "/%1", "/%g1", "/%00", "/?a=%", "/?%00", "/?a=%0"};
	auto_http1_target target = {0};
	auto_str many = {0};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(http1_target_parse(bad[i], &target), -EINVAL);
	str_append(&many, "/?");
	for (size_t i = 0; i <= HTTP1_QUERY_MAX; i++)
		str_append(&many, "a&");
	assert_int_equal(http1_target_parse(many.data, &target), -E2BIG);
}

/* ------------------------------------------------------------------------------ response */

TEST(no_value_ends_a_header_line)
{
	auto_str out = {0};

	http1_header_line(&out, "X", "a\r\nSet: b");
	assert_string_equal(out.data, "X: a  Set: b\r\n");
}

TEST(chunks_are_read_back)
{
	auto_str out = {0}, body = {0};

	http1_chunk(&out, "hello", 5);
	http1_chunk(&out, "", 0);
	http1_chunk_end(&out);
	assert_int_equal(feed(HTTP1_CHUNKED, 0, out.data, 3, &body), 0);
	assert_string_equal(body.data, "hello");
}
