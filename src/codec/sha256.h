/*
 * SHA-256 over a stream. The only file that knows OpenSSL's digests; for kist-worker, which is
 * dynamic.
 */
#pragma once

#include "base/macro.h"
#include "codec/digest.h"

#include <stddef.h>

struct sha256 {
	void *context;
};

/* 0, or -ENOSYS if the library has no SHA-256 to give. May be called again to start anew. Call it
 * once before a sandbox is entered: it is when the library loads what it needs. */
int sha256_init(struct sha256 *hash) MUST_CHECK;
void sha256_update(struct sha256 *hash, const void *data, size_t len);
/* The text of the digest; sha256_init starts the next. */
void sha256_finish(struct sha256 *hash, char ret[DIGEST_TEXT_SIZE]);
void sha256_release(struct sha256 *hash);
#define auto_sha256 CLEANUP(sha256_release) struct sha256
