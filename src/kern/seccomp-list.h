/*
 * A seccomp filter that is a plain list of allowed system calls, for our own workers. Anything
 * else, and any other calling convention, gets EPERM. (The filters of containers are kern/seccomp.)
 */
#pragma once

#include "base/macro.h"

#include <stddef.h>

#define SECCOMP_LIST_MAX 128

/* socket(2) makes IPv4 and IPv6 sockets alone; other families are EAFNOSUPPORT: no netlink, and no
 * unix socket of an abstract name, which is in the network namespace. To be applied before a list,
 * which looks after other calling conventions. */
int seccomp_internet_apply(void) MUST_CHECK;
/* For this thread, for good; needs no_new_privs. 0 or -errno. */
int seccomp_list_apply(const int *allowed, size_t count) MUST_CHECK;
