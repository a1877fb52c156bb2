#include "io/imsg.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

int imsg_pair(int ret[2])
{
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ret) < 0 ? -errno : 0;
}

int imsg_send(int fd, uint32_t type, const void *data, size_t len)
{
	/* sendmsg does not write through it. */
	struct iovec parts[] = {{&type, sizeof(type)}, {(void *)(uintptr_t)data, len}};
	struct msghdr message = {.msg_iov = parts, .msg_iovlen = len > 0 ? 2 : 1};
	ssize_t n;

	if (len > IMSG_MAX)
		return -EMSGSIZE;
	do
		n = sendmsg(fd, &message, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

int imsg_receive(int fd, struct imsg *ret, bool wait)
{
	struct iovec parts[] = {{&ret->type, sizeof(ret->type)}, {ret->data, IMSG_MAX}};
	struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
	ssize_t n;

	do
		n = recvmsg(fd, &message, wait ? 0 : MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	/* A peer that died with unread messages of ours resets the connection. */
	if (n == 0 || (n < 0 && errno == ECONNRESET))
		return 0;
	if (n < 0)
		return -errno;
	if ((size_t)n < sizeof(ret->type) || (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)))
		return -EPROTO;
	ret->len = (size_t)n - sizeof(ret->type);
	ret->data[ret->len] = '\0';
	return 1;
}
