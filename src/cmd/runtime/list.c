/* kist-runtime list: the containers below the root folder. */
#include "cmd/runtime/runtime.h"

#include "base/str.h"
#include "runtime/container.h"

#include <stdio.h>

struct list_values {
	const char *format;
	bool quiet;
};

static const struct option options[] = {
	{"format", 'f', OPTION_STRING, offsetof(struct list_values, format), "table|json",
	 "How to write (default \"table\")"},
	{"quiet", 'q', OPTION_BOOL, offsetof(struct list_values, quiet), NULL, "Ids alone"},
	{NULL},
};

struct listing {
	bool json;
	bool quiet;
	struct str out;
};

static int add(struct container *container, void *arg)
{
	enum container_status status = container_status(container);
	struct listing *listing = arg;

	if (listing->quiet) {
		str_append_format(&listing->out, "%s\n", container->id);
	} else if (listing->json) {
		str_append(&listing->out, listing->out.len > 0 ? "," : "[");
		container_write_state(container, status, container->pid, 0, true, &listing->out);
	} else {
		str_append_format(&listing->out, "%-11s %-7d %-11s %s  %s  %s\n", container->id,
				  status == CONTAINER_STOPPED ? 0 : container->pid,
				  container_status_name(status), container->bundle,
				  container->created, container->owner);
	}
	return 0;
}

static int list(const struct invocation *invocation, void *values)
{
	const struct list_values *list_values = values;
	const char *format = list_values->format ? list_values->format : "table";
	struct listing listing = {.json = STREQ(format, "json"), .quiet = list_values->quiet};
	struct runtime *runtime = invocation->context;
	auto_error err = {0};
	int r = 0;

	if (!listing.json && !STREQ(format, "table"))
		r = error_set(&err, ERROR_INVALID, "--format must be table or json, not %s",
			      format);
	if (r == 0)
		r = runtime_open(runtime, &err);
	if (r == 0)
		r = container_each(runtime->root_fd, add, &listing, &err);
	if (r == 0 && listing.json && !listing.quiet)
		(void)printf("%s\n", listing.out.len > 0 ? (str_append_char(&listing.out, ']'),
							    listing.out.data)
							 : "null");
	else if (r == 0)
		(void)printf("%s%s",
			     listing.quiet
				     ? ""
				     : "ID          PID     STATUS      BUNDLE  CREATED  OWNER\n",
			     str_text(&listing.out));
	str_release(&listing.out);
	return r < 0 ? runtime_fail(&err, RUNTIME_FAILED) : 0;
}

const struct command command_list = {
	.name = "list",
	.alias = "ls",
	.usage = "[OPTIONS]",
	.summary = "List the containers",
	.options = options,
	.values_size = sizeof(struct list_values),
	.run = list,
};
