#include "codec/http1-target.h"

#include "base/mem.h"
#include "base/parse.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Decodes @text in place. */
static int decode(char *text, bool query)
{
	char *to = text;

	for (const char *from = text; *from; from++) {
		int high, low;

		if (*from != '%') {
			*to++ = (char)(query && *from == '+' ? ' ' : *from);
			continue;
		}
		high = parse_hex_digit(from[1]);
		low = high < 0 ? -1 : parse_hex_digit(from[2]);
		if (low < 0 || (high == 0 && low == 0))
			return -EINVAL;
		*to++ = (char)(high << 4 | low);
		from += 2;
	}
	*to = '\0';
	return 0;
}

static int add_parameter(struct http1_target *target, char *text)
{
	char *value = strchr(text, '=');

	if (target->parameter_count == HTTP1_QUERY_MAX)
		return -E2BIG;
	if (value)
		*value++ = '\0';
	if (decode(text, true) < 0 || (value && decode(value, true) < 0))
		return -EINVAL;
	target->parameters[target->parameter_count++] =
		(struct http1_parameter) {text, value ? value : ""};
	return 0;
}

/* As many as there are ampersands and one more, whatever is between them. */
static size_t count_parameters(const char *query)
{
	size_t count = 1;

	for (; *query; query++)
		count += *query == '&';
	return count;
}

static int parse_query(struct http1_target *target, char *query)
{
	target->parameters = mem_zero(MIN(count_parameters(query), (size_t)HTTP1_QUERY_MAX),
				      sizeof(target->parameters[0]));
	for (char *next; query; query = next) {
		int r;

		next = strchr(query, '&');
		if (next)
			*next++ = '\0';
		r = *query ? add_parameter(target, query) : 0;
		if (r < 0)
			return r;
	}
	return 0;
}

int http1_target_parse(const char *text, struct http1_target *ret)
{
	auto_http1_target target = {.storage = mem_strdup(text)};
	char *query = strchr(target.storage, '?');
	int r;

	if (query)
		*query++ = '\0';
	target.path = target.storage;
	r = decode(target.path, false);
	if (r == 0 && query)
		r = parse_query(&target, query);
	if (r < 0)
		return r;
	*ret = target;
	target = (struct http1_target) {0};
	return 0;
}

void http1_target_release(struct http1_target *target)
{
	free(target->parameters);
	free(target->storage);
	*target = (struct http1_target) {0};
}

const char *http1_target_parameter(const struct http1_target *target, const char *name)
{
	for (size_t i = 0; i < target->parameter_count; i++)
		if (STREQ(target->parameters[i].name, name))
			return target->parameters[i].value;
	return NULL;
}
