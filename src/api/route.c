#include "api/route.h"

#include "base/mem.h"
#include "base/parse.h"
#include "codec/json-unique.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

/* ------------------------------------------------------------------------------- version */

/* Compares "major.minor"; both parts are bounded. */
static int parse_version(const char *text, unsigned *ret_major, unsigned *ret_minor)
{
	const char *dot = strchr(text, '.');
	auto_free char *major = NULL;

	if (!dot)
		return -EINVAL;
	major = mem_strndup(text, (size_t)(dot - text));
	if (parse_u32(major, 0, 9999, ret_major) < 0 || parse_u32(dot + 1, 0, 9999, ret_minor) < 0)
		return -EINVAL;
	return 0;
}

static int check_version(const char *text, unsigned *ret, struct error *err)
{
	unsigned major, minor;

	if (parse_version(text, &major, &minor) < 0)
		return error_set(err, ERROR_INVALID, "%s is not a version of the API", text);
	if (major < 1 || (major == 1 && minor < API_VERSION_OLDEST))
		return error_set(err, ERROR_INVALID,
				 "client version %s is too old. Minimum supported API version is "
				 "1.%u, please upgrade your client to a newer version",
				 text, API_VERSION_OLDEST);
	if (major > 1 || minor > API_VERSION_NEWEST)
		return error_set(err, ERROR_INVALID,
				 "client version %s is too new. Maximum supported API version is "
				 "1.%u",
				 text, API_VERSION_NEWEST);
	*ret = minor;
	return 0;
}

/* Takes "/v1.51" off the path: *@ret_path is what follows. */
static int take_version(const char *path, unsigned *ret_version, const char **ret_path,
			struct error *err)
{
	auto_free char *text = NULL;
	size_t n;

	*ret_version = API_VERSION_NEWEST;
	*ret_path = path;
	if (strncmp(path, "/v", 2) != 0)
		return 0;
	n = strspn(path + 2, "0123456789.");
	if (n == 0 || path[2 + n] != '/')
		return 0;
	*ret_path = path + 2 + n;
	text = mem_strndup(path + 2, n);
	return check_version(text, ret_version, err);
}

/* ------------------------------------------------------------------------------ patterns */

/* The end of the part of @path that {name} or {name*}, followed by @rest, stands for. */
static const char *argument_end(const char *path, const char *rest, bool many)
{
	size_t tail = strlen(rest), len = strlen(path);

	if (!many)
		return path + strcspn(path, "/");
	/* Nothing but literal text follows an argument of many segments. */
	assert(!strchr(rest, '{'));
	if (len < tail || !STREQ(path + len - tail, rest))
		return path;
	return path + len - tail;
}

static void forget_arguments(struct request *request)
{
	for (size_t i = 0; i < REQUEST_ARGUMENTS_MAX; i++) {
		mem_freep(&request->arguments[i]);
		request->arguments[i] = NULL;
	}
}

static bool match(const char *pattern, const char *path, struct request *request)
{
	size_t count = 0;

	while (*pattern) {
		const char *close, *end;

		if (*pattern != '{') {
			if (*pattern++ != *path++)
				return false;
			continue;
		}
		close = strchr(pattern, '}');
		assert(close && count < REQUEST_ARGUMENTS_MAX);
		end = argument_end(path, close + 1, close[-1] == '*');
		if (end == path)
			return false;
		request->arguments[count++] = mem_strndup(path, (size_t)(end - path));
		path = end;
		pattern = close + 1;
	}
	return *path == '\0';
}

static bool serves(const struct route *route, const struct request *request)
{
	return route->method == request->http->method && route->since <= request->version;
}

int route_find(const struct route *routes, struct request *request, const struct route **ret,
	       struct error *err)
{
	const char *path;
	int r;

	r = take_version(request->target.path, &request->version, &path, err);
	if (r < 0)
		return r;
	for (const struct route *route = routes; route->pattern; route++) {
		if (serves(route, request) && match(route->pattern, path, request)) {
			*ret = route;
			return 0;
		}
		forget_arguments(request);
	}
	return error_set(err, ERROR_NOT_FOUND, "page not found");
}

/* ------------------------------------------------------------------------------- bodies */

/* The media type before its parameters. */
static bool is_json_type(const char *type)
{
	static const char json[] = "application/json";
	size_t n = strcspn(type, "; \t");

	return n == sizeof(json) - 1 && strncasecmp(type, json, n) == 0;
}

/*
 * About how many values the text has: a short one may mean many, and each of them costs the reader
 * some hundred bytes of memory. Malformed text is counted somehow.
 */
static size_t count_values(const char *data, size_t len)
{
	size_t count = 1;
	bool quoted = false;

	for (size_t i = 0; i < len; i++) {
		if (quoted && data[i] == '\\')
			i++;
		else if (data[i] == '"')
			quoted = !quoted;
		else if (!quoted)
			count += data[i] == ',' || data[i] == '[' || data[i] == '{';
	}
	return count;
}

int route_read_body(const struct route *route, struct request *request, const char *data,
		    size_t len, struct error *err)
{
	const char *type = http1_request_header(request->http, "content-type");
	size_t offset;
	int r;

	if ((route->body != ROUTE_JSON && route->body != ROUTE_HIJACK) || len == 0)
		return 0;
	if (!type || !is_json_type(type))
		return error_set(err, ERROR_INVALID,
				 "unsupported Content-Type header (%s): must be 'application/json'",
				 type ? type : "");
	if (count_values(data, len) > ROUTE_VALUES_MAX)
		return error_set(err, ERROR_INVALID, "invalid JSON: more than %d values",
				 ROUTE_VALUES_MAX);
	r = json_parse(data, len, &request->body, &offset);
	if (r < 0)
		return error_set(err, ERROR_INVALID, "invalid JSON: %s at byte %zu",
				 r == -E2BIG ? "nested too deep" : "not a document", offset);
	if (!json_unique(data, len, request->body))
		return error_set(err, ERROR_INVALID, "invalid JSON: a name is there twice");
	return 0;
}

/* ------------------------------------------------------------------------------- record */

int route_encode(const struct route *route, const struct request *request, struct str *out,
		 struct error *err)
{
	const struct operation *operation = route->operation;
	auto_free void *values = mem_zero(1, operation->size ? operation->size : 1);
	int r = 0;

	if (route->decode)
		r = route->decode(request, values, err);
	if (r == 0) {
		r = tagged_encode(operation->record, values, out);
		if (r < 0)
			error_set(err, ERROR_INVALID, "a value of the request is too long");
	}
	tagged_release(operation->record, values);
	return r;
}
