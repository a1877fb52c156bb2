/*
 * A seccomp filter that is a plain list of allowed system calls, for our own workers. Anything
 * else, and any other calling convention, gets EPERM. (The filters of containers are kern/seccomp.)
 */
#pragma once

#include "base/macro.h"

#include <stddef.h>

#define SECCOMP_LIST_MAX 128

/* For this thread, for good; needs no_new_privs. 0 or -errno. */
int seccomp_list_apply(const int *allowed, size_t count) MUST_CHECK;
