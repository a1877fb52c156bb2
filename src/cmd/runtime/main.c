/*
 * kist-runtime: the OCI runtime, with the command line of runc.
 */
#include "runtime/container.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/options.h"
#include "base/program.h"
#include "base/str.h"
#include "base/time.h"
#include "cmd/runtime/runtime.h"
#include "codec/json-write.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct command *const commands[] = {
	&command_create,   &command_delete, &command_events,	    &command_exec,
	&command_features, &command_kill,   &command_list,	    &command_pause,
	&command_ps,	   &command_resume, &command_run_container, &command_spec,
	&command_start,	   &command_state,  &command_update,	    NULL,
};

static const struct option global_options[] = {
	{"root", 0, OPTION_STRING, offsetof(struct runtime, root), "dir",
	 "Folder of the containers' states (default \"" RUNTIME_ROOT_DEFAULT "\")"},
	{"log", 0, OPTION_STRING, offsetof(struct runtime, log), "file",
	 "Also write errors to a file"},
	{"log-format", 0, OPTION_STRING, offsetof(struct runtime, log_format), "text|json",
	 "Format of that file (default \"text\")"},
	{"debug", 0, OPTION_BOOL, offsetof(struct runtime, debug), NULL,
	 "Also say what is being done"},
	{"log-level", 0, OPTION_STRING, offsetof(struct runtime, log_level), "level",
	 "Accepted for compatibility with crun"},
	{"systemd-cgroup", 0, OPTION_BOOL, offsetof(struct runtime, systemd_cgroup), NULL,
	 "Have systemd make the cgroups, as scopes"},
	{"cgroup-manager", 0, OPTION_STRING, offsetof(struct runtime, cgroup_manager),
	 "cgroupfs|systemd|disabled", "Who makes the cgroups (default \"cgroupfs\")"},
	{"rootless", 0, OPTION_STRING, offsetof(struct runtime, rootless), "auto|true|false",
	 "Accepted for compatibility"},
	{"version", 'v', OPTION_BOOL, offsetof(struct runtime, version), NULL,
	 "Print version information and quit"},
	{NULL},
};

/* What the global options said; verbs and the one warning callback need it. */
static struct runtime runtime = {.root = RUNTIME_ROOT_DEFAULT, .root_fd = -EBADF};

int runtime_open(struct runtime *context, struct error *err)
{
	if (context->cgroup_manager && STREQ(context->cgroup_manager, "systemd"))
		context->systemd_cgroup = true;
	if (context->systemd_cgroup)
		return error_set(err, ERROR_UNSUPPORTED,
				 "--systemd-cgroup is not supported: cgroups are made directly");
	return container_root_open(context->root, &context->root_fd, err);
}

static void write_json_line(struct str *line, const char *level, const char *message,
			    const char *kind)
{
	char now[TIME_TEXT_SIZE];
	struct json_writer w;

	json_writer_init(&w, line, 0);
	json_object_begin(&w, NULL);
	json_write_string(&w, "level", level);
	json_write_string(&w, "msg", message);
	json_write_string(&w, "time", time_format(time_now(), now));
	if (kind)
		json_write_string(&w, "kind", kind);
	json_end(&w);
}

static void write_text_line(struct str *line, const char *level, const char *message)
{
	char now[TIME_TEXT_SIZE];

	str_append_format(line, "time=\"%s\" level=%s msg=", time_format(time_now(), now), level);
	json_quote(line, message, strlen(message));
}

static int open_log(void)
{
	return open(runtime.log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
}

/* One line, one write: lines of several processes in one log do not mix. Returns whether there is
 * a log. */
static bool log_line(const char *level, const char *message, const char *kind)
{
	auto_fd int fd = -EBADF;
	auto_str line = {0};

	if (!runtime.log || !*runtime.log)
		return false;
	fd = open_log();
	if (fd < 0)
		return false;
	if (runtime.log_format && STREQ(runtime.log_format, "json"))
		write_json_line(&line, level, message, kind);
	else
		write_text_line(&line, level, message);
	str_append_char(&line, '\n');
	return fd_write_full(fd, line.data, line.len) == 0;
}

int runtime_fail(const struct error *err, int status)
{
	(void)log_line("error", err->message, error_kind_name(err->kind));
	(void)fprintf(stderr, "kist-runtime: %s\n", err->message);
	return status;
}

void runtime_warn(const char *sentence)
{
	if (!log_line("warning", sentence, NULL))
		(void)fprintf(stderr, "kist-runtime: %s\n", sentence);
}

static const struct program program = {
	.name = "kist-runtime",
	.usage = "[OPTIONS] COMMAND",
	.summary = "Runs OCI bundles",
	.options = global_options,
	.commands = commands,
};

void runtime_debug(const char *sentence)
{
	auto_str line = {0};

	if (log_line("debug", sentence, NULL))
		return;
	write_text_line(&line, "debug", sentence);
	(void)fprintf(stderr, "%s\n", str_text(&line));
}

/* Where it stands in for runc, under that name, help begins as runc's does. */
static bool is_called_runc(const char *path)
{
	const char *slash = strrchr(path, '/');

	return STREQ(slash ? slash + 1 : path, "runc");
}

static void help(const char *called)
{
	if (is_called_runc(called))
		(void)printf(
			"NAME:\n   runc - Open Container Initiative runtime (kist-runtime)\n\n");
	(void)printf("Usage:  %s %s\n\n%s\n\nCommands:\n", program.name, program.usage,
		     program.summary);
	for (const struct command *const *command = commands; *command; command++)
		(void)printf("  %-11s %s\n", (*command)->name, (*command)->summary);
	(void)printf("\nGlobal Options:\n");
	options_list(stdout, global_options);
}

static int check_globals(void)
{
	if (runtime.log_format && !STREQ(runtime.log_format, "text") &&
	    !STREQ(runtime.log_format, "json")) {
		(void)fprintf(stderr, "kist-runtime: --log-format must be text or json, not %s\n",
			      runtime.log_format);
		return -EINVAL;
	}
	/* What cannot be said later is said now. */
	if (runtime.log && *runtime.log) {
		auto_fd int fd = open_log();

		if (fd < 0) {
			(void)fprintf(stderr, "kist-runtime: open the log %s: %s\n", runtime.log,
				      strerror(errno));
			return -EINVAL;
		}
	}
	if (runtime.cgroup_manager && !STREQ(runtime.cgroup_manager, "cgroupfs") &&
	    !STREQ(runtime.cgroup_manager, "systemd") &&
	    !STREQ(runtime.cgroup_manager, "disabled")) {
		(void)fprintf(stderr,
			      "kist-runtime: --cgroup-manager must be cgroupfs, systemd or "
			      "disabled, not %s\n",
			      runtime.cgroup_manager);
		return -EINVAL;
	}
	return 0;
}

static int run_command(int argc, char **argv)
{
	const struct command *command = command_find(commands, argv[0]);

	if (command)
		return command_run("kist-runtime", command, &runtime, argc, argv);
	if (program_answer(&program, NULL, argc + 1, argv - 1))
		return 0;
	if (argc > 1 && (STREQ(argv[1], "-h") || STREQ(argv[1], "--help")))
		(void)fprintf(stderr, "No help topic for '%s'\n", argv[0]);
	program_unknown(&program, NULL, argv[0]);
	return RUNTIME_FAILED;
}

int main(int argc, char **argv)
{
	int first, status = 0;

	first = options_parse("kist-runtime", global_options, COMMAND_STOP_AT_OPERAND, &runtime,
			      argc, argv);
	if (first < 0 && first != -ECANCELED)
		return RUNTIME_FAILED;
	if (runtime.version)
		(void)printf("kist-runtime version %s\ncommit: %s\nspec: %s\n"
			     "+SELINUX +APPARMOR +CAP +SECCOMP +EBPF\n",
			     KIST_VERSION, KIST_VERSION, RUNTIME_VERSION_SPEC);
	else if (first == -ECANCELED || first == argc)
		help(argv[0]);
	else if (check_globals() < 0)
		return RUNTIME_FAILED;
	else
		status = run_command(argc - first, argv + first);
	if (fflush(stdout) != 0 && status == 0) {
		perror("kist-runtime: write to standard output");
		status = RUNTIME_FAILED;
	}
	return status;
}
