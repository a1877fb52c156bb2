#include "cmd/kistd/wire.h"

#include "base/fd.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#define PASSED 2

/* Room for both descriptors, and no more. */
union control {
	struct cmsghdr header;
	char room[CMSG_SPACE(PASSED * sizeof(int))];
};

static int transmit(int fd, struct msghdr *message, int flags)
{
	ssize_t n;

	do
		n = sendmsg(fd, message, flags | MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

/* The length of one packet, or -errno; 0 when the other end is gone. */
static ssize_t receive(int fd, struct msghdr *message)
{
	ssize_t n;

	do
		n = recvmsg(fd, message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == ECONNRESET ? 0 : -errno;
	return n;
}

int wire_send_start(int fd, const struct wire_start *start)
{
	uint64_t id = start->id;
	struct iovec part = {&id, sizeof(id)};
	int fds[PASSED] = {start->connection, start->record};
	union control control = {.header = {.cmsg_len = CMSG_LEN(sizeof(fds)),
					    .cmsg_level = SOL_SOCKET,
					    .cmsg_type = SCM_RIGHTS}};
	struct msghdr message = {.msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof(control)};

	(void)memcpy(CMSG_DATA(&control.header), fds, sizeof(fds));
	return transmit(fd, &message, 0);
}

/* All descriptors that came along, of which there is room for two. */
static size_t take_descriptors(struct msghdr *message, int fds[PASSED])
{
	struct cmsghdr *header = CMSG_FIRSTHDR(message);
	size_t n;

	if (!header || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
		return 0;
	n = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	n = MIN(n, (size_t)PASSED);
	(void)memcpy(fds, CMSG_DATA(header), n * sizeof(int));
	return n;
}

int wire_receive_start(int fd, struct wire_start *ret)
{
	uint64_t id = 0;
	struct iovec part = {&id, sizeof(id)};
	union control control = {0};
	struct msghdr message = {.msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof(control)};
	int fds[PASSED] = {-EBADF, -EBADF};
	ssize_t n = receive(fd, &message);
	size_t count;

	if (n <= 0)
		return (int)n;
	count = take_descriptors(&message, fds);
	if (n != sizeof(id) || count != PASSED || (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC))) {
		for (size_t i = 0; i < count; i++)
			(void)fd_close(fds[i]);
		return -EPROTO;
	}
	*ret = (struct wire_start) {id, fds[0], fds[1]};
	return 1;
}

int wire_send_end(int fd, const struct wire_end *end)
{
	/* sendmsg does not write through it. */
	struct iovec part = {(void *)(uintptr_t)end, sizeof(*end)};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

	return transmit(fd, &message, MSG_DONTWAIT);
}

int wire_receive_end(int fd, struct wire_end *ret)
{
	struct wire_end end;
	struct iovec part = {&end, sizeof(end)};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
	ssize_t n = receive(fd, &message);

	if (n <= 0)
		return (int)n;
	if (n != sizeof(end) || (message.msg_flags & MSG_TRUNC) || end.zero != 0)
		return -EPROTO;
	*ret = end;
	return 1;
}
