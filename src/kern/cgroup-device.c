#include "kern/cgroup-device.h"

#include "base/fd.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define RULES_MAX	  1024
#define RULE_INSTRUCTIONS 10
#define PROGRAM_MAX	  (RULES_MAX * RULE_INSTRUCTIONS + 16)
#define PROGRAM_NAME	  "kist_devices" /* at most 15 characters */
#define ATTACHED_MAX	  64		 /* programs on one cgroup: the kernel's bound */

static void number_or_star(char *buf, size_t size, int64_t number)
{
	if (number < 0)
		(void)snprintf(buf, size, "*");
	else
		(void)snprintf(buf, size, "%" PRId64, number);
}

static void rule_text(const struct cgroup_device_rule *rule, char *text, size_t size)
{
	char major[24], minor[24];

	if (rule->type == 'a') {
		(void)snprintf(text, size, "a");
		return;
	}
	number_or_star(major, sizeof(major), rule->major);
	number_or_star(minor, sizeof(minor), rule->minor);
	(void)snprintf(text, size, "%c %s:%s %s%s%s", rule->type, major, minor,
		       rule->access & CGROUP_DEVICE_READ ? "r" : "",
		       rule->access & CGROUP_DEVICE_WRITE ? "w" : "",
		       rule->access & CGROUP_DEVICE_MKNOD ? "m" : "");
}

/* A list takes one rule a write. */
static int apply_v1(const struct cgroup *cgroup, const struct cgroup_device_rule *rules,
		    size_t count)
{
	static const char *const files[] = {"devices.deny", "devices.allow"};
	auto_fd int fd = -EBADF;
	char text[80];

	for (size_t i = 0; i < count; i++) {
		if (i == 0 || rules[i].allow != rules[i - 1].allow) {
			(void)fd_close(fd);
			fd = cgroup_open_file(cgroup, "devices", files[rules[i].allow], O_WRONLY);
			if (fd < 0)
				return fd;
		}
		rule_text(&rules[i], text, sizeof(text));
		if (write(fd, text, strlen(text)) < 0)
			return -errno;
	}
	return 0;
}

struct program {
	struct bpf_insn v[PROGRAM_MAX];
	size_t n;
};

static void emit(struct program *p, uint8_t code, uint8_t dst, uint8_t src, int16_t off,
		 int32_t imm)
{
	p->v[p->n++] = (struct bpf_insn) {
		.code = code, .dst_reg = dst & 0xf, .src_reg = src & 0xf, .off = off, .imm = imm};
}

/*
 * R2 type, R3 kinds of access that no later rule has spoken of, R4 major, R5 minor. A rule that
 * refuses one of them decides; one that allows decides when none is left. As on v1, what is said of
 * a device in several rules adds up, and 'a' is everything, whatever else the rule says.
 */
static void emit_rule(struct program *p, const struct cgroup_device_rule *rule)
{
	bool all = rule->type == 'a';
	size_t jumps[4], jump_count = 0;

	if (!all) {
		jumps[jump_count++] = p->n;
		emit(p, BPF_JMP | BPF_JNE | BPF_K, BPF_REG_2, 0, 0,
		     rule->type == 'c' ? BPF_DEVCG_DEV_CHAR : BPF_DEVCG_DEV_BLOCK);
	}
	if (!all && rule->major >= 0) {
		jumps[jump_count++] = p->n;
		emit(p, BPF_JMP | BPF_JNE | BPF_K, BPF_REG_4, 0, 0, (int32_t)rule->major);
	}
	if (!all && rule->minor >= 0) {
		jumps[jump_count++] = p->n;
		emit(p, BPF_JMP | BPF_JNE | BPF_K, BPF_REG_5, 0, 0, (int32_t)rule->minor);
	}
	if (!all && rule->allow) {
		emit(p, BPF_ALU | BPF_AND | BPF_K, BPF_REG_3, 0, 0, (int32_t)~rule->access);
		jumps[jump_count++] = p->n;
		emit(p, BPF_JMP | BPF_JNE | BPF_K, BPF_REG_3, 0, 0, 0);
	} else if (!all) {
		emit(p, BPF_ALU | BPF_MOV | BPF_X, BPF_REG_1, BPF_REG_3, 0, 0);
		emit(p, BPF_ALU | BPF_AND | BPF_K, BPF_REG_1, 0, 0, (int32_t)rule->access);
		jumps[jump_count++] = p->n;
		emit(p, BPF_JMP | BPF_JEQ | BPF_K, BPF_REG_1, 0, 0, 0);
	}
	emit(p, BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, rule->allow);
	emit(p, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
	for (size_t i = 0; i < jump_count; i++)
		p->v[jumps[i]].off = (int16_t)(p->n - jumps[i] - 1);
}

static void build_program(struct program *p, const struct cgroup_device_rule *rules, size_t count)
{
	/* access_type: kind of access in the upper half, type of device in the lower */
	emit(p, BPF_LDX | BPF_MEM | BPF_W, BPF_REG_2, BPF_REG_1, 0, 0);
	emit(p, BPF_ALU | BPF_AND | BPF_K, BPF_REG_2, 0, 0, 0xffff);
	emit(p, BPF_LDX | BPF_MEM | BPF_W, BPF_REG_3, BPF_REG_1, 0, 0);
	emit(p, BPF_ALU | BPF_RSH | BPF_K, BPF_REG_3, 0, 0, 16);
	emit(p, BPF_LDX | BPF_MEM | BPF_W, BPF_REG_4, BPF_REG_1, 4, 0);
	emit(p, BPF_LDX | BPF_MEM | BPF_W, BPF_REG_5, BPF_REG_1, 8, 0);
	/* The last rule wins: asked first. Nothing matters before one that speaks of everything. */
	for (size_t i = count; i-- > 0;) {
		emit_rule(p, &rules[i]);
		if (rules[i].type == 'a')
			return;
	}
	emit(p, BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, 0);
	emit(p, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

static int bpf(int command, union bpf_attr *attr)
{
	int r = (int)syscall(SYS_bpf, command, attr, sizeof(*attr));

	return r < 0 ? -errno : r;
}

static int load_program(const struct program *p)
{
	union bpf_attr attr = {0};

	attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	attr.insns = (uint64_t)(uintptr_t)p->v;
	attr.insn_cnt = (uint32_t)p->n;
	attr.license = (uint64_t)(uintptr_t) "Apache-2.0";
	memcpy(attr.prog_name, PROGRAM_NAME, sizeof(PROGRAM_NAME));
	return bpf(BPF_PROG_LOAD, &attr);
}

static bool is_own(int program_fd)
{
	struct bpf_prog_info info = {0};
	union bpf_attr attr = {0};

	attr.info.bpf_fd = (uint32_t)program_fd;
	attr.info.info_len = sizeof(info);
	attr.info.info = (uint64_t)(uintptr_t)&info;
	return bpf(BPF_OBJ_GET_INFO_BY_FD, &attr) == 0 &&
	       strncmp(info.name, PROGRAM_NAME, sizeof(info.name)) == 0;
}

/* The program that an earlier call attached to the cgroup itself, or -ENOENT. What systemd or
 * somebody else attached there is theirs. */
static int find_own(int cgroup_fd)
{
	uint32_t ids[ATTACHED_MAX];
	union bpf_attr attr = {0};
	int r;

	attr.query.target_fd = (uint32_t)cgroup_fd;
	attr.query.attach_type = BPF_CGROUP_DEVICE;
	attr.query.prog_ids = (uint64_t)(uintptr_t)ids;
	attr.query.prog_cnt = ATTACHED_MAX;
	r = bpf(BPF_PROG_QUERY, &attr);
	for (uint32_t i = 0; r == 0 && i < attr.query.prog_cnt; i++) {
		union bpf_attr by_id = {.prog_id = ids[i]};
		auto_fd int fd = bpf(BPF_PROG_GET_FD_BY_ID, &by_id);

		/* One that was detached meanwhile is gone. */
		if (fd >= 0 && is_own(fd))
			return TAKE_FD(fd);
	}
	return r < 0 ? r : -ENOENT;
}

/*
 * All programs of a cgroup have to agree, so one that stays behind would keep refusing what the new
 * one allows: the new one takes its place, in one step.
 */
static int attach_program(const struct program *p, int cgroup_fd)
{
	union bpf_attr attr = {0};
	auto_fd int fd = load_program(p);
	auto_fd int old_fd = -EBADF;

	if (fd < 0)
		return fd;
	old_fd = find_own(cgroup_fd);
	if (old_fd < 0 && old_fd != -ENOENT)
		return old_fd;
	attr.target_fd = (uint32_t)cgroup_fd;
	attr.attach_bpf_fd = (uint32_t)fd;
	attr.attach_type = BPF_CGROUP_DEVICE;
	attr.attach_flags = BPF_F_ALLOW_MULTI;
	if (old_fd >= 0) {
		attr.attach_flags |= BPF_F_REPLACE;
		attr.replace_bpf_fd = (uint32_t)old_fd;
	}
	return bpf(BPF_PROG_ATTACH, &attr);
}

int cgroup_device_apply(const struct cgroup *cgroup, const struct cgroup_device_rule *rules,
			size_t count)
{
	auto_free struct program *program = NULL;
	auto_fd int fd = -EBADF;
	int r;

	/* There, a rule would be the whole machine's. No path leads there; this is the last word.
	 */
	r = cgroup_is_root(cgroup, "devices");
	if (r != 0)
		return r < 0 ? r : -EPERM;
	if (!cgroup->v2)
		return apply_v1(cgroup, rules, count);
	if (count > RULES_MAX)
		return -E2BIG;
	fd = cgroup_unified_fd(cgroup);
	if (fd < 0)
		return fd;
	program = mem_new(struct program);
	build_program(program, rules, count);
	return attach_program(program, fd);
}
