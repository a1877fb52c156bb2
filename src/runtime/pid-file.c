#include "runtime/pid-file.h"

#include "base/fd.h"
#include "base/mem.h"
#include "io/atomic-file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

int pid_file_write(const char *path, pid_t pid, struct error *err)
{
	auto_free char *copy = NULL;
	auto_fd int dir_fd = -EBADF;
	char text[16];
	char *slash;
	int r;

	if (!path)
		return 0;
	copy = mem_strdup(path);
	slash = strrchr(copy, '/');
	if (slash)
		*slash = '\0';
	dir_fd = open(!slash ? "." : *copy ? copy : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	(void)snprintf(text, sizeof(text), "%d", pid);
	r = dir_fd < 0
		    ? -errno
		    : atomic_write(dir_fd, slash ? slash + 1 : copy, text, strlen(text), 0644, 0);
	return r < 0 ? error_errno(err, r, "write the pid file %s", path) : 0;
}
