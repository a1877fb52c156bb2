/*
 * Terminals: their mode, their size, and the two ends of a pseudo terminal.
 */
#pragma once

#include "base/macro.h"

#include <stdbool.h>
#include <sys/ioctl.h>
#include <termios.h>

/* Makes the terminal behind @fd pass on every key as it comes, and what is written to it as it is.
 * *@ret_saved: how it was. 0 or -errno (-ENOTTY). */
int terminal_make_raw(int fd, struct termios *ret_saved) MUST_CHECK;

/* Gives it back as it was, behind what has been written to it. Works from the background too. */
int terminal_restore(int fd, const struct termios *saved) MUST_CHECK;

/* In pixels and characters; a size of 0 is one that nobody knows. */
int terminal_get_size(int fd, struct winsize *ret) MUST_CHECK;
/* Its foreground process group gets SIGWINCH if it changes. */
int terminal_set_size(int fd, const struct winsize *size) MUST_CHECK;

/* Whether @fd is the master of a pseudo terminal. */
bool terminal_is_master(int fd);

/* The slave of @master, wherever its devpts is mounted: without a path (Linux 4.13). It does not
 * become our controlling terminal. */
int terminal_open_slave(int master) MUST_CHECK;
