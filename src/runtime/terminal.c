#include "runtime/terminal.h"

#include "base/fd.h"
#include "kern/mount.h"
#include "kern/resolve.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <termios.h>
#include <unistd.h>

int terminal_connect(const char *path, const struct runtime_process *process,
		     struct console *console, int *ret, struct error *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	auto_fd int fd = -EBADF;

	int r;

	if (path && !process->terminal)
		return error_set(
			err, ERROR_INVALID,
			"cannot use console socket if the runtime will not detach or allocate "
			"tty: --console-socket is for detached processes with a terminal");
	if (!process->terminal)
		return 0;
	if (console && !path) {
		r = console_open(console);
		if (r < 0)
			return error_errno(err, r, "make a socket for the terminal");
		*ret = TAKE_FD(console->child_fd);
		return 0;
	}
	if (!path)
		return error_set(
			err, ERROR_INVALID,
			"cannot allocate tty if the runtime will detach without setting console "
			"socket: process.terminal is set, give --console-socket");
	if (strlen(path) >= sizeof(address.sun_path))
		return error_set(err, ERROR_INVALID,
				 "the path of the console socket is too long: %s", path);
	memcpy(address.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return error_errno(err, errno, "connect to the console socket %s", path);
	*ret = TAKE_FD(fd);
	return 0;
}

int terminal_send(int socket_fd, const char *name, int fd)
{
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {0};
	struct iovec iov = {.iov_base = (char *)name, .iov_len = strlen(name)};
	struct msghdr message = {.msg_iov = &iov,
				 .msg_iovlen = 1,
				 .msg_control = control.buf,
				 .msg_controllen = sizeof(control.buf)};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &fd, sizeof(int));
	return sendmsg(socket_fd, &message, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/* The multiplexer of the container's own devpts, and nothing that lies about being one. */
static int open_master(int root_fd)
{
	auto_fd int fd = -EBADF;
	struct statfs fs;
	int unlock = 0;

	fd = resolve_open(root_fd, "dev/pts/ptmx", O_RDWR | O_NOCTTY | O_NOFOLLOW);
	if (fd < 0)
		return fd;
	if (fstatfs(fd, &fs) < 0)
		return -errno;
	if (fs.f_type != DEVPTS_SUPER_MAGIC)
		return -ENODEV;
	if (ioctl(fd, TIOCSPTLCK, &unlock) < 0)
		return -errno;
	return TAKE_FD(fd);
}

static int show_console(int root_fd, int slave)
{
	auto_fd int target = -EBADF, tree = -EBADF;

	target = resolve_file(root_fd, "dev/console", 0620);
	if (target < 0)
		return target;
	tree = mount_clone(slave, "", false);
	return tree < 0 ? tree : mount_attach(tree, target);
}

static int use_slave(int slave, const struct runtime_process *process, bool plain)
{
	struct termios settings;
	struct winsize size = {.ws_row = process->console_height, .ws_col = process->console_width};

	if (size.ws_row > 0 && size.ws_col > 0 && ioctl(slave, TIOCSWINSZ, &size) < 0)
		return -errno;
	if (plain && tcgetattr(slave, &settings) == 0) {
		settings.c_oflag &= ~(tcflag_t)ONLCR;
		(void)tcsetattr(slave, TCSANOW, &settings);
	}
	if (fchown(slave, process->user.uid, (gid_t)-1) < 0)
		return -errno;
	for (int fd = 0; fd <= 2; fd++)
		if (dup2(slave, fd) < 0)
			return -errno;
	return ioctl(0, TIOCSCTTY, 0) < 0 ? -errno : 0;
}

int terminal_make(int console_fd, const struct runtime_process *process, bool show, bool plain)
{
	auto_fd int root = -EBADF, master = -EBADF, slave = -EBADF;
	int r;

	root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return -errno;
	master = open_master(root);
	if (master < 0)
		return master;
	/* By the master's descriptor, not by a path that could lead elsewhere (CVE-2025-52565). */
	slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0)
		return -errno;
	r = show ? show_console(root, slave) : 0;
	if (r == 0)
		r = use_slave(slave, process, plain);
	return r < 0 ? r : terminal_send(console_fd, "/dev/ptmx", master);
}
