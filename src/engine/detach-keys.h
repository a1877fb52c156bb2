/*
 * The key sequence that leaves an attached terminal (Docker's --detach-keys).
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"

#include <stdbool.h>
#include <stddef.h>

#define DETACH_KEYS_DEFAULT "ctrl-p,ctrl-q"
#define DETACH_KEYS_MAX	    16

struct detach_keys {
	unsigned char keys[DETACH_KEYS_MAX];
	size_t count; /* 0: none, nothing ever matches */
	size_t held;  /* so many of them have been typed, and not yet passed on */
};

/* "a", "ctrl-a" to "ctrl-z", "ctrl-@", "ctrl-[", "ctrl-\", "ctrl-]", "ctrl-^", "ctrl-_", separated
 * by commas; NULL is the default, "" none. ERROR_INVALID in Docker's words. */
int detach_keys_parse(const char *text, struct detach_keys *ret, struct error *err) MUST_CHECK;

/*
 * Looks for the sequence in what was typed. What is to be passed on goes to @out, which has room
 * for @len + DETACH_KEYS_MAX bytes; *@ret_len of them. A beginning of the sequence is held until
 * it is clear what it is. True: the sequence is complete, and what came behind it is dropped.
 */
bool detach_keys_filter(struct detach_keys *detach, const unsigned char *typed, size_t len,
			unsigned char *out, size_t *ret_len) MUST_CHECK;
