#include "engine/restart-policy.h"

#include "base/parse.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static const char *const names[] = {
	[RESTART_NO] = "no",
	[RESTART_ON_FAILURE] = "on-failure",
	[RESTART_ALWAYS] = "always",
	[RESTART_UNLESS_STOPPED] = "unless-stopped",
};

const char *restart_kind_name(enum restart_kind kind)
{
	return names[kind];
}

int restart_policy_parse(const char *text, struct restart_policy *ret, struct error *err)
{
	size_t len = strcspn(text, ":");
	uint32_t retries = 0;

	if (!*text) {
		*ret = (struct restart_policy) {RESTART_NO, 0};
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strlen(names[i]) != len || memcmp(names[i], text, len) != 0)
			continue;
		if (text[len] && i != RESTART_ON_FAILURE)
			return error_set(err, ERROR_INVALID,
					 "invalid restart policy: maximum retry count can only be "
					 "used with 'on-failure'");
		if (text[len] && parse_u32(text + len + 1, 0, INT32_MAX, &retries) < 0)
			return error_set(err, ERROR_INVALID,
					 "invalid restart policy format: maximum retry count must "
					 "be an integer");
		*ret = (struct restart_policy) {(enum restart_kind)i, retries};
		return 0;
	}
	return error_set(
		err, ERROR_INVALID,
		"invalid restart policy: unknown policy '%.*s'; use one of 'no', 'always', "
		"'on-failure', or 'unless-stopped'",
		(int)len, text);
}
