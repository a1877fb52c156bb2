/*
 * `kist-operation unframe chunked|LENGTH`: cuts the frames off a request's body (api/upload.h).
 *
 * Enters its sandbox before it reads. Exit status 0: all of the body came and was passed on.
 */
#pragma once

#include "base/macro.h"

int unframe(const char *framing);
