/*
 * Which host names belong to one owner, by the Public Suffix List. The only file that knows libpsl;
 * linked into kist-worker alone.
 */
#pragma once

#include "base/macro.h"

#include <stdbool.h>

/* The same name, or names below the same registrable domain ("auth.docker.io",
 * "registry-1.docker.io"). False for addresses that differ and for names without such a domain. */
bool domain_same_owner(const char *a, const char *b);
