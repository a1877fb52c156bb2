/*
 * kist-monitor: the parent of one container (monitor/monitor.h). Started by kist, never by hand.
 */
#include "base/fd.h"
#include "base/mem.h"
#include "base/options.h"
#include "base/parse.h"
#include "base/program.h"
#include "monitor/monitor.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define EXIT_USAGE    125
#define FD_NUMBER_MAX 1048576

struct arguments {
	struct monitor_options options;
	const char *owner_fd;
	const char *netns_fd;
	struct strv hold_fds, peer_fds;
};

#define AT(field) offsetof(struct arguments, field)

static const struct option options[] = {
	{"id", 0, OPTION_STRING, AT(options.id), "string", "Container id, as the runtime knows it"},
	{"bundle", 0, OPTION_STRING, AT(options.bundle), "directory", "OCI bundle"},
	{"runtime", 0, OPTION_STRING, AT(options.runtime), "path", "OCI runtime"},
	{"runtime-root", 0, OPTION_STRING, AT(options.runtime_root), "directory",
	 "State directory of the runtime"},
	{"lower", 0, OPTION_LIST, AT(options.lower), "directory",
	 "Layer of the root file system, topmost first"},
	{"upper", 0, OPTION_STRING, AT(options.upper), "directory", "Writable layer"},
	{"work", 0, OPTION_STRING, AT(options.work), "directory", "Work directory of the overlay"},
	{"volatile", 0, OPTION_BOOL, AT(options.is_volatile), NULL, "Never sync the overlay"},
	{"rootfs", 0, OPTION_STRING, AT(options.rootfs), "directory",
	 "Root file system, instead of layers"},
	{"log", 0, OPTION_STRING, AT(options.log), "file", "Log of the output (json-file)"},
	{"exit", 0, OPTION_STRING, AT(options.exit), "file", "Where the exit record is placed"},
	{"prepare", 0, OPTION_BOOL, AT(options.prepare), NULL,
	 "Wait for the owner's word before the runtime is executed"},
	{"sync", 0, OPTION_BOOL, AT(options.sync), NULL, "Make the exit record durable"},
	{"stdin", 0, OPTION_BOOL, AT(options.with_stdin), NULL, "Keep the container's stdin open"},
	{"terminal", 0, OPTION_BOOL, AT(options.terminal), NULL, "The process has a terminal"},
	{"process", 0, OPTION_STRING, AT(options.process), "file",
	 "Keep one more process in a running container: an OCI process"},
	{"take-over", 0, OPTION_BOOL, AT(options.take_over), NULL,
	 "The container runs already, and its monitor was killed"},
	{"netns-fd", 0, OPTION_STRING, AT(netns_fd), "number", "Network namespace to hold"},
	{"hold-fd", 0, OPTION_LIST, AT(hold_fds), "number", "Descriptor to hold"},
	{"peer-fd", 0, OPTION_LIST, AT(peer_fds), "number", "Socket to a client that waits"},
	{"cgroup", 0, OPTION_STRING, AT(options.cgroup), "path", "Cgroup of the container"},
	{"events", 0, OPTION_STRING, AT(options.events), "directory",
	 "Run folder of the log of events"},
	{"event-attributes", 0, OPTION_STRING, AT(options.event_attributes), "string",
	 "What events of this container say of it (members of a JSON object)"},
	{"cleanup", 0, OPTION_STRING, AT(options.cleanup), "path",
	 "Command to execute at the end, unless the owner cleans up"},
	{"cleanup-arg", 0, OPTION_LIST, AT(options.cleanup_args), "string", "Argument of it"},
	{"owner-fd", 0, OPTION_STRING, AT(owner_fd), "number", "Socket to the owner"},
	{0},
};

static int misuse(const char *sentence, const char *what)
{
	(void)fprintf(stderr, "kist-monitor: %s%s\n", sentence, what);
	return -EINVAL;
}

static int check(const struct arguments *arguments)
{
	const struct monitor_options *o = &arguments->options;
	const struct {
		const char *name;
		const char *value;
		bool required;
	} paths[] = {
		{"--bundle", o->bundle, true},	{"--runtime", o->runtime, true},
		{"--upper", o->upper, false},	{"--work", o->work, false},
		{"--rootfs", o->rootfs, false}, {"--log", o->log, false},
		{"--exit", o->exit, false},	{"--cleanup", o->cleanup, false},
		{"--events", o->events, false}, {"--process", o->process, false},
	};

	if (!o->id || !*o->id || *o->id == '-')
		return misuse("--id is required", "");
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		if (!paths[i].value && paths[i].required)
			return misuse(paths[i].name, " is required");
		if (paths[i].value && *paths[i].value != '/')
			return misuse(paths[i].name, " must be an absolute path");
	}
	if (!o->upper != !o->work)
		return misuse("--upper and --work belong together", "");
	if (o->upper && o->lower.n == 0)
		return misuse("--upper needs a --lower", "");
	if (o->rootfs && o->lower.n > 0)
		return misuse("--rootfs and --lower exclude each other", "");
	return 0;
}

/* A descriptor that was passed to us, from now on close-on-exec. */
static int take_fd(const char *text, int *ret)
{
	uint32_t fd;

	if (!text || parse_u32(text, 3, FD_NUMBER_MAX, &fd) < 0 ||
	    fcntl((int)fd, F_SETFD, FD_CLOEXEC) < 0)
		return misuse("not an open descriptor: ", text ? text : "(none)");
	*ret = (int)fd;
	return 0;
}

static int compare(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/* Closes all but the standard streams and those of @fds, and makes /dev/null of the former. */
static int close_others(int *fds, size_t n)
{
	unsigned first = 3;
	int null_fd;

	qsort(fds, n, sizeof(*fds), compare);
	for (size_t i = 0; i < n; i++) {
		if ((unsigned)fds[i] > first)
			(void)syscall(SYS_close_range, first, (unsigned)fds[i] - 1, 0);
		first = (unsigned)fds[i] + 1;
	}
	(void)syscall(SYS_close_range, first, UINT_MAX, 0);
	null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null_fd < 0)
		return misuse("cannot open ", "/dev/null");
	for (int fd = 0; fd < 3; fd++)
		if (dup3(null_fd, fd, O_CLOEXEC) < 0)
			return misuse("cannot redirect ", "the standard streams");
	(void)fd_close(null_fd);
	return 0;
}

/* @ret_peers has room for those of --peer-fd. */
static int take_descriptors(const struct arguments *arguments, int *ret_owner, int *ret_peers)
{
	size_t n = 0, max = arguments->hold_fds.n + arguments->peer_fds.n + 2;
	auto_free int *fds = mem_zero(max, sizeof(*fds));
	int r;

	r = take_fd(arguments->owner_fd, &fds[n++]);
	if (r == 0)
		*ret_owner = fds[0];
	if (r == 0 && arguments->netns_fd)
		r = take_fd(arguments->netns_fd, &fds[n++]);
	for (size_t i = 0; r == 0 && i < arguments->hold_fds.n; i++)
		r = take_fd(arguments->hold_fds.v[i], &fds[n++]);
	for (size_t i = 0; r == 0 && i < arguments->peer_fds.n; i++) {
		r = take_fd(arguments->peer_fds.v[i], &ret_peers[i]);
		fds[n++] = ret_peers[i];
	}
	return r == 0 ? close_others(fds, n) : r;
}

static const struct program program = {
	.name = "kist-monitor",
	.usage = "[OPTIONS]",
	.summary = "Parent of one container",
	.options = options,
};

static void print_help(void)
{
	const struct command self = {
		.name = "",
		.usage = program.usage,
		.summary = program.summary,
		.options = options,
	};

	options_help(stdout, program.name, &self);
}

static int run(const struct arguments *arguments)
{
	auto_free int *peers = mem_zero(arguments->peer_fds.n + 1, sizeof(*peers));
	struct monitor_options monitor_options = arguments->options;
	int owner_fd = -EBADF;

	if (check(arguments) < 0 || take_descriptors(arguments, &owner_fd, peers) < 0)
		return EXIT_USAGE;
	monitor_options.peer_fds = peers;
	monitor_options.peer_count = arguments->peer_fds.n;
	/* A session and a place of our own. The umask is the container's, as Docker sets it. */
	(void)setsid();
	(void)!chdir("/");
	(void)umask(022);
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		return EXIT_USAGE;
	return monitor_run(&monitor_options, owner_fd);
}

int main(int argc, char **argv)
{
	struct arguments arguments = {0};
	int status = EXIT_USAGE, r;

	r = options_parse("kist-monitor", options, 0, &arguments, argc, argv);
	if (r == -ECANCELED) {
		print_help();
		status = 0;
	} else if (r >= 0 && r != argc && program_answer(&program, NULL, argc, argv)) {
		status = 0;
	} else if (r >= 0 && r != argc) {
		(void)misuse("accepts no arguments: ", argv[r]);
	} else if (r >= 0) {
		status = run(&arguments);
	}
	options_release(options, &arguments);
	return status;
}
