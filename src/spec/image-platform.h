/*
 * Platforms as images name them: Go's words for system, architecture and its variant.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"

#define IMAGE_PLATFORM_SIZE 32

/* Empty strings where nothing was said. */
struct image_platform {
	char os[IMAGE_PLATFORM_SIZE];
	char architecture[IMAGE_PLATFORM_SIZE];
	char variant[IMAGE_PLATFORM_SIZE];
};

/* "os/architecture[/variant]"; ERROR_INVALID. */
int image_platform_parse(const char *text, struct image_platform *ret,
			 struct error *err) MUST_CHECK;
/* This machine's. */
void image_platform_host(struct image_platform *ret);
/* Owned by the caller. */
char *image_platform_text(const struct image_platform *platform) MUST_CHECK;
/* How well @have runs where @want was asked for: 0 not at all, more is better. */
unsigned image_platform_fit(const struct image_platform *want, const struct image_platform *have);
