/*
 * Base64 with padding (RFC 4648, section 4).
 */
#pragma once

#include "base/macro.h"

#include <stddef.h>

/* Owned by the caller. */
char *base64_encode(const void *data, size_t len) MUST_CHECK;
/* The whole of @text, in its one canonical form. *@ret is owned by the caller and ends with a NUL
 * byte that *@ret_len does not count. 0 or -EINVAL. */
int base64_decode(const char *text, char **ret, size_t *ret_len) MUST_CHECK;
