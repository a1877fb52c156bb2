/*
 * A container's terminal when nobody else asked for it: the runtime stays between it and its own
 * terminal, which is raw meanwhile.
 */
#pragma once

#include "base/macro.h"

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <termios.h>

#define CONSOLE_BUFFER 4096

struct console {
	int socket_fd; /* owned: our end of the socket that the child sends the master over */
	int child_fd;  /* owned: its end */
	int master_fd; /* owned */
	int tty_fd;    /* 0, 1 or 2: which of ours is a terminal; -EBADF */
	bool raw;
	bool input_ended;
	struct termios saved;
	size_t pending, sent; /* input that the container has not taken yet */
	char buffer[CONSOLE_BUFFER];
};

#define auto_console CLEANUP(console_release) struct console

void console_init(struct console *console);
void console_release(struct console *console); /* the terminal is as it was before */

/* Makes the socket, before the child is started. */
int console_open(struct console *console) MUST_CHECK;

/* Takes the master that the child has sent, and makes our terminal raw. */
int console_start(struct console *console) MUST_CHECK;

/* For poll(2): fills two entries. */
void console_poll(const struct console *console, struct pollfd polls[2]);
/* Moves what can be moved. 1: the other side is closed. */
int console_move(struct console *console, const struct pollfd polls[2]) MUST_CHECK;
/* Gives the container's terminal the size of ours. */
void console_resize(const struct console *console);
/* Writes what is left to be read after the container's process has ended. */
void console_drain(struct console *console);
