/*
 * Image references, by the grammar of distribution/reference v0.6 and Docker's short names.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"

struct reference {
	char *domain;	  /* "docker.io", "localhost:5000" */
	char *repository; /* "library/busybox" */
	char *tag;	  /* "latest", or NULL when only a digest was given */
	char *digest;	  /* "sha256:…", or NULL */
};

/* Parses and completes: busybox → docker.io/library/busybox:latest. ERROR_INVALID in Docker's
 * words: "invalid reference format". */
int reference_parse(const char *text, struct reference *ret, struct error *err) MUST_CHECK;
/* domain/repository[:tag][@digest]; owned by the caller. */
char *reference_full(const struct reference *ref) MUST_CHECK;
/* As Docker shows it: without docker.io/ and library/. Owned by the caller. */
char *reference_familiar(const struct reference *ref) MUST_CHECK;
/* A file name for it below images/refs, and back. Owned by the caller. */
char *reference_escape(const struct reference *ref) MUST_CHECK;
void reference_release(struct reference *ref);
#define auto_reference CLEANUP(reference_release) struct reference
