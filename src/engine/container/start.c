#include "engine/container/start.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/time.h"
#include "engine/bundle.h"
#include "engine/container/attach.h"
#include "engine/container/create.h"
#include "engine/container/join.h"
#include "engine/container/load.h"
#include "engine/container/operation.h"
#include "engine/container/remove.h"
#include "engine/container/restart.h"
#include "engine/container/state.h"
#include "engine/event.h"
#include "engine/runtime-call.h"
#include "engine/skeleton.h"
#include "engine/spec-gen.h"
#include "io/spawn.h"
#include "kern/terminal.h"
#include "monitor/client.h"
#include "network/network.h"
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static void add_option(struct strv *args, const char *name, const char *value)
{
	strv_add(args, name);
	strv_add(args, value);
}

static void add_folder_option(struct strv *args, const char *name, const char *folder,
			      const char *file)
{
	strv_add(args, name);
	strv_add_format(args, "%s/%s", folder, file);
}

static int add_cleanup(struct engine *engine, const struct container *container, struct strv *args,
		       struct error *err)
{
	const char *const words[] = {"--root",	       engine->root.dir, "--runroot",
				     engine->root.run, "cleanup",	 container->id};
	auto_free char *self = NULL;
	int r;

	r = program_path("kist", &self);
	if (r < 0)
		return error_errno(err, r, "find the folder of our own programs");
	add_option(args, "--cleanup", self);
	/* With "=": they may begin with dashes. */
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		strv_add_format(args, "--cleanup-arg=%s", words[i]);
	return 0;
}

static int add_layers(struct engine *engine, const struct strv *layers, struct strv *args,
		      struct error *err)
{
	auto_free char *skeleton = NULL;
	int r = skeleton_ensure(engine, &skeleton, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < layers->n; i++)
		add_option(args, "--lower", layers->v[i]);
	add_option(args, "--lower", skeleton);
	return 0;
}

int container_monitor_arguments(struct engine *engine, const struct container *container,
				const struct strv *layers, struct strv *args, struct error *err)
{
	auto_free char *folder = container_folder(engine, container->id);
	auto_free char *bundle = container_run_folder(engine, container->id);
	auto_free char *cgroup = spec_cgroup_path(engine, container);
	auto_free char *attributes = event_container_attributes(container);
	auto_free char *runtime = NULL, *state = runtime_root(engine);
	bool keep = !container->config.auto_remove;
	int r;

	r = runtime_path(&container->config, &runtime, err);
	if (r == 0 && layers)
		r = add_layers(engine, layers, args, err);
	if (r < 0)
		return r;
	add_option(args, "--id", container->id);
	add_option(args, "--bundle", bundle);
	add_option(args, "--runtime", runtime);
	add_option(args, "--runtime-root", state);
	if (layers) {
		add_folder_option(args, "--upper", folder, "diff");
		add_folder_option(args, "--work", folder, "work");
		strv_add(args, "--prepare");
	}
	add_folder_option(args, "--log", folder, "log.json");
	add_folder_option(args, "--exit", keep ? folder : bundle, EXIT_FILE);
	strv_add(args, keep ? "--sync" : "--volatile");
	if (container->config.open_stdin)
		strv_add(args, "--stdin");
	if (container->config.tty)
		strv_add(args, "--terminal");
	add_option(args, "--cgroup", cgroup);
	add_option(args, "--events", engine->root.run);
	strv_add_format(args, "--event-attributes=%s", attributes);
	return add_cleanup(engine, container, args, err);
}

static int start_monitor(struct engine *engine, const char *id, const struct strv *args,
			 const struct network_attachment *network, int *ret_fd, struct error *err)
{
	size_t count = network->held_fd_count + 1 + CONTAINER_WAITING_MAX, n = 0, waiting;
	auto_free struct monitor_fd *fds = mem_zero(count, sizeof(*fds));
	int peers[CONTAINER_WAITING_MAX];
	int r;

	if (network->netns_fd >= 0)
		fds[n++] = (struct monitor_fd) {"--netns-fd", network->netns_fd};
	for (size_t i = 0; i < network->held_fd_count; i++)
		fds[n++] = (struct monitor_fd) {"--hold-fd", network->held_fds[i]};
	waiting = container_attach_collect(engine, id, peers);
	for (size_t i = 0; i < waiting; i++)
		fds[n++] = (struct monitor_fd) {"--peer-fd", peers[i]};
	r = monitor_start(args, fds, n, ret_fd, err);
	for (size_t i = 0; i < waiting; i++)
		(void)fd_close(peers[i]);
	return r;
}

static int layers_of(struct engine *engine, const struct container *container, struct strv *ret,
		     struct error *err)
{
	auto_image image = {0};
	int r;

	r = store_image_find(&engine->root, container->image_id, &image, err);
	return r < 0 ? r : store_layer_paths(&engine->root, &image, ret, err);
}

/* What the last end left on record must not be taken for this run's. */
static int set_exit_aside(struct engine *engine, const struct container *container,
			  struct error *err)
{
	auto_fd int fd = container_exit_folder(engine, container);

	if (fd < 0)
		return error_errno(err, fd, "open the folder of container %s", container->name);
	if (renameat(fd, EXIT_FILE, fd, EXIT_OLD_FILE) < 0 && errno != ENOENT)
		return error_errno(err, errno, "set the last exit record of %s aside",
				   container->name);
	return 0;
}

static void forget_old_exit(struct engine *engine, const struct container *container)
{
	auto_fd int fd = container_exit_folder(engine, container);

	if (fd >= 0)
		(void)unlinkat(fd, EXIT_OLD_FILE, 0);
}

/* A network of its own, or that of another container. */
static int attach_network(struct engine *engine, const struct container *container,
			  struct container_join *join, struct network_attachment *ret,
			  struct error *err)
{
	const bool bridged = STREQ(container->config.network, "bridge");
	const char *mac = container->config.isolation.mac_address;
	uint8_t bytes[6];
	const struct network_request request = {
		.network = container->config.network,
		.mac = mac && mac_parse(mac, bytes) == 0 ? bytes : NULL,
		.container_id = container->id,
		.ports = container->config.ports,
		.port_count = bridged ? container->config.port_count : 0,
	};

	if (join->network_fd < 0)
		return network_attach(&engine->root, &request, ret, err);
	*ret = (struct network_attachment) {
		.netns_fd = TAKE_FD(join->network_fd),
		.private_netns = true,
	};
	return 0;
}

/* Everything is there for the process: the monitor may go on. Where it has failed by itself
 * meanwhile, it has said why before it went. */
static int let_go_on(int fd, const struct container *container,
		     const struct attach_options *options, struct error *err)
{
	auto_error why = {0};
	struct wire_started started;
	int r;

	r = monitor_send(fd, WIRE_LAUNCH, NULL, 0, &why);
	if (r == 0 && options)
		r = attachment_request(fd, options, container->config.open_stdin,
				       container->config.stdin_once, &why);
	if (r == -EPIPE && monitor_await_started(fd, &started, err) < 0)
		return r;
	return r < 0 ? error_move(err, &why) : 0;
}

/* Network, bundle, monitor, process. Everything made here is taken back by the intent. */
static int launch(struct engine *engine, struct container *container, bool is_new,
		  const struct attach_options *options, int *ret_fd, struct error *err)
{
	CLEANUP(network_attachment_release)
	struct network_attachment network = {.netns_fd = -EBADF};
	auto_container_join join = CONTAINER_JOIN_NONE;
	auto_free char *path = mem_printf("containers/%s", container->id);
	auto_fd int run_fd = root_run_open(&engine->root, path, err);
	auto_fd int fd = -EBADF;
	auto_strv layers = {0}, args = {0};
	struct wire_started started;
	int r;

	if (run_fd < 0)
		return run_fd;
	r = layers_of(engine, container, &layers, err);
	if (r == 0)
		r = container_join_open(engine, container, run_fd, &join, err);
	if (r == 0)
		r = attach_network(engine, container, &join, &network, err);
	if (r == 0)
		r = container_monitor_arguments(engine, container, &layers, &args, err);
	if (r == 0)
		r = start_monitor(engine, container->id, &args, &network, &fd, err);
	/* While it mounts the root, we write down what is to run in it. */
	if (r == 0)
		r = bundle_write(engine, container, &layers, &join, &network, run_fd, err);
	if (r == 0)
		r = let_go_on(fd, container, options, err);
	/* While the runtime works, the disk can: nobody needs the record before the commit. */
	if (r == 0 && is_new)
		r = container_record_publish(engine, container, err);
	if (r == 0)
		r = monitor_await_started(fd, &started, err);
	if (r < 0)
		return r;
	container->pid = started.pid;
	container->pid_ticks = started.start_ticks;
	container->started = started.time;
	container->state = CONTAINER_RUNNING;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

/* Up to here the monitor dies with us; from here on it does not. */
static int commit(int fd, bool attached, struct error *err)
{
	int r = 0;

	if (attached)
		r = monitor_send(fd, WIRE_CLEANING, NULL, 0, err);
	return r < 0 ? r : monitor_send(fd, WIRE_COMMIT, NULL, 0, err);
}

static int take_back(struct engine *engine, struct container *container,
		     enum container_undo_kind undo, struct intent *intent, int r)
{
	auto_free char *text = container_operation_text(undo, container->name);

	if (container_undo(engine, container->id, text, NULL) < 0)
		intent_abandon(intent);
	else
		intent_end(intent);
	return r;
}

/* What the terminal is from its first moment on. */
static void note_size(struct container *container, int screen)
{
	struct winsize size;

	if (!container->config.tty || screen < 0 || terminal_get_size(screen, &size) < 0)
		return;
	container->rows = size.ws_row;
	container->columns = size.ws_col;
}

/* @undo is what the open @intent says. */
static int start_in(struct engine *engine, struct container *container,
		    enum container_undo_kind undo, struct intent *intent,
		    const struct attach_options *options, struct attachment *ret_attachment,
		    struct error *err)
{
	auto_fd int fd = -EBADF;
	int r;

	if (options)
		note_size(container, options->screen);
	r = launch(engine, container, undo == UNDO_REMOVE_VOLUMES, options, &fd, err);
	/* Before the commit: its end is told behind it. */
	if (r == 0)
		event_container_started(engine, container, undo == UNDO_REMOVE_VOLUMES);
	if (r == 0)
		r = commit(fd, ret_attachment != NULL, err);
	if (r < 0) {
		/* The monitor ends with this connection, and everything of its with it. */
		fd = fd_close(fd);
		return take_back(engine, container, undo, intent, r);
	}
	forget_old_exit(engine, container);
	intent_end(intent);
	if (ret_attachment)
		*ret_attachment = (struct attachment) {
			.fd = TAKE_FD(fd),
			.waiting_fd = -EBADF,
			.container = container,
			.owner = true,
			.exact = true,
			.tty = container->config.tty,
			.with_stdin = container->config.open_stdin,
			.stdin_once = container->config.stdin_once,
		};
	return 0;
}

int container_run(struct engine *engine, const struct container_config *config,
		  struct container *ret, const struct attach_options *options,
		  struct attachment *ret_attachment, struct strv *warnings, struct error *err)
{
	auto_container container = {0};
	struct intent intent;
	int r;

	r = container_create_begin(engine, config, &container, &intent, warnings, err);
	if (r < 0)
		return r;
	r = start_in(engine, &container, UNDO_REMOVE_VOLUMES, &intent, options, ret_attachment,
		     err);
	if (r < 0)
		return r;
	*ret = container;
	container = (struct container) {0};
	if (ret_attachment)
		ret_attachment->container = ret;
	return 0;
}

static int begin_start(struct engine *engine, struct container *container, bool again,
		       struct intent *intent, struct error *err)
{
	auto_free char *text = container_operation_text(UNDO_START, NULL);
	int r;

	r = container_refresh(engine, container, err);
	if (r < 0)
		return r;
	if (container->state == CONTAINER_RUNNING || (again && !container->restarting))
		return 1;
	if (!again)
		container_restart_reset(engine, container);
	r = intent_update(intent, text, err);
	if (r < 0)
		return r;
	r = set_exit_aside(engine, container, err);
	if (r < 0)
		return r;
	/* On record before it runs: after a power cut it shows as ended, not as never started. */
	container->started = time_now();
	return container_record_save(engine, container, err);
}

static int start(struct engine *engine, struct container *container, bool again,
		 const struct attach_options *options, struct attachment *ret_attachment,
		 struct error *err)
{
	int64_t started = container->started;
	struct intent intent;
	int r;

	r = container_cleanup(engine, container->id, err);
	if (r == 0)
		r = container_operation_begin(engine, container->id, UNDO_CLEAN, NULL, &intent,
					      err);
	if (r < 0)
		return r;
	r = begin_start(engine, container, again, &intent, err);
	if (r > 0) {
		intent_end(&intent);
		return ret_attachment
			       ? container_attach(engine, container, options, ret_attachment, err)
			       : 0;
	}
	if (r < 0)
		return take_back(engine, container, UNDO_START, &intent, r);
	r = start_in(engine, container, UNDO_START, &intent, options, ret_attachment, err);
	if (r < 0) {
		container->started = started;
		(void)!container_record_save(engine, container, NULL);
	}
	return r;
}

int container_start(struct engine *engine, struct container *container,
		    const struct attach_options *options, struct attachment *ret_attachment,
		    struct error *err)
{
	return start(engine, container, false, options, ret_attachment, err);
}

int container_start_again(struct engine *engine, struct container *container, struct error *err)
{
	return start(engine, container, true, NULL, NULL, err);
}
