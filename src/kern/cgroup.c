#include "kern/cgroup.h"

#include "base/fd.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#define CGROUP_ROOT   "/sys/fs/cgroup"
#define FILE_PATH_MAX (CGROUP_PATH_SIZE + 80)
#define DEPTH_MAX     32
/* cgroup.procs is read in pieces; a number may be cut at the end of one. */
#define PIDS_BUFFER	4096
#define KILL_ROUNDS	32
#define CREATE_ATTEMPTS 20000

static int add_hierarchy(struct cgroup *cgroup, int dir_fd, const char *name)
{
	struct cgroup_hierarchy *hierarchy = &cgroup->hierarchies[cgroup->n];
	auto_fd int fd = -EBADF;
	struct statfs fs;

	fd = openat(dir_fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstatfs(fd, &fs) < 0)
		return 0; /* a symlink such as cpu -> cpu,cpuacct, or gone */
	if (fs.f_type != CGROUP_SUPER_MAGIC && fs.f_type != CGROUP2_SUPER_MAGIC)
		return 0;
	if (cgroup->n == CGROUP_HIERARCHIES_MAX)
		return -E2BIG;
	hierarchy->unified = fs.f_type == CGROUP2_SUPER_MAGIC;
	if (!hierarchy->unified) {
		if (strlen(name) >= sizeof(hierarchy->name))
			return -ENAMETOOLONG;
		(void)strncpy(hierarchy->name, name, sizeof(hierarchy->name) - 1);
	}
	hierarchy->fd = TAKE_FD(fd);
	cgroup->n++;
	return 0;
}

static int find_hierarchies(struct cgroup *cgroup)
{
	auto_fd int root = -EBADF;
	struct dirent *entry;
	struct statfs fs;
	int r = 0;
	DIR *dir;

	root = open(CGROUP_ROOT, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return -errno;
	if (fstatfs(root, &fs) < 0)
		return -errno;
	if (fs.f_type == CGROUP2_SUPER_MAGIC) {
		cgroup->v2 = true;
		cgroup->hierarchies[0].unified = true;
		cgroup->hierarchies[0].fd = TAKE_FD(root);
		cgroup->n = 1;
		return 0;
	}
	dir = fdopendir(root);
	if (!dir)
		return -errno;
	(void)TAKE_FD(root);
	while (r == 0 && (entry = readdir(dir)))
		if (entry->d_name[0] != '.' && entry->d_type != DT_LNK)
			r = add_hierarchy(cgroup, dirfd(dir), entry->d_name);
	(void)closedir(dir);
	if (r < 0)
		return r;
	return cgroup->n > 0 ? 0 : -ENOENT;
}

/* Copies @path in normal form: single slashes, none at either end. */
static int copy_path(const char *path, char *buf)
{
	size_t len = 0;

	while (*path) {
		size_t part;

		while (*path == '/')
			path++;
		part = strcspn(path, "/");
		if (part == 0)
			break;
		if ((part == 1 && path[0] == '.') ||
		    (part == 2 && path[0] == '.' && path[1] == '.'))
			return -EINVAL;
		if (len + part + 2 > CGROUP_PATH_SIZE || part > NAME_MAX)
			return -ENAMETOOLONG;
		if (len > 0)
			buf[len++] = '/';
		memcpy(buf + len, path, part);
		len += part;
		path += part;
	}
	buf[len] = '\0';
	return len > 0 ? 0 : -EINVAL;
}

int cgroup_open(const char *path, struct cgroup *ret)
{
	auto_cgroup cgroup = {0};
	int r;

	r = copy_path(path, cgroup.path);
	if (r < 0)
		return r;
	r = find_hierarchies(&cgroup);
	if (r < 0)
		return r;
	*ret = cgroup;
	cgroup.n = 0;
	return 0;
}

void cgroup_release(struct cgroup *cgroup)
{
	for (size_t i = 0; i < cgroup->n; i++)
		(void)fd_close(cgroup->hierarchies[i].fd);
	cgroup->n = 0;
}

static bool in_list(const char *list, const char *name, char separator)
{
	size_t len = strlen(name);

	for (const char *at = list; (at = strstr(at, name)); at += len)
		if ((at == list || at[-1] == separator) &&
		    (at[len] == '\0' || at[len] == separator || at[len] == '\n'))
			return true;
	return false;
}

static const struct cgroup_hierarchy *find_controller(const struct cgroup *cgroup,
						      const char *controller)
{
	for (size_t i = 0; i < cgroup->n; i++) {
		const struct cgroup_hierarchy *h = &cgroup->hierarchies[i];

		if (cgroup->v2 || (*controller == '\0' && h->unified) ||
		    (*controller && !h->unified && in_list(h->name, controller, ',')))
			return h;
	}
	return NULL;
}

bool cgroup_has(const struct cgroup *cgroup, const char *controller)
{
	char list[256];
	auto_fd int fd = -EBADF;
	ssize_t n;

	if (!cgroup->v2)
		return find_controller(cgroup, controller) != NULL;
	fd = openat(cgroup->hierarchies[0].fd, "cgroup.controllers", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, list, sizeof(list) - 1);
	list[n > 0 ? n : 0] = '\0';
	return in_list(list, controller, ' ');
}

bool cgroup_exists(const struct cgroup *cgroup)
{
	for (size_t i = 0; i < cgroup->n; i++)
		if (faccessat(cgroup->hierarchies[i].fd, cgroup->path, F_OK, 0) == 0)
			return true;
	return false;
}

static int write_text(int dir_fd, const char *path, const char *text)
{
	auto_fd int fd = -EBADF;
	ssize_t n;

	fd = openat(dir_fd, path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	do
		n = write(fd, text, strlen(text));
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

static int read_text(int dir_fd, const char *path, char *buf, size_t size)
{
	auto_fd int fd = -EBADF;
	size_t len = 0;

	fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	while (len < size - 1) {
		ssize_t n = read(fd, buf + len, size - 1 - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		len += (size_t)n;
	}
	buf[len] = '\0';
	return 0;
}

static void file_path(char *buf, const char *directory, const char *file)
{
	(void)snprintf(buf, FILE_PATH_MAX, "%s/%s", directory, file);
}

/* v2: hands every controller that the parent has down to its children. A controller that cannot be
 * handed down (a thread-mode or busy parent) is missed later, by the limit that needs it. */
static void delegate_controllers(int root_fd, const char *parent)
{
	char path[FILE_PATH_MAX], list[256], word[64];
	char *save = NULL;

	file_path(path, *parent ? parent : ".", "cgroup.controllers");
	if (read_text(root_fd, path, list, sizeof(list)) < 0)
		return;
	file_path(path, *parent ? parent : ".", "cgroup.subtree_control");
	for (char *name = strtok_r(list, " \n", &save); name; name = strtok_r(NULL, " \n", &save)) {
		(void)snprintf(word, sizeof(word), "+%s", name);
		(void)!write_text(root_fd, path, word);
	}
}

/* v1: a cpuset without CPUs and nodes takes no process. */
static int inherit_cpuset(int root_fd, const char *path, const char *parent)
{
	static const char *const files[] = {"cpuset.cpus", "cpuset.mems"};
	char name[FILE_PATH_MAX], text[512];
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		file_path(name, path, files[i]);
		r = read_text(root_fd, name, text, sizeof(text));
		if (r < 0 || text[0] > ' ')
			continue; /* set already, or no such file: an option of the mount */
		file_path(name, *parent ? parent : ".", files[i]);
		r = read_text(root_fd, name, text, sizeof(text));
		if (r < 0)
			return r;
		file_path(name, path, files[i]);
		r = write_text(root_fd, name, text);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Whether the parent already hands down what the root of the hierarchy has. */
static bool is_delegated(int root_fd, const char *path)
{
	char name[FILE_PATH_MAX], root_list[256], list[256];

	file_path(name, path, "cgroup.controllers");
	if (read_text(root_fd, "cgroup.controllers", root_list, sizeof(root_list)) < 0 ||
	    read_text(root_fd, name, list, sizeof(list)) < 0)
		return true;
	return strlen(list) >= strlen(root_list);
}

static int make_level(const struct cgroup_hierarchy *hierarchy, const char *path,
		      const char *parent)
{
	if (mkdirat(hierarchy->fd, path, 0755) < 0 && errno != EEXIST)
		return -errno;
	if (in_list(hierarchy->name, "cpuset", ','))
		return inherit_cpuset(hierarchy->fd, path, parent);
	return 0;
}

/* Makes @path and its parents; @delegate hands controllers down on the way. */
static int make_path(const struct cgroup_hierarchy *hierarchy, const char *path, bool delegate)
{
	char level[CGROUP_PATH_SIZE], parent[CGROUP_PATH_SIZE] = "";
	size_t len = 0;
	int r;

	while (path[len]) {
		if (delegate)
			delegate_controllers(hierarchy->fd, parent);
		len += strcspn(path + len + (len > 0), "/") + (len > 0);
		memcpy(level, path, len);
		level[len] = '\0';
		r = make_level(hierarchy, level, parent);
		if (r < 0)
			return r;
		memcpy(parent, level, len + 1);
	}
	return 0;
}

static int try_create_in(const struct cgroup_hierarchy *hierarchy, const char *path, bool *existed)
{
	bool cpuset = in_list(hierarchy->name, "cpuset", ',');
	int r = 0;

	/* The parent is nearly always there. */
	if (mkdirat(hierarchy->fd, path, 0755) < 0) {
		if (errno == EEXIST)
			*existed = true;
		else if (errno == ENOENT)
			r = make_path(hierarchy, path, hierarchy->unified);
		else
			return -errno;
	} else if (cpuset) {
		r = make_path(hierarchy, path, false);
	}
	if (r == 0 && hierarchy->unified && !is_delegated(hierarchy->fd, path))
		r = make_path(hierarchy, path, true);
	return r;
}

static int create_in(const struct cgroup_hierarchy *hierarchy, const char *path, bool *existed)
{
	int r = -ENOENT;

	/* A parent may be removed as empty between its making and ours; while that goes on the
	 * kernel says ENODEV. */
	for (int attempt = 0; (r == -ENOENT || r == -ENODEV) && attempt < CREATE_ATTEMPTS;
	     attempt++)
		r = try_create_in(hierarchy, path, existed);
	return r;
}

int cgroup_create(const struct cgroup *cgroup, bool *ret_existed)
{
	bool existed = false;

	for (size_t i = 0; i < cgroup->n; i++) {
		int r = create_in(&cgroup->hierarchies[i], cgroup->path, &existed);

		if (r < 0) {
			if (!existed)
				(void)!cgroup_remove(cgroup, 0);
			return r;
		}
	}
	if (ret_existed)
		*ret_existed = existed;
	return 0;
}

int cgroup_join(const struct cgroup *cgroup, pid_t pid, bool skip_unified)
{
	char procs[FILE_PATH_MAX], tasks[FILE_PATH_MAX], text[24];

	(void)snprintf(text, sizeof(text), "%d", pid);
	file_path(procs, cgroup->path, "cgroup.procs");
	/* A thread that moves itself takes no lock of the whole machine (5.19); to move a process
	 * waits for an RCU grace period. The caller, here, has one thread: the two are the same. */
	file_path(tasks, cgroup->path, pid == 0 ? "tasks" : "cgroup.procs");
	for (size_t i = 0; i < cgroup->n; i++) {
		bool unified = cgroup->hierarchies[i].unified;
		int r;

		if (skip_unified && unified)
			continue;
		r = write_text(cgroup->hierarchies[i].fd, unified ? procs : tasks, text);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Whether a line of /proc/self/cgroup ("0::/system.slice/x.service") is of a hierarchy in which
 * systemd keeps its units, and names one. */
static bool names_unit(const char *line)
{
	const char *path = strchr(line, ':');

	path = path ? strchr(path + 1, ':') : NULL;
	if (!path || (memcmp(line, "0::", 3) != 0 && !strstr(line, ":name=systemd:")))
		return false;
	return strstr(path, ".service") || strstr(path, ".scope");
}

int cgroup_leave_unit(void)
{
	char text[CGROUP_PATH_SIZE * 2];
	auto_cgroup cgroup = {0};
	char *rest = text, *line;
	bool found = false;
	int r;

	r = read_text(AT_FDCWD, "/proc/self/cgroup", text, sizeof(text));
	if (r < 0)
		return r;
	while (!found && (line = strsep(&rest, "\n")))
		found = names_unit(line);
	if (!found)
		return 0;
	r = find_hierarchies(&cgroup);
	for (size_t i = 0; r == 0 && i < cgroup.n; i++)
		if (cgroup.hierarchies[i].unified || STREQ(cgroup.hierarchies[i].name, "systemd"))
			r = write_text(cgroup.hierarchies[i].fd, "cgroup.procs", "0");
	return r;
}

int cgroup_is_root(const struct cgroup *cgroup, const char *controller)
{
	const struct cgroup_hierarchy *hierarchy = find_controller(cgroup, controller);
	struct stat root, own;

	if (!hierarchy)
		return -ENODEV;
	if (fstat(hierarchy->fd, &root) < 0 ||
	    fstatat(hierarchy->fd, cgroup->path, &own, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	return own.st_dev == root.st_dev && own.st_ino == root.st_ino;
}

int cgroup_unified_fd(const struct cgroup *cgroup)
{
	const struct cgroup_hierarchy *hierarchy = find_controller(cgroup, "");
	int fd;

	if (!hierarchy)
		return -ENOENT;
	fd = openat(hierarchy->fd, cgroup->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int cgroup_write(const struct cgroup *cgroup, const char *controller, const char *file,
		 const char *text)
{
	const struct cgroup_hierarchy *hierarchy = find_controller(cgroup, controller);
	char path[FILE_PATH_MAX];

	assert(!strchr(file, '/'));
	if (!hierarchy)
		return -ENODEV;
	file_path(path, cgroup->path, file);
	return write_text(hierarchy->fd, path, text);
}

int cgroup_read(const struct cgroup *cgroup, const char *controller, const char *file, char *buf,
		size_t size)
{
	const struct cgroup_hierarchy *hierarchy = find_controller(cgroup, controller);
	char path[FILE_PATH_MAX];

	assert(!strchr(file, '/'));
	if (!hierarchy)
		return -ENODEV;
	file_path(path, cgroup->path, file);
	return read_text(hierarchy->fd, path, buf, size);
}

int cgroup_open_file(const struct cgroup *cgroup, const char *controller, const char *file,
		     int flags)
{
	const struct cgroup_hierarchy *hierarchy = find_controller(cgroup, controller);
	char path[FILE_PATH_MAX];
	int fd;

	assert(!strchr(file, '/'));
	if (!hierarchy)
		return -ENODEV;
	file_path(path, cgroup->path, file);
	fd = openat(hierarchy->fd, path, flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* The hierarchy whose lists of processes are believed: the freezer's, because the kill holds them
 * still by it; any other where there is none. */
static const struct cgroup_hierarchy *process_hierarchy(const struct cgroup *cgroup)
{
	const struct cgroup_hierarchy *hierarchy = find_controller(cgroup, "freezer");

	return hierarchy ? hierarchy : &cgroup->hierarchies[0];
}

static int list_pids(int dir_fd, int (*each)(pid_t, void *), void *arg)
{
	char buf[PIDS_BUFFER];
	auto_fd int fd = -EBADF;
	size_t have = 0;
	int r;

	fd = openat(dir_fd, "cgroup.procs", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT || errno == ENODEV ? 0 : -errno;
	for (;;) {
		ssize_t n = read(fd, buf + have, sizeof(buf) - 1 - have);
		char *line = buf, *end;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) /* removed meanwhile, or a threaded cgroup, which owns no process */
			return errno == ENODEV || errno == EOPNOTSUPP ? 0 : -errno;
		if (n == 0)
			return 0;
		buf[have + (size_t)n] = '\0';
		while ((end = strchr(line, '\n'))) {
			/* 0 is a process outside our pid namespace */
			pid_t pid = (pid_t)strtol(line, NULL, 10);

			r = pid > 0 ? each(pid, arg) : 0;
			if (r != 0)
				return r;
			line = end + 1;
		}
		have = strlen(line);
		memmove(buf, line, have);
	}
}

/* Calls @visit for the directory @fd and all below it, parents first. */
static int walk_pids(int fd, int (*each)(pid_t, void *), void *arg, unsigned depth)
{
	struct dirent *entry;
	int r, copy;
	DIR *dir;

	r = list_pids(fd, each, arg);
	if (r != 0 || depth == DEPTH_MAX)
		return r;
	copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (copy < 0)
		return -errno;
	dir = fdopendir(copy);
	if (!dir) {
		(void)fd_close(copy);
		return -ENOMEM;
	}
	while (r == 0 && (entry = readdir(dir))) {
		auto_fd int child = -EBADF;

		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		child = openat(fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (child >= 0)
			r = walk_pids(child, each, arg, depth + 1);
	}
	(void)closedir(dir);
	return r;
}

int cgroup_pids(const struct cgroup *cgroup, int (*each)(pid_t pid, void *arg), void *arg)
{
	auto_fd int fd = -EBADF;

	fd = openat(process_hierarchy(cgroup)->fd, cgroup->path,
		    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	return walk_pids(fd, each, arg, 0);
}

static void sleep_ms(unsigned ms)
{
	struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};

	(void)nanosleep(&time, NULL);
}

int cgroup_frozen(const struct cgroup *cgroup)
{
	char text[512];
	int r;

	if (cgroup->v2) {
		r = cgroup_read(cgroup, "", "cgroup.events", text, sizeof(text));
		return r < 0 ? r : strstr(text, "frozen 1") != NULL;
	}
	r = cgroup_read(cgroup, "freezer", "freezer.state", text, sizeof(text));
	return r < 0 ? r : strncmp(text, "FROZEN", 6) == 0;
}

int cgroup_freeze(const struct cgroup *cgroup, bool frozen)
{
	int r;

	for (unsigned waited = 0;; waited++) {
		/* v1: a process that forks may leave the state at FREEZING until it is set again */
		if (cgroup->v2)
			r = cgroup_write(cgroup, "", "cgroup.freeze", frozen ? "1" : "0");
		else
			r = cgroup_write(cgroup, "freezer", "freezer.state",
					 frozen ? "FROZEN" : "THAWED");
		if (r < 0 || !frozen)
			return r;
		r = cgroup_frozen(cgroup);
		if (r != 0)
			return r < 0 ? r : 0;
		if (waited == 1000)
			return -EBUSY;
		sleep_ms(1);
	}
}

static int kill_one(pid_t pid, void *arg)
{
	unsigned *killed = arg;

	if (kill(pid, SIGKILL) == 0)
		(*killed)++;
	return 0;
}

int cgroup_kill_all(const struct cgroup *cgroup)
{
	bool frozen;
	int r;

	/* The unified hierarchy of a hybrid holds our processes as well, and can kill at once. */
	if (find_controller(cgroup, "")) {
		r = cgroup_write(cgroup, "", "cgroup.kill", "1");
		if (cgroup->v2 && r != -ENOENT)
			return r;
	}
	if (!cgroup_exists(cgroup))
		return 0;
	frozen = cgroup_freeze(cgroup, true) == 0;
	for (unsigned round = 0; round < KILL_ROUNDS; round++) {
		unsigned killed = 0;

		r = cgroup_pids(cgroup, kill_one, &killed);
		/* Held still, one pass reaches all; otherwise until no new one turns up. */
		if (r < 0 || frozen || killed == 0)
			break;
		sleep_ms(1);
	}
	if (!cgroup->v2)
		(void)!cgroup_freeze(cgroup, false);
	return r;
}

int cgroup_oom_count(const struct cgroup *cgroup, uint64_t *ret)
{
	char text[1024];
	const char *at;
	int r;

	r = cgroup_read(cgroup, "memory", cgroup->v2 ? "memory.events" : "memory.oom_control", text,
			sizeof(text));
	if (r == -ENOENT || r == -ENODEV) {
		*ret = 0;
		return 0;
	}
	if (r < 0)
		return r;
	/* "oom_kill 1"; v1 also has "oom_kill_disable 0" */
	at = strstr(text, "oom_kill ");
	*ret = at ? strtoull(at + strlen("oom_kill "), NULL, 10) : 0;
	return 0;
}

/* Removes the directory @name below @dir_fd and what is in it, children first. */
static int remove_tree(int dir_fd, const char *name, unsigned depth)
{
	auto_fd int fd = -EBADF;
	struct dirent *entry;
	int copy;
	DIR *dir;

	if (unlinkat(dir_fd, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	if (errno != EBUSY || depth == DEPTH_MAX)
		return -errno;
	fd = openat(dir_fd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = copy >= 0 ? fdopendir(copy) : NULL;
	if (!dir) {
		(void)fd_close(copy);
		return -ENOMEM;
	}
	while ((entry = readdir(dir)))
		if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
			(void)!remove_tree(fd, entry->d_name, depth + 1);
	(void)closedir(dir);
	return unlinkat(dir_fd, name, AT_REMOVEDIR) < 0 && errno != ENOENT ? -errno : 0;
}

void cgroup_remove_parent(const struct cgroup *cgroup)
{
	const char *slash = strrchr(cgroup->path, '/');
	char parent[CGROUP_PATH_SIZE];

	if (!slash)
		return;
	(void)snprintf(parent, sizeof(parent), "%.*s", (int)(slash - cgroup->path), cgroup->path);
	for (size_t i = 0; i < cgroup->n; i++)
		(void)unlinkat(cgroup->hierarchies[i].fd, parent, AT_REMOVEDIR);
}

int cgroup_remove(const struct cgroup *cgroup, unsigned timeout_ms)
{
	unsigned pause = 1;

	for (unsigned waited = 0;; waited += pause, pause = MIN(pause * 2, 20U)) {
		int result = 0;

		for (size_t i = 0; i < cgroup->n; i++) {
			int r = remove_tree(cgroup->hierarchies[i].fd, cgroup->path, 0);

			if (r < 0)
				result = r;
		}
		if (result != -EBUSY || waited >= timeout_ms)
			return result;
		sleep_ms(pause);
	}
}
