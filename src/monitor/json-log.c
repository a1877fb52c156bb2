#include "monitor/json-log.h"

#include "base/fd.h"
#include "base/time.h"
#include "codec/json-write.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Records are collected up to this many bytes before they are written. */
#define OUT_MAX (16 * 1024)
/* After a failure the disk is left alone for so long. */
#define RETRY_TIME TIME_SECOND

/* A monitor that was killed may have left half a record: it becomes a line of its own, so that the
 * next record is not lost with it. Returns by how much that made the file longer. */
static off_t end_torn_record(int fd, off_t size)
{
	char last = '\n';

	if (size == 0 || pread(fd, &last, 1, size - 1) != 1 || last == '\n')
		return 0;
	return write(fd, "\n", 1) == 1;
}

int json_log_open(struct json_log *log, const char *path)
{
	auto_fd int fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
	struct stat st;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	st.st_size += end_torn_record(fd, st.st_size);
	*log = (struct json_log) {.fd = TAKE_FD(fd), .end = st.st_size};
	return 0;
}

static void add_record(struct json_log *log, struct str *out, int stream, const char *line,
		       size_t len)
{
	str_append(out, "{\"log\":");
	json_quote(out, line, len);
	str_append(out, stream == 1 ? ",\"stream\":\"stdout\",\"time\":\""
				    : ",\"stream\":\"stderr\",\"time\":\"");
	str_append(out, log->when);
	str_append(out, "\"}\n");
}

/* Writes all of @text or leaves the file as it was. */
static int write_whole(struct json_log *log, const struct str *text)
{
	int r = fd_write_full(log->fd, text->data, text->len);

	if (r < 0) {
		/* Should this fail as well, one damaged line stands between whole ones. */
		(void)!ftruncate(log->fd, log->end);
		return r;
	}
	log->end += (off_t)text->len;
	return 0;
}

/* What is missing, in front of the next record. Both are written together or not at all: a notice
 * alone would only take the room that the next record needs. */
static void add_notice(struct json_log *log)
{
	auto_str text = {0}, records = {0};

	str_append_format(&text, "kist-monitor: %" PRIu64 " bytes of output are not logged: %s\n",
			  log->lost, strerror(log->lost_errno));
	add_record(log, &records, 2, text.data, text.len);
	str_append_mem(&records, str_text(&log->out), log->out.len);
	str_release(&log->out);
	log->out = records;
	records = (struct str) {0};
}

static void lose(struct json_log *log, int errnum)
{
	log->lost += log->out_bytes;
	log->lost_errno = errnum;
}

static void write_out(struct json_log *log)
{
	int r;

	if (log->lost > 0)
		add_notice(log);
	r = write_whole(log, &log->out);
	if (r == 0) {
		log->lost = 0;
		return;
	}
	lose(log, -r);
	log->retry = time_monotonic() + RETRY_TIME;
}

static void flush(struct json_log *log)
{
	if (log->out.len == 0)
		return;
	if (log->lost > 0 && time_monotonic() < log->retry)
		lose(log, log->lost_errno);
	else
		write_out(log);
	log->out_bytes = 0;
	str_clear(&log->out);
}

static void add_line(struct json_log *log, int stream, const char *line, size_t len)
{
	add_record(log, &log->out, stream, line, len);
	log->out_bytes += len;
	if (log->out.len >= OUT_MAX)
		flush(log);
}

/* How much of the line's first JSON_LOG_LINE_MAX bytes ends with a whole UTF-8 character. */
static size_t whole_characters(const char *line)
{
	size_t len = JSON_LOG_LINE_MAX;

	for (unsigned back = 0; back < 4; back++) {
		unsigned char c = (unsigned char)line[len - back - 1];

		if ((c & 0xc0) == 0x80)
			continue;
		/* A leading byte says how many belong to it: 110xxxxx two, 1110xxxx three, ... */
		if (c >= 0xc0 && back + 1 < (c >= 0xf0 ? 4U : c >= 0xe0 ? 3U : 2U))
			return len - back - 1;
		break;
	}
	return len;
}

/* Takes bytes of one line, without newline, into @partial; cuts it where it grows too long. */
static void grow(struct json_log *log, int stream, const char *data, size_t len)
{
	struct str *partial = &log->partial[stream - 1];

	while (len > 0) {
		size_t n = MIN(len, JSON_LOG_LINE_MAX - partial->len);

		str_append_mem(partial, data, n);
		data += n;
		len -= n;
		if (partial->len == JSON_LOG_LINE_MAX) {
			size_t cut = whole_characters(partial->data);

			add_line(log, stream, partial->data, cut);
			memmove(partial->data, partial->data + cut, partial->len - cut);
			partial->len -= cut;
		}
	}
}

static void add_whole_line(struct json_log *log, int stream, const char *line, size_t len)
{
	struct str *partial = &log->partial[stream - 1];

	if (partial->len == 0 && len <= JSON_LOG_LINE_MAX) {
		add_line(log, stream, line, len);
		return;
	}
	grow(log, stream, line, len);
	if (partial->len > 0)
		add_line(log, stream, partial->data, partial->len);
	str_clear(partial);
}

void json_log_append(struct json_log *log, int stream, const char *data, size_t len)
{
	assert(stream == 1 || stream == 2);
	if (log->fd < 0)
		return;
	(void)time_format(time_now(), log->when);
	while (len > 0) {
		const char *newline = memchr(data, '\n', len);
		size_t n = newline ? (size_t)(newline - data) + 1 : len;

		if (newline)
			add_whole_line(log, stream, data, n);
		else
			grow(log, stream, data, n);
		data += n;
		len -= n;
	}
	flush(log);
}

void json_log_finish(struct json_log *log, int stream)
{
	struct str *partial = &log->partial[stream - 1];

	if (log->fd < 0 || (partial->len == 0 && log->lost == 0))
		return;
	(void)time_format(time_now(), log->when);
	if (partial->len > 0)
		add_line(log, stream, partial->data, partial->len);
	flush(log);
	str_release(partial);
	/* The last chance to say what is missing. */
	if (log->lost > 0)
		write_out(log);
	str_clear(&log->out);
}

void json_log_trim(struct json_log *log)
{
	for (size_t i = 0; i < ARRAY_SIZE(log->partial); i++)
		if (log->partial[i].len == 0)
			str_release(&log->partial[i]);
	str_release(&log->out);
}

void json_log_release(struct json_log *log)
{
	for (size_t i = 0; i < ARRAY_SIZE(log->partial); i++)
		str_release(&log->partial[i]);
	str_release(&log->out);
	log->fd = fd_close(log->fd);
}
