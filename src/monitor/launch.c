#include "monitor/launch.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/parse.h"
#include "base/str.h"
#include "codec/json.h"
#include "io/atomic-file.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define LOG_NAME     "runtime.log"
#define PID_NAME     "pid"
#define LOG_MAX	     (256 * 1024)
#define PID_FILE_MAX 32

static void add_globals(struct strv *argv, const struct monitor_options *options)
{
	strv_add(argv, options->runtime);
	if (options->runtime_root) {
		strv_add(argv, "--root");
		strv_add(argv, options->runtime_root);
	}
	strv_add(argv, "--log");
	strv_add_format(argv, "%s/" LOG_NAME, options->bundle);
	strv_add(argv, "--log-format");
	strv_add(argv, "json");
}

static int remove_stale(int bundle_fd, const char *name)
{
	return unlinkat(bundle_fd, name, 0) < 0 && errno != ENOENT ? -errno : 0;
}

static void add_command(struct strv *argv, const struct monitor_options *options,
			const char *console)
{
	strv_add(argv, options->process ? "exec" : "run");
	strv_add(argv, "--detach");
	strv_add(argv, options->process ? "--process" : "--bundle");
	strv_add(argv, options->process ? options->process : options->bundle);
	if (console) {
		strv_add(argv, "--console-socket");
		strv_add(argv, console);
	}
	strv_add(argv, "--pid-file");
	strv_add_format(argv, "%s/" PID_NAME, options->bundle);
	strv_add(argv, options->id);
}

int launch_start(const struct monitor_options *options, int bundle_fd, const int stdio[3],
		 const char *console, struct child *ret, struct error *err)
{
	struct spawn_fd fds[3] = {{stdio[0], 0}, {stdio[1], 1}, {stdio[2], 2}};
	auto_strv argv = {0};
	struct spawn spawn_options = {
		.path = options->runtime,
		.fds = fds,
		.fd_count = 3,
		.flags = SPAWN_DIE_WITH_PARENT,
	};
	int r;

	/* Its words and its pid must not be an earlier one's. */
	r = remove_stale(bundle_fd, LOG_NAME);
	if (r == 0)
		r = remove_stale(bundle_fd, PID_NAME);
	if (r < 0)
		return error_errno(err, r, "prepare %s", options->bundle);
	add_globals(&argv, options);
	add_command(&argv, options, console);
	spawn_options.argv = strv_argv(&argv);
	r = spawn(&spawn_options, ret);
	if (r < 0)
		return error_errno(err, r, "execute runtime %s", options->runtime);
	return 0;
}

void launch_undo(const struct monitor_options *options)
{
	auto_strv argv = {0};
	struct spawn spawn_options = {.path = options->runtime, .flags = SPAWN_DIE_WITH_PARENT};
	struct child child;
	int status;

	add_globals(&argv, options);
	strv_add(&argv, "delete");
	strv_add(&argv, "--force");
	strv_add(&argv, options->id);
	spawn_options.argv = strv_argv(&argv);
	if (spawn(&spawn_options, &child) == 0)
		(void)!child_wait(&child, &status);
}

/* Runtimes other than ours say only in words that it is the command that is wrong. These are runc
 * 1.1's ('exec: "x": stat x: no such file or directory', 'exec /x: exec format error') and crun
 * 1.8's ('executable file `x` not found in $PATH', 'open executable: Permission denied', 'exec
 * container process `/x`: Exec format error'). */
static enum error_kind guess_kind(const char *message)
{
	static const char *const about_command[] = {"exec: \"", "exec /", "executable",
						    "exec container process"};
	static const struct {
		const char *words;
		enum error_kind kind;
	} reasons[] = {
		{"not found", ERROR_COMMAND_NOT_FOUND},
		{"no such file or directory", ERROR_COMMAND_NOT_FOUND},
		{"permission denied", ERROR_COMMAND_NOT_EXECUTABLE},
		{"is a directory", ERROR_COMMAND_NOT_EXECUTABLE},
		{"format error", ERROR_COMMAND_NOT_EXECUTABLE},
	};
	bool about = false;

	for (size_t i = 0; i < ARRAY_SIZE(about_command); i++)
		about |= strcasestr(message, about_command[i]) != NULL;
	for (size_t i = 0; about && i < ARRAY_SIZE(reasons); i++)
		if (strcasestr(message, reasons[i].words))
			return reasons[i].kind;
	return ERROR_SYSTEM;
}

static bool is_error_level(const char *level)
{
	return !level || STREQ(level, "error") || STREQ(level, "fatal") || STREQ(level, "panic");
}

void launch_read_log(const char *text, size_t len, struct error *ret)
{
	const char *end = text + len;

	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		size_t n = newline ? (size_t)(newline - text) : (size_t)(end - text);
		auto_json *record = NULL;
		const char *message, *kind;

		if (json_parse(text, n, &record, NULL) == 0) {
			message = json_get_string(record, "msg");
			kind = json_get_string(record, "kind");
			if (message && is_error_level(json_get_string(record, "level"))) {
				error_release(ret);
				(void)error_set(ret,
						kind ? error_kind_parse(kind) : guess_kind(message),
						"%s", message);
			}
		}
		text += n + (newline ? 1 : 0);
	}
}

static int explain_failure(const struct monitor_options *options, int bundle_fd, int status,
			   struct error *err)
{
	auto_free char *text = NULL;
	auto_error said = {0};
	size_t len;

	if (atomic_read(bundle_fd, LOG_NAME, LOG_MAX, &text, &len) == 0)
		launch_read_log(text, len, &said);
	if (said.kind != ERROR_NONE)
		return error_move(err, &said);
	if (status > 128)
		return error_set(err, ERROR_SYSTEM, "runtime %s was killed by signal %d",
				 options->runtime, status - 128);
	return error_set(err, ERROR_SYSTEM, "runtime %s failed with status %d and did not say why",
			 options->runtime, status);
}

int launch_result(const struct monitor_options *options, int bundle_fd, int status, pid_t *ret,
		  struct error *err)
{
	auto_free char *text = NULL;
	uint32_t pid;
	size_t len;
	int r;

	if (status != 0)
		return explain_failure(options, bundle_fd, status, err);
	r = atomic_read(bundle_fd, PID_NAME, PID_FILE_MAX, &text, &len);
	if (r < 0)
		return error_errno(err, r, "read the pid file of runtime %s", options->runtime);
	text[strcspn(text, "\n")] = '\0';
	r = parse_u32(text, 2, INT32_MAX, &pid);
	if (r < 0)
		return error_set(err, ERROR_SYSTEM, "runtime %s wrote \"%s\" as a pid",
				 options->runtime, text);
	*ret = (pid_t)pid;
	return 0;
}
