#include "engine/event-stream.h"

#include "base/fd.h"
#include "base/mem.h"
#include "io/event-log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK_SIZE  (64 * 1024)
#define SOURCES_MAX 3

/* One file of the log. */
struct source {
	int fd; /* owned; -EBADF: none */
	off_t offset;
	char *buffer; /* what was read but not given out */
	size_t start, end, size;
	bool skipping; /* inside a line that is too long */
};

/* Oldest first; the last one is, or was, called "log". */
struct event_stream {
	int folder_fd;
	int watch;
	int64_t since;
	struct source sources[SOURCES_MAX];
	size_t count;
};

static void source_release(struct source *source)
{
	source->fd = fd_close(source->fd);
	mem_freep(&source->buffer);
}

static void drop_first(struct event_stream *stream)
{
	source_release(&stream->sources[0]);
	stream->count--;
	memmove(stream->sources, stream->sources + 1, stream->count * sizeof(stream->sources[0]));
}

static void add_source(struct event_stream *stream, int fd)
{
	if (stream->count == SOURCES_MAX)
		drop_first(stream);
	stream->sources[stream->count++] = (struct source) {.fd = fd};
}

static int open_file(const struct event_stream *stream, const char *name)
{
	int fd = openat(stream->folder_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static bool same_file(int a, int b)
{
	struct stat x, y;

	return fstat(a, &x) == 0 && fstat(b, &y) == 0 && x.st_ino == y.st_ino &&
	       x.st_dev == y.st_dev;
}

/* Adds the files that there are now and that the stream does not have: at first both, after a
 * rotation the new one, after two since the last look the one in between too. */
static int look_for_files(struct event_stream *stream)
{
	const int last = stream->count > 0 ? stream->sources[stream->count - 1].fd : -EBADF;
	auto_fd int log = open_file(stream, EVENT_LOG);
	auto_fd int old = -EBADF;

	if (log == -ENOENT)
		return 0;
	if (log < 0)
		return log;
	if (last >= 0 && same_file(log, last))
		return 0;
	old = open_file(stream, EVENT_LOG_OLD);
	/* It was rotated between our two looks. */
	if (old >= 0 && same_file(old, log)) {
		log = fd_close(log);
		log = open_file(stream, EVENT_LOG);
		if (log < 0 && log != -ENOENT)
			return log;
	}
	if (old >= 0 && (last < 0 || !same_file(old, last)))
		add_source(stream, TAKE_FD(old));
	if (log >= 0)
		add_source(stream, TAKE_FD(log));
	return 1;
}

static int open_folder(const struct engine *engine)
{
	int fd;

	if (mkdirat(engine->root.run_fd, EVENT_FOLDER, 0700) < 0 && errno != EEXIST)
		return -errno;
	fd = openat(engine->root.run_fd, EVENT_FOLDER,
		    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static void skip_the_past(struct event_stream *stream)
{
	struct stat st;

	while (stream->count > 1)
		drop_first(stream);
	if (stream->count == 1 && fstat(stream->sources[0].fd, &st) == 0)
		stream->sources[0].offset = st.st_size;
}

static int watch_folder(int folder_fd)
{
	char path[sizeof("/proc/self/fd/") + 12];
	auto_fd int watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", folder_fd);
	if (watch < 0 || inotify_add_watch(watch, path, IN_MODIFY | IN_CREATE) < 0)
		return -EBADF;
	return TAKE_FD(watch);
}

int event_stream_open(const struct engine *engine, int64_t since, struct event_stream **ret,
		      struct error *err)
{
	auto_event_stream *stream = mem_new(struct event_stream);
	int r;

	stream->watch = -EBADF;
	stream->since = since;
	stream->folder_fd = open_folder(engine);
	r = stream->folder_fd;
	/* The watch first: nothing falls between it and the look. */
	if (r >= 0) {
		stream->watch = watch_folder(stream->folder_fd);
		r = look_for_files(stream);
	}
	if (r < 0)
		return error_errno(err, r, "read the events in %s", engine->root.run);
	if (since == 0)
		skip_the_past(stream);
	*ret = TAKE_PTR(stream);
	return 0;
}

static void make_room(struct source *source)
{
	if (source->start > 0) {
		memmove(source->buffer, source->buffer + source->start,
			source->end - source->start);
		source->end -= source->start;
		source->start = 0;
	}
	if (source->end < source->size)
		return;
	if (source->size >= EVENT_LINE_MAX) {
		source->skipping = true;
		source->end = 0;
		return;
	}
	source->size = source->size ? source->size * 2 : BLOCK_SIZE;
	source->buffer = mem_resize(source->buffer, source->size);
}

/* 1: there is more in the buffer; 0: the file has no more. */
static int fill(struct source *source)
{
	ssize_t n;

	make_room(source);
	do
		n = pread(source->fd, source->buffer + source->end, source->size - source->end,
			  source->offset);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	source->offset += n;
	source->end += (size_t)n;
	return n > 0;
}

/* The next whole line that is an event: 1, or 0 at the end of the file. A line that was torn by a
 * full disk is left out. */
static int next_of(struct source *source, struct event *ret)
{
	for (;;) {
		size_t have = source->end - source->start;
		char *line = source->buffer + source->start;
		char *newline = have > 0 ? memchr(line, '\n', have) : NULL;
		bool skipped = source->skipping;
		int r;

		if (newline) {
			source->start = (size_t)(newline - source->buffer) + 1;
			source->skipping = false;
			if (!skipped && event_parse(line, (size_t)(newline - line), ret, NULL) == 0)
				return 1;
			continue;
		}
		if (skipped)
			source->start = source->end = 0;
		r = fill(source);
		if (r <= 0)
			return r;
	}
}

static void forget_notices(const struct event_stream *stream)
{
	char notices[4 * (sizeof(struct inotify_event) + NAME_MAX + 1)];

	while (stream->watch >= 0 && read(stream->watch, notices, sizeof(notices)) > 0)
		;
}

static int next_of_any(struct event_stream *stream, struct event *ret)
{
	for (size_t i = 0; i < stream->count; i++) {
		for (;;) {
			int r = next_of(&stream->sources[i], ret);

			if (r < 0)
				return r;
			if (r == 0)
				break;
			if (ret->time >= stream->since)
				return 1;
			event_release(ret);
		}
	}
	return 0;
}

int event_stream_next(struct event_stream *stream, struct event *ret, struct error *err)
{
	int r;

	r = next_of_any(stream, ret);
	if (r == 0) {
		/* What is written from here on wakes the poll again. */
		forget_notices(stream);
		r = look_for_files(stream);
		if (r >= 0)
			r = next_of_any(stream, ret);
	}
	return r < 0 ? error_errno(err, r, "read the events") : r;
}

int event_stream_fd(const struct event_stream *stream)
{
	return stream->watch;
}

void event_stream_free(struct event_stream *stream)
{
	if (!stream)
		return;
	for (size_t i = 0; i < stream->count; i++)
		source_release(&stream->sources[i]);
	(void)fd_close(stream->watch);
	(void)fd_close(stream->folder_fd);
	free(stream);
}

void event_stream_freep(struct event_stream **stream)
{
	event_stream_free(*stream);
}
