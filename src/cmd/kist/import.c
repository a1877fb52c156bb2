/*
 * kist import: an image from a tar of a root file system.
 */
#include "base/fd.h"
#include "base/str.h"
#include "cmd/kist/kist.h"
#include "engine/event.h"
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

struct import_values {
	struct strv changes;
	const char *message;
};

static const struct option options[] = {
	{"change", 'c', OPTION_LIST, offsetof(struct import_values, changes), "list",
	 "Apply Dockerfile instruction to the created image"},
	{"message", 'm', OPTION_STRING, offsetof(struct import_values, message), "string",
	 "Set commit message for imported image"},
	{NULL},
};

static int open_input(const char *path, struct error *err)
{
	int fd;

	if (str_starts(path, "http://") || str_starts(path, "https://"))
		return error_set(err, ERROR_UNSUPPORTED,
				 "import %s: kist imports files only: download it first, or pipe "
				 "it in: curl ... | kist import -",
				 path);
	fd = STREQ(path, "-") ? fd_dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return error_errno(err, STREQ(path, "-") ? fd : errno, "open %s", path);
	return fd;
}

static int run(const struct invocation *invocation, void *data)
{
	const struct import_values *values = data;
	const char *name = invocation->operand_count > 1 ? invocation->operands[1] : NULL;
	auto_fd int input = -EBADF;
	auto_engine engine = ENGINE_CLOSED;
	auto_image image = {0};
	auto_error err = {0};

	input = open_input(invocation->operands[0], &err);
	if (input < 0 || kist_engine_open(invocation, &engine, &err) < 0)
		return kist_fail(&err);
	if (store_import(&engine.root, input, &values->changes, values->message, name, &image,
			 &err) < 0)
		return kist_fail(&err);
	event_image(&engine, "import", image.id, name);
	(void)printf("%s\n", image.id);
	return 0;
}

const struct command command_import = {
	.name = "import",
	.usage = "[OPTIONS] file|- [REPOSITORY[:TAG]]",
	.summary = "Import the contents from a tarball to create a filesystem image",
	.options = options,
	.values_size = sizeof(struct import_values),
	.operands_min = 1,
	.operands_max = 2,
	.run = run,
};
