/*
 * What all answers have in common, whoever gives them: who it is that answers, and what a failure
 * is called on the wire (one HTTP status for each kind of error).
 */
#pragma once

#include "base/error.h"
#include "base/str.h"

unsigned status_http(enum error_kind kind);

/* Appends Docker's document of a failure: {"message":"…"} and a line's end. */
void status_document(struct str *out, const char *message);

/* Appends the headers that say who answers: Api-Version, Ostype, Server, … */
void status_headers(struct str *out);
