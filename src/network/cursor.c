#include "network/cursor.h"

#include "base/fd.h"
#include "base/parse.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Of one width, so that a smaller number covers a larger one. */
#define CURSOR_FORMAT "%010u\n"
#define CURSOR_LEN    11

uint32_t cursor_read(int dir_fd, const char *name, uint32_t first, uint32_t last)
{
	auto_fd int fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	char text[CURSOR_LEN + 1] = "";
	uint32_t value;

	if (fd < 0 || fd_read_full(fd, text, CURSOR_LEN) < 0)
		return first;
	text[CURSOR_LEN - 1] = '\0';
	return parse_u32(text, first, last, &value) < 0 ? first : value;
}

void cursor_write(int dir_fd, const char *name, uint32_t value)
{
	auto_fd int fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	char text[CURSOR_LEN + 1];

	(void)snprintf(text, sizeof(text), CURSOR_FORMAT, value);
	/* A lost hint costs the next one a search. */
	if (fd < 0 || pwrite(fd, text, CURSOR_LEN, 0) < 0)
		return;
}
