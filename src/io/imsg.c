#include "io/imsg.h"

#include "base/fd.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

int imsg_pair(int ret[2])
{
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ret) < 0 ? -errno : 0;
}

/* Room for one descriptor. */
union control {
	struct cmsghdr header;
	char room[CMSG_SPACE(sizeof(int))];
};

int imsg_send_fd(int fd, uint32_t type, const void *data, size_t len, int pass)
{
	/* sendmsg does not write through it. */
	struct iovec parts[] = {{&type, sizeof(type)}, {(void *)(uintptr_t)data, len}};
	struct msghdr message = {.msg_iov = parts, .msg_iovlen = len > 0 ? 2 : 1};
	union control control = {0};
	ssize_t n;

	if (len > IMSG_MAX)
		return -EMSGSIZE;
	if (pass >= 0) {
		control.header = (struct cmsghdr) {.cmsg_len = CMSG_LEN(sizeof(pass)),
						   .cmsg_level = SOL_SOCKET,
						   .cmsg_type = SCM_RIGHTS};
		(void)memcpy(CMSG_DATA(&control.header), &pass, sizeof(pass));
		message.msg_control = &control;
		message.msg_controllen = sizeof(control);
	}
	do
		n = sendmsg(fd, &message, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

int imsg_send(int fd, uint32_t type, const void *data, size_t len)
{
	return imsg_send_fd(fd, type, data, len, -EBADF);
}

/* The descriptor of the message: there is room for one, so there is one at most. */
static int take_descriptor(struct msghdr *message)
{
	struct cmsghdr *header = CMSG_FIRSTHDR(message);
	int fd = -EBADF;

	if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS &&
	    header->cmsg_len == CMSG_LEN(sizeof(fd)))
		(void)memcpy(&fd, CMSG_DATA(header), sizeof(fd));
	return fd;
}

static int receive(int fd, struct imsg *ret, bool wait, union control *control, int *ret_fd)
{
	struct iovec parts[] = {{&ret->type, sizeof(ret->type)}, {ret->data, IMSG_MAX}};
	struct msghdr message = {.msg_iov = parts,
				 .msg_iovlen = 2,
				 .msg_control = control,
				 .msg_controllen = control ? sizeof(*control) : 0};
	auto_fd int passed = -EBADF;
	ssize_t n;

	do
		n = recvmsg(fd, &message, MSG_CMSG_CLOEXEC | (wait ? 0 : MSG_DONTWAIT));
	while (n < 0 && errno == EINTR);
	/* A peer that died with unread messages of ours resets the connection. */
	if (n == 0 || (n < 0 && errno == ECONNRESET))
		return 0;
	if (n < 0)
		return -errno;
	if (control)
		passed = take_descriptor(&message);
	if ((size_t)n < sizeof(ret->type) || (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)))
		return -EPROTO;
	ret->len = (size_t)n - sizeof(ret->type);
	ret->data[ret->len] = '\0';
	if (ret_fd)
		*ret_fd = TAKE_FD(passed);
	return 1;
}

int imsg_receive(int fd, struct imsg *ret, bool wait)
{
	return receive(fd, ret, wait, NULL, NULL);
}

int imsg_receive_fd(int fd, struct imsg *ret, bool wait, int *ret_fd)
{
	union control control = {0};

	return receive(fd, ret, wait, &control, ret_fd);
}
