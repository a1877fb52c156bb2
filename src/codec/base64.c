#include "codec/base64.h"

#include "base/mem.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char *base64_encode(const void *data, size_t len)
{
	const unsigned char *in = data;
	char *text = mem_alloc((len + 2) / 3 * 4 + 1);
	char *out = text;

	for (size_t i = 0; i < len; i += 3) {
		size_t n = MIN(len - i, (size_t)3);
		uint32_t group = (uint32_t)in[i] << 16;

		if (n > 1)
			group |= (uint32_t)in[i + 1] << 8;
		if (n > 2)
			group |= in[i + 2];
		*out++ = alphabet[group >> 18];
		*out++ = alphabet[group >> 12 & 63];
		*out++ = n > 1 ? alphabet[group >> 6 & 63] : '=';
		*out++ = n > 2 ? alphabet[group & 63] : '=';
	}
	*out = '\0';
	return text;
}

int base64_decode(const char *text, char **ret, size_t *ret_len)
{
	size_t len = strlen(text), padding = 0, n = 0;
	auto_free char *data = NULL;
	uint32_t group = 0;

	if (len % 4 != 0)
		return -EINVAL;
	while (padding < 2 && len > 0 && text[len - 1] == '=') {
		padding++;
		len--;
	}
	data = mem_alloc(len / 4 * 3 + 4);
	for (size_t i = 0; i < len; i++) {
		const char *at = strchr(alphabet, text[i]);

		group = group << 6 | (uint32_t)(at ? at - alphabet : 0);
		if (!at)
			return -EINVAL;
		if (i % 4 == 3) {
			data[n++] = (char)(group >> 16);
			data[n++] = (char)(group >> 8);
			data[n++] = (char)group;
			group = 0;
		}
	}
	/* Bits beyond the last byte must be zero, so that there is one text for each value. */
	if (padding == 1) {
		if (group & 3)
			return -EINVAL;
		data[n++] = (char)(group >> 10);
		data[n++] = (char)(group >> 2);
	} else if (padding == 2) {
		if (group & 15)
			return -EINVAL;
		data[n++] = (char)(group >> 4);
	}
	data[n] = '\0';
	*ret = TAKE_PTR(data);
	*ret_len = n;
	return 0;
}
