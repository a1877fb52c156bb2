#include "engine/container/create.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "engine/bundle.h"
#include "engine/container/join.h"
#include "engine/container/name.h"
#include "engine/container/operation.h"
#include "engine/container/record.h"
#include "engine/container/remove.h"
#include "engine/container/state.h"
#include "engine/event.h"
#include "engine/host-limits.h"
#include "engine/image-defaults.h"
#include "engine/root-view.h"
#include "engine/runtime-call.h"
#include "io/atomic-file.h"
#include "kern/resolve.h"
#include "spec/capability.h"
#include "store/store.h"
#include "volume/volume.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_ATTEMPTS 32

static const char *const networks[] = {"bridge", "host", "none"};

static int check_network(const struct container_config *config, struct strv *warnings,
			 struct error *err)
{
	if (container_mode_peer(config->network))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(networks); i++) {
		if (!STREQ(config->network, networks[i]))
			continue;
		if (config->port_count > 0 && !STREQ(config->network, "bridge"))
			strv_add_format(warnings,
					"Published ports are discarded when using %s network mode",
					config->network);
		return 0;
	}
	return error_set(err, ERROR_NOT_FOUND, "network %s not found", config->network);
}

/* What will be less than was asked for. */
static void warn_of_isolation(const struct container_isolation *isolation, struct strv *warnings)
{
	uint64_t wanted = container_capabilities(isolation);
	uint64_t lacking = wanted & ~container_capabilities_here(isolation);
	auto_str names = {0};

	for (unsigned i = 0; i < CAPABILITY_COUNT; i++)
		if (lacking & UINT64_C(1) << i)
			str_append_format(&names, "%s%s", names.len ? ", " : "",
					  capability_name(i));
	if (names.len > 0)
		strv_add_format(warnings,
				"This machine does not have all capabilities: the container runs "
				"without %s.",
				str_text(&names));
}

/* Labels are SELinux's: where there is none they mean nothing, as in Docker; where there is, a
 * container does not go without one that was asked for. */
static int check_labels(const struct container_isolation *isolation, struct strv *warnings,
			struct error *err)
{
	bool enabled = isolation->labels.n > 0 &&
		       faccessat(AT_FDCWD, "/sys/fs/selinux/enforce", F_OK, 0) == 0;

	for (size_t i = 0; i < isolation->labels.n; i++) {
		const char *label = isolation->labels.v[i];

		if (STREQ(label, "disable"))
			continue;
		if (enabled)
			return error_set(err, ERROR_UNSUPPORTED,
					 "--security-opt label=%s: SELinux labels are not "
					 "supported",
					 label);
		strv_add_format(warnings,
				"SELinux is not enabled on this machine: label=%s is discarded.",
				label);
	}
	return 0;
}

/* Mounts are made in a namespace of the monitor's: nothing can propagate back to the host. */
static int check_propagation(const struct container_config *config, struct error *err)
{
	for (size_t i = 0; i < config->mount_count; i++)
		if (config->mounts[i].propagation == MOUNT_SHARED ||
		    config->mounts[i].propagation == MOUNT_RSHARED)
			return error_set(err, ERROR_UNSUPPORTED,
					 "mount %s: propagation to the host (%s) is not "
					 "supported; use rslave or rprivate",
					 config->mounts[i].target,
					 mount_propagation_name(config->mounts[i].propagation));
	return 0;
}

/* Everything that needs no trace on the disk. */
static int plan(struct engine *engine, const struct container_config *config,
		struct container *container, struct image *image, struct strv *warnings,
		struct error *err)
{
	auto_free char *runtime = NULL;
	int r;

	r = container_config_check(config, err);
	if (r < 0)
		return r;
	container_config_copy(&container->config, config);
	if (!container->config.network)
		container->config.network = mem_strdup("bridge");
	r = container_join_name(engine, &container->config, err);
	if (r == 0)
		r = check_network(&container->config, warnings, err);
	if (r == 0)
		r = host_limits_adapt(&container->config, warnings, err);
	if (r == 0)
		warn_of_isolation(&container->config.isolation, warnings);
	if (r == 0)
		r = check_labels(&container->config.isolation, warnings, err);
	if (r == 0)
		r = check_propagation(config, err);
	if (r == 0)
		r = bundle_check_sources(config, err);
	if (r == 0)
		r = runtime_path(config, &runtime, err);
	if (r == 0)
		r = store_image_find(&engine->root, config->image, image, err);
	if (r == 0)
		r = image_defaults_apply(container, image, warnings, err);
	if (r == 0)
		r = container_id_make(container->id, err);
	return r;
}

/* The intent names the name before it is taken. */
static int take_name(struct engine *engine, const char *wanted, struct container *container,
		     struct intent *intent, struct error *err)
{
	int r = 0;

	if (wanted) {
		container->name = mem_strdup(wanted);
		return container_name_reserve(engine, wanted, container->id, err);
	}
	for (unsigned attempt = 0; attempt < NAME_ATTEMPTS; attempt++) {
		auto_free char *text = NULL;
		auto_error taken = {0};

		mem_freep(&container->name);
		r = container_name_invent(attempt, &container->name, err);
		if (r < 0)
			return r;
		text = container_operation_text(UNDO_REMOVE_VOLUMES, container->name);
		r = intent_update(intent, text, err);
		if (r < 0)
			return r;
		r = container_name_reserve(engine, container->name, container->id, &taken);
		if (r == 0)
			return 0;
		if (taken.kind != ERROR_CONFLICT || attempt + 1 == NAME_ATTEMPTS)
			return error_move(err, &taken);
	}
	return r;
}

static int make_folders(struct engine *engine, const struct container *container, struct error *err)
{
	auto_free char *path = mem_printf("containers/%s", container->id);
	auto_fd int dir_fd = root_dir_open(&engine->root, path, err);
	auto_fd int run_fd = -EBADF;

	if (dir_fd < 0)
		return dir_fd;
	/* The upper directory is the container's root: its mode is what the container sees. */
	if (mkdirat(dir_fd, "diff", 0755) < 0 || mkdirat(dir_fd, "work", 0700) < 0)
		return error_errno(err, errno, "make the folders of container %.12s in %s",
				   container->id, engine->root.dir);
	if (!container->config.auto_remove)
		return 0;
	run_fd = root_run_open(&engine->root, path, err);
	return run_fd < 0 ? run_fd : 0;
}

static bool has_volumes(const struct container *container)
{
	for (size_t i = 0; i < container->config.mount_count; i++)
		if (container->config.mounts[i].kind == MOUNT_VOLUME)
			return true;
	return false;
}

/* What the image has at the mount's target, if that is a directory. */
static int open_source(const struct container_mount *mount, int view_fd)
{
	if (mount->no_copy)
		return -EBADF;
	return resolve_open(view_fd, mount->target, O_RDONLY | O_DIRECTORY);
}

static int make_volumes(struct engine *engine, struct container *container,
			const struct image *image, struct error *err)
{
	auto_strv layers = {0};
	auto_fd int view_fd = -EBADF;
	bool is_new;
	int r = 0;

	for (size_t i = 0; r >= 0 && i < container->config.mount_count; i++) {
		const struct container_mount *mount = &container->config.mounts[i];
		auto_fd int source_fd = -EBADF;

		if (mount->kind != MOUNT_VOLUME)
			continue;
		if (view_fd < 0) {
			r = store_layer_paths(&engine->root, image, &layers, err);
			if (r < 0)
				break;
			view_fd = root_view_open(&layers, err);
			if (view_fd < 0)
				return view_fd;
		}
		source_fd = open_source(mount, view_fd);
		r = volume_ensure(&engine->root, mount->source, container->id, source_fd, &is_new,
				  err);
	}
	return MIN(r, 0);
}

static int save_record(struct engine *engine, const struct container *container, unsigned flags,
		       struct error *err)
{
	auto_fd int fd = container_exit_folder(engine, container);
	auto_str text = {0};
	int r;

	container_record_write(container, &text);
	if (text.len > RECORD_MAX)
		return error_set(err, ERROR_INVALID,
				 "container %s: its configuration is larger than %d MiB",
				 container->name, RECORD_MAX >> 20);
	r = fd < 0 ? fd : atomic_write(fd, RECORD_FILE, text.data, text.len, 0600, flags);
	return r < 0 ? error_errno(err, r, "write the record of container %s in %s",
				   container->name, engine->root.dir)
		     : 0;
}

int container_record_save(struct engine *engine, const struct container *container,
			  struct error *err)
{
	return save_record(engine, container, container->config.auto_remove ? 0 : ATOMIC_SYNC, err);
}

/* The name of the container's folder is durable only when the folder above it is. */
static int sync_folders(struct engine *engine, struct error *err)
{
	auto_fd int fd = root_dir_open(&engine->root, "containers", err);

	if (fd < 0)
		return fd;
	return fsync(fd) < 0 ? error_errno(err, errno, "sync %s/containers", engine->root.dir) : 0;
}

static int make_all(struct engine *engine, const char *wanted_name, struct container *container,
		    const struct image *image, struct intent *intent, struct error *err)
{
	int r;

	r = take_name(engine, wanted_name, container, intent, err);
	if (r == 0)
		r = make_folders(engine, container, err);
	/* The record says which anonymous volumes go when we die half way. */
	if (r == 0 && has_volumes(container))
		r = save_record(engine, container, 0, err);
	if (r == 0)
		r = make_volumes(engine, container, image, err);
	return r;
}

int container_record_publish(struct engine *engine, const struct container *container,
			     struct error *err)
{
	int r = container_record_save(engine, container, err);

	return r < 0 || container->config.auto_remove ? r : sync_folders(engine, err);
}

/* Takes back what there is, by the code that would do so if we died. */
static void take_back(struct engine *engine, const struct container *container,
		      struct intent *intent)
{
	auto_free char *text = container_operation_text(UNDO_REMOVE_VOLUMES, container->name);

	if (container_undo(engine, container->id, text, NULL) < 0)
		intent_abandon(intent);
	else
		intent_end(intent);
}

static int create(struct engine *engine, const struct container_config *config, int64_t started,
		  struct container *ret, struct intent *ret_intent, struct strv *warnings,
		  struct error *err)
{
	auto_container container = {.created = time_now(), .started = started};
	auto_image image = {0};
	struct intent intent;
	int r;

	r = plan(engine, config, &container, &image, warnings, err);
	if (r < 0)
		return r;
	r = container_operation_try(engine, container.id, UNDO_REMOVE_VOLUMES, config->name,
				    &intent, err);
	if (r < 0)
		return r;
	r = make_all(engine, config->name, &container, &image, &intent, err);
	if (r < 0) {
		take_back(engine, &container, &intent);
		return r;
	}
	*ret_intent = intent;
	*ret = container;
	container = (struct container) {0};
	return 0;
}

int container_create_begin(struct engine *engine, const struct container_config *config,
			   struct container *ret, struct intent *ret_intent, struct strv *warnings,
			   struct error *err)
{
	return create(engine, config, time_now(), ret, ret_intent, warnings, err);
}

int container_create(struct engine *engine, const struct container_config *config,
		     struct container *ret, struct strv *warnings, struct error *err)
{
	auto_container container = {0};
	struct intent intent;
	int r;

	r = create(engine, config, 0, &container, &intent, warnings, err);
	if (r < 0)
		return r;
	r = container_record_publish(engine, &container, err);
	if (r < 0) {
		take_back(engine, &container, &intent);
		return r;
	}
	intent_end(&intent);
	event_container(engine, &container, "create", NULL, 0);
	*ret = container;
	container = (struct container) {0};
	return 0;
}
