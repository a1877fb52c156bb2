#include "spec/seccomp-profile.h"

#include "base/mem.h"
#include "codec/json-write.h"
#include "codec/json.h"
#include "spec/capability.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define RULES_MAX 8192

#if defined(__x86_64__)
#define NATIVE	    "amd64"
#define NATIVE_SCMP "SCMP_ARCH_X86_64"
#elif defined(__aarch64__)
#define NATIVE	    "arm64"
#define NATIVE_SCMP "SCMP_ARCH_AARCH64"
#else
#error "name this architecture as profiles do"
#endif

static int malformed(struct error *err, const char *what)
{
	return error_set(err, ERROR_INVALID, "Decoding seccomp profile failed: %s", what);
}

/* The member, of the right kind; absent and null are the same. */
static int get(const struct json *object, const char *key, enum json_kind kind,
	       const struct json **ret, struct error *err)
{
	const struct json *value = json_get(object, key);
	auto_free char *what = NULL;

	if (!value || json_is(value, JSON_NULL) || json_is(value, kind)) {
		*ret = value && json_is(value, kind) ? value : NULL;
		return 0;
	}
	what = mem_printf("\"%s\" is of the wrong type", key);
	return malformed(err, what);
}

static bool contains(const struct json *array, const char *text)
{
	for (size_t i = 0; i < json_count(array); i++) {
		const char *s = json_string(json_at(array, i));

		if (s && STREQ(s, text))
			return true;
	}
	return false;
}

static bool has_capability(const struct seccomp_target *target, const struct json *name)
{
	int number = json_string(name) ? capability_parse(json_string(name)) : -1;

	return number >= 0 && target->capabilities & UINT64_C(1) << number;
}

static int compare_kernel(const struct json *version, const struct seccomp_target *target,
			  bool *ret_reached, struct error *err)
{
	unsigned kernel, major;
	char end;

	*ret_reached = true;
	if (!version || !*json_string(version))
		return 0;
	if (sscanf(json_string(version), "%3u.%3u%c", &kernel, &major, &end) != 2 ||
	    kernel + major == 0)
		return error_set(err, ERROR_INVALID,
				 "Decoding seccomp profile failed: invalid kernel version: \"%s\", "
				 "expected \"<kernel>.<major>\"",
				 json_string(version));
	*ret_reached =
		target->kernel > kernel || (target->kernel == kernel && target->major >= major);
	return 0;
}

/* A filter names capabilities, architectures and a kernel. To include, all of them must be there;
 * to exclude, one is enough. */
static int matches(const struct json *filter, bool all, const struct seccomp_target *target,
		   bool *ret, struct error *err)
{
	const struct json *caps = NULL, *arches = NULL, *version = NULL;
	size_t have = 0, conditions = 0;
	bool reached = false;
	int r;

	r = get(filter, "caps", JSON_ARRAY, &caps, err);
	if (r == 0)
		r = get(filter, "arches", JSON_ARRAY, &arches, err);
	if (r == 0)
		r = get(filter, "minKernel", JSON_STRING, &version, err);
	if (r == 0)
		r = compare_kernel(version, target, &reached, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < json_count(caps); i++, conditions++)
		have += has_capability(target, json_at(caps, i));
	if (json_count(arches) > 0) {
		conditions++;
		have += contains(arches, NATIVE);
	}
	if (version && *json_string(version)) {
		conditions++;
		have += reached;
	}
	*ret = all ? have == conditions : have > 0;
	return 0;
}

static int is_wanted(const struct json *rule, const struct seccomp_target *target, bool *ret,
		     struct error *err)
{
	const struct json *includes = NULL, *excludes = NULL;
	bool excluded = false, included = true;
	int r;

	r = get(rule, "excludes", JSON_OBJECT, &excludes, err);
	if (r == 0)
		r = get(rule, "includes", JSON_OBJECT, &includes, err);
	if (r == 0 && excludes)
		r = matches(excludes, false, target, &excluded, err);
	if (r == 0 && includes)
		r = matches(includes, true, target, &included, err);
	*ret = included && !excluded;
	return r;
}

static void copy_member(struct json_writer *w, const struct json *object, const char *key)
{
	const struct json *value = json_get(object, key);
	auto_free char *text = value ? json_text(value) : NULL;

	if (text && !json_is(value, JSON_NULL))
		json_write_raw(w, key, text);
}

static int write_rule(struct json_writer *w, const struct json *rule, struct error *err)
{
	const struct json *name = NULL, *names = NULL;
	int r;

	r = get(rule, "name", JSON_STRING, &name, err);
	if (r == 0)
		r = get(rule, "names", JSON_ARRAY, &names, err);
	if (r < 0)
		return r;
	if (name && *json_string(name) && json_count(names) > 0)
		return error_set(err, ERROR_INVALID,
				 "both 'name' and 'names' are specified in the seccomp profile, "
				 "use either 'name' or 'names'");
	json_object_begin(w, NULL);
	if (name && *json_string(name)) {
		json_array_begin(w, "names");
		json_write_string(w, NULL, json_string(name));
		json_end(w);
	} else {
		copy_member(w, rule, "names");
	}
	copy_member(w, rule, "action");
	copy_member(w, rule, "errnoRet");
	copy_member(w, rule, "args");
	json_end(w);
	return 0;
}

static int write_rules(struct json_writer *w, const struct json *rules,
		       const struct seccomp_target *target, struct error *err)
{
	int r = 0;

	if (json_count(rules) > RULES_MAX)
		return malformed(err, "too many rules");
	json_array_begin(w, "syscalls");
	for (size_t i = 0; r == 0 && i < json_count(rules); i++) {
		const struct json *rule = json_at(rules, i);
		bool wanted = false;

		if (!json_is(rule, JSON_OBJECT))
			return malformed(err, "a rule of \"syscalls\" is not an object");
		r = is_wanted(rule, target, &wanted, err);
		if (r == 0 && wanted)
			r = write_rule(w, rule, err);
	}
	json_end(w);
	return r;
}

/* The native architecture of the map, and those that it brings. */
static int write_map(struct json_writer *w, const struct json *map, struct error *err)
{
	for (size_t i = 0; i < json_count(map); i++) {
		const char *native = json_get_string(json_at(map, i), "architecture");
		const struct json *others;
		int r;

		if (!native || !STREQ(native, NATIVE_SCMP))
			continue;
		r = get(json_at(map, i), "subArchitectures", JSON_ARRAY, &others, err);
		if (r < 0)
			return r;
		json_array_begin(w, "architectures");
		json_write_string(w, NULL, native);
		for (size_t k = 0; k < json_count(others); k++)
			if (json_string(json_at(others, k)))
				json_write_string(w, NULL, json_string(json_at(others, k)));
		json_end(w);
		return 0;
	}
	return 0;
}

static int convert(const struct json *profile, const struct seccomp_target *target,
		   struct json_writer *w, struct error *err)
{
	const struct json *action = NULL, *rules = NULL, *map = NULL, *architectures = NULL;
	int r;

	r = get(profile, "defaultAction", JSON_STRING, &action, err);
	if (r == 0)
		r = get(profile, "syscalls", JSON_ARRAY, &rules, err);
	if (r == 0)
		r = get(profile, "archMap", JSON_ARRAY, &map, err);
	if (r == 0)
		r = get(profile, "architectures", JSON_ARRAY, &architectures, err);
	if (r < 0 || ((!action || !*json_string(action)) && json_count(rules) == 0))
		return r;
	if (json_count(map) > 0 && json_count(architectures) > 0)
		return error_set(err, ERROR_INVALID,
				 "both 'architectures' and 'archMap' are specified in the seccomp "
				 "profile, use either 'architectures' or 'archMap'");
	json_object_begin(w, NULL);
	copy_member(w, profile, "defaultAction");
	copy_member(w, profile, "defaultErrnoRet");
	copy_member(w, profile, "architectures");
	copy_member(w, profile, "flags");
	copy_member(w, profile, "listenerPath");
	copy_member(w, profile, "listenerMetadata");
	r = write_map(w, map, err);
	if (r == 0)
		r = write_rules(w, rules, target, err);
	json_end(w);
	return r;
}

int seccomp_profile_convert(const char *text, size_t len, const struct seccomp_target *target,
			    struct str *out, struct error *err)
{
	auto_json *profile = NULL;
	auto_str made = {0};
	struct json_writer w;
	int r;

	if (json_parse(text, len, &profile, NULL) < 0)
		return malformed(err, "not valid JSON");
	if (!json_is(profile, JSON_OBJECT))
		return malformed(err, "not a JSON object");
	json_writer_init(&w, &made, 0);
	r = convert(profile, target, &w, err);
	if (r == 0)
		str_append_mem(out, str_text(&made), made.len);
	return r;
}
