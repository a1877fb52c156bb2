#include "api/call.h"

#include "base/mem.h"

#include <sys/socket.h>

int call_engine(struct call *call, struct engine **ret, struct error *err)
{
	if (call->engine.root.dir_fd < 0) {
		int r = engine_open(call->dir, call->run, &call->engine, err);

		if (r < 0)
			return r;
	}
	*ret = &call->engine;
	return 0;
}

int call_upload(struct call *call, struct upload *ret, struct error *err)
{
	return upload_open(&call->head, call->response.fd, ret, err);
}

static const struct call_handler *find(const struct call_handler *handlers, uint32_t number)
{
	for (; handlers->operation; handlers++)
		if (handlers->operation->number == number)
			return handlers;
	return NULL;
}

static int socket_option(int fd, int option)
{
	int value = -1;
	socklen_t len = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, option, &value, &len) < 0 ? -errno : value;
}

/*
 * Who is at the other end. The door holds other sockets as well, behind which the kernel would name
 * root (its listeners, its own to the spawner): they are no client's connection.
 */
static int identify_peer(int fd, struct call_peer *ret, struct error *err)
{
	struct ucred credentials;
	socklen_t len = sizeof(credentials);

	if (socket_option(fd, SO_DOMAIN) != AF_UNIX || socket_option(fd, SO_TYPE) != SOCK_STREAM ||
	    socket_option(fd, SO_ACCEPTCONN) != 0)
		return error_set(err, ERROR_DENIED,
				 "what the door passed is no client's connection");
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &len) < 0)
		return error_errno(err, errno, "ask who the client is");
	*ret = (struct call_peer) {credentials.pid, credentials.uid, credentials.gid};
	return 0;
}

static int run(const struct call_handler *handlers, struct call *call, struct error *err)
{
	const struct call_handler *handler = find(handlers, call->head.number);
	const struct operation *operation;
	auto_free void *values = NULL;
	int r;

	if (!handler)
		return error_set(err, ERROR_UNSUPPORTED, "there is no operation %u here",
				 call->head.number);
	operation = handler->operation;
	values = mem_zero(1, operation->size ? operation->size : 1);
	r = tagged_decode(operation->record, call->head.values.data, call->head.values.len, values,
			  operation->size);
	if (r < 0)
		return error_set(err, ERROR_CORRUPT, "the record of %s is damaged",
				 operation->name);
	r = handler->run(call, values, err);
	tagged_release(operation->record, values);
	return r;
}

bool call_serve(const struct call_handler *handlers, const char *dir, const char *run_dir, int fd,
		const void *record, size_t len)
{
	struct call call = {.dir = dir, .run = run_dir, .engine = ENGINE_CLOSED};
	auto_error err = {0};
	bool again;
	int r;

	call.response.fd = fd;
	r = identify_peer(fd, &call.peer, &err);
	if (r == 0 &&
	    tagged_decode(operation_call_record, record, len, &call.head, sizeof(call.head)) < 0)
		r = error_set(&err, ERROR_CORRUPT, "the record of a request is damaged");
	call.response.head = call.head.head;
	call.response.http10 = call.head.http10;
	call.response.upgrade = call.head.upgrade;
	call.response.keep_alive = call.head.keep_alive;
	if (r == 0)
		r = run(handlers, &call, &err);
	if (r < 0)
		response_error(&call.response, &err);
	again = call.response.state == RESPONSE_DONE && call.response.keep_alive;
	response_release(&call.response);
	operation_call_release(&call.head);
	engine_close(&call.engine);
	return again;
}
