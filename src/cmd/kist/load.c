/*
 * kist load: images from an archive that `docker save` or skopeo made.
 */
#include "base/fd.h"
#include "cmd/kist/kist.h"
#include "engine/event.h"
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

struct load_values {
	const char *input;
	bool quiet;
};

static const struct option options[] = {
	{"input", 'i', OPTION_STRING, offsetof(struct load_values, input), "string",
	 "Read from tar archive file, instead of STDIN"},
	{"quiet", 'q', OPTION_BOOL, offsetof(struct load_values, quiet), NULL,
	 "Suppress the load output"},
	{NULL},
};

static int open_input(const char *path, struct error *err)
{
	int fd;

	if (!path && isatty(STDIN_FILENO))
		return error_set(err, ERROR_INVALID,
				 "requested load from stdin, but stdin is empty: give a file with "
				 "--input, or redirect one");
	fd = path ? open(path, O_RDONLY | O_CLOEXEC) : fd_dup(STDIN_FILENO);
	if (fd < 0)
		return error_errno(err, path ? errno : fd, "open %s",
				   path ? path : "standard input");
	return fd;
}

static int run(const struct invocation *invocation, void *data)
{
	const struct load_values *values = data;
	auto_fd int input = -EBADF;
	auto_engine engine = ENGINE_CLOSED;
	auto_strv lines = {0};
	auto_error err = {0};

	input = open_input(values->input, &err);
	if (input < 0 || kist_engine_open(invocation, &engine, &err) < 0)
		return kist_fail(&err);
	if (store_load(&engine.root, input, &lines, &err) < 0)
		return kist_fail(&err);
	event_image_lines(&engine, &lines);
	for (size_t i = 0; i < lines.n; i++)
		(void)printf("%s\n", lines.v[i]);
	return 0;
}

const struct command command_load = {
	.name = "load",
	.usage = "[OPTIONS]",
	.summary = "Load an image from a tar archive or STDIN",
	.options = options,
	.values_size = sizeof(struct load_values),
	.run = run,
};
