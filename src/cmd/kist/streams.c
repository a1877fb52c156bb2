#include "cmd/kist/streams.h"

#include <stdio.h>
#include <unistd.h>

#define EXIT_UNKNOWN 255

int streams_check(struct attach_options *options, bool tty, struct error *err)
{
	if (!tty)
		return 0;
	if (options->in >= 0 && !isatty(options->in))
		return error_set(err, ERROR_INVALID, "the input device is not a TTY");
	/* Keys are only ours to pass on if stdin is attached. */
	if (options->in >= 0)
		options->terminal = options->in;
	if (options->out >= 0 && isatty(options->out))
		options->screen = options->out;
	else
		options->screen = options->terminal;
	return 0;
}

int streams_exit_status(const struct attach_result *result, const char *name)
{
	switch (result->end) {
	case ATTACH_EXITED:
		if (result->code != CONTAINER_EXIT_UNKNOWN)
			return result->code;
		(void)fprintf(stderr, "kist: nobody saw how %s ended\n", name);
		return EXIT_UNKNOWN;
	case ATTACH_DETACHED:
		return 0;
	case ATTACH_LEFT:
		return EXIT_UNKNOWN;
	case ATTACH_LOST:
		(void)fprintf(stderr,
			      "kist: the connection to %s was lost: its output was read too "
			      "slowly, or its monitor was killed\n",
			      name);
		return EXIT_UNKNOWN;
	}
	return EXIT_UNKNOWN;
}
