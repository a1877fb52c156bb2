#include "engine/runtime-call.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "codec/json.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define RUNTIME_OWN	   "kist-runtime"
#define RUNTIME_OUTPUT_MAX (256 * 1024)

static bool is_executable(const char *path)
{
	return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) == 0;
}

int runtime_path(const struct container_config *config, char **ret, struct error *err)
{
	static const char *const folders[] = {"/usr/local/sbin", "/usr/local/bin", "/usr/sbin",
					      "/usr/bin",	 "/sbin",	   "/bin"};
	const char *name = config->runtime ? config->runtime : RUNTIME_OWN;
	auto_free char *path = NULL;
	int r;

	if (name[0] == '/') {
		path = mem_strdup(name);
	} else if (strchr(name, '/')) {
		return error_set(err, ERROR_INVALID,
				 "unknown or invalid runtime name: %s: give a name or an absolute "
				 "path",
				 name);
	} else {
		r = program_path(name, &path);
		if (r < 0)
			return error_errno(err, r, "find the folder of our own programs");
		for (size_t i = 0; i < ARRAY_SIZE(folders) && !is_executable(path); i++) {
			mem_freep(&path);
			path = mem_printf("%s/%s", folders[i], name);
		}
	}
	if (!is_executable(path))
		return error_set(err, ERROR_NOT_FOUND, "unknown or invalid runtime name: %s", name);
	*ret = TAKE_PTR(path);
	return 0;
}

char *runtime_root(const struct engine *engine)
{
	return mem_printf("%s/runtime", engine->root.run);
}

/* Its state is a folder or file of the container's name; all known runtimes do so. */
static bool knows(struct engine *engine, const char *id)
{
	auto_free char *path = mem_printf("runtime/%s", id);
	struct stat st;

	return fstatat(engine->root.run_fd, path, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

int runtime_call(struct engine *engine, const struct container *container,
		 const char *const *arguments, int input_fd, struct error *err)
{
	auto_free char *path = NULL, *root = runtime_root(engine);
	auto_free char *text = NULL, *message = NULL;
	auto_fd int output = -EBADF;
	struct child child;
	auto_strv argv = {0};
	int r, status;
	size_t len;

	r = runtime_path(&container->config, &path, err);
	if (r < 0)
		return r;
	output = memfd_create("runtime", MFD_CLOEXEC);
	if (output < 0)
		return error_errno(err, errno, "make room for the runtime's messages");
	strv_add(&argv, path);
	strv_add(&argv, "--root");
	strv_add(&argv, root);
	for (const char *const *argument = arguments; *argument; argument++)
		strv_add(&argv, *argument);
	strv_add(&argv, container->id);
	const struct spawn_fd fds[] = {{input_fd, 0}, {output, 2}};
	const struct spawn call = {
		.path = path, .argv = strv_argv(&argv), .fds = fds, .fd_count = ARRAY_SIZE(fds)};

	r = spawn(&call, &child);
	if (r == 0)
		r = child_wait(&child, &status);
	if (r < 0)
		return error_errno(err, r, "execute %s", path);
	if (status == 0)
		return 0;
	(void)lseek(output, 0, SEEK_SET);
	r = fd_read_all(output, RUNTIME_OUTPUT_MAX, &text, &len);
	message = runtime_message(r < 0 ? "" : text);
	return error_set(err, ERROR_SYSTEM, "%s container %.12s: %s", arguments[0], container->id,
			 message);
}

int runtime_delete_begin(struct engine *engine, const struct container *container,
			 struct runtime_deletion *ret, struct error *err)
{
	auto_free char *path = NULL, *root = runtime_root(engine);
	auto_fd int output = -EBADF;
	int r;

	*ret = (struct runtime_deletion) {.output = -EBADF, .child = {.pid_fd = -EBADF}};
	if (!knows(engine, container->id))
		return 0;
	r = runtime_path(&container->config, &path, err);
	if (r < 0)
		return r;
	output = memfd_create("runtime", MFD_CLOEXEC);
	if (output < 0)
		return error_errno(err, errno, "make room for the runtime's messages");
	const char *const argv[] = {path, "--root", root, "delete", "--force", container->id, NULL};
	const struct spawn_fd fds[] = {{output, 2}};
	const struct spawn call = {
		.path = path, .argv = (char *const *)argv, .fds = fds, .fd_count = 1};

	r = spawn(&call, &ret->child);
	if (r < 0)
		return error_errno(err, r, "execute %s", path);
	ret->output = TAKE_FD(output);
	ret->path = TAKE_PTR(path);
	return 0;
}

int runtime_delete_end(struct engine *engine, const struct container *container,
		       struct runtime_deletion *deletion, struct error *err)
{
	auto_free char *text = NULL, *message = NULL;
	int r, status;
	size_t len;

	if (deletion->child.pid_fd < 0)
		return 0;
	r = child_wait(&deletion->child, &status);
	if (r < 0)
		return error_errno(err, r, "wait for %s", deletion->path);
	if (status == 0 || !knows(engine, container->id))
		return 0;
	(void)lseek(deletion->output, 0, SEEK_SET);
	r = fd_read_all(deletion->output, RUNTIME_OUTPUT_MAX, &text, &len);
	message = runtime_message(r < 0 ? "" : text);
	return error_set(err, ERROR_SYSTEM, "%s delete %.12s: %s", deletion->path, container->id,
			 message);
}

void runtime_deletion_release(struct runtime_deletion *deletion)
{
	int status;

	if (deletion->child.pid_fd >= 0)
		(void)!child_wait(&deletion->child, &status);
	deletion->output = fd_close(deletion->output);
	mem_freep(&deletion->path);
}

int runtime_delete(struct engine *engine, const struct container *container, struct error *err)
{
	auto_runtime_deletion deletion = RUNTIME_DELETION_NONE;
	int r = runtime_delete_begin(engine, container, &deletion, err);

	return r < 0 ? r : runtime_delete_end(engine, container, &deletion, err);
}

/* "msg" of a line of JSON, or the msg="…" of logrus, or the line itself. */
static char *message_of_line(const char *line, size_t len)
{
	auto_free char *copy = mem_strndup(line, len);
	auto_json *root = NULL;
	const char *msg;
	char *start;

	if (json_parse(copy, len, &root, NULL) == 0) {
		msg = json_get_string(root, "msg");
		return mem_strdup(msg);
	}
	start = strstr(copy, "msg=\"");
	if (start) {
		auto_str out = {0};

		for (const char *p = start + 5; *p && *p != '"'; p++) {
			if (*p == '\\' && p[1])
				p++;
			str_append_char(&out, *p);
		}
		return str_take(&out);
	}
	return mem_strdup(copy);
}

char *runtime_message(const char *output)
{
	auto_free char *last = NULL;

	while (*output) {
		size_t len = strcspn(output, "\n");

		if (len > 0) {
			char *message = message_of_line(output, len);

			if (message && *message) {
				mem_freep(&last);
				last = message;
			} else {
				mem_freep(&message);
			}
		}
		output += len + (output[len] == '\n');
	}
	return last ? TAKE_PTR(last) : mem_strdup("it failed without a message");
}

enum error_kind runtime_message_kind(const char *message)
{
	static const struct {
		const char *text;
		enum error_kind kind;
	} known[] = {
		{"executable file not found", ERROR_COMMAND_NOT_FOUND},
		{"no such file or directory", ERROR_COMMAND_NOT_FOUND},
		{"No such file or directory", ERROR_COMMAND_NOT_FOUND},
		{"permission denied", ERROR_COMMAND_NOT_EXECUTABLE},
		{"Permission denied", ERROR_COMMAND_NOT_EXECUTABLE},
		{"is a directory", ERROR_COMMAND_NOT_EXECUTABLE},
		{"exec format error", ERROR_COMMAND_NOT_EXECUTABLE},
		{"Exec format error", ERROR_COMMAND_NOT_EXECUTABLE},
	};

	/* Only what is said of the command itself: a missing mount source is no missing command. */
	if (!strstr(message, "exec"))
		return ERROR_SYSTEM;
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (strstr(message, known[i].text))
			return known[i].kind;
	return ERROR_SYSTEM;
}
