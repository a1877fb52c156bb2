#include "codec/json-unique.h"

#include <stdint.h>

/* In a valid document every colon outside a string belongs to one member. */
static size_t count_colons(const char *text, size_t len)
{
	bool quoted = false;
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		if (quoted && text[i] == '\\')
			i++;
		else if (text[i] == '"')
			quoted = !quoted;
		else if (text[i] == ':' && !quoted)
			n++;
	}
	return n;
}

/* Recursion is bounded by JSON_DEPTH_MAX. */
static size_t count_members(const struct json *value);

static int count_member(const char *key UNUSED, struct json *value, void *arg)
{
	size_t *n = arg;

	*n += 1 + count_members(value);
	return 0;
}

static size_t count_members(const struct json *value)
{
	size_t n = 0;

	for (size_t i = 0; i < json_count(value); i++)
		n += count_members(json_at(value, i));
	if (json_is(value, JSON_OBJECT))
		(void)json_each(value, count_member, &n);
	return n;
}

/* The tree keeps one of two members of the same name: then it holds fewer than the text. */
bool json_unique(const char *text, size_t len, const struct json *root)
{
	return count_colons(text, len) == count_members(root);
}
