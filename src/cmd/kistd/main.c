/*
 * kistd: the engine for clients of Docker's API.
 *
 * Two processes: the spawner, which this file becomes, and the door (`kistd door`), which the
 * spawner starts. Neither holds anything that a container needs: end them at any time.
 */
#include "base/error.h"
#include "base/macro.h"
#include "base/options.h"
#include "base/parse.h"
#include "base/program.h"
#include "base/strv.h"
#include "cmd/kistd/door.h"
#include "cmd/kistd/listen.h"
#include "cmd/kistd/spawner.h"
#include "io/root.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/socket.h>

#define FAILED	       1
#define MISUSE	       125
#define LISTEN_DEFAULT "unix://" ROOT_RUN_DEFAULT "/docker.sock"

struct kistd {
	struct strv listen;
	const char *group;
	const char *dir, *run;
	bool version;
};

static const struct option options[] = {
	{"listen", 'H', OPTION_LIST, offsetof(struct kistd, listen), "list",
	 "Sockets to listen at (default \"" LISTEN_DEFAULT
	 "\"; not used with sockets that a service manager hands over)"},
	{"group", 'G', OPTION_STRING, offsetof(struct kistd, group), "string",
	 "Group that may connect as well, by name or number (default root's)"},
	{"root", 0, OPTION_STRING, offsetof(struct kistd, dir), "string",
	 "Folder of images and containers (default \"" ROOT_DIR_DEFAULT "\", $KIST_ROOT)"},
	{"runroot", 0, OPTION_STRING, offsetof(struct kistd, run), "string",
	 "Folder of what does not survive a boot (default \"" ROOT_RUN_DEFAULT
	 "\", $KIST_RUNROOT)"},
	{"version", 'v', OPTION_BOOL, offsetof(struct kistd, version), NULL,
	 "Print version information and quit"},
	{NULL},
};

static const struct program program = {
	.name = "kistd",
	.usage = "[OPTIONS]",
	.summary = "Serve Docker's API for the containers and images of kist",
	.options = options,
};

static void help(void)
{
	(void)printf("Usage:  %s %s\n\n%s\n\nOptions:\n", program.name, program.usage,
		     program.summary);
	options_list(stdout, options);
}

static int fail(const struct error *err)
{
	(void)fprintf(stderr, "kistd: %s\n", err->message ? err->message : "unknown failure");
	return FAILED;
}

/* `kistd door COUNT`, with the descriptors that the spawner gives it. */
static int run_door(const char *count_text)
{
	auto_error err = {0};
	int type = 0;
	socklen_t len = sizeof(type);
	unsigned count;

	if (parse_u32(count_text, 0, DOOR_LISTENERS_MAX, &count) < 0 ||
	    getsockopt(DOOR_CONTROL, SOL_SOCKET, SO_TYPE, &type, &len) < 0 ||
	    type != SOCK_SEQPACKET) {
		(void)fprintf(stderr, "kistd: the door is started by kistd itself\n");
		return MISUSE;
	}
	return door_run(count, &err) < 0 ? fail(&err) : 0;
}

static int open_listeners(const struct kistd *kistd, struct listeners *listeners, struct error *err)
{
	int r = listeners_inherit(listeners, err);

	if (r < 0 || listeners->count > 0)
		return r;
	if (kistd->listen.n == 0)
		return listeners_open(listeners, LISTEN_DEFAULT, kistd->group, err);
	for (size_t i = 0; i < kistd->listen.n && r == 0; i++)
		r = listeners_open(listeners, kistd->listen.v[i], kistd->group, err);
	return r;
}

/* Makes the folders, and says now rather than at each request what is wrong with them. */
static int check_root(const struct kistd *kistd, struct error *err)
{
	auto_root root = {.dir_fd = -EBADF, .run_fd = -EBADF};

	return root_open(kistd->dir, kistd->run, &root, err);
}

static int run(const struct kistd *kistd)
{
	struct listeners listeners = {0};
	struct spawner_config config = {
		.dir = kistd->dir, .run = kistd->run, .listeners = &listeners};
	auto_error err = {0};
	int r;

	r = check_root(kistd, &err);
	if (r == 0)
		r = open_listeners(kistd, &listeners, &err);
	if (r == 0)
		r = spawner_run(&config, &err);
	listeners_release(&listeners);
	return r < 0 ? fail(&err) : 0;
}

int main(int argc, char **argv)
{
	struct kistd kistd = {0};
	int first, status;

	if (argc == 3 && STREQ(argv[1], "door"))
		return run_door(argv[2]);
	if (program_answer(&program, NULL, argc, argv))
		return 0;
	first = options_parse("kistd", options, 0, &kistd, argc, argv);
	if (first == -ECANCELED) {
		help();
		status = 0;
	} else if (first < 0) {
		status = MISUSE;
	} else if (kistd.version) {
		(void)printf("kistd version %s\n", KIST_VERSION);
		status = 0;
	} else if (first != argc) {
		(void)fprintf(stderr,
			      "kistd: '%s': kistd takes options only. See 'kistd --help'.\n",
			      argv[first]);
		status = MISUSE;
	} else {
		status = run(&kistd);
	}
	options_release(options, &kistd);
	return status;
}
