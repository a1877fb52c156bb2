/*
 * The container's log: Docker's json-file format, one JSON object a line.
 *
 * A line of output is one record; one longer than JSON_LOG_LINE_MAX is cut into records, all but
 * the last without a newline in "log", as Docker cuts them (but never inside a UTF-8 character).
 * What the disk refuses is counted and dropped: a log never stops a container. The file never ends
 * in half a record, and the first record written after a failure says how much is missing.
 */
#pragma once

#include "base/macro.h"
#include "base/str.h"
#include "base/time.h"

#include <stdint.h>
#include <sys/types.h>

#define JSON_LOG_LINE_MAX 16384

struct json_log {
	int fd;			   /* owned; -EBADF: nothing is logged */
	off_t end;		   /* of the last whole record */
	struct str partial[2];	   /* what came since the last newline, by stream */
	struct str out;		   /* records not yet written */
	uint64_t out_bytes;	   /* of output in them */
	uint64_t lost;		   /* bytes of output since the last record written */
	int lost_errno;		   /* why */
	int64_t retry;		   /* when the disk is tried again */
	char when[TIME_TEXT_SIZE]; /* the time of what came in one read */
};

/* Opens or creates the file for appending. 0 or -errno. */
int json_log_open(struct json_log *log, const char *path) MUST_CHECK;

/* Logs @len bytes of @stream (1 stdout, 2 stderr). */
void json_log_append(struct json_log *log, int stream, const char *data, size_t len);

/* Writes out lines that have no newline yet: the stream has ended. */
void json_log_finish(struct json_log *log, int stream);

/* Gives back memory that is not in use. */
void json_log_trim(struct json_log *log);

void json_log_release(struct json_log *log);
