/*
 * The job "layer": compressed bytes in; blob, two digests and records out, in one pass.
 *
 * Arguments: compression ("auto" or a name), offset in the source or "-" for a stream, and the
 * number of bytes that there may be at most. Descriptors from WORKER_FIRST: source, blob, records.
 *
 * The job "copy": a tar stream of any compression in, records out. It is no layer: nothing is kept
 * or hashed, names that begin with ".wh." are names, and attributes that may not be set are left
 * out. No arguments. Descriptors: source, records.
 */
#include "base/fd.h"
#include "base/mem.h"
#include "base/parse.h"
#include "base/str.h"
#include "cmd/worker/worker.h"
#include "codec/decompress.h"
#include "codec/sha256.h"
#include "codec/tar-read.h"
#include "io/worker.h"
#include "store/layer-wire.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SOURCE		WORKER_FIRST
#define BLOB		(WORKER_FIRST + 1)
#define RECORDS		(WORKER_FIRST + 2)
#define COPY_RECORDS	(WORKER_FIRST + 1)

#define PROGRESS_STEP	(1u << 20)
#define NAME_SHOWN	200 /* bytes of an entry's name in a message */

#define WHITEOUT_PREFIX ".wh."
#define WHITEOUT_META	".wh..wh."
#define WHITEOUT_OPAQUE ".wh..wh..opq"

struct job {
	bool copy; /* the job "copy" */
	bool stream;
	uint64_t offset, left; /* left: bytes that may still come */
	struct sha256 packed, unpacked;
	struct decompress *decompress;
	struct tar_reader *tar;
	struct layer_unpacked result;
	uint64_t reported;
	bool skipping; /* the data of an entry that is left out */
	bool in_file;
	size_t out_len;
	char path[LAYER_PATH_MAX + 1], link[LAYER_PATH_MAX + 1];
	unsigned char in[LAYER_BUFFER], plain[LAYER_BUFFER], out[LAYER_BUFFER];
};

/* An entry's name as a message may show it: control characters as octal. */
static char *shown(const char *name)
{
	auto_str text = {0};

	for (size_t i = 0; name[i] && i < NAME_SHOWN; i++) {
		unsigned char c = (unsigned char)name[i];

		if (c < 0x20 || c == 0x7f)
			str_append_format(&text, "\\%03o", c);
		else
			str_append_char(&text, (char)c);
	}
	if (strlen(name) > NAME_SHOWN)
		str_append(&text, "…");
	return str_take(&text);
}

static int refuse(const char *name, enum error_kind kind, const char *why, struct error *err)
{
	auto_free char *text = shown(name);

	return error_set(err, kind, "entry \"%s\" %s", text, why);
}

static int flush(struct job *job, struct error *err)
{
	int r = fd_write_full(job->copy ? COPY_RECORDS : RECORDS, job->out, job->out_len);

	job->out_len = 0;
	/* The other worker is gone: what it said counts, not we. */
	if (r == -EPIPE)
		return error_set(err, ERROR_UNAVAILABLE,
				 "hand entries on: kist-worker apply is gone");
	return r < 0 ? error_errno(err, r, "hand entries on") : 0;
}

static int emit(struct job *job, const void *data, size_t len, struct error *err)
{
	const unsigned char *p = data;

	while (len > 0) {
		size_t n = MIN(len, sizeof(job->out) - job->out_len);

		(void)memcpy(job->out + job->out_len, p, n);
		job->out_len += n;
		p += n;
		len -= n;
		if (job->out_len == sizeof(job->out)) {
			int r = flush(job, err);

			if (r < 0)
				return r;
		}
	}
	return 0;
}

/* The attributes as they go over the wire, without those that are left out. */
static int collect_xattrs(const struct job *job, const struct tar_entry *entry, struct str *ret,
			  struct error *err)
{
	for (size_t i = 0; i < entry->xattr_count; i++) {
		const struct tar_xattr *xattr = &entry->xattrs[i];
		struct layer_xattr head = {.name_len = (uint32_t)strlen(xattr->name),
					   .value_len = (uint32_t)xattr->value_len};
		int r = layer_xattr_allowed(xattr->name);

		if (r < 0 && !job->copy)
			return refuse(entry->path, ERROR_INVALID,
				      "sets an extended attribute that images may not set "
				      "(security.capability and user.* they may)",
				      err);
		if (r <= 0)
			continue;
		if (entry->type != TAR_FILE && entry->type != TAR_DIRECTORY)
			return refuse(entry->path, ERROR_INVALID,
				      "has extended attributes, which only files and directories "
				      "can have",
				      err);
		if (xattr->value_len > UINT16_MAX + 1 ||
		    ret->len + sizeof(head) + head.name_len + head.value_len > LAYER_XATTRS_BYTES)
			return refuse(entry->path, ERROR_INVALID,
				      "has extended attributes that are too large", err);
		str_append_mem(ret, &head, sizeof(head));
		str_append_mem(ret, xattr->name, head.name_len);
		str_append_mem(ret, xattr->value, head.value_len);
	}
	return 0;
}

/* Finds what a name that begins with .wh. means. 1: nothing; the entry is left out. */
static int read_whiteout(struct job *job, const char *name, struct layer_record *record,
			 struct error *err)
{
	char *slash = strrchr(job->path, '/');
	char *base = slash ? slash + 1 : job->path;
	size_t rest;

	if (!str_starts(base, WHITEOUT_PREFIX))
		return 0;
	if (STREQ(base, WHITEOUT_OPAQUE)) {
		record->type = LAYER_OPAQUE;
		*(slash ? slash : job->path) = '\0';
		return 0;
	}
	/* aufs kept its own things so; Docker leaves them out. */
	if (str_starts(base, WHITEOUT_META))
		return 1;
	rest = strlen(base) - strlen(WHITEOUT_PREFIX);
	(void)memmove(base, base + strlen(WHITEOUT_PREFIX), rest + 1);
	if (rest == 0 || STREQ(base, ".") || STREQ(base, ".."))
		return refuse(name, ERROR_INVALID, "is a whiteout of no name", err);
	record->type = LAYER_WHITEOUT;
	return 0;
}

static int read_link(struct job *job, const struct tar_entry *entry, struct error *err)
{
	const char *why = NULL;

	if (entry->type == TAR_HARDLINK) {
		if (layer_path_clean(entry->link, job->link, &why) < 0 || job->link[0] == '\0')
			return refuse(entry->path, ERROR_INVALID,
				      "is a hard link to a name that leads out of the layer", err);
		return 0;
	}
	if (entry->link[0] == '\0' || strlen(entry->link) > LAYER_PATH_MAX)
		return refuse(entry->path, ERROR_INVALID,
			      "is a symbolic link to nothing, or to a name longer than 4095 bytes",
			      err);
	(void)memcpy(job->link, entry->link, strlen(entry->link) + 1);
	return 0;
}

static int send_record(struct job *job, struct layer_record *record, const struct str *xattrs,
		       struct error *err)
{
	int r;

	record->magic = LAYER_MAGIC;
	record->path_len = (uint32_t)strlen(job->path);
	record->link_len = (uint32_t)strlen(job->link);
	record->xattr_len = (uint32_t)xattrs->len;
	r = emit(job, record, sizeof(*record), err);
	if (r == 0)
		r = emit(job, job->path, record->path_len, err);
	if (r == 0)
		r = emit(job, job->link, record->link_len, err);
	if (r == 0)
		r = emit(job, xattrs->data, xattrs->len, err);
	return r;
}

static int on_entry(struct job *job, struct error *err)
{
	static const enum layer_type types[] = {
		[TAR_FILE] = LAYER_FILE,	  [TAR_HARDLINK] = LAYER_HARDLINK,
		[TAR_SYMLINK] = LAYER_SYMLINK,	  [TAR_CHARACTER] = LAYER_CHARACTER,
		[TAR_BLOCK_DEVICE] = LAYER_BLOCK, [TAR_DIRECTORY] = LAYER_DIRECTORY,
		[TAR_FIFO] = LAYER_FIFO,
	};
	const struct tar_entry *entry = tar_reader_entry(job->tar);
	struct layer_record record = {
		.type = types[entry->type],
		.mode = entry->mode,
		.uid = entry->uid,
		.gid = entry->gid,
		.major = entry->major,
		.minor = entry->minor,
		.mtime = entry->mtime,
		.mtime_ns = entry->mtime_ns,
		.size = entry->size,
	};
	auto_str xattrs = {0};
	const char *why = NULL;
	int r;

	job->skipping = true;
	job->in_file = false;
	job->link[0] = '\0';
	if (layer_path_clean(entry->path, job->path, &why) < 0)
		return refuse(entry->path, ERROR_INVALID, why, err);
	r = job->copy ? 0 : read_whiteout(job, entry->path, &record, err);
	if (r != 0)
		return r < 0 ? r : 0;
	if (record.type == LAYER_WHITEOUT || record.type == LAYER_OPAQUE) {
		record.major = record.minor = 0;
		return send_record(job, &record, &xattrs, err);
	}
	if (job->path[0] == '\0' && entry->type != TAR_DIRECTORY)
		return refuse(entry->path, ERROR_INVALID,
			      "stands for the root of the layer but is no directory", err);
	if (entry->type == TAR_HARDLINK || entry->type == TAR_SYMLINK) {
		r = read_link(job, entry, err);
		if (r < 0)
			return r;
	}
	r = collect_xattrs(job, entry, &xattrs, err);
	if (r < 0)
		return r;
	job->result.entries++;
	job->in_file = entry->type == TAR_FILE;
	job->skipping = !job->in_file;
	return send_record(job, &record, &xattrs, err);
}

static int on_data(struct job *job, const struct tar_data *data, struct error *err)
{
	struct layer_piece piece = {.offset = data->offset, .len = data->len};
	int r;

	if (job->skipping)
		return 0;
	job->result.file_size += data->len;
	r = emit(job, &piece, sizeof(piece), err);
	return r < 0 ? r : emit(job, data->data, data->len, err);
}

static int on_entry_end(struct job *job, struct error *err)
{
	struct layer_piece end = {0};

	return job->in_file ? emit(job, &end, sizeof(end), err) : 0;
}

static int tar_failed(struct job *job, int error, struct error *err)
{
	enum error_kind kind = error == -EOPNOTSUPP ? ERROR_UNSUPPORTED
			       : error == -E2BIG    ? ERROR_INVALID
						    : ERROR_CORRUPT;
	const struct tar_entry *entry = tar_reader_entry(job->tar);
	auto_free char *text = shown(entry->path ? entry->path : "");

	/* The entry at hand may be the one before the one that is wrong. */
	if (error == -EOPNOTSUPP && entry->path)
		return error_set(err, kind, "entry \"%s\": %s", text, tar_reader_why(job->tar));
	return error_set(err, kind, "read tar after entry %llu: %s",
			 (unsigned long long)job->result.entries, tar_reader_why(job->tar));
}

static int take_plain(struct job *job, const unsigned char *data, size_t len, struct error *err)
{
	job->result.tar_size += len;
	if (job->result.compression != COMPRESSION_NONE && !job->copy)
		sha256_update(&job->unpacked, data, len);
	while (len > 0) {
		struct tar_data piece;
		size_t used = len;
		int event = tar_reader_push(job->tar, data, &used, &piece);
		int r = 0;

		if (event < 0)
			return tar_failed(job, event, err);
		if (event == TAR_EVENT_ENTRY)
			r = on_entry(job, err);
		else if (event == TAR_EVENT_DATA)
			r = on_data(job, &piece, err);
		else if (event == TAR_EVENT_ENTRY_END)
			r = on_entry_end(job, err);
		if (r < 0)
			return r;
		data += used;
		len -= used;
	}
	return 0;
}

/* Entries without data end without input. */
static int drain_events(struct job *job, struct error *err)
{
	for (;;) {
		struct tar_data piece;
		size_t none = 0;
		int event = tar_reader_push(job->tar, "", &none, &piece);
		int r = 0;

		if (event < 0)
			return tar_failed(job, event, err);
		if (event == TAR_EVENT_ENTRY)
			r = on_entry(job, err);
		else if (event == TAR_EVENT_ENTRY_END)
			r = on_entry_end(job, err);
		else
			return 0;
		if (r < 0)
			return r;
	}
}

static int take_packed(struct job *job, const unsigned char *data, size_t len, struct error *err)
{
	bool full = false;
	int r;

	/* Output may be waiting in the decompressor after the last input was taken. */
	while (len > 0 || full) {
		size_t used = len, made = sizeof(job->plain);

		r = decompress_run(job->decompress, data, &used, job->plain, &made);
		if (r == -E2BIG)
			return error_set(err, ERROR_UNSUPPORTED,
					 "decompress: it asks for a zstd window of more than "
					 "128 MiB");
		if (r < 0 || (used == 0 && made == 0 && len > 0))
			return error_set(err, ERROR_CORRUPT, "decompress: the %s stream is damaged",
					 compression_name(job->result.compression));
		r = take_plain(job, job->plain, made, err);
		if (r < 0)
			return r;
		data += used;
		len -= used;
		full = made == sizeof(job->plain);
	}
	return 0;
}

static void report(struct job *job)
{
	if (job->result.size - job->reported < PROGRESS_STEP)
		return;
	job->reported = job->result.size;
	worker_send(WORKER_PROGRESS, &job->reported, sizeof(job->reported));
}

static ssize_t read_source(struct job *job, void *to, size_t len)
{
	ssize_t n;

	do
		n = job->stream ? read(SOURCE, to, len)
				: pread(SOURCE, to, MIN((uint64_t)len, job->left),
					(off_t)(job->offset + job->result.size));
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

/* The first bytes, enough to tell the compression. */
static int begin(struct job *job, const char *compression, size_t *ret_len, struct error *err)
{
	enum compression kind = COMPRESSION_NONE;

	*ret_len = 0;
	while (*ret_len < COMPRESSION_MAGIC) {
		ssize_t n = read_source(job, job->in + *ret_len, sizeof(job->in) - *ret_len);

		if (n < 0)
			return error_errno(err, (int)n, "read");
		if (n == 0)
			break;
		*ret_len += (size_t)n;
		if (!job->stream)
			break;
	}
	if (STREQ(compression, "auto"))
		kind = compression_sniff(job->in, *ret_len);
	else if (compression_parse(compression, &kind) < 0)
		return error_set(err, ERROR_UNSUPPORTED, "no such compression: %s", compression);
	job->result.compression = kind;
	job->decompress = decompress_new(kind);
	job->tar = tar_reader_new();
	if (sha256_init(&job->packed) < 0 || sha256_init(&job->unpacked) < 0)
		return error_set(err, ERROR_UNSUPPORTED, "compute SHA-256: no such algorithm");
	return 0;
}

/* What the blob is made of. */
static int keep(struct job *job, size_t len, struct error *err)
{
	int r;

	sha256_update(&job->packed, job->in, len);
	r = fd_write_full(BLOB, job->in, len);
	return r < 0 ? error_errno(err, r, "write blob") : 0;
}

static int pass(struct job *job, size_t len, struct error *err)
{
	while (len > 0) {
		ssize_t n;
		int r;

		if (len > job->left)
			return error_set(err, ERROR_CORRUPT,
					 "read: there are more bytes than were announced");
		job->left -= len;
		job->result.size += len;
		r = job->copy ? 0 : keep(job, len, err);
		if (r == 0)
			r = take_packed(job, job->in, len, err);
		if (r < 0)
			return r;
		report(job);
		n = read_source(job, job->in, sizeof(job->in));
		if (n < 0)
			return error_errno(err, (int)n, "read");
		len = (size_t)n;
	}
	return 0;
}

static void report_end(struct job *job)
{
	struct copy_done done = {.entries = job->result.entries};

	if (job->copy) {
		worker_send(WORKER_DONE, &done, sizeof(done));
		return;
	}
	sha256_finish(&job->packed, job->result.digest);
	if (job->result.compression == COMPRESSION_NONE)
		(void)memcpy(job->result.diff_id, job->result.digest, DIGEST_TEXT_SIZE);
	else
		sha256_finish(&job->unpacked, job->result.diff_id);
	worker_send(WORKER_DONE, &job->result, sizeof(job->result));
}

static int finish(struct job *job, struct error *err)
{
	struct layer_record end = {.type = LAYER_END};
	struct str none = {0};
	int r;

	if (!decompress_complete(job->decompress))
		return error_set(err, ERROR_CORRUPT, "decompress: the %s stream is cut short",
				 compression_name(job->result.compression));
	r = drain_events(job, err);
	if (r < 0)
		return r;
	r = tar_reader_finish(job->tar);
	if (r < 0)
		return tar_failed(job, r, err);
	job->path[0] = job->link[0] = '\0';
	r = send_record(job, &end, &none, err);
	if (r == 0)
		r = flush(job, err);
	if (r < 0)
		return r;
	report_end(job);
	return 0;
}

int unpack_copy(char **args UNUSED, struct error *err)
{
	struct job *job = mem_new(struct job); /* lives as long as the process */
	size_t len;
	int r;

	job->copy = job->stream = true;
	job->left = UINT64_MAX;
	r = begin(job, "auto", &len, err);
	if (r == 0)
		r = pass(job, len, err);
	return r < 0 ? r : finish(job, err);
}

int unpack_layer(char **args, struct error *err)
{
	struct job *job = mem_new(struct job); /* lives as long as the process */
	size_t len;
	int r;

	if (!args[0] || !args[1] || !args[2] || parse_u64(args[2], &job->left) < 0)
		return error_set(err, ERROR_INVALID, "kist-worker unpack layer: bad arguments");
	job->stream = STREQ(args[1], "-");
	if (!job->stream && parse_u64(args[1], &job->offset) < 0)
		return error_set(err, ERROR_INVALID, "kist-worker unpack layer: bad arguments");
	r = begin(job, args[0], &len, err);
	if (r == 0)
		r = pass(job, len, err);
	if (r == 0)
		r = finish(job, err);
	return r;
}
