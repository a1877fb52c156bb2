#include "api/docker/container-attach.h"

#include "api/docker/container-find.h"
#include "api/docker/container-logs.h"
#include "api/docker/container-request.h"
#include "api/docker/frame.h"
#include "engine/container/attach.h"

#include <errno.h>

static int output(void *arg, int stream, const void *data, size_t len)
{
	const struct attach_output *output = arg;

	return frame_send(output->response, output->framed, stream, data, len, NULL);
}

void attach_to_client(struct call *call, bool in, bool out, bool err_too, const char *detach_keys,
		      struct attach_output *to, struct attach_options *ret)
{
	int fd = call->response.fd;

	*ret = (struct attach_options)ATTACH_OPTIONS_NONE;
	ret->in = in ? fd : -EBADF;
	ret->out = out ? fd : -EBADF;
	ret->err = err_too ? fd : -EBADF;
	ret->output = output;
	ret->arg = to;
	ret->client = fd;
	ret->detach_keys = detach_keys;
	if (in) {
		ret->early = call->head.early.data;
		ret->early_len = call->head.early.len;
	}
}

static int attach(struct call *call, struct engine *engine, struct container *container,
		  const struct container_attach_request *wanted, struct error *err)
{
	bool framed = !container->config.tty;
	const char *type = frame_type(framed, call->head.version);
	struct attach_output to = {&call->response, framed};
	auto_attachment attachment = ATTACHMENT_NONE;
	struct attach_options options;
	struct attach_result result;
	int r = 0;

	attach_to_client(call, wanted->in && container->config.open_stdin, wanted->out, wanted->err,
			 wanted->detach_keys, &to, &options);
	/* First, so that nothing is missed of what is started when the client knows that we are
	 * here. */
	if (wanted->stream)
		r = container_attach_next(engine, container, &options, &attachment, err);
	if (r == 0)
		r = response_hijack(&call->response, type, err);
	if (r == 0 && wanted->logs)
		r = container_logs_replay(call, engine, container, wanted->out, wanted->err, err);
	if (r == 0 && wanted->stream)
		r = attachment_run(engine, &attachment, &options, &result, err);
	return r;
}

int container_call_attach(struct call *call, const void *values, struct error *err)
{
	const struct container_attach_request *wanted = values;
	auto_container container = {0};
	struct engine *engine;
	int r;

	r = call_container(call, wanted->name, &engine, &container, err);
	if (r < 0)
		return r;
	if (container.paused)
		return error_set(err, ERROR_CONFLICT,
				 "container %s is paused, unpause the container before attach",
				 container.name);
	return attach(call, engine, &container, wanted, err);
}
