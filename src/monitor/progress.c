#include "monitor/progress.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define NAME "progress"
/* Each place has room for one unfinished line of each stream. */
#define PLACE_START 4096
#define HASHED_MAX  1024
#define PLACE_SIZE  ((off_t)2 * JSON_LOG_LINE_MAX)

static off_t place_of(unsigned place, int index)
{
	return PLACE_START + (off_t)place * PLACE_SIZE + (off_t)index * JSON_LOG_LINE_MAX;
}

/* FNV-1a. */
static uint64_t hash_of(const void *data, size_t len)
{
	const unsigned char *bytes = data;
	uint64_t hash = UINT64_C(14695981039346656037);

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ bytes[i]) * UINT64_C(1099511628211);
	return hash;
}

uint64_t progress_hash(const char *data, size_t len)
{
	size_t n = MIN(len, (size_t)HASHED_MAX);

	return hash_of(data + len - n, n) ^ len;
}

static uint32_t check_of(struct progress_record record)
{
	record.check = 0;
	return (uint32_t)hash_of(&record, sizeof(record));
}

static void write_record(struct progress *progress)
{
	progress->record.check = check_of(progress->record);
	(void)!pwrite(progress->fd, &progress->record, sizeof(progress->record), 0);
}

int progress_create(struct progress *progress, int bundle_fd, const struct json_log *log)
{
	int fd = openat(bundle_fd, NAME, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return -errno;
	*progress = (struct progress) {.fd = fd, .record = {.log_end = (uint64_t)log->end}};
	write_record(progress);
	return 0;
}

static bool is_good(const struct progress_record *record)
{
	return record->check == check_of(*record) && record->place <= 1 && record->stream <= 2 &&
	       (record->stream > 0 || record->taking == 0) &&
	       record->partial[0] <= JSON_LOG_LINE_MAX && record->partial[1] <= JSON_LOG_LINE_MAX;
}

int progress_open(struct progress *progress, int bundle_fd)
{
	auto_fd int fd = openat(bundle_fd, NAME, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	struct progress_record record;
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = pread(fd, &record, sizeof(record), 0);
	if (n != sizeof(record) || !is_good(&record))
		return -EBADMSG;
	*progress = (struct progress) {.fd = TAKE_FD(fd), .record = record};
	return 0;
}

void progress_release(struct progress *progress)
{
	progress->fd = fd_close(progress->fd);
}

void progress_begin(struct progress *progress, const struct json_log *log, int stream,
		    uint64_t hash, size_t len)
{
	struct progress_record *record = &progress->record;
	unsigned place = !record->place;

	if (progress->fd < 0)
		return;
	for (int i = 0; i < 2; i++)
		if (log->partial[i].len > 0)
			(void)!pwrite(progress->fd, log->partial[i].data, log->partial[i].len,
				      place_of(place, i));
	record->place = place;
	record->partial[0] = (uint32_t)log->partial[0].len;
	record->partial[1] = (uint32_t)log->partial[1].len;
	record->log_end = (uint64_t)log->end;
	record->position[stream - 1] += len;
	record->hash = hash;
	record->taking = (uint32_t)len;
	record->stream = (uint32_t)stream;
	write_record(progress);
}

void progress_end(struct progress *progress)
{
	if (progress->fd < 0)
		return;
	progress->record.taking = 0;
	write_record(progress);
}

int progress_restore(struct progress *progress, struct json_log *log)
{
	const struct progress_record *record = &progress->record;
	char text[JSON_LOG_LINE_MAX];

	if (log->fd < 0)
		return 0;
	for (int i = 0; i < 2; i++) {
		if (pread(progress->fd, text, record->partial[i], place_of(record->place, i)) !=
		    (ssize_t)record->partial[i])
			return -EBADMSG;
		str_append_mem(&log->partial[i], text, record->partial[i]);
	}
	if ((off_t)record->log_end > log->end)
		return -EBADMSG;
	if (ftruncate(log->fd, (off_t)record->log_end) < 0)
		return -errno;
	log->end = (off_t)record->log_end;
	return 0;
}
