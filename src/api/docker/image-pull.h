/*
 * Images that come in: POST /images/create (pull and import), POST /images/load. Their progress is
 * a stream of Docker's jsonmessages.
 */
#pragma once

#include "api/call.h"

int image_call_create(struct call *call, const void *values, struct error *err);
int image_call_load(struct call *call, const void *values, struct error *err);
