/* The part of the child that becomes the container's process: limits, user, privileges, program. */
#include "runtime/init.h"

#include "base/fd.h"
#include "kern/resolve.h"
#include "kern/seccomp.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/close_range.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PATH_DEFAULT "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
/* Of an image's /etc/passwd no more than this is looked at. */
#define PASSWD_MAX (1024 * 1024)

static int set_rlimits(struct init *init)
{
	for (size_t i = 0; i < init->process->rlimit_count; i++) {
		const struct runtime_rlimit *limit = &init->process->rlimits[i];
		struct rlimit value = {.rlim_cur = limit->soft, .rlim_max = limit->hard};

		if (setrlimit((__rlimit_resource_t)limit->resource, &value) < 0)
			return init_fail(init, INIT_RLIMIT, limit->name, -errno);
	}
	return 0;
}

/* Pipes of the caller's are given to the container's user, who may have to open them again through
 * /proc/self/fd. Never anything else: a device such as /dev/null is the host's. */
static void own_stdio(const struct init *init)
{
	uid_t uid = init->process->user.uid;
	struct stat st;

	for (int fd = 0; fd <= 2; fd++)
		if (fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode) && st.st_uid != uid)
			(void)!fchown(fd, uid, (gid_t)-1);
}

/* Through the container's root, never over a magic link into one of our descriptors
 * (CVE-2024-21626). */
static int change_directory(struct init *init)
{
	auto_fd int root = -EBADF, fd = -EBADF;

	root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return -errno;
	fd = resolve_open(root, init->process->cwd, O_PATH | O_DIRECTORY);
	if (fd < 0)
		return fd;
	if (fchdir(fd) < 0)
		return -errno;
	/* Outside of the root the kernel has no path for it. */
	if (!getcwd(init->path, sizeof(init->path)) || init->path[0] != '/')
		return -EXDEV;
	return 0;
}

static int become_user(struct init *init)
{
	const struct runtime_user *user = &init->process->user;

	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return -errno;
	/* Where setgroups is denied (rootless), there is nothing to drop either. */
	if (syscall(SYS_setgroups, user->group_count, user->groups) < 0 &&
	    !(errno == EPERM && user->group_count == 0 && init->user_namespace))
		return -errno;
	if (syscall(SYS_setresgid, user->gid, user->gid, user->gid) < 0)
		return -errno;
	if (syscall(SYS_setresuid, user->uid, user->uid, user->uid) < 0)
		return -errno;
	return prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) < 0 ? -errno : 0;
}

static int load_filter(struct init *init)
{
	int r;

	if (!init->filter)
		return 0;
	r = seccomp_load_program(init->filter, init->filter_len, init->filter_flags,
				 init->seccomp != NULL);
	if (r < 0)
		return init_fail(init, INIT_SECCOMP, NULL, r);
	return init->seccomp ? init_listener(init, r) : 0;
}

/* Finds the home of @uid in passwd's text: name:password:uid:gid:comment:home:shell. */
static void scan_passwd(char *text, uid_t uid, char *home, size_t size)
{
	char *line = text, *next;

	for (; line && *line; line = next) {
		char *field[6] = {line};
		char *end;

		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		for (size_t i = 1; i < ARRAY_SIZE(field) && field[i - 1]; i++) {
			field[i] = strchr(field[i - 1], ':');
			if (field[i])
				*field[i]++ = '\0';
		}
		if (!field[5] || !*field[2] || strtoul(field[2], &end, 10) != uid || *end)
			continue;
		end = strchr(field[5], ':');
		if (end)
			*end = '\0';
		if (field[5][0] == '/')
			(void)snprintf(home, size, "HOME=%s", field[5]);
		return;
	}
}

/* Looks at the whole lines of @text and moves the rest to its front; returns its length. */
static size_t take_lines(struct init *init, char *text, size_t have, size_t size)
{
	char *last, *rest;

	text[have] = '\0';
	last = strrchr(text, '\n');
	if (!last)
		return have < size - 1 ? have : 0; /* a line too long is no entry */
	rest = last + 1;
	*last = '\0';
	scan_passwd(text, init->process->user.uid, init->home, sizeof(init->home));
	have = (size_t)(text + have - rest);
	memmove(text, rest, have);
	return have;
}

/* HOME, where the caller did not say: what the image's /etc/passwd says, read as the container's
 * user, from a regular file, a bounded part of it. */
static void set_home(struct init *init)
{
	char text[4096];
	auto_fd int root = -EBADF, fd = -EBADF;
	size_t have = 0, total = 0;
	struct stat st;
	ssize_t n = -1;

	if (!init->home_slot)
		return;
	(void)snprintf(init->home, sizeof(init->home), "HOME=/");
	*init->home_slot = init->home;
	root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	fd = root < 0 ? root : resolve_open(root, "etc/passwd", O_RDONLY | O_NONBLOCK | O_NOCTTY);
	/* Profiles made before openat2 refuse that. */
	if (fd == -EPERM && init->filter)
		fd = open("/etc/passwd", O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return;
	while (total < PASSWD_MAX && (n = read(fd, text + have, sizeof(text) - 1 - have)) > 0) {
		have += (size_t)n;
		total += (size_t)n;
		have = take_lines(init, text, have, sizeof(text));
	}
	if (n == 0) {
		/* the last line may end without an end */
		text[have] = '\0';
		scan_passwd(text, init->process->user.uid, init->home, sizeof(init->home));
	}
}

static const char *search_path(char *const *env)
{
	for (; *env; env++)
		if (strncmp(*env, "PATH=", 5) == 0)
			return *env + 5;
	return PATH_DEFAULT;
}

/* Profiles made before faccessat2 refuse it; then the exec itself will say. */
static int check_program(const struct init *init, const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EACCES;
	if (faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) == 0)
		return 0;
	return init->filter && (errno == EPERM || errno == ENOSYS) ? 0 : -errno;
}

/* Puts the path to execute into init->path, as execvp does. */
static int find_program(struct init *init)
{
	const char *name = init->process->args[0];
	const char *path = search_path(init->env);
	int result = -ENOENT;

	if (strchr(name, '/')) {
		if (strlen(name) >= sizeof(init->path))
			return -ENAMETOOLONG;
		memcpy(init->path, name, strlen(name) + 1);
		return check_program(init, name);
	}
	if (*name == '\0')
		return -ENOENT;
	for (;;) {
		size_t len = strcspn(path, ":");
		int n, r;

		n = snprintf(init->path, sizeof(init->path), "%.*s%s%s", (int)len, path,
			     len > 0 ? "/" : "./", name);
		r = n < (int)sizeof(init->path) ? check_program(init, init->path) : -ENAMETOOLONG;
		if (r == 0)
			return 0;
		if (r == -EACCES)
			result = r;
		path += len;
		if (*path++ == '\0')
			return result;
	}
}

int init_check_program(struct init *init)
{
	const char *name = init->process->args[0];
	int r;

	/* Relative to a working directory that is not yet ours. */
	if (strchr(name, '/') && name[0] != '/')
		return 0;
	r = find_program(init);
	if (r == -ENOENT || r == -ENOTDIR || (r == -EACCES && init->process->user.uid == 0))
		return init_fail(init, INIT_FIND, name, r);
	return 0;
}

static int drop_privileges(struct init *init)
{
	const struct runtime_process *process = init->process;
	int r;

	if (process->has_capabilities) {
		r = caps_set_bounding(init->caps.bounding);
		if (r < 0)
			return init_fail(init, INIT_CAPABILITIES, NULL, r);
	}
	/* A filter may only be loaded with CAP_SYS_ADMIN, or by who can gain nothing any more. */
	if (!process->no_new_privileges) {
		r = load_filter(init);
		if (r < 0)
			return r;
	}
	r = become_user(init);
	if (r < 0)
		return init_fail(init, INIT_USER, NULL, r);
	if (process->has_capabilities) {
		r = caps_set(&init->caps);
		if (r < 0)
			return init_fail(init, INIT_CAPABILITIES, NULL, r);
	}
	if (process->no_new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return init_fail(init, INIT_CAPABILITIES, "no_new_privs", -errno);
	return 0;
}

/* The connection to the parent ends with the exec of the program; until then it is open for the
 * trampoline. */
static int execute(struct init *init)
{
	const char *name = init->process->args[0];
	char path[32];
	int r;

	if (fcntl(init->report_fd, F_SETFD, 0) < 0)
		return init_fail(init, INIT_EXEC, name, -errno);
	trampoline_fd_text(init->report_fd, init->trampoline_text);
	init->argv[0] = init->path;
	init->argv[1] = init->trampoline_text;
	(void)execveat(init->trampoline_fd, "", init->argv, init->env, AT_EMPTY_PATH);
	r = -errno;
	/* Only the caller's own seccomp profile can refuse that so; then by the container's /proc,
	 * without which there is no /proc/self/exe to be misled by either. Never directly: the
	 * program or its interpreter could be a link to ourselves (CVE-2019-5736). */
	if (init->filter && (r == -EPERM || r == -ENOSYS)) {
		(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", init->trampoline_fd);
		(void)execve(path, init->argv, init->env);
	}
	return init_fail(init, INIT_EXEC, name, r);
}

int init_process(struct init *init)
{
	const struct runtime_process *process = init->process;
	bool changed;
	int r;

	r = set_rlimits(init);
	if (r == 0)
		r = init_scheduling(init);
	if (r == 0)
		r = init_label(init);
	if (r < 0)
		return r;
	own_stdio(init);
	(void)umask(process->user.has_umask ? process->user.umask : init->umask);
	/* Root may enter what the user may not, and on a network file system the other way round.
	 */
	r = change_directory(init);
	if (r < 0 && r != -EACCES)
		return init_fail(init, INIT_CWD, process->cwd, r);
	changed = r == 0;
	if (syscall(SYS_close_range, 3 + init->preserve_fds, UINT_MAX, CLOSE_RANGE_CLOEXEC) < 0)
		return init_fail(init, INIT_EXEC, "close_range", -errno);
	r = drop_privileges(init);
	if (r < 0)
		return r;
	if (!changed) {
		r = change_directory(init);
		if (r < 0)
			return init_fail(init, INIT_CWD, process->cwd, r);
	}
	set_home(init);
	r = find_program(init);
	if (r < 0)
		return init_fail(init, INIT_FIND, process->args[0], r);
	if (process->no_new_privileges) {
		r = load_filter(init);
		if (r < 0)
			return r;
	}
	/* Programs of the container's, so with no more than the container's privileges. */
	r = init_hooks(init, RUNTIME_HOOK_START_CONTAINER);
	if (r < 0)
		return r;
	if (prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0) < 0)
		return init_fail(init, INIT_EXEC, process->args[0], -errno);
	return execute(init);
}
