#include "codec/sha256.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>

int sha256_init(struct sha256 *hash)
{
	/* EVP_sha256() would look the implementation up again for every stream. */
	static EVP_MD *algorithm;

	if (!algorithm)
		algorithm = EVP_MD_fetch(NULL, "SHA256", NULL);
	if (!hash->context)
		hash->context = EVP_MD_CTX_new();
	if (!algorithm || !hash->context || EVP_DigestInit_ex2(hash->context, algorithm, NULL) != 1)
		return -ENOSYS;
	return 0;
}

void sha256_update(struct sha256 *hash, const void *data, size_t len)
{
	/* Fails only for a context that was never initialised. */
	if (EVP_DigestUpdate(hash->context, data, len) != 1)
		abort();
}

void sha256_finish(struct sha256 *hash, char ret[DIGEST_TEXT_SIZE])
{
	unsigned char bytes[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	if (EVP_DigestFinal_ex(hash->context, bytes, &len) != 1 || len != DIGEST_BYTES)
		abort();
	digest_format(bytes, ret);
}

void sha256_release(struct sha256 *hash)
{
	EVP_MD_CTX_free(hash->context);
	hash->context = NULL;
}
