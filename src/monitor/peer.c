#include "monitor/peer.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/time.h"
#include "io/unix.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

/* A client for which more is kept is late, until less than the second is. */
#define LATE_FROM  (256 * 1024)
#define LATE_UNTIL (64 * 1024)
/* How long it may be, and which part of other time it gets that back. */
#define PATIENCE_MAX  (2 * TIME_SECOND)
#define PATIENCE_PART 10
#define BACKLOG	      16

static void peer_ready(void *arg, uint32_t events);
static void listener_ready(void *arg, uint32_t events);

/* The loop wakes up: peers_behind() is asked after each of its steps. */
static void patience_ended(void *arg)
{
	(void)arg;
}

static size_t kept(const struct peer *peer)
{
	return peer->out.len - peer->sent;
}

static void drop(struct peer *peer)
{
	struct peers *peers = peer->peers;
	struct peer **link = &peers->first;

	while (*link != peer)
		link = &(*link)->next;
	*link = peer->next;
	peers->count--;
	if (peers->owner == peer) {
		peers->owner = NULL;
		peers->owner_cleans = false;
	}
	if (peer->mask & WIRE_STDIN_ONCE)
		stdio_input_end(peers->stdio);
	loop_forget(peers->loop, &peer->source);
	(void)fd_close(peer->source.fd);
	str_release(&peer->out);
	free(peer);
}

/* Watches for what the peer's state asks for. The hang-up bit alone keeps a peer that has nothing
 * more to say in the set. One whose input has to wait is not watched at all, lest its hang-up spins
 * the loop; it is looked at again when stdin has room. False: the peer is gone. */
static bool watch(struct peer *peer)
{
	uint32_t events = EPOLLHUP;

	if (!peer->half_closed)
		events |= EPOLLIN;
	if (kept(peer) > 0)
		events |= EPOLLOUT;
	if (peer->throttled)
		events &= EPOLLOUT;
	if (loop_watch(peer->peers->loop, &peer->source, events) == 0)
		return true;
	drop(peer);
	return false;
}

/* All is sent, and nothing more will be. An owner who cleans up says so once more when it has begun
 * to: if it dies before, that is left to us. */
static void dismiss(struct peer *peer)
{
	struct peers *peers = peer->peers;

	if (peer == peers->owner && peers->ended && peers->owner_cleans)
		(void)watch(peer);
	else
		drop(peer);
}

static struct peer *add_peer(struct peers *peers, int fd)
{
	struct peer *peer = mem_new(struct peer);

	*peer = (struct peer) {
		.peers = peers,
		.next = peers->first,
		.source = {.fd = fd, .ready = peer_ready, .arg = peer},
		.early = time_monotonic(),
		.patience = PATIENCE_MAX,
	};
	peers->first = peer;
	peers->count++;
	return watch(peer) ? peer : NULL;
}

void peers_init(struct peers *peers, struct loop *loop, struct stdio *stdio)
{
	*peers = (struct peers) {
		.loop = loop,
		.stdio = stdio,
		.listener = {.fd = -EBADF, .ready = listener_ready, .arg = peers},
		.patience = {.expired = patience_ended},
	};
}

int peers_add_owner(struct peers *peers, int owner_fd, struct error *err)
{
	peers->owner = add_peer(peers, owner_fd);
	if (!peers->owner)
		return error_set(err, ERROR_INVALID, "--owner-fd %d cannot be watched", owner_fd);
	peers->owner->waits = peers->owner->exact = true;
	return 0;
}

void peers_add_early(struct peers *peers, int fd)
{
	struct peer *peer = add_peer(peers, fd);

	if (peer)
		peer->exact = true;
}

int peers_listen(struct peers *peers, int bundle_fd, struct error *err)
{
	auto_fd int fd = unix_listen(bundle_fd, "control", 0600, BACKLOG);
	int r = fd;

	if (r >= 0) {
		peers->listener.fd = fd;
		r = loop_watch(peers->loop, &peers->listener, EPOLLIN);
	}
	if (r < 0) {
		peers->listener.fd = -EBADF;
		return error_errno(err, r, "make the monitor's control socket");
	}
	(void)TAKE_FD(fd);
	return 0;
}

static void stop_listening(struct peers *peers)
{
	if (peers->listener.fd < 0)
		return;
	loop_forget(peers->loop, &peers->listener);
	peers->listener.fd = fd_close(peers->listener.fd);
}

void peers_release(struct peers *peers)
{
	stop_listening(peers);
	loop_disarm(peers->loop, &peers->patience);
	while (peers->first)
		drop(peers->first);
}

static void listener_ready(void *arg, uint32_t events)
{
	struct peers *peers = arg;
	int fd = accept4(peers->listener.fd, NULL, NULL, SOCK_CLOEXEC);

	(void)events;
	if (fd < 0) {
		/* Out of descriptors: the connection stays in the queue, and would wake us for
		 * ever. Better deaf than hot; the peers there are go on. */
		if (errno == EMFILE || errno == ENFILE || errno == ENOMEM)
			stop_listening(peers);
		return;
	}
	if (peers->count >= PEERS_MAX || !unix_peer_is_permitted(fd))
		(void)fd_close(fd);
	else
		(void)add_peer(peers, fd);
}

/* Sends what was kept. False: the peer is gone. */
static bool send_kept(struct peer *peer)
{
	while (kept(peer) > 0) {
		ssize_t n = send(peer->source.fd, peer->out.data + peer->sent, kept(peer),
				 MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return watch(peer);
		if (n < 0) {
			drop(peer);
			return false;
		}
		peer->sent += (size_t)n;
	}
	str_release(&peer->out);
	peer->sent = 0;
	if (peer->last) {
		dismiss(peer);
		return false;
	}
	return watch(peer);
}

static void keep(struct peer *peer, const struct iovec *parts, size_t count, size_t skip)
{
	/* What is sent already makes room first. */
	if (peer->sent > 0) {
		memmove(peer->out.data, peer->out.data + peer->sent, kept(peer));
		peer->out.len -= peer->sent;
		peer->sent = 0;
	}
	for (size_t i = 0; i < count; i++) {
		size_t left = parts[i].iov_len > skip ? parts[i].iov_len - skip : 0;

		str_append_mem(&peer->out,
			       (const char *)parts[i].iov_base + parts[i].iov_len - left, left);
		skip -= parts[i].iov_len - left;
	}
}

/* One frame: its header, up to two parts. Sent as far as the socket takes it, and kept for the
 * rest. */
static void send_frame(struct peer *peer, enum wire_type type, const struct iovec *body,
		       size_t count)
{
	struct wire_header header = {.type = type};
	struct iovec parts[3] = {{&header, sizeof(header)}};
	struct msghdr message = {.msg_iov = parts, .msg_iovlen = count + 1};
	ssize_t n = 0;

	assert(count <= 2);
	for (size_t i = 0; i < count; i++) {
		parts[i + 1] = body[i];
		header.length += (uint32_t)body[i].iov_len;
	}
	assert(header.length <= WIRE_LENGTH_MAX);
	if (kept(peer) == 0) {
		do
			n = sendmsg(peer->source.fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
		while (n < 0 && errno == EINTR);
		if (n < 0 && errno != EAGAIN) {
			drop(peer);
			return;
		}
		n = MAX(n, (ssize_t)0);
	}
	if ((size_t)n == sizeof(header) + header.length)
		return;
	keep(peer, parts, count + 1, (size_t)n);
	(void)watch(peer);
}

void peers_send_started(struct peers *peers, const struct wire_started *started)
{
	struct iovec body = {(void *)started, sizeof(*started)};

	if (peers->owner)
		send_frame(peers->owner, WIRE_STARTED, &body, 1);
}

void peers_send_failed(struct peers *peers, const struct error *error)
{
	auto_free char *text = mem_printf("%s\n%s", error_kind_name(error->kind),
					  error->message ? error->message : "unknown error");
	struct iovec body = {text, MIN(strlen(text), (size_t)WIRE_LENGTH_MAX)};

	if (!peers->owner)
		return;
	peers->owner->last = true;
	send_frame(peers->owner, WIRE_FAILED, &body, 1);
	if (peers->owner && kept(peers->owner) == 0)
		dismiss(peers->owner);
}

static void send_output(struct peer *peer, int stream, const char *data, size_t len)
{
	uint64_t *skip = &peer->skip[stream - 1];
	unsigned char number = (unsigned char)stream;
	size_t n = *skip < len ? (size_t)*skip : len;
	struct iovec body[2] = {{&number, 1}, {(char *)data + n, len - n}};

	*skip -= n;
	if (n < len)
		send_frame(peer, WIRE_OUTPUT, body, 2);
}

void peers_send_output(struct peers *peers, int stream, const char *data, size_t len)
{
	struct peer *next;

	for (struct peer *peer = peers->first; peer; peer = next) {
		next = peer->next;
		if (peer->mask & (stream == 1 ? WIRE_STDOUT : WIRE_STDERR))
			send_output(peer, stream, data, len);
	}
}

void peers_send_exited(struct peers *peers, const struct wire_exit *exit)
{
	struct iovec body = {(void *)exit, sizeof(*exit)};
	struct peer *next;

	stop_listening(peers);
	peers->ended = true;
	for (struct peer *peer = peers->first; peer; peer = next) {
		next = peer->next;
		peer->throttled = false;
		if (peer->waits)
			send_frame(peer, WIRE_EXITED, &body, 1);
	}
	for (struct peer *peer = peers->first; peer; peer = next) {
		next = peer->next;
		peer->last = true;
		if (kept(peer) == 0)
			dismiss(peer);
		else
			(void)watch(peer);
	}
}

bool peers_any_exact(const struct peers *peers)
{
	for (const struct peer *peer = peers->first; peer; peer = peer->next)
		if (peer->exact)
			return true;
	return false;
}

static void set_late(struct peer *peer, int64_t now)
{
	bool late = kept(peer) > (peer->late ? LATE_UNTIL : LATE_FROM);

	if (late && !peer->late) {
		peer->patience += (now - peer->early) / PATIENCE_PART;
		peer->patience = MIN(peer->patience, PATIENCE_MAX);
		peer->late = now;
	} else if (!late && peer->late) {
		peer->patience -= MIN(now - peer->late, peer->patience);
		peer->late = 0;
		peer->early = now;
	}
}

/* How long the container still waits for a client; 0: not at all. */
static int64_t wait_for(struct peer *peer)
{
	int64_t now, left;

	if (!peer->late && kept(peer) <= LATE_FROM)
		return 0;
	now = time_monotonic();
	set_late(peer, now);
	if (!peer->late)
		return 0;
	left = peer->late + peer->patience - now;
	if (left <= 0)
		drop(peer);
	return MAX(left, (int64_t)0);
}

bool peers_behind(struct peers *peers, size_t bound)
{
	struct peer *next;
	bool behind = false;

	for (struct peer *peer = peers->first; peer; peer = next) {
		bool exact = peer->exact && kept(peer) > bound;
		int64_t left;

		next = peer->next;
		left = peer->exact ? 0 : wait_for(peer);
		if (left > 0)
			loop_arm(peers->loop, &peers->patience, left);
		behind |= left > 0 || exact;
	}
	return behind;
}

static void set_skip(struct peer *peer, const struct wire_position *position)
{
	const struct progress_record *record = &peer->peers->stdio->progress.record;

	for (int i = 0; i < 2; i++)
		if (position->received[i] > record->position[i])
			peer->skip[i] = position->received[i] - record->position[i];
}

static void take_piece(struct peer *peer, const struct wire_piece *piece)
{
	struct peers *peers = peer->peers;
	bool owner = peer == peers->owner;

	switch (piece->type) {
	case WIRE_COMMIT:
		peers->committed |= owner;
		break;
	case WIRE_LAUNCH:
		peers->launch |= owner;
		break;
	case WIRE_CLEANING:
		peers->owner_told |= owner && peers->ended;
		peers->owner_cleans |= owner;
		break;
	case WIRE_WAIT:
		peer->waits = true;
		break;
	case WIRE_ATTACH:
		peer->mask |= piece->mask;
		break;
	case WIRE_RESUME:
		set_skip(peer, &piece->position);
		break;
	case WIRE_RESIZE:
		stdio_resize(peers->stdio, &piece->size);
		break;
	case WIRE_INPUT:
		if (piece->len == 0)
			stdio_input_end(peers->stdio);
		else
			peer->throttled |= !stdio_input(peers->stdio, piece->data, piece->len);
		break;
	case WIRE_STARTED:
	case WIRE_FAILED:
	case WIRE_OUTPUT:
	case WIRE_EXITED:
		assert(!"the reader refuses what only the monitor says");
	}
}

/* False: the peer is gone. */
static bool take_bytes(struct peer *peer, const char *data, size_t len)
{
	struct wire_piece piece;
	int r;

	while ((r = wire_reader_next(&peer->reader, &data, &len, &piece)) == 1) {
		/* Only who has attached stdin may write to it. */
		if (piece.type == WIRE_INPUT && !(peer->mask & WIRE_STDIN))
			r = -EBADMSG;
		else
			take_piece(peer, &piece);
		if (r < 0)
			break;
	}
	if (r == 0)
		return true;
	drop(peer);
	return false;
}

static void peer_ready(void *arg, uint32_t events)
{
	struct peer *peer = arg;
	char *buffer = peer->peers->stdio->buffer;
	ssize_t n;

	if ((events & EPOLLOUT) && !send_kept(peer))
		return;
	if (peer->throttled && (events & (EPOLLHUP | EPOLLERR))) {
		drop(peer);
		return;
	}
	if (peer->throttled || !(events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
		return;
	n = recv(peer->source.fd, buffer, STDIO_BUFFER_SIZE, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	/* A peer that sends no more may still listen, unless its other half is gone as well. */
	if (n < 0 || (n == 0 && (events & (EPOLLHUP | EPOLLERR)))) {
		drop(peer);
		return;
	}
	if (n == 0) {
		peer->half_closed = true;
		if (peer->mask & WIRE_STDIN_ONCE)
			stdio_input_end(peer->peers->stdio);
	} else if (!take_bytes(peer, buffer, (size_t)n)) {
		return;
	}
	(void)watch(peer);
}

void peers_read_owner(struct peers *peers)
{
	if (peers->owner)
		peer_ready(peers->owner, EPOLLIN);
}

void peers_resume_input(struct peers *peers)
{
	struct peer *next;

	for (struct peer *peer = peers->first; peer; peer = next) {
		next = peer->next;
		if (!peer->throttled)
			continue;
		peer->throttled = false;
		(void)watch(peer);
	}
}
