/*
 * The jobs "blob" and "config": one small document, kept and hashed; a config is also read.
 *
 * Descriptors from WORKER_FIRST: the document, the blob to write.
 */
#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "cmd/worker/worker.h"
#include "codec/json-write.h"
#include "codec/sha256.h"
#include "io/worker.h"
#include "spec/image-config.h"
#include "store/layer-wire.h"

#include <unistd.h>

#define SOURCE WORKER_FIRST
#define BLOB   (WORKER_FIRST + 1)

static int keep(char **ret, struct document_kept *kept, struct error *err)
{
	auto_sha256 hash = {0};
	size_t len;
	int r;

	r = fd_read_all(SOURCE, DOCUMENT_MAX, ret, &len);
	if (r < 0)
		return error_errno(err, r, "read document");
	r = fd_write_full(BLOB, *ret, len);
	if (r < 0)
		return error_errno(err, r, "write blob");
	if (sha256_init(&hash) < 0)
		return error_set(err, ERROR_UNSUPPORTED, "compute SHA-256: no such algorithm");
	sha256_update(&hash, *ret, len);
	sha256_finish(&hash, kept->digest);
	kept->size = len;
	return 0;
}

int unpack_blob(char **args, struct error *err)
{
	struct document_kept kept = {0};
	auto_free char *text = NULL;
	int r = keep(&text, &kept, err);

	(void)args;
	if (r == 0)
		worker_send(WORKER_DONE, &kept, sizeof(kept));
	return r;
}

int unpack_config(char **args, struct error *err)
{
	auto_image_config config = {0};
	struct document_kept kept = {0};
	auto_free char *text = NULL;
	auto_str record = {0};
	struct json_writer w;
	int r;

	(void)args;
	r = keep(&text, &kept, err);
	if (r == 0)
		r = image_config_parse(text, kept.size, &config, err);
	if (r < 0)
		return r;
	json_writer_init(&w, &record, 0);
	json_object_begin(&w, NULL);
	image_config_write(&w, &config);
	json_end(&w);
	worker_send_text(record.data, record.len);
	worker_send(WORKER_DONE, &kept, sizeof(kept));
	return 0;
}
