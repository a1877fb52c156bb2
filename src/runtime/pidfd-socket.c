#include "runtime/pidfd-socket.h"

#include "base/fd.h"
#include "runtime/terminal.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

int pidfd_socket_send(const char *path, int pid_fd, struct error *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	auto_fd int fd = -EBADF;
	int r;

	if (!path || !*path)
		return 0;
	if (strlen(path) >= sizeof(address.sun_path))
		return error_set(err, ERROR_INVALID, "the path of the pidfd socket is too long: %s",
				 path);
	memcpy(address.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return error_errno(err, errno, "connect to the pidfd socket %s", path);
	r = terminal_send(fd, "pidfd", pid_fd);
	return r < 0 ? error_errno(err, r, "send the pidfd to %s", path) : 0;
}
