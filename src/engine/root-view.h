/*
 * A look into the root file system of a container that does not run: its layers merged, read-only,
 * mounted nowhere. The view is a detached mount; closing the descriptor is all there is to undo.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "base/strv.h"

/* @layers: absolute paths of our own, topmost first, at least one. Returns a directory descriptor.
 * ERROR_UNSUPPORTED: more layers than this kernel takes in one call (some 60 before Linux 6.5). */
int root_view_open(const struct strv *layers, struct error *err) MUST_CHECK;
