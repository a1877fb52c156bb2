#include "kern/seccomp.h"

#include "base/fd.h"
#include "base/mem.h"
#include "kern/seccomp-compact.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <seccomp.h>

#define X32_BIT		 0x40000000U
#define INSTRUCTIONS_MAX 4096 /* BPF_MAXINSNS */
#define NEW_RULES_MAX	 64

/* System calls that came after libseccomp 2.5.4; since Linux 5.1 their numbers are the same on all
 * architectures. */
static const struct {
	const char *name;
	unsigned number;
} new_calls[] = {
	{"uretprobe", 335}, /* x86-64 alone */
	{"cachestat", 451},	    {"fchmodat2", 452},	       {"map_shadow_stack", 453},
	{"futex_wake", 454},	    {"futex_wait", 455},       {"futex_requeue", 456},
	{"statmount", 457},	    {"listmount", 458},	       {"lsm_get_self_attr", 459},
	{"lsm_set_self_attr", 460}, {"lsm_list_modules", 461}, {"mseal", 462},
	{"setxattrat", 463},	    {"getxattrat", 464},       {"listxattrat", 465},
	{"removexattrat", 466},	    {"open_tree_attr", 467},   {"file_getattr", 468},
	{"file_setattr", 469},	    {"listns", 470},
};

struct new_rule {
	unsigned number;
	uint32_t action;
};

struct compiler {
	const struct seccomp_policy *policy;
	scmp_filter_ctx context;
	struct new_rule new_rules[NEW_RULES_MAX];
	size_t new_count;
	const char *name; /* of the rule at work */
};

static int find_new_call(const char *name, unsigned *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(new_calls); i++) {
		if (!STREQ(new_calls[i].name, name))
			continue;
#if !defined(__x86_64__)
		if (new_calls[i].number < 424)
			return -ENOENT;
#endif
		*ret = new_calls[i].number;
		return 0;
	}
	return -ENOENT;
}

static int add_new_rule(struct compiler *c, const struct seccomp_rule *rule, const char *name)
{
	unsigned number;

	if (find_new_call(name, &number) < 0)
		return 0; /* of another architecture, or of a future: nothing to decide */
	if (rule->condition_count > 0)
		return -EOPNOTSUPP;
	/* The first rule about a system call counts, as in libseccomp. */
	for (size_t i = 0; i < c->new_count; i++)
		if (c->new_rules[i].number == number)
			return 0;
	if (c->new_count == NEW_RULES_MAX)
		return -E2BIG;
	c->new_rules[c->new_count++] = (struct new_rule) {number, rule->action};
	return 0;
}

static int add_rule(struct compiler *c, const struct seccomp_rule *rule, const char *name)
{
	struct scmp_arg_cmp conditions[6];
	unsigned seen = 0;
	int number, r;

	number = seccomp_syscall_resolve_name(name);
	if (number == __NR_SCMP_ERROR)
		return add_new_rule(c, rule, name);
	if (rule->action == c->policy->default_action)
		return 0;
	for (size_t i = 0; i < rule->condition_count; i++) {
		const struct seccomp_condition *from = &rule->conditions[i];

		/* libseccomp cannot join two conditions on one argument, and an "or" in place of
		 * the "and" has let system calls through before (CVE-2017-18367). */
		if (seen & 1U << from->index)
			return -EOPNOTSUPP;
		seen |= 1U << from->index;
		conditions[i] = (struct scmp_arg_cmp) {
			.arg = from->index,
			.op = (enum scmp_compare)from->op,
			.datum_a = from->value,
			.datum_b = from->value_two,
		};
	}
	r = seccomp_rule_add_array(c->context, rule->action, number,
				   (unsigned)rule->condition_count, conditions);
	/* The same rule again, or one that an earlier rule covers. */
	return r == -EEXIST ? 0 : r;
}

static int add_architectures(struct compiler *c)
{
	for (size_t i = 0; i < c->policy->architecture_count; i++) {
		int r = seccomp_arch_add(c->context, c->policy->architectures[i]);

		if (r < 0 && r != -EEXIST)
			return r;
	}
	return 0;
}

static int fill_context(struct compiler *c)
{
	int r;

	r = add_architectures(c);
	if (r == 0)
		r = seccomp_attr_set(c->context, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	/* Whoever runs the container says whether it may gain privileges, not the filter. */
	if (r == 0)
		r = seccomp_attr_set(c->context, SCMP_FLTATR_CTL_NNP, 0);
	for (size_t i = 0; r == 0 && i < c->policy->rule_count; i++) {
		const struct seccomp_rule *rule = &c->policy->rules[i];

		for (size_t k = 0; r == 0 && rule->names[k]; k++) {
			c->name = rule->names[k];
			r = add_rule(c, rule, c->name);
		}
	}
	if (r == 0)
		c->name = NULL;
	return r;
}

/* The highest number that the policy mentions for @architecture; 0 if none. */
static unsigned highest_number(const struct compiler *c, uint32_t architecture)
{
	unsigned highest = 0, number;

	for (size_t i = 0; i < c->policy->rule_count; i++) {
		char *const *names = c->policy->rules[i].names;

		for (size_t k = 0; names[k]; k++) {
			int known = seccomp_syscall_resolve_name_arch(architecture, names[k]);

			if (known >= 0)
				highest = MAX(highest, (unsigned)known & ~X32_BIT);
			else if (known == __NR_SCMP_ERROR && find_new_call(names[k], &number) == 0)
				highest = MAX(highest, number);
		}
	}
	return highest;
}

struct program {
	struct sock_filter v[INSTRUCTIONS_MAX];
	size_t n;
	size_t leaves[8]; /* jumps to the end of the prologue */
	size_t leave_count;
};

static void emit(struct program *p, uint16_t code, uint32_t k, uint8_t yes, uint8_t no)
{
	p->v[p->n++] = (struct sock_filter)BPF_JUMP(code, k, yes, no);
}

static void emit_leave(struct program *p)
{
	p->leaves[p->leave_count++] = p->n;
	emit(p, BPF_JMP | BPF_JA, 0, 0, 0);
}

static bool allows(uint32_t action)
{
	return (action & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ALLOW ||
	       (action & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_LOG;
}

/* The decisions of the prologue for one numbering; @bit is X32_BIT or 0. The number is in A. */
static void emit_numbering(struct program *p, const struct compiler *c, uint32_t architecture,
			   uint32_t bit)
{
	unsigned highest = highest_number(c, architecture);
	bool stub = !allows(c->policy->default_action) && highest > 0;

	for (size_t i = 0; i < c->new_count; i++) {
		if (c->new_rules[i].number < 424 && architecture != SCMP_ARCH_X86_64)
			continue;
		emit(p, BPF_JMP | BPF_JEQ | BPF_K, c->new_rules[i].number | bit, 0, 1);
		emit(p, BPF_RET | BPF_K, c->new_rules[i].action, 0, 0);
	}
	if (stub) {
		emit(p, BPF_JMP | BPF_JGT | BPF_K, highest | bit, 0, 1);
		emit(p, BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS, 0, 0);
	}
	emit_leave(p);
}

static bool has_architecture(const struct seccomp_policy *policy, uint32_t architecture)
{
	if (architecture == seccomp_arch_native())
		return true;
	for (size_t i = 0; i < policy->architecture_count; i++)
		if (policy->architectures[i] == architecture)
			return true;
	return false;
}

static void emit_architecture(struct program *p, const struct compiler *c, uint32_t architecture)
{
	size_t skip = p->n, x32;

	if (!has_architecture(c->policy, architecture))
		return;
	emit(p, BPF_JMP | BPF_JEQ | BPF_K, architecture, 0, 0);
	emit(p, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr), 0, 0);
	if (architecture == SCMP_ARCH_X86_64) {
		x32 = p->n;
		emit(p, BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 0, 0);
		emit_numbering(p, c, architecture, 0);
		p->v[x32].jt = (uint8_t)(p->n - x32 - 1);
		if (has_architecture(c->policy, SCMP_ARCH_X32))
			emit_numbering(p, c, SCMP_ARCH_X32, X32_BIT);
		else
			emit_leave(p);
	} else {
		emit_numbering(p, c, architecture, 0);
	}
	p->v[skip].jf = (uint8_t)(p->n - skip - 1);
}

static void emit_prologue(struct program *p, const struct compiler *c)
{
	static const uint32_t architectures[] = {SCMP_ARCH_X86_64, SCMP_ARCH_X86, SCMP_ARCH_AARCH64,
						 SCMP_ARCH_ARM};

	emit(p, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch), 0, 0);
	for (size_t i = 0; i < ARRAY_SIZE(architectures); i++)
		emit_architecture(p, c, architectures[i]);
	for (size_t i = 0; i < p->leave_count; i++)
		p->v[p->leaves[i]].k = (uint32_t)(p->n - p->leaves[i] - 1);
}

/* libseccomp 2.5 writes programs to descriptors only. */
static int export_filter(struct compiler *c, struct program *p)
{
	auto_fd int fd = -EBADF;
	off_t size;
	int r;

	fd = memfd_create("seccomp", MFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = seccomp_export_bpf(c->context, fd);
	if (r < 0)
		return r;
	size = lseek(fd, 0, SEEK_CUR);
	if (size < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return -errno;
	if ((size_t)size > (INSTRUCTIONS_MAX - p->n) * sizeof(p->v[0]))
		return -E2BIG;
	r = fd_read_full(fd, &p->v[p->n], (size_t)size);
	p->n += (size_t)size / sizeof(p->v[0]);
	return r;
}

int seccomp_compile(const struct seccomp_policy *policy, void **ret, size_t *ret_len,
		    const char **ret_name)
{
	auto_free struct program *program = mem_new(struct program);
	struct compiler c = {.policy = policy};
	int r;

	*ret_name = NULL;
	c.context = seccomp_init(policy->default_action);
	if (!c.context)
		return -EINVAL;
	r = fill_context(&c);
	if (r == 0) {
		emit_prologue(program, &c);
		r = export_filter(&c, program);
	}
	*ret_name = c.name;
	seccomp_release(c.context);
	if (r < 0)
		return r;
	(void)seccomp_compact(program->v, &program->n);
	*ret_len = program->n * sizeof(program->v[0]);
	*ret = mem_copy(program->v, *ret_len);
	return 0;
}

int seccomp_load_program(const void *program, size_t len, unsigned flags, bool listener)
{
	struct sock_fprog prog = {
		.len = (unsigned short)(len / sizeof(struct sock_filter)),
		.filter = (struct sock_filter *)program,
	};

	long fd;

	if (listener)
		flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
	fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &prog);
	return fd < 0 ? -errno : (int)fd;
}
