/*
 * File descriptors as owned values. All are close-on-exec from birth; -EBADF means "none".
 */
#pragma once

#include "base/macro.h"

#include <errno.h>
#include <stddef.h>
#include <sys/types.h>

#define auto_fd CLEANUP(fd_closep)

/* Closes @fd if it is one, keeps errno, and returns -EBADF. close() is never retried: on Linux the
 * descriptor is gone even after EINTR. */
int fd_close(int fd);
void fd_closep(int *fd);

/* Write or read exactly @len bytes, through EINTR and short counts. fd_read_full returns -ENODATA
 * when the file ends first. */
int fd_write_full(int fd, const void *data, size_t len) MUST_CHECK;
int fd_read_full(int fd, void *data, size_t len) MUST_CHECK;

/* Read everything up to the end of the file, at most @max bytes (-EFBIG beyond). *@ret is owned by
 * the caller and ends with a NUL byte that *@ret_len does not count. */
int fd_read_all(int fd, size_t max, char **ret, size_t *ret_len) MUST_CHECK;

/* A copy of @fd, close-on-exec, numbered 3 or more. */
int fd_dup(int fd) MUST_CHECK;
