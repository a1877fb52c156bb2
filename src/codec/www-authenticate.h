/*
 * The WWW-Authenticate header (RFC 9110, section 11.6.1; RFC 6750 for Bearer): challenges, each a
 * scheme with parameters.
 *
 * Only the parameters that registries use are kept. A header that does not follow the grammar is
 * refused whole: what it asks for decides where credentials are sent.
 */
#pragma once

#include "base/macro.h"

#include <stddef.h>

#define WWW_AUTHENTICATE_MAX (8u << 10)

enum challenge_scheme {
	CHALLENGE_OTHER,
	CHALLENGE_BASIC,
	CHALLENGE_BEARER,
};

/* Values are owned; NULL where absent. */
struct challenge {
	enum challenge_scheme scheme;
	char *realm;
	char *service;
	char *scope;
	char *error; /* Bearer: "insufficient_scope", "invalid_token" */
};

/*
 * Calls @each for every challenge of the header, which may take what it wants out of it.
 * 0, or -EINVAL (also in the middle: challenges before the fault have then been reported).
 */
int www_authenticate_parse(const char *header, void (*each)(struct challenge *challenge, void *arg),
			   void *arg) MUST_CHECK;
void challenge_release(struct challenge *challenge);
#define auto_challenge CLEANUP(challenge_release) struct challenge
