#include "network/hold.h"

#include "base/fd.h"
#include "base/mem.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

int hold_init(struct hold *hold, size_t expected)
{
	int pair[2];

	*hold = HOLD_EMPTY;
	if (expected <= HOLD_PLAIN_MAX) {
		hold->size = expected;
		hold->fds = mem_zero(expected, sizeof(*hold->fds));
		return 0;
	}
	/* The queue's end first, behind it the sockets that wait for their packet to be full. */
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	hold->size = HOLD_PER_PACKET + 1;
	hold->fds = mem_zero(hold->size, sizeof(*hold->fds));
	hold->fds[hold->count++] = pair[0];
	hold->feed = pair[1];
	return 0;
}

/* Sends what waits; its descriptors are closed, the sockets live on in the queue. */
static int send_packet(struct hold *hold)
{
	union {
		char buffer[CMSG_SPACE(HOLD_PER_PACKET * sizeof(int))];
		struct cmsghdr align;
	} control = {0};
	size_t count = hold->count - 1, bytes = count * sizeof(int);
	char byte = 0;
	struct iovec iov = {.iov_base = &byte, .iov_len = 1};
	struct msghdr message = {.msg_iov = &iov,
				 .msg_iovlen = 1,
				 .msg_control = control.buffer,
				 .msg_controllen = CMSG_SPACE(bytes)};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	if (count == 0)
		return 0;
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(bytes);
	memcpy(CMSG_DATA(header), hold->fds + 1, bytes);
	/* Never waits for a reader that there is not: the bound on ports keeps it far from full. */
	if (sendmsg(hold->feed, &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		return -errno;
	while (hold->count > 1)
		(void)fd_close(hold->fds[--hold->count]);
	return 0;
}

int hold_add(struct hold *hold, int fd)
{
	assert(hold->count < hold->size);
	hold->fds[hold->count++] = fd;
	return hold->feed >= 0 && hold->count == hold->size ? send_packet(hold) : 0;
}

int hold_finish(struct hold *hold)
{
	int r = hold->feed >= 0 ? send_packet(hold) : 0;

	if (r == 0)
		hold->feed = fd_close(hold->feed);
	return r;
}

void hold_release(struct hold *hold)
{
	for (size_t i = 0; i < hold->count; i++)
		(void)fd_close(hold->fds[i]);
	hold->feed = fd_close(hold->feed);
	mem_freep(&hold->fds);
	*hold = HOLD_EMPTY;
}
