/*
 * POST /containers/{id}/attach: the client's connection becomes the container's standard streams.
 */
#pragma once

#include "api/call.h"
#include "engine/attach.h"

int container_call_attach(struct call *call, const void *values, struct error *err);

/* What both this and an executed process need: the streams of @options on the connection of @call,
 * framed unless @tty. The connection is hijacked already. */
struct attach_output {
	struct response *response;
	bool framed;
};
void attach_to_client(struct call *call, bool in, bool out, bool err_too, const char *detach_keys,
		      struct attach_output *output, struct attach_options *ret);
