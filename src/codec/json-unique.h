/*
 * Documents whose objects name no member twice.
 *
 * RFC 8259 leaves open what a repeated name means, and readers differ: whoever signs or checks a
 * document may see another one than we do. For what comes from outside it is refused.
 */
#pragma once

#include "base/macro.h"
#include "codec/json.h"

#include <stdbool.h>
#include <stddef.h>

/* @root is what json_parse made of the @len bytes at @text. */
bool json_unique(const char *text, size_t len, const struct json *root) MUST_CHECK;
