/*
 * A program of two hundred bytes that executes another one, in a sealed file in memory.
 *
 * A process that enters a container and executes what is there must not be our own program at that
 * moment: what is there may be (or be a script that is run by) /proc/self/exe, which then is the
 * runtime's file on the host, and can be written to once it is no longer executed (CVE-2019-5736).
 * So the child executes this first, by descriptor: from then on /proc/self/exe is a file that
 * nobody can write to, and it costs one exec of a page instead of a copy of the runtime.
 */
#pragma once

#include "base/macro.h"

/* Bytes of the second argument, which tells the program its descriptor. */
#define TRAMPOLINE_FD_SIZE 3

/*
 * The program's descriptor. It is called with the arguments
 *
 *   path of the program to execute, the text of trampoline_fd_text(), argv[0], argv[1], ...
 *
 * and its environment is passed on. The descriptor in the text is made close-on-exec; when the
 * program cannot be executed four bytes, the negative errno, are written to it.
 */
int trampoline_open(void) MUST_CHECK;

/* @fd (0 to 16383) as text for the second argument. */
void trampoline_fd_text(int fd, char *buf);
