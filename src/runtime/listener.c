#include "runtime/listener.h"

#include "base/fd.h"
#include "base/mem.h"
#include "codec/json-write.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

/* Stands where the process id will be, which is known to the child alone. */
#define PLACE	   4194305 /* above PID_MAX_LIMIT */
#define PLACE_TEXT "4194305"

static int connect_agent(const char *path, int *ret, struct error *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	auto_fd int fd = -EBADF;

	if (strlen(path) >= sizeof(address.sun_path))
		return error_set(err, ERROR_INVALID,
				 "the path of the seccomp listener is too long: %s", path);
	memcpy(address.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return error_errno(err, errno, "failed to connect with seccomp agent %s", path);
	*ret = TAKE_FD(fd);
	return 0;
}

static void write_message(const struct runtime_seccomp *seccomp, const struct container *container,
			  enum container_status status, struct str *out)
{
	auto_str state = {0};
	struct json_writer w;

	container_write_state(container, status,
			      status == CONTAINER_RUNNING ? container->pid : PLACE, 0, false,
			      &state);
	json_writer_init(&w, out, 0);
	json_object_begin(&w, NULL);
	json_write_string(&w, "ociVersion", RUNTIME_VERSION_SPEC);
	json_array_begin(&w, "fds");
	json_write_string(&w, NULL, "seccompFd");
	json_end(&w);
	json_write_i64(&w, "pid", PLACE);
	json_write_string(&w, "metadata",
			  seccomp->listener_metadata ? seccomp->listener_metadata : "");
	json_write_raw(&w, "state", str_text(&state));
	json_end(&w);
}

/* Cuts @text where the process id goes: behind "pid": alone, since other texts are the caller's. */
static void cut(const char *text, const char **ret)
{
	static const char mark[] = "\"pid\":" PLACE_TEXT;
	size_t n = 0;

	for (const char *at = strstr(text, mark); at && n < 2; at = strstr(text, mark)) {
		at += sizeof(mark) - sizeof(PLACE_TEXT);
		ret[n++] = mem_strndup(text, (size_t)(at - text));
		text = at + strlen(PLACE_TEXT);
	}
	ret[n] = mem_strdup(text);
}

int listener_prepare(struct init *init, const struct runtime_seccomp *seccomp,
		     const struct container *container, enum container_status status,
		     struct error *err)
{
	auto_str text = {0};
	int r;

	if (!seccomp || !seccomp->notify)
		return 0;
	r = connect_agent(seccomp->listener_path, &init->listener_fd, err);
	if (r < 0)
		return r;
	write_message(seccomp, container, status, &text);
	cut(str_text(&text), init->listener_text);
	init->seccomp = seccomp;
	return 0;
}
