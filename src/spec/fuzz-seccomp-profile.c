/*
 * Profiles: what one is turned into is JSON, has only members that the OCI object has, and no more
 * rules than the profile; and it is the same each time.
 */
#include "base/str.h"
#include "codec/json.h"
#include "spec/seccomp-profile.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int check_member(const char *key, struct json *value, void *arg)
{
	static const char *const known[] = {"defaultAction", "defaultErrnoRet", "architectures",
					    "flags",	     "listenerPath",	"listenerMetadata",
					    "syscalls"};

	(void)value;
	(void)arg;
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (STREQ(key, known[i]))
			return 0;
	abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct seccomp_target target = {
		.capabilities = 0xa80425fb, .kernel = 5, .major = 14};
	auto_str once = {0}, twice = {0};
	auto_json *in = NULL, *out = NULL;

	if (seccomp_profile_convert((const char *)data, size, &target, &once, NULL) < 0)
		return 0;
	if (seccomp_profile_convert((const char *)data, size, &target, &twice, NULL) < 0 ||
	    strcmp(str_text(&once), str_text(&twice)) != 0)
		abort();
	if (once.len == 0)
		return 0;
	if (json_parse((const char *)data, size, &in, NULL) < 0 ||
	    json_parse(once.data, once.len, &out, NULL) < 0)
		abort();
	(void)json_each(out, check_member, NULL);
	if (json_count(json_get(out, "syscalls")) > json_count(json_get(in, "syscalls")))
		abort();
	return 0;
}
