/*
 * /images: what is answered with a document, or with nothing.
 */
#pragma once

#include "api/call.h"

int image_call_list(struct call *call, const void *values, struct error *err);
int image_call_inspect(struct call *call, const void *values, struct error *err);
int image_call_tag(struct call *call, const void *values, struct error *err);
int image_call_remove(struct call *call, const void *values, struct error *err);
int image_call_prune(struct call *call, const void *values, struct error *err);
