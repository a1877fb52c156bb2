/* config.json: "process". */
#include "spec/runtime-read.h"

#include "base/mem.h"
#include "spec/capability.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>

#define WHERE "process"

/* Sets of this size are more than any kernel takes (NGROUPS_MAX). */
#define GROUPS_MAX 65536

static int read_groups(const struct json *user, struct runtime_user *ret, struct error *err)
{
	const struct json *array;
	int r;

	r = read_container(user, WHERE ".user", "additionalGids", JSON_ARRAY, &array, err);
	if (r < 0)
		return r;
	if (json_count(array) > GROUPS_MAX)
		return error_set(err, ERROR_INVALID,
				 "config: process.user.additionalGids has more than %d elements",
				 GROUPS_MAX);
	ret->groups = mem_zero(json_count(array), sizeof(*ret->groups));
	for (size_t i = 0; i < json_count(array); i++) {
		int64_t gid;

		if (json_i64(json_at(array, i), &gid) < 0 || gid < 0 || gid >= UINT32_MAX)
			return error_set(
				err, ERROR_INVALID,
				"config: process.user.additionalGids must be group numbers");
		ret->groups[ret->group_count++] = (gid_t)gid;
	}
	return 0;
}

static int read_user(const struct json *object, struct runtime_user *ret, struct error *err)
{
	const struct json *user;
	struct runtime_i64 mask = {0};
	int r;

	r = read_container(object, WHERE, "user", JSON_OBJECT, &user, err);
	if (r < 0 || !user)
		return r;
	r = read_u32(user, WHERE ".user", "uid", &ret->uid, err);
	if (r >= 0)
		r = read_u32(user, WHERE ".user", "gid", &ret->gid, err);
	if (r >= 0)
		r = read_i64(user, WHERE ".user", "umask", 0, 0777, &mask, err);
	if (r >= 0)
		r = read_groups(user, ret, err);
	ret->has_umask = mask.set;
	ret->umask = (mode_t)mask.value;
	return r;
}

static int read_capability_set(const struct json *sets, const char *key, uint64_t *ret,
			       struct error *err)
{
	auto_free char **names = NULL;
	int r;

	r = read_strings(sets, WHERE ".capabilities", key, &names, err);
	for (size_t i = 0; r >= 0 && names && names[i]; i++) {
		int number = capability_parse(names[i]);

		/* Newer ones than we know are no reason to fail (OCI runtime 1.2): dropped. */
		if (number >= 0)
			*ret |= UINT64_C(1) << number;
		else if (strncmp(names[i], "CAP_", 4) != 0)
			return error_set(err, ERROR_INVALID,
					 "config: process.capabilities.%s: %s is no capability",
					 key, names[i]);
	}
	return r < 0 ? r : 0;
}

static int read_capabilities(const struct json *object, struct runtime_process *ret,
			     struct error *err)
{
	static const char *const keys[RUNTIME_CAPABILITY_SET_COUNT] = {
		[RUNTIME_CAPABILITY_BOUNDING] = "bounding",
		[RUNTIME_CAPABILITY_EFFECTIVE] = "effective",
		[RUNTIME_CAPABILITY_PERMITTED] = "permitted",
		[RUNTIME_CAPABILITY_INHERITABLE] = "inheritable",
		[RUNTIME_CAPABILITY_AMBIENT] = "ambient",
	};
	const struct json *sets;
	int r;

	r = read_container(object, WHERE, "capabilities", JSON_OBJECT, &sets, err);
	if (r < 0 || !sets)
		return r;
	ret->has_capabilities = true;
	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(keys); i++)
		r = read_capability_set(sets, keys[i], &ret->capabilities[i], err);
	return r;
}

static int find_resource(const char *name)
{
	static const struct {
		const char *name;
		int resource;
	} table[] = {
		{"RLIMIT_AS", RLIMIT_AS},
		{"RLIMIT_CORE", RLIMIT_CORE},
		{"RLIMIT_CPU", RLIMIT_CPU},
		{"RLIMIT_DATA", RLIMIT_DATA},
		{"RLIMIT_FSIZE", RLIMIT_FSIZE},
		{"RLIMIT_LOCKS", RLIMIT_LOCKS},
		{"RLIMIT_MEMLOCK", RLIMIT_MEMLOCK},
		{"RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE},
		{"RLIMIT_NICE", RLIMIT_NICE},
		{"RLIMIT_NOFILE", RLIMIT_NOFILE},
		{"RLIMIT_NPROC", RLIMIT_NPROC},
		{"RLIMIT_RSS", RLIMIT_RSS},
		{"RLIMIT_RTPRIO", RLIMIT_RTPRIO},
		{"RLIMIT_RTTIME", RLIMIT_RTTIME},
		{"RLIMIT_SIGPENDING", RLIMIT_SIGPENDING},
		{"RLIMIT_STACK", RLIMIT_STACK},
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (STREQ(table[i].name, name))
			return table[i].resource;
	return -EINVAL;
}

static int read_rlimit(const struct json *object, struct runtime_rlimit *limit, struct error *err)
{
	const struct json *soft = json_get(object, "soft"), *hard = json_get(object, "hard");
	int r;

	r = read_string(object, WHERE ".rlimits", "type", &limit->name, err);
	if (r < 0)
		return r;
	limit->resource = limit->name ? find_resource(limit->name) : -EINVAL;
	if (limit->resource < 0)
		return error_set(err, ERROR_INVALID, "config: process.rlimits: %s is no limit",
				 limit->name ? limit->name : "(none)");
	/* -1 is how some write "unlimited". */
	if (json_get_i64(object, "soft", 0) == -1)
		limit->soft = RLIM_INFINITY;
	else if (soft && json_u64(soft, &limit->soft) < 0)
		return error_set(err, ERROR_INVALID,
				 "config: process.rlimits: %s.soft must be a number", limit->name);
	if (json_get_i64(object, "hard", 0) == -1)
		limit->hard = RLIM_INFINITY;
	else if (hard && json_u64(hard, &limit->hard) < 0)
		return error_set(err, ERROR_INVALID,
				 "config: process.rlimits: %s.hard must be a number", limit->name);
	if (limit->soft > limit->hard)
		return error_set(err, ERROR_INVALID,
				 "config: process.rlimits: %s.soft is above hard", limit->name);
	return 0;
}

static int read_rlimits(const struct json *object, struct runtime_process *ret, struct error *err)
{
	const struct json *array;
	int r;

	r = read_container(object, WHERE, "rlimits", JSON_ARRAY, &array, err);
	if (r < 0)
		return r;
	ret->rlimit_count = json_count(array);
	ret->rlimits = mem_zero(ret->rlimit_count, sizeof(*ret->rlimits));
	for (size_t i = 0; r >= 0 && i < ret->rlimit_count; i++) {
		r = read_rlimit(json_at(array, i), &ret->rlimits[i], err);
		for (size_t k = 0; r >= 0 && k < i; k++)
			if (ret->rlimits[k].resource == ret->rlimits[i].resource)
				r = error_set(err, ERROR_INVALID,
					      "config: process.rlimits: %s is there twice",
					      ret->rlimits[i].name);
	}
	return r;
}

static int read_console(const struct json *object, struct runtime_process *ret, struct error *err)
{
	struct runtime_i64 height = {0}, width = {0};
	const struct json *size;
	int r;

	r = read_bool(object, WHERE, "terminal", &ret->terminal, err);
	if (r >= 0)
		r = read_container(object, WHERE, "consoleSize", JSON_OBJECT, &size, err);
	if (r < 0 || !size)
		return r;
	r = read_i64(size, WHERE ".consoleSize", "height", 0, UINT16_MAX, &height, err);
	if (r >= 0)
		r = read_i64(size, WHERE ".consoleSize", "width", 0, UINT16_MAX, &width, err);
	ret->console_height = (uint16_t)height.value;
	ret->console_width = (uint16_t)width.value;
	return r;
}

/* An empty label asks for nothing, and neither does "unconfined". */
static int read_label(const struct json *object, const char *key, const char **ret,
		      struct error *err)
{
	int r = read_string(object, WHERE, key, ret, err);

	if (r >= 0 && *ret && (!**ret || STREQ(*ret, "unconfined")))
		*ret = NULL;
	return r;
}

static int read_command(const struct json *object, struct runtime_process *ret, struct error *err)
{
	int r;

	r = read_strings(object, WHERE, "args", &ret->args, err);
	if (r >= 0)
		r = read_strings(object, WHERE, "env", &ret->env, err);
	if (r >= 0)
		r = read_string(object, WHERE, "cwd", &ret->cwd, err);
	if (r < 0)
		return r;
	if (!ret->args || !ret->args[0])
		return error_set(err, ERROR_INVALID, "config: process.args is empty");
	if (!ret->cwd || ret->cwd[0] != '/')
		return error_set(err, ERROR_INVALID,
				 "config: process.cwd must be an absolute path");
	if (!ret->env)
		ret->env = mem_zero(1, sizeof(*ret->env));
	return 0;
}

static int fill_process(const struct json *object, struct runtime_process *ret, struct error *err)
{
	struct runtime_i64 score = {0};
	int r;

	r = read_command(object, ret, err);
	if (r >= 0)
		r = read_user(object, &ret->user, err);
	if (r >= 0)
		r = read_console(object, ret, err);
	if (r >= 0)
		r = read_capabilities(object, ret, err);
	if (r >= 0)
		r = read_bool(object, WHERE, "noNewPrivileges", &ret->no_new_privileges, err);
	if (r >= 0)
		r = read_rlimits(object, ret, err);
	if (r >= 0)
		r = read_i64(object, WHERE, "oomScoreAdj", -1000, 1000, &score, err);
	if (r >= 0)
		r = read_label(object, "apparmorProfile", &ret->apparmor_profile, err);
	if (r >= 0)
		r = read_label(object, "selinuxLabel", &ret->selinux_label, err);
	if (r >= 0)
		r = read_scheduling(object, ret, err);
	ret->has_oom_score_adj = score.set;
	ret->oom_score_adj = (int)score.value;
	return r;
}

int runtime_process_read(const struct json *object, struct runtime_process *ret, struct error *err)
{
	auto_runtime_process process = {0};
	int r;

	if (!json_is(object, JSON_OBJECT))
		return error_set(err, ERROR_INVALID, "config: process must be an object");
	r = fill_process(object, &process, err);
	if (r < 0)
		return r;
	*ret = process;
	process = (struct runtime_process) {0};
	return 0;
}

void runtime_process_release(struct runtime_process *process)
{
	mem_freep(&process->args);
	mem_freep(&process->env);
	mem_freep(&process->rlimits);
	mem_freep(&process->user.groups);
	mem_freep(&process->affinity_initial);
	mem_freep(&process->affinity_final);
}
