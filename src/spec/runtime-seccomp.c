/* config.json: "linux.seccomp". */
#include "spec/runtime-read.h"

#include "base/mem.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <string.h>

#define WHERE "linux.seccomp"

struct name_value {
	const char *name;
	uint32_t value;
};

static const struct name_value actions[] = {
	{"SCMP_ACT_KILL", SECCOMP_RET_KILL_THREAD},
	{"SCMP_ACT_KILL_THREAD", SECCOMP_RET_KILL_THREAD},
	{"SCMP_ACT_KILL_PROCESS", SECCOMP_RET_KILL_PROCESS},
	{"SCMP_ACT_TRAP", SECCOMP_RET_TRAP},
	{"SCMP_ACT_ERRNO", SECCOMP_RET_ERRNO},
	{"SCMP_ACT_TRACE", SECCOMP_RET_TRACE},
	{"SCMP_ACT_ALLOW", SECCOMP_RET_ALLOW},
	{"SCMP_ACT_LOG", SECCOMP_RET_LOG},
	{"SCMP_ACT_NOTIFY", SECCOMP_RET_USER_NOTIF},
};

static const struct name_value architectures[] = {
	{"SCMP_ARCH_X86", AUDIT_ARCH_I386},
	{"SCMP_ARCH_X86_64", AUDIT_ARCH_X86_64},
	{"SCMP_ARCH_X32", RUNTIME_SECCOMP_X32},
	{"SCMP_ARCH_ARM", AUDIT_ARCH_ARM},
	{"SCMP_ARCH_AARCH64", AUDIT_ARCH_AARCH64},
	{"SCMP_ARCH_MIPS", AUDIT_ARCH_MIPS},
	{"SCMP_ARCH_MIPS64", AUDIT_ARCH_MIPS64},
	{"SCMP_ARCH_MIPS64N32", AUDIT_ARCH_MIPS64N32},
	{"SCMP_ARCH_MIPSEL", AUDIT_ARCH_MIPSEL},
	{"SCMP_ARCH_MIPSEL64", AUDIT_ARCH_MIPSEL64},
	{"SCMP_ARCH_MIPSEL64N32", AUDIT_ARCH_MIPSEL64N32},
	{"SCMP_ARCH_PPC", AUDIT_ARCH_PPC},
	{"SCMP_ARCH_PPC64", AUDIT_ARCH_PPC64},
	{"SCMP_ARCH_PPC64LE", AUDIT_ARCH_PPC64LE},
	{"SCMP_ARCH_S390", AUDIT_ARCH_S390},
	{"SCMP_ARCH_S390X", AUDIT_ARCH_S390X},
	{"SCMP_ARCH_RISCV64", AUDIT_ARCH_RISCV64},
};

static const struct name_value flags[] = {
	{"SECCOMP_FILTER_FLAG_TSYNC", 0}, /* there is one thread: nothing to do */
	{"SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG},
	{"SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW},
	{"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV},
};

static const struct name_value ops[] = {
	{"SCMP_CMP_NE", RUNTIME_SECCOMP_NE},
	{"SCMP_CMP_LT", RUNTIME_SECCOMP_LT},
	{"SCMP_CMP_LE", RUNTIME_SECCOMP_LE},
	{"SCMP_CMP_EQ", RUNTIME_SECCOMP_EQ},
	{"SCMP_CMP_GE", RUNTIME_SECCOMP_GE},
	{"SCMP_CMP_GT", RUNTIME_SECCOMP_GT},
	{"SCMP_CMP_MASKED_EQ", RUNTIME_SECCOMP_MASKED_EQ},
};

/* Every word of a security setting is known, or the container does not start. */
static int find_value(const struct name_value *table, size_t n, const char *name, const char *what,
		      uint32_t *ret, struct error *err)
{
	for (size_t i = 0; name && i < n; i++)
		if (STREQ(table[i].name, name)) {
			*ret = table[i].value;
			return 0;
		}
	return error_set(err, name ? ERROR_UNSUPPORTED : ERROR_INVALID,
			 "config: " WHERE ": %s %s is not known", what, name ? name : "(none)");
}

static int read_action(const struct json *object, const char *key, const char *errno_key,
		       uint32_t *ret, struct error *err)
{
	struct runtime_i64 number = {0};
	const char *name = NULL;
	uint32_t action = 0;
	int r;

	r = read_string(object, WHERE, key, &name, err);
	if (r >= 0)
		r = find_value(actions, ARRAY_SIZE(actions), name, "the action", &action, err);
	if (r >= 0)
		r = read_i64(object, WHERE, errno_key, 0, 4095, &number, err);
	if (r < 0)
		return r;
	if (action == SECCOMP_RET_ERRNO || action == SECCOMP_RET_TRACE)
		action |= number.set ? (uint32_t)number.value : EPERM;
	*ret = action;
	return 0;
}

static int read_u64(const struct json *object, const char *key, uint64_t *ret, struct error *err)
{
	const struct json *value = json_get(object, key);

	if (!value || json_u64(value, ret) == 0)
		return 0;
	return error_set(err, ERROR_INVALID,
			 "config: " WHERE ".syscalls.args.%s must be a number of 64 bits", key);
}

static int read_arg(const struct json *object, struct runtime_seccomp_arg *arg, struct error *err)
{
	struct runtime_i64 index = {0};
	const char *op = NULL;
	int r;

	r = read_i64(object, WHERE ".syscalls.args", "index", 0, 5, &index, err);
	if (r >= 0)
		r = read_string(object, WHERE ".syscalls.args", "op", &op, err);
	if (r >= 0)
		r = find_value(ops, ARRAY_SIZE(ops), op, "the operator", &arg->op, err);
	if (r >= 0)
		r = read_u64(object, "value", &arg->value, err);
	if (r >= 0)
		r = read_u64(object, "valueTwo", &arg->value_two, err);
	arg->index = (unsigned)index.value;
	return r;
}

static int read_rule(const struct json *object, struct runtime_seccomp_rule *rule,
		     struct error *err)
{
	const struct json *args;
	int r;

	r = read_action(object, "action", "errnoRet", &rule->action, err);
	if (r >= 0)
		r = read_strings(object, WHERE ".syscalls", "names", &rule->names, err);
	if (r >= 0)
		r = read_container(object, WHERE ".syscalls", "args", JSON_ARRAY, &args, err);
	if (r < 0)
		return r;
	if (!rule->names || !rule->names[0])
		return error_set(err, ERROR_INVALID, "config: a rule of " WHERE " has no names");
	rule->arg_count = json_count(args);
	if (rule->arg_count > ARRAY_SIZE(rule->args))
		return error_set(err, ERROR_INVALID,
				 "config: a rule of " WHERE " has more than six conditions");
	for (size_t i = 0; r >= 0 && i < rule->arg_count; i++)
		r = read_arg(json_at(args, i), &rule->args[i], err);
	return r;
}

static int read_architectures(const struct json *object, struct runtime_seccomp *seccomp,
			      struct error *err)
{
	auto_free char **names = NULL;
	int r;

	r = read_strings(object, WHERE, "architectures", &names, err);
	for (size_t i = 0; r >= 0 && names && names[i]; i++) {
		if (i == RUNTIME_SECCOMP_ARCHITECTURES_MAX)
			return error_set(err, ERROR_INVALID,
					 "config: " WHERE ".architectures has too many elements");
		r = find_value(architectures, ARRAY_SIZE(architectures), names[i],
			       "the architecture", &seccomp->architectures[i], err);
		seccomp->architecture_count = i + 1;
	}
	return r;
}

static int read_flags(const struct json *object, struct runtime_seccomp *seccomp, struct error *err)
{
	auto_free char **names = NULL;
	uint32_t flag = 0;
	int r;

	r = read_strings(object, WHERE, "flags", &names, err);
	for (size_t i = 0; r >= 0 && names && names[i]; i++) {
		r = find_value(flags, ARRAY_SIZE(flags), names[i], "the flag", &flag, err);
		seccomp->flags |= flag;
	}
	return r;
}

/* The listener is handed over after the filter is in force, so that must not be asked about. */
static int check_notify(struct runtime_seccomp *seccomp, struct error *err)
{
	static const char *const needed[] = {"write", "sendmsg"};

	if (seccomp->default_action == SECCOMP_RET_USER_NOTIF)
		return error_set(err, ERROR_INVALID,
				 "config: " WHERE
				 ": SCMP_ACT_NOTIFY cannot be used as default action");
	for (size_t i = 0; i < seccomp->rule_count; i++) {
		const struct runtime_seccomp_rule *rule = &seccomp->rules[i];

		if (rule->action != SECCOMP_RET_USER_NOTIF)
			continue;
		seccomp->notify = true;
		for (char **name = rule->names; *name; name++)
			for (size_t k = 0; k < ARRAY_SIZE(needed); k++)
				if (STREQ(*name, needed[k]))
					return error_set(err, ERROR_INVALID,
							 "config: " WHERE
							 ": SCMP_ACT_NOTIFY cannot be used for the "
							 "%s syscall",
							 *name);
	}
	if (seccomp->notify && (!seccomp->listener_path || !*seccomp->listener_path))
		return error_set(err, ERROR_INVALID,
				 "config: " WHERE ": SCMP_ACT_NOTIFY needs a listenerPath");
	return 0;
}

static int fill_seccomp(const struct json *object, struct runtime_seccomp *seccomp,
			struct error *err)
{
	const struct json *rules;
	int r;

	r = read_string(object, WHERE, "listenerPath", &seccomp->listener_path, err);
	if (r >= 0)
		r = read_string(object, WHERE, "listenerMetadata", &seccomp->listener_metadata,
				err);
	if (r >= 0)
		r = read_action(object, "defaultAction", "defaultErrnoRet",
				&seccomp->default_action, err);
	if (r >= 0)
		r = read_architectures(object, seccomp, err);
	if (r >= 0)
		r = read_flags(object, seccomp, err);
	if (r >= 0)
		r = read_container(object, WHERE, "syscalls", JSON_ARRAY, &rules, err);
	if (r < 0)
		return r;
	seccomp->rule_count = json_count(rules);
	seccomp->rules = mem_zero(seccomp->rule_count, sizeof(*seccomp->rules));
	for (size_t i = 0; r >= 0 && i < seccomp->rule_count; i++)
		r = read_rule(json_at(rules, i), &seccomp->rules[i], err);
	return r < 0 ? r : check_notify(seccomp, err);
}

int read_seccomp(const struct json *linux_object, struct runtime_seccomp **ret, struct error *err)
{
	const struct json *object;
	int r;

	r = read_container(linux_object, "linux", "seccomp", JSON_OBJECT, &object, err);
	if (r < 0 || !object)
		return r;
	*ret = mem_new(struct runtime_seccomp);
	return fill_seccomp(object, *ret, err);
}

void free_seccomp(struct runtime_seccomp *seccomp)
{
	if (!seccomp)
		return;
	for (size_t i = 0; i < seccomp->rule_count; i++)
		mem_freep(&seccomp->rules[i].names);
	mem_freep(&seccomp->rules);
	mem_freep(&seccomp);
}
