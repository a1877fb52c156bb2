/*
 * What the two halves of codec/json.h share: how a document lies in memory.
 */
#pragma once

#include "codec/json.h"

/* Children of one parent lie side by side. Texts are NUL-terminated. */
struct json {
	const char *key; /* in an object */
	union {
		const char *text; /* of a string, decoded; of a number, as it was written */
		struct json *children;
	};
	uint32_t key_hash;
	uint32_t count; /* children */
	uint8_t kind;	/* enum json_kind */
	bool truth;
};

/* FNV-1a. */
uint32_t json_key_hash(const char *key);
