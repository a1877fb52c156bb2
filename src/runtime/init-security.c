/* The part of the child that asks for a security label, and hands over its seccomp listener. */
#include "runtime/init.h"

#include "base/fd.h"
#include "kern/procfs.h"
#include "kern/resolve.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

/* The caller's /proc, while it is there: ours could be covered, and knows another number of us. */
int init_label_open(struct init *init)
{
	const struct runtime_process *process = init->process;
	ssize_t n;

	init->label_proc = -EBADF;
	if (!process->apparmor_profile && !process->selinux_label && init->listener_fd < 0)
		return 0;
	init->label_proc = procfs_open();
	if (init->label_proc < 0)
		return init_fail(init, INIT_LABEL, NULL, init->label_proc);
	n = readlinkat(init->label_proc, "self", init->host_pid, sizeof(init->host_pid) - 1);
	if (n < 0)
		return init_fail(init, INIT_LABEL, NULL, -errno);
	init->host_pid[n] = '\0';
	return 0;
}

static int write_label(struct init *init, const char *file, const char *label)
{
	auto_fd int fd = -EBADF;
	int n;

	n = snprintf(init->path, sizeof(init->path), "%s/attr/%s", init->host_pid, file);
	if (n >= (int)sizeof(init->path))
		return -ENAMETOOLONG;
	fd = resolve_plain(init->label_proc, init->path, O_WRONLY);
	return fd < 0 ? fd : fd_write_full(fd, label, strlen(label));
}

int init_label(struct init *init)
{
	const struct runtime_process *process = init->process;
	char text[512];
	int r = 0;

	if (process->selinux_label)
		r = write_label(init, "exec", process->selinux_label);
	if (r < 0)
		return init_fail(init, INIT_LABEL, process->selinux_label, r);
	if (!process->apparmor_profile)
		return 0;
	if (snprintf(text, sizeof(text), "exec %s", process->apparmor_profile) >= (int)sizeof(text))
		return init_fail(init, INIT_LABEL, process->apparmor_profile, -ENAMETOOLONG);
	r = write_label(init, "apparmor/exec", text);
	if (r == -ENOENT) /* before Linux 5.8 */
		r = write_label(init, "exec", text);
	return r < 0 ? init_fail(init, INIT_LABEL, process->apparmor_profile, r) : 0;
}

/* OCI runtime 1.2, config-linux.md, "The Container Process State". */
int init_listener(struct init *init, int notify_fd)
{
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {0};
	struct iovec iov[] = {
		{.iov_base = (char *)init->listener_text[0],
		 .iov_len = strlen(init->listener_text[0])},
		{.iov_base = init->host_pid, .iov_len = strlen(init->host_pid)},
		{.iov_base = (char *)init->listener_text[1],
		 .iov_len = strlen(init->listener_text[1])},
		{.iov_base = init->host_pid, .iov_len = strlen(init->host_pid)},
		{.iov_base = (char *)init->listener_text[2],
		 .iov_len = init->listener_text[2] ? strlen(init->listener_text[2]) : 0},
	};
	struct msghdr message = {.msg_iov = iov,
				 .msg_iovlen = init->listener_text[2] ? ARRAY_SIZE(iov) : 3,
				 .msg_control = control.buf,
				 .msg_controllen = sizeof(control.buf)};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &notify_fd, sizeof(int));
	if (sendmsg(init->listener_fd, &message, MSG_NOSIGNAL) < 0)
		return init_fail(init, INIT_SECCOMP, "listener", -errno);
	(void)fd_close(notify_fd);
	init->listener_fd = fd_close(init->listener_fd);
	return 0;
}
