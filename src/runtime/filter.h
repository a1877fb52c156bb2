/*
 * The seccomp filter of a container: compiled once, kept by content.
 *
 * A cache file holds the whole policy that its program was made from, in a form without choices,
 * and is used only when that is equal byte for byte: its name is a mere hint. The folder is ours
 * alone (0700, files 0600, owners checked).
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "spec/runtime-config.h"

#include <stddef.h>

/* The program for @seccomp, from the cache in @dir_fd's ".seccomp" or compiled and put there;
 * *@ret is owned by the caller. */
int filter_prepare(int dir_fd, const struct runtime_seccomp *seccomp, void **ret, size_t *ret_len,
		   struct error *err) MUST_CHECK;
