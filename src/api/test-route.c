#include "api/route.h"
#include "base/mem.h"
#include "base/test.h"

#include <errno.h>
#include <string.h>

struct values {
	char *name;
	bool all;
};

static const struct tagged_field values_record[] = {
	{TAGGED_ROW_TEXT(1, struct values, name)},
	{TAGGED_ROW_BOOL(2, struct values, all)},
	{0},
};

static const struct operation one = {1, "one", values_record, sizeof(struct values)};
static const struct operation two = {2, "two", NULL, 0};

static int decode(const struct request *request, void *data, struct error *err)
{
	struct values *values = data;

	values->name = mem_strdup(request->arguments[0]);
	values->all = request_query_bool(request, "all", false);
	return request_query(request, "bad") ? error_set(err, ERROR_INVALID, "bad") : 0;
}

static const struct route routes[] = {
	{HTTP1_GET, "/things/json", 0, ROUTE_NO_BODY, &two, NULL},
	{HTTP1_GET, "/things/{name}/json", 0, ROUTE_NO_BODY, &one, decode},
	{HTTP1_GET, "/images/{name*}/json", 0, ROUTE_NO_BODY, &one, decode},
	{HTTP1_DELETE, "/images/{name*}", 30, ROUTE_NO_BODY, &two, decode},
	{HTTP1_POST, "/things/{name}/parts/{part}", 0, ROUTE_JSON, &two, NULL},
	{0},
};

static struct http1_request http;
static struct request request;
static struct error failure;

/* The number of the operation; or the kind of error, negative. */
static int find(enum http1_method method, const char *target)
{
	const struct route *route;

	request_release(&request);
	error_release(&failure);
	http.method = method;
	request.http = &http;
	assert_int_equal(http1_target_parse(target, &request.target), 0);
	if (route_find(routes, &request, &route, &failure) < 0)
		return -(int)failure.kind;
	return (int)route->operation->number;
}

TEST(a_pattern_takes_whole_segments)
{
	assert_int_equal(find(HTTP1_GET, "/things/json"), 2);
	assert_int_equal(find(HTTP1_GET, "/things/a/json"), 1);
	assert_string_equal(request.arguments[0], "a");
	assert_int_equal(find(HTTP1_GET, "/things/a/b/json"), -ERROR_NOT_FOUND);
	assert_int_equal(find(HTTP1_GET, "/things//json"), -ERROR_NOT_FOUND);
	assert_int_equal(find(HTTP1_GET, "/things/a/json/"), -ERROR_NOT_FOUND);
	assert_int_equal(find(HTTP1_GET, "/things/a/jsonx"), -ERROR_NOT_FOUND);
	assert_int_equal(find(HTTP1_GET, "/things/a"), -ERROR_NOT_FOUND);
	assert_int_equal(find(HTTP1_POST, "/things/a/json"), -ERROR_NOT_FOUND);
	assert_string_equal(failure.message, "page not found");
	assert_int_equal(find(HTTP1_POST, "/things/a/parts/b"), 2);
	assert_string_equal(request.arguments[1], "b");
}

TEST(names_of_images_have_slashes)
{
	assert_int_equal(find(HTTP1_GET, "/images/localhost:5000/a/b:c/json"), 1);
	assert_string_equal(request.arguments[0], "localhost:5000/a/b:c");
	assert_int_equal(find(HTTP1_GET, "/images/a%2Fb/json"), 1);
	assert_string_equal(request.arguments[0], "a/b");
	assert_int_equal(find(HTTP1_GET, "/images/json/json"), 1);
	assert_string_equal(request.arguments[0], "json");
	assert_int_equal(find(HTTP1_GET, "/images//json"), -ERROR_NOT_FOUND);
	assert_int_equal(find(HTTP1_DELETE, "/images/a/b"), 2);
}

TEST(versions_bound_what_there_is)
{
	assert_int_equal(find(HTTP1_DELETE, "/v1.30/images/a"), 2);
	assert_int_equal(request.version, 30);
	assert_int_equal(find(HTTP1_DELETE, "/v1.29/images/a"), -ERROR_NOT_FOUND);
	assert_int_equal(find(HTTP1_GET, "/v1.51/things/json"), 2);
	assert_int_equal(find(HTTP1_GET, "/things/json"), 2);
	assert_int_equal(request.version, API_VERSION_NEWEST);
	assert_int_equal(find(HTTP1_GET, "/v1.52/things/json"), -ERROR_INVALID);
	assert_int_equal(find(HTTP1_GET, "/v0.51/things/json"), -ERROR_INVALID);
	assert_int_equal(find(HTTP1_GET, "/v1.99999999999/things/json"), -ERROR_INVALID);
	assert_int_equal(find(HTTP1_GET, "/v1.24.1/things/json"), -ERROR_INVALID);
	assert_int_equal(find(HTTP1_GET, "/v./things/json"), -ERROR_INVALID);
	assert_int_equal(find(HTTP1_GET, "/v1.51things/json"), -ERROR_NOT_FOUND);
	assert_int_equal(find(HTTP1_GET, "/v1.51/v1.51/things/json"), -ERROR_NOT_FOUND);
}

TEST(a_decoder_that_fails_leaves_no_record)
{
	const struct route *route = &routes[1];
	auto_str out = {0};

	assert_int_equal(find(HTTP1_GET, "/things/a/json?all=1"), 1);
	assert_int_equal(route_encode(route, &request, &out, &failure), 0);
	assert_int_equal(out.len, 6 + 1 + 6);
	str_clear(&out);
	assert_int_equal(find(HTTP1_GET, "/things/a/json?bad"), 1);
	assert_true(route_encode(route, &request, &out, &failure) < 0);
	assert_int_equal(failure.kind, ERROR_INVALID);
	assert_int_equal(out.len, 0);
}

static int read_body(const char *type, const char *body)
{
	request_release(&request);
	error_release(&failure);
	http = (struct http1_request) {.target = NULL};
	if (type)
		http.headers[http.header_count++] =
			(struct http1_header) {(char *)"content-type", (char *)(uintptr_t)type};
	request.http = &http;
	return route_read_body(&routes[4], &request, body, strlen(body), &failure);
}

TEST(a_body_is_json_and_says_so)
{
	assert_int_equal(read_body(NULL, ""), 0);
	assert_null(request.body);
	assert_int_equal(read_body("application/json", "{\"a\":1}"), 0);
	assert_true(json_has(request.body, "a"));
	assert_int_equal(read_body("Application/JSON; charset=utf-8", "{}"), 0);
	assert_true(read_body("text/plain", "{}") < 0);
	assert_string_equal(failure.message,
			    "unsupported Content-Type header (text/plain): must be "
			    "'application/json'");
	assert_true(read_body(NULL, "{}") < 0);
	assert_true(read_body("application/jsonx", "{}") < 0);
	assert_true(read_body("application/json", "{") < 0);
	assert_true(read_body("application/json", "{} {}") < 0);
	assert_true(read_body("application/json", "{\"a\":1,\"a\":2}") < 0);
	request_release(&request);
	error_release(&failure);
}

TEST(a_body_has_not_too_many_values)
{
	auto_str body = {0};

	str_append_char(&body, '[');
	for (int i = 0; i < ROUTE_VALUES_MAX - 2; i++)
		str_append(&body, "0,");
	str_append(&body, "\",[{\\\",[{\"]");
	assert_int_equal(read_body("application/json", body.data), 0);
	str_clear(&body);
	for (int i = 0; i < ROUTE_VALUES_MAX; i++)
		str_append(&body, i ? ",{}" : "[{}");
	str_append_char(&body, ']');
	assert_true(read_body("application/json", body.data) < 0);
	assert_string_equal(failure.message, "invalid JSON: more than 65536 values");
	request_release(&request);
	error_release(&failure);
}

TEST(flags_are_read_as_docker_reads_them)
{
	static const struct {
		const char *target;
		bool value;
	} cases[] = {
		{"/?x=1", true},       {"/?x=true", true},  {"/?x=yes", true},
		{"/?x=2", true},       {"/?x=0", false},    {"/?x=False", false},
		{"/?x=no", false},     {"/?x=none", false}, {"/?x=", false},
		{"/?x=%20%20", false}, {"/?x", false},	    {"/?x=%200%20", false},
		{"/?x=nope", true},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		auto_request one_request = {0};

		assert_int_equal(http1_target_parse(cases[i].target, &one_request.target), 0);
		assert_int_equal(request_query_bool(&one_request, "x", true), cases[i].value);
		assert_true(request_query_bool(&one_request, "y", true));
	}
}

TEST(filters_come_in_two_shapes)
{
	static const struct {
		const char *target, *first;
		size_t count;
	} cases[] = {
		{"/?filters=%7B%22a%22:%7B%22b%22:true,%22c%22:false%7D%7D", "a=b", 1},
		{"/?filters=%7B%22a%22:%5B%22b%22,%22c%22%5D%7D", "a=b", 2},
		{"/?filters=%7B%7D", NULL, 0},
		{"/?filters=", NULL, 0},
		{"/", NULL, 0},
	};
	static const char *const bad[] = {
		"/?filters=x", "/?filters=%5B%5D", "/?filters=%7B%22a%22:1%7D",
		"/?filters=%7B%22a%22:%5B1%5D%7D", "/?filters=%7B%22a%22:%7B%22b%22:1%7D%7D"};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		auto_request one_request = {0};
		auto_strv list = {0};

		assert_int_equal(http1_target_parse(cases[i].target, &one_request.target), 0);
		assert_int_equal(request_filters(&one_request, &list, &failure), 0);
		assert_int_equal(list.n, cases[i].count);
		if (cases[i].first)
			assert_string_equal(list.v[0], cases[i].first);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		auto_request one_request = {0};
		auto_strv list = {0};

		error_release(&failure);
		assert_int_equal(http1_target_parse(bad[i], &one_request.target), 0);
		assert_true(request_filters(&one_request, &list, &failure) < 0);
		assert_int_equal(failure.kind, ERROR_INVALID);
	}
	error_release(&failure);
}
