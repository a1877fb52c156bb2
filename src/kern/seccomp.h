/*
 * Seccomp filters: compiled from rules by name, loaded as bytes. The only file that knows
 * libseccomp.
 *
 * The compiled program is a balanced tree over the system call numbers, behind a prologue of ours
 * that (1) decides about system calls newer than libseccomp, and (2) answers ENOSYS, not the
 * default action, to numbers above every one the profile mentions, so that programs that probe for
 * newer system calls fall back. Filters that allow by default have no second part. The whole is
 * then made smaller (seccomp-compact.h).
 */
#pragma once

#include "base/macro.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct seccomp_condition {
	unsigned index;
	unsigned op; /* SCMP_CMP_*: 1 NE, 2 LT, 3 LE, 4 EQ, 5 GE, 6 GT, 7 MASKED_EQ */
	uint64_t value;
	uint64_t value_two;
};

struct seccomp_rule {
	char *const *names; /* NULL-terminated */
	uint32_t action;    /* SECCOMP_RET_* with its data */
	const struct seccomp_condition *conditions;
	size_t condition_count;
};

struct seccomp_policy {
	uint32_t default_action;
	const uint32_t *architectures; /* AUDIT_ARCH_*, 0x4000003e for x32; the native one is always
					  there */
	size_t architecture_count;
	const struct seccomp_rule *rules;
	size_t rule_count;
};

/*
 * Compiles @policy into *@ret (struct sock_filter, owned by the caller), *@ret_len bytes. Names
 * that no kernel on these architectures has are passed over. *@ret_name is the system call that
 * was refused: -EOPNOTSUPP (conditions twice on one argument, or on a system call too new for
 * libseccomp), -EINVAL, or NULL.
 */
int seccomp_compile(const struct seccomp_policy *policy, void **ret, size_t *ret_len,
		    const char **ret_name) MUST_CHECK;

/* Loads a program into the calling thread; @flags are SECCOMP_FILTER_FLAG_*. With @listener the
 * result is the descriptor on which SECCOMP_RET_USER_NOTIF asks; otherwise 0. */
int seccomp_load_program(const void *program, size_t len, unsigned flags, bool listener) MUST_CHECK;
