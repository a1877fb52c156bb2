#include "engine/detach-keys.h"

#include <string.h>

static bool parse_key(const char *text, size_t len, unsigned char *ret)
{
	static const char prefix[] = "ctrl-";
	unsigned char c;

	if (len == 1 && (signed char)text[0] >= 0) {
		*ret = (unsigned char)text[0];
		return true;
	}
	if (len != sizeof(prefix) || memcmp(text, prefix, sizeof(prefix) - 1) != 0)
		return false;
	c = (unsigned char)text[len - 1];
	if (c >= 'a' && c <= 'z')
		*ret = (unsigned char)(c - 'a' + 1);
	else if (c == '@' || (c >= '[' && c <= '_'))
		*ret = (unsigned char)(c - '@');
	else
		return false;
	return true;
}

int detach_keys_parse(const char *text, struct detach_keys *ret, struct error *err)
{
	struct detach_keys detach = {.count = 0};
	const char *next = text ? text : DETACH_KEYS_DEFAULT;

	while (*next) {
		size_t len = strcspn(next, ",");

		if (detach.count == DETACH_KEYS_MAX)
			return error_set(err, ERROR_INVALID,
					 "invalid detach keys (%s): more than %d keys", text,
					 DETACH_KEYS_MAX);
		if (!parse_key(next, len, &detach.keys[detach.count++]))
			return error_set(err, ERROR_INVALID,
					 "invalid detach keys (%s): Unknown character: '%.*s'",
					 text, (int)len, next);
		next += len;
		/* A comma has a key behind it. */
		if (*next == ',' && !*++next)
			return error_set(err, ERROR_INVALID,
					 "invalid detach keys (%s): Unknown character: ''", text);
	}
	*ret = detach;
	return 0;
}

/* The key does not go on what is held: the longest end of that which begins the sequence again
 * stays held. Returns how many bytes are no longer. */
static size_t fall_back(struct detach_keys *detach)
{
	size_t held = detach->held, keep = held - 1;

	while (keep > 0 && memcmp(detach->keys, detach->keys + held - keep, keep) != 0)
		keep--;
	detach->held = keep;
	return held - keep;
}

bool detach_keys_filter(struct detach_keys *detach, const unsigned char *typed, size_t len,
			unsigned char *out, size_t *ret_len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		while (detach->held > 0 && detach->keys[detach->held] != typed[i]) {
			size_t passed = fall_back(detach);

			/* What is held are the first keys, so that is what was typed. */
			memcpy(out + n, detach->keys, passed);
			n += passed;
		}
		if (detach->count == 0 || detach->keys[detach->held] != typed[i])
			out[n++] = typed[i];
		else if (++detach->held == detach->count)
			break;
	}
	*ret_len = n;
	return detach->count > 0 && detach->held == detach->count;
}
