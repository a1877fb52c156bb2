/*
 * Digests as the OCI image spec writes them (descriptor.md, "Digests"). Of the registered
 * algorithms kist accepts sha256 alone: what it cannot check it does not take in.
 */
#pragma once

#include "base/macro.h"

#include <stdbool.h>

#define DIGEST_HEX	 64
#define DIGEST_BYTES	 32
#define DIGEST_TEXT_SIZE (7 + DIGEST_HEX + 1) /* "sha256:" + hex + NUL */

/* True for "sha256:" and 64 lower-case hexadecimal digits, nothing else. */
bool digest_valid(const char *text);
/* The 64 digits of a valid digest; points into @text. */
const char *digest_hex(const char *text);
/* Writes the text of the 32 bytes at @hash. */
void digest_format(const unsigned char *hash, char ret[DIGEST_TEXT_SIZE]);
