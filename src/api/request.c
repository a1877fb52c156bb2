#include "api/request.h"

#include "base/mem.h"
#include "base/parse.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void request_release(struct request *request)
{
	for (size_t i = 0; i < REQUEST_ARGUMENTS_MAX; i++)
		free(request->arguments[i]);
	http1_target_release(&request->target);
	json_free(request->body);
	*request = (struct request) {.http = NULL};
}

const char *request_query(const struct request *request, const char *name)
{
	return http1_target_parameter(&request->target, name);
}

char *request_query_copy(const struct request *request, const char *name)
{
	return mem_strdup(request_query(request, name));
}

bool request_query_bool(const struct request *request, const char *name, bool absent)
{
	static const char *const falses[] = {"", "0", "no", "false", "none"};
	const char *value = request_query(request, name);
	size_t len;

	if (!value)
		return absent;
	while (isspace((unsigned char)*value))
		value++;
	len = strlen(value);
	while (len > 0 && isspace((unsigned char)value[len - 1]))
		len--;
	for (size_t i = 0; i < ARRAY_SIZE(falses); i++)
		if (strlen(falses[i]) == len && strncasecmp(falses[i], value, len) == 0)
			return false;
	return true;
}

int request_query_i64(const struct request *request, const char *name, int64_t absent, int64_t *ret,
		      struct error *err)
{
	const char *value = request_query(request, name);
	int64_t number = absent;

	/* An empty one is Docker's way to say that there is none. */
	if (value && *value && parse_i64(value, &number) < 0)
		return error_set(err, ERROR_INVALID,
				 "strconv.ParseInt: parsing \"%s\": invalid syntax", value);
	*ret = number;
	return 0;
}

/* ------------------------------------------------------------------------------- filters */

struct filter {
	struct strv *out;
	const char *key;
};

static int add_set_member(const char *value, struct json *enabled, void *arg)
{
	struct filter *filter = arg;

	if (!json_is(enabled, JSON_BOOL))
		return -1;
	if (json_boolean(enabled, false))
		strv_add_format(filter->out, "%s=%s", filter->key, value);
	return 0;
}

static int add_filter(const char *key, struct json *values, void *arg)
{
	struct filter *filter = arg;

	filter->key = key;
	if (json_is(values, JSON_OBJECT))
		return json_each(values, add_set_member, filter);
	if (!json_is(values, JSON_ARRAY))
		return -1;
	for (size_t i = 0; i < json_count(values); i++) {
		const char *value = json_string(json_at(values, i));

		if (!value)
			return -1;
		strv_add_format(filter->out, "%s=%s", key, value);
	}
	return 0;
}

int request_filters(const struct request *request, struct strv *ret, struct error *err)
{
	const char *text = request_query(request, "filters");
	auto_json *document = NULL;
	auto_strv list = {0};
	struct filter filter = {.out = &list};

	if (!text || !*text)
		return 0;
	if (json_parse(text, strlen(text), &document, NULL) < 0 ||
	    !json_is(document, JSON_OBJECT) || json_each(document, add_filter, &filter) != 0)
		return error_set(err, ERROR_INVALID, "invalid filter");
	*ret = list;
	list = (struct strv) {0};
	return 0;
}
