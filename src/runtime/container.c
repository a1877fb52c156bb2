#include "runtime/container.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/strv.h"
#include "base/time.h"
#include "codec/json-write.h"
#include "io/atomic-file.h"
#include "kern/cgroup.h"
#include "kern/process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STATE_FILE  "state.json"
#define PID_FILE    "pid"
#define SOCKET_FILE "start"
#define CONFIG_FILE "config.json"
#define STATE_MAX   (1024 * 1024)
#define ID_MAX	    128

static const char *const status_names[] = {
	[CONTAINER_CREATING] = "creating", [CONTAINER_CREATED] = "created",
	[CONTAINER_RUNNING] = "running",   [CONTAINER_PAUSED] = "paused",
	[CONTAINER_STOPPED] = "stopped",
};

const char *container_status_name(enum container_status status)
{
	return status_names[status];
}

/* mkdir -p of a path of the caller's own choosing. */
static int make_parents(const char *path)
{
	auto_free char *copy = mem_strdup(path);

	for (char *at = copy + 1; (at = strchr(at, '/')); at++) {
		*at = '\0';
		if (mkdir(copy, 0700) < 0 && errno != EEXIST)
			return -errno;
		*at = '/';
	}
	return mkdir(copy, 0700) < 0 && errno != EEXIST ? -errno : 0;
}

int container_root_open(const char *path, int *ret, struct error *err)
{
	auto_fd int fd = -EBADF;
	struct stat st;
	int r;

	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT) {
		r = make_parents(path);
		if (r < 0)
			return error_errno(err, r, "make the runtime's root folder %s", path);
		fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	if (fd < 0)
		return error_errno(err, errno, "open the runtime's root folder %s", path);
	if (fstat(fd, &st) < 0)
		return error_errno(err, errno, "look at the runtime's root folder %s", path);
	if (st.st_uid != geteuid())
		return error_set(err, ERROR_DENIED,
				 "the runtime's root folder %s belongs to user %u; choose another "
				 "with --root",
				 path, st.st_uid);
	if (st.st_mode & (S_IWGRP | S_IWOTH) && !(st.st_mode & S_ISVTX))
		return error_set(err, ERROR_DENIED,
				 "others may write to the runtime's root folder %s; run chmod go-w",
				 path);
	*ret = TAKE_FD(fd);
	return 0;
}

int container_check_id(const char *id, struct error *err)
{
	size_t len = strlen(id);
	bool good = len > 0 && len <= ID_MAX && id[0] != '.' && id[0] != '-';

	for (size_t i = 0; good && i < len; i++)
		good = strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-.",
			      id[i]) != NULL;
	if (!good)
		return error_set(err, ERROR_INVALID,
				 "container id \"%.140s\" is invalid: 1 to %d letters, digits and "
				 "_ + - . are allowed, no dot or dash in front",
				 id, ID_MAX);
	return 0;
}

static void write_annotations(struct json_writer *w, const struct json *annotations)
{
	auto_free char *text = annotations ? json_text(annotations) : NULL;

	if (text)
		json_write_raw(w, "annotations", text);
}

static char *record_text(const char *id, const struct container_record *record)
{
	char created[TIME_TEXT_SIZE];
	auto_str text = {0};
	struct json_writer w;

	json_writer_init(&w, &text, 0);
	json_object_begin(&w, NULL);
	json_write_string(&w, "id", id);
	json_write_string(&w, "bundle", record->bundle);
	json_write_string(&w, "rootfs", record->rootfs);
	json_write_string(&w, "cgroup", record->cgroup);
	if (record->config)
		json_write_string(&w, "config", record->config);
	json_write_string(&w, "command", record->command);
	if (record->copy)
		json_write_bool(&w, "saved", true);
	json_write_string(&w, "created", time_format(time_now(), created));
	json_write_string(&w, "owner", geteuid() == 0 ? "root" : "");
	write_annotations(&w, record->annotations);
	json_end(&w);
	return str_take(&text);
}

static int read_members(struct container *container, struct error *err)
{
	const struct json *state = container->state;

	container->bundle = json_get_string(state, "bundle");
	container->rootfs = json_get_string(state, "rootfs");
	container->cgroup = json_get_string(state, "cgroup");
	container->config = json_get_string(state, "config");
	container->command = json_get_string(state, "command");
	container->saved = json_get(state, "saved") != NULL;
	container->created = json_get_string(state, "created");
	container->owner = json_get_string(state, "owner");
	if (!container->bundle || !container->rootfs || !container->command || !container->cgroup ||
	    !container->created || !container->owner)
		return error_set(err, ERROR_CORRUPT,
				 "the state of container %s is damaged; run delete --force",
				 container->id);
	return 0;
}

/* Opens the folder that has just been made, and writes the state into it. */
static int fill(int root_fd, const struct container_record *record, struct container *container,
		struct error *err)
{
	auto_free char *text = record_text(container->id, record);
	auto_fd int fd = -EBADF;
	int r;

	container->dir_fd =
		openat(root_fd, container->id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (container->dir_fd < 0)
		return error_errno(err, errno, "open the folder of container %s", container->id);
	r = json_parse(text, strlen(text), &container->state, NULL);
	if (r == 0) {
		fd = openat(container->dir_fd, STATE_FILE, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
			    0600);
		r = fd < 0 ? -errno : fd_write_full(fd, text, strlen(text));
	}
	if (r == 0 && record->copy)
		r = atomic_write(container->dir_fd, CONFIG_FILE, record->copy, strlen(record->copy),
				 0600, 0);
	if (r < 0)
		return error_errno(err, r, "write the state of container %s", container->id);
	return read_members(container, err);
}

int container_make(int root_fd, const char *id, const struct container_record *record,
		   struct container *ret, struct error *err)
{
	auto_container container = {.dir_fd = -EBADF, .id = mem_strdup(id)};
	int r;

	if (mkdirat(root_fd, id, 0700) < 0) {
		if (errno == EEXIST)
			return error_set(err, ERROR_CONFLICT,
					 "container with given ID already exists: %s", id);
		return error_errno(err, errno, "make the folder of container %s", id);
	}
	r = fill(root_fd, record, &container, err);
	if (r < 0) {
		if (container.dir_fd >= 0)
			(void)unlinkat(container.dir_fd, STATE_FILE, 0);
		(void)unlinkat(root_fd, id, AT_REMOVEDIR);
		return r;
	}
	*ret = container;
	container = (struct container) {.dir_fd = -EBADF};
	return 0;
}

static void read_pid(struct container *container)
{
	auto_free char *text = NULL;
	unsigned long ticks;
	size_t len;
	int pid;

	if (atomic_read(container->dir_fd, PID_FILE, 64, &text, &len) < 0)
		return;
	if (sscanf(text, "%d %lu\n", &pid, &ticks) == 2 && pid > 0) {
		container->pid = pid;
		container->start_ticks = ticks;
	}
}

int container_load(int root_fd, const char *id, struct container *ret, struct error *err)
{
	auto_container container = {.dir_fd = -EBADF, .id = mem_strdup(id)};
	auto_free char *text = NULL;
	size_t len;
	int r;

	r = container_check_id(id, err);
	if (r < 0)
		return r;
	container.dir_fd = openat(root_fd, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (container.dir_fd < 0)
		return errno == ENOENT
			       ? error_set(err, ERROR_NOT_FOUND, "container does not exist: %s", id)
			       : error_errno(err, errno, "open container %s", id);
	r = atomic_read(container.dir_fd, STATE_FILE, STATE_MAX, &text, &len);
	if (r < 0 && r != -ENOENT)
		return error_errno(err, r, "read the state of container %s", id);
	if (r == -ENOENT || json_parse(text, len, &container.state, NULL) < 0)
		return error_set(err, ERROR_CORRUPT,
				 "the state of container %s is damaged; run delete --force", id);
	r = read_members(&container, err);
	if (r < 0)
		return r;
	read_pid(&container);
	*ret = container;
	container = (struct container) {.dir_fd = -EBADF};
	return 0;
}

int container_config(const struct container *container, struct runtime_config *ret,
		     struct error *err)
{
	auto_free char *text = NULL;
	size_t len;
	int r;

	*ret = (struct runtime_config) {0};
	if (!container->saved)
		return 0;
	r = atomic_read(container->dir_fd, CONFIG_FILE, RUNTIME_CONFIG_MAX, &text, &len);
	if (r < 0)
		return error_errno(err, r, "read the configuration of container %s", container->id);
	return runtime_config_parse(text, len, ret, err);
}

int container_write_pid(struct container *container, pid_t pid, struct error *err)
{
	auto_fd int fd = -EBADF;
	char text[64];
	int r;

	/* A process that is gone already keeps its start time while we have not reaped it. */
	r = process_start(pid, &container->start_ticks, NULL);
	if (r < 0)
		return error_errno(err, r, "read when process %d started", pid);
	container->pid = pid;
	(void)snprintf(text, sizeof(text), "%d %" PRIu64 "\n", pid, container->start_ticks);
	fd = openat(container->dir_fd, PID_FILE, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	r = fd < 0 ? -errno : fd_write_full(fd, text, strlen(text));
	if (r < 0)
		return error_errno(err, r, "write the process id of container %s", container->id);
	return 0;
}

enum container_status container_status(const struct container *container)
{
	auto_cgroup cgroup = {0};

	if (container->pid == 0)
		return CONTAINER_CREATING;
	if (process_alive(container->pid, container->start_ticks) != 1)
		return CONTAINER_STOPPED;
	if (faccessat(container->dir_fd, SOCKET_FILE, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return CONTAINER_CREATED;
	if (container_has_cgroup(container) && cgroup_open(container->cgroup, &cgroup) == 0 &&
	    cgroup_frozen(&cgroup) == 1)
		return CONTAINER_PAUSED;
	return CONTAINER_RUNNING;
}

int container_pidfd(const struct container *container, int *ret, struct error *err)
{
	int fd = -ESRCH;

	if (container->pid > 0 && process_alive(container->pid, container->start_ticks) == 1)
		fd = process_open(container->pid, container->start_ticks);
	if (fd == -ESRCH)
		return error_set(err, ERROR_CONFLICT, "container not running: %s", container->id);
	if (fd < 0)
		return error_errno(err, fd, "open process %d", container->pid);
	*ret = fd;
	return 0;
}

void container_write_state(const struct container *container, enum container_status status,
			   pid_t pid, unsigned indent, bool full, struct str *out)
{
	struct json_writer w;

	json_writer_init(&w, out, indent);
	json_object_begin(&w, NULL);
	json_write_string(&w, "ociVersion", RUNTIME_VERSION_SPEC);
	json_write_string(&w, "id", container->id);
	if (full || status != CONTAINER_STOPPED)
		json_write_i64(&w, "pid", status == CONTAINER_STOPPED ? 0 : pid);
	json_write_string(&w, "status", status_names[status]);
	json_write_string(&w, "bundle", container->bundle);
	if (full) {
		json_write_string(&w, "rootfs", container->rootfs);
		json_write_string(&w, "created", container->created);
		json_write_string(&w, "owner", container->owner);
	}
	write_annotations(&w, json_get(container->state, "annotations"));
	json_end(&w);
}

static int list_ids(int root_fd, struct strv *ids)
{
	struct dirent *entry;
	int copy;
	DIR *dir;

	copy = openat(root_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (copy < 0)
		return -errno;
	dir = fdopendir(copy);
	if (!dir)
		return -errno;
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			strv_add(ids, entry->d_name);
	(void)closedir(dir);
	strv_sort(ids);
	return 0;
}

int container_each(int root_fd, int (*each)(struct container *container, void *arg), void *arg,
		   struct error *err)
{
	auto_strv ids = {0};
	int r;

	r = list_ids(root_fd, &ids);
	if (r < 0)
		return error_errno(err, r, "list the containers");
	for (size_t i = 0; r == 0 && i < ids.n; i++) {
		auto_container container = {.dir_fd = -EBADF};

		/* One that disappears meanwhile, or is damaged, does not hide the others. */
		if (container_load(root_fd, ids.v[i], &container, NULL) == 0)
			r = each(&container, arg);
	}
	return r;
}

int container_remove(int root_fd, struct container *container, struct error *err)
{
	static const char *const files[] = {SOCKET_FILE, PID_FILE, STATE_FILE};

	/* One whose state is damaged may have it as well. */
	if ((container->saved || !container->state) &&
	    unlinkat(container->dir_fd, CONFIG_FILE, 0) < 0 && errno != ENOENT)
		return error_errno(err, errno, "remove the configuration of container %s",
				   container->id);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		if (unlinkat(container->dir_fd, files[i], 0) < 0 && errno != ENOENT)
			return error_errno(err, errno, "remove %s of container %s", files[i],
					   container->id);
	if (unlinkat(root_fd, container->id, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return error_errno(err, errno, "remove the folder of container %s", container->id);
	return 0;
}

void container_release(struct container *container)
{
	mem_freep(&container->id);
	json_free(container->state);
	container->state = NULL;
	container->dir_fd = fd_close(container->dir_fd);
}
