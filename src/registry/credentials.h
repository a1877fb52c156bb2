/*
 * The user's credentials for one registry, from Docker's ~/.docker/config.json ("auths").
 *
 * Read by the command itself, with the user's own rights, so that the fetch worker, which talks to
 * the network, is told those of the one registry it was asked to talk to and no others. Credential
 * helpers are not run: what they would be needed for is remembered for the error that follows.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"

enum credentials_kind {
	CREDENTIALS_NONE,
	CREDENTIALS_PASSWORD,
	CREDENTIALS_TOKEN, /* an OAuth2 refresh token ("identitytoken") */
};

struct credentials {
	enum credentials_kind kind;
	char *username; /* CREDENTIALS_PASSWORD */
	char *secret;
	char *helper; /* credentials are with docker-credential-<helper>; NULL: not */
};

/* Looks for @domain ("docker.io", "localhost:5000") in $DOCKER_CONFIG/config.json or
 * $HOME/.docker/config.json. No such file: CREDENTIALS_NONE. ERROR_INVALID names the file. */
int credentials_find(const char *domain, struct credentials *ret, struct error *err) MUST_CHECK;
/* The same for the text of such a file. */
int credentials_parse(const char *text, size_t len, const char *domain, struct credentials *ret,
		      struct error *err) MUST_CHECK;
void credentials_copy(struct credentials *to, const struct credentials *from);
void credentials_release(struct credentials *credentials);
#define auto_credentials CLEANUP(credentials_release) struct credentials
