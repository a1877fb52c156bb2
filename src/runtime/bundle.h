/*
 * A bundle: the folder that holds config.json and, mostly, the root file system.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "spec/runtime-config.h"

struct bundle {
	char *path;   /* absolute */
	char *rootfs; /* absolute */
	char *file;   /* absolute; NULL: config.json of the folder */
	struct runtime_config config;
};

#define auto_bundle CLEANUP(bundle_release) struct bundle

/* Reads <path>/config.json, or @file in its stead if that is not NULL. The working directory is not
 * changed. */
int bundle_open(const char *path, const char *file, struct bundle *ret,
		struct error *err) MUST_CHECK;
void bundle_release(struct bundle *bundle);
