/*
 * A /proc that is one: a private instance where that can be had, otherwise the one mounted, in
 * either case with its file system's magic checked, and opened without following any link.
 */
#pragma once

#include "base/macro.h"

/* The /proc of the caller's mount namespace, magic checked. */
int procfs_open(void) MUST_CHECK;

/* A new instance for the caller's pid namespace, visible to nobody else. */
int procfs_private(void) MUST_CHECK;

/* Writes @text to @path below @proc_fd. */
int procfs_write(int proc_fd, const char *path, const char *text) MUST_CHECK;
