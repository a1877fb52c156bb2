/*
 * The caller's own terminal while it is attached: raw, with its size and its signals watched, and
 * given back as it was on every way out. Internal to the engine.
 *
 * Theory of operation. Signals are blocked and come through a descriptor, so that none of them can
 * end us between two steps. SIGWINCH says that the size has changed. SIGTSTP (from outside: the
 * key goes to the process) gives the terminal back, stops us, and takes it again when we go on. A
 * signal that would end us gives it back and then does.
 */
#pragma once

#include "base/macro.h"

#include <stdbool.h>
#include <termios.h>

struct attach_terminal {
	int fd; /* the caller's; -EBADF: none */
	bool is_raw;
	struct termios saved, raw;
};

/* Makes it raw. 0 or -errno. */
int attach_terminal_take(struct attach_terminal *terminal, int fd) MUST_CHECK;
void attach_terminal_give_back(struct attach_terminal *terminal);

enum attach_signals {
	ATTACH_SIGNALS_SIZE = 1 << 0, /* SIGWINCH */
	ATTACH_SIGNALS_END = 1 << 1,  /* those that end a program or stop it */
	ATTACH_SIGNALS_ALL = 1 << 2,  /* what one may want to pass on to a container */
};

/* A signalfd; the signals are blocked from now on. */
int attach_signals_open(unsigned kinds) MUST_CHECK;

/* What a signal of ATTACH_SIGNALS_END does, between giving the terminal back and taking it again;
 * it does not return if it ends us. */
void attach_terminal_signal(struct attach_terminal *terminal, int signo);
