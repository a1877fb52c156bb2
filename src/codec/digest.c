#include "codec/digest.h"

#include "base/parse.h"
#include "base/str.h"

#include <string.h>

#define PREFIX "sha256:"

bool digest_valid(const char *text)
{
	return text && str_starts(text, PREFIX) && parse_is_hex(text + strlen(PREFIX), DIGEST_HEX);
}

const char *digest_hex(const char *text)
{
	return text + strlen(PREFIX);
}

void digest_format(const unsigned char *hash, char ret[DIGEST_TEXT_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	char *p = ret + strlen(PREFIX);

	(void)memcpy(ret, PREFIX, strlen(PREFIX));
	for (int i = 0; i < DIGEST_BYTES; i++) {
		*p++ = digits[hash[i] >> 4];
		*p++ = digits[hash[i] & 15];
	}
	*p = '\0';
}
