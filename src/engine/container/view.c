#include "engine/container/view.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/strv.h"
#include "engine/container/layers.h"
#include "engine/container/operation.h"
#include "io/imsg.h"
#include "kern/mount.h"
#include "kern/overlay.h"
#include "kern/process.h"
#include "kern/resolve.h"
#include "volume/volume.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* What the child says: a tree, an error, or that it needs the right to write. */
enum { VIEW_TREE = 1, VIEW_ERROR, VIEW_INCOMPLETE };

/* Files of the engine's that every container has mounted. */
static const char *const engine_files[] = {"/etc/hosts", "/etc/hostname", "/etc/resolv.conf"};

/* One mount of the container's, to be put in its place. */
struct part {
	const char *target;
	char *source; /* of this machine; NULL: taken from where it is in the container */
	bool read_only;
	int fd; /* the tree */
};

struct builder {
	struct engine *engine;
	const struct container *container;
	bool write;	    /* of a stopped one: its upper directory */
	int process;	    /* pidfd of a running one; -EBADF: it is stopped */
	struct strv layers; /* of a stopped one */
	struct part *parts;
	size_t part_count;
	int root; /* the root's tree, of a running one */
};

/* ---- what belongs to it ---- */

static bool is_configured(const struct container *container, const char *target)
{
	for (size_t i = 0; i < container->config.mount_count; i++)
		if (STREQ(container->config.mounts[i].target, target))
			return true;
	return false;
}

static int depth_of(const char *path)
{
	int depth = 0;

	for (; *path; path++)
		depth += *path == '/';
	return depth;
}

static int by_depth(const void *a, const void *b)
{
	return depth_of(((const struct part *)a)->target) -
	       depth_of(((const struct part *)b)->target);
}

static void add_part(struct builder *builder, const char *target, char *source, bool read_only)
{
	builder->parts[builder->part_count++] = (struct part) {
		.target = target, .source = source, .read_only = read_only, .fd = -EBADF};
}

/* Its volumes, bind mounts and tmpfs; of a running one also what the engine gives everybody. A
 * stopped one has no tmpfs. */
static void plan_parts(struct builder *builder)
{
	const struct container_config *config = &builder->container->config;
	bool running = builder->process >= 0;

	builder->parts =
		mem_zero(config->mount_count + ARRAY_SIZE(engine_files), sizeof(builder->parts[0]));
	for (size_t i = 0; running && i < ARRAY_SIZE(engine_files); i++)
		if (!is_configured(builder->container, engine_files[i]))
			add_part(builder, engine_files[i], NULL, false);
	for (size_t i = 0; i < config->mount_count; i++) {
		const struct container_mount *mount = &config->mounts[i];
		char *source = NULL;

		if (!running && (mount->kind == MOUNT_TMPFS || !mount->source))
			continue;
		if (!running)
			source = mount->kind == MOUNT_VOLUME
					 ? volume_path(&builder->engine->root, mount->source)
					 : mem_strdup(mount->source);
		add_part(builder, mount->target, source, mount->read_only);
	}
	if (builder->part_count > 0)
		qsort(builder->parts, builder->part_count, sizeof(builder->parts[0]), by_depth);
}

/* ---- in the child, in mount namespaces of its own ---- */

/* Copies of what the running container has mounted. A container that has taken a mount away, or put
 * another in its place, shows what is there now: something of its own in any case. */
static int take_from_container(struct builder *builder, struct error *err)
{
	auto_fd int home = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	auto_fd int root = -EBADF;

	if (home < 0)
		return error_errno(err, errno, "open the mount namespace");
	if (setns(builder->process, CLONE_NEWNS) < 0)
		return error_errno(err, errno, "enter the mount namespace");
	root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return error_errno(err, errno, "open its root");
	/* Not what is mounted below: /proc, /sys and /dev are no files of the container's. */
	builder->root = mount_clone(root, "", false);
	if (builder->root < 0)
		return error_errno(err, builder->root, "copy its root");
	for (size_t i = 0; i < builder->part_count; i++) {
		struct part *part = &builder->parts[i];
		auto_fd int place = resolve_open(root, part->target, O_PATH);

		part->fd = place < 0 ? place : mount_clone(place, "", true);
	}
	if (setns(home, CLONE_NEWNS) < 0)
		return error_errno(err, errno, "leave the mount namespace");
	return 0;
}

static int mount_layers(struct builder *builder, int target, struct error *err)
{
	auto_free char *folder = container_folder(builder->engine, builder->container->id);
	auto_free char *upper_path = mem_printf("%s/diff", folder);
	auto_free char *work_path = mem_printf("%s/work", folder);
	int lower[OVERLAY_LOWER_MAX];
	auto_fd int upper = open(upper_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_fd int work = open(work_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct overlay overlay = {.lower = lower, .upper = -EBADF, .work = -EBADF};
	char why[OVERLAY_WHY_SIZE];
	int r;

	if (upper < 0 || work < 0)
		return error_errno(err, errno, "open %s", folder);
	if (builder->layers.n + 1 > OVERLAY_LOWER_MAX)
		return error_set(err, ERROR_UNSUPPORTED, "its image has %zu layers",
				 builder->layers.n);
	/* To read it is one more layer: nothing is to be synced then when the view is closed. */
	if (!builder->write)
		lower[overlay.lower_count++] = upper;
	for (size_t i = 0; i < builder->layers.n; i++) {
		int fd = open(builder->layers.v[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (fd < 0)
			return error_errno(err, errno, "open layer %s", builder->layers.v[i]);
		lower[overlay.lower_count++] = fd;
	}
	if (builder->write) {
		overlay.upper = upper;
		overlay.work = work;
	}
	r = overlay_mount(&overlay, target, why);
	return r < 0 ? error_errno(err, r, "mount its layers%s%s%s", *why ? " (" : "", why,
				   *why ? ")" : "")
		     : 0;
}

/* What the stopped container will have mounted. A source that is not there now is left out. */
static int take_from_machine(struct builder *builder, struct error *err)
{
	for (size_t i = 0; i < builder->part_count; i++) {
		struct part *part = &builder->parts[i];
		int r = 0;

		part->fd = mount_clone(AT_FDCWD, part->source, true);
		if (part->fd >= 0 && part->read_only)
			r = mount_change(part->fd, MOUNT_ATTR_RDONLY, 0, 0, true);
		if (r < 0)
			return error_errno(err, r, "make %s read-only", part->source);
	}
	return 0;
}

/* An O_PATH descriptor of where @part belongs. It is made where it is missing, as a start would;
 * -ENOENT where that may not be. */
static int open_place(const struct builder *builder, int root, const struct part *part)
{
	struct stat st;
	int fd = resolve_open(root, part->target, O_PATH);

	if (fd != -ENOENT || !builder->write)
		return fd;
	if (fstat(part->fd, &st) < 0)
		return -errno;
	return S_ISDIR(st.st_mode) ? resolve_directory(root, part->target, 0755)
				   : resolve_file(root, part->target, 0644);
}

/* 1: a place is missing, and nothing can be made. */
static int attach_parts(struct builder *builder, int root, struct error *err)
{
	for (size_t i = 0; i < builder->part_count; i++) {
		struct part *part = &builder->parts[i];
		auto_fd int place = -EBADF;
		int r;

		if (part->fd < 0)
			continue;
		place = open_place(builder, root, part);
		/* Of a running container it has been taken away. */
		if (place == -ENOENT && builder->process >= 0)
			continue;
		if (place == -ENOENT)
			return 1;
		r = place < 0 ? place : mount_attach(part->fd, place);
		/* A file where a directory should be: something that the container has done. */
		if (r < 0 && r != -ENOTDIR && r != -ELOOP)
			return error_errno(err, r, "mount %s", part->target);
	}
	return 0;
}

/* The whole in its place, in our own mount namespace, and a detached copy of that. */
static int assemble(struct builder *builder, int *ret_tree, struct error *err)
{
	auto_free char *folder = mem_printf("%s/containers", builder->engine->root.dir);
	auto_fd int above = -EBADF, target = -EBADF, root = -EBADF;
	int r;

	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		return error_errno(err, errno, "make a mount namespace");
	r = builder->process >= 0 ? take_from_container(builder, err)
				  : take_from_machine(builder, err);
	if (r < 0)
		return r;
	/* Any folder will do, if it is one of this namespace. */
	above = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	target = above < 0 ? -1
			   : openat(above, builder->container->id,
				    O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (target < 0)
		return error_errno(err, errno, "open %s/%s", folder, builder->container->id);
	if (builder->process >= 0) {
		r = mount_attach(builder->root, target);
		if (r < 0)
			return error_errno(err, r, "mount its root");
	} else {
		r = mount_layers(builder, target, err);
		if (r < 0)
			return r;
	}
	root = openat(above, builder->container->id, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (root < 0)
		return error_errno(err, errno, "open its root");
	r = attach_parts(builder, root, err);
	if (r != 0)
		return r;
	*ret_tree = mount_clone(root, "", true);
	return *ret_tree < 0 ? error_errno(err, *ret_tree, "copy its mounts") : 0;
}

NORETURN static void child_main(struct builder *builder, int fd)
{
	auto_error err = {0};
	int tree = -EBADF, r;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	r = assemble(builder, &tree, &err);
	if (r < 0)
		r = imsg_send(fd, VIEW_ERROR, err.message, strlen(err.message));
	else if (r > 0)
		r = imsg_send(fd, VIEW_INCOMPLETE, NULL, 0);
	else
		r = imsg_send_fd(fd, VIEW_TREE, NULL, 0, tree);
	_exit(r < 0 ? 1 : 0);
}

/* ---- and outside ---- */

/* 0; 1: it can only be built by who may write. */
static int hear(int fd, int *ret_tree, struct error *err)
{
	auto_free struct imsg *message = mem_alloc(sizeof(*message));
	auto_fd int tree = -EBADF;
	int r;

	r = imsg_receive_fd(fd, message, true, &tree);
	if (r <= 0)
		return error_set(err, ERROR_SYSTEM, "the process that mounts it has died");
	if (message->type == VIEW_ERROR)
		return error_set(err, ERROR_SYSTEM, "%s", (const char *)message->data);
	if (message->type == VIEW_INCOMPLETE)
		return 1;
	*ret_tree = TAKE_FD(tree);
	return 0;
}

static int build(struct builder *builder, int *ret_tree, struct error *err)
{
	auto_fd int ours = -EBADF, theirs = -EBADF;
	int pair[2], r;
	pid_t pid;

	r = imsg_pair(pair);
	if (r < 0)
		return error_errno(err, r, "make a socket");
	ours = pair[0];
	theirs = pair[1];
	pid = fork();
	if (pid < 0)
		return error_errno(err, errno, "start a process");
	if (pid == 0)
		child_main(builder, theirs);
	theirs = fd_close(theirs);
	r = hear(ours, ret_tree, err);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return r;
}

static void builder_release(struct builder *builder)
{
	for (size_t i = 0; i < builder->part_count; i++)
		mem_freep(&builder->parts[i].source);
	free(builder->parts);
	strv_release(&builder->layers);
	(void)fd_close(builder->process);
}

/* Nobody starts or removes it while its upper directory is ours. */
static int lock(struct engine *engine, const struct container *container,
		struct container_view *view, struct error *err)
{
	auto_container now = {0};
	int r;

	r = container_operation_begin(engine, container->id, UNDO_CLEAN, NULL, &view->lock, err);
	if (r < 0)
		return r;
	view->locked = true;
	r = container_find(engine, container->id, &now, err);
	if (r == 0 && now.state == CONTAINER_RUNNING)
		r = error_set(err, ERROR_CONFLICT, "it has been started meanwhile");
	return r;
}

static int open_view(struct engine *engine, const struct container *container,
		     enum view_access access, struct container_view *view, struct error *err)
{
	CLEANUP(builder_release)
	struct builder builder = {.engine = engine,
				  .container = container,
				  .write = access == VIEW_WRITE,
				  .process = -EBADF,
				  .root = -EBADF};
	int r = 0;

	if (container->state == CONTAINER_RUNNING) {
		builder.process = process_open(container->pid, container->pid_ticks);
		builder.write = false;
		if (builder.process < 0)
			return error_errno(err, builder.process, "open its process");
	} else {
		r = container_layers(engine, container, &builder.layers, err);
		if (r == 0 && builder.write)
			r = lock(engine, container, view, err);
	}
	if (r < 0)
		return r;
	plan_parts(&builder);
	r = build(&builder, &view->tree_fd, err);
	if (r <= 0)
		return r;
	/* Places of mounts are missing: they are made as a start would make them. */
	builder.write = true;
	r = lock(engine, container, view, err);
	if (r == 0)
		r = build(&builder, &view->tree_fd, err);
	return r > 0 ? error_set(err, ERROR_CONFLICT, "a place to mount on is missing") : r;
}

int container_view_open(struct engine *engine, const struct container *container,
			enum view_access access, struct container_view *ret, struct error *err)
{
	auto_container_view view = CONTAINER_VIEW_NONE;
	int r;

	r = open_view(engine, container, access, &view, err);
	if (r < 0)
		return error_prefix(err, "look into container %s", container->name);
	*ret = view;
	view = CONTAINER_VIEW_NONE;
	return 0;
}

void container_view_close(struct container_view *view)
{
	view->tree_fd = fd_close(view->tree_fd);
	if (view->locked)
		intent_end(&view->lock);
	view->locked = false;
}
