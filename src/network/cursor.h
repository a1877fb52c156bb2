/*
 * Where to look next for something free: a number in a file, a hint and no more.
 *
 * Written without a lock and not trusted: who reserves does so exclusively, and only begins here.
 */
#pragma once

#include <stdint.h>

/* The number, or @first if there is none from @first to @last. */
uint32_t cursor_read(int dir_fd, const char *name, uint32_t first, uint32_t last);
void cursor_write(int dir_fd, const char *name, uint32_t value);
