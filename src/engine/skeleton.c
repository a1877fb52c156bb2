#include "engine/skeleton.h"

#include "base/fd.h"
#include "base/mem.h"
#include "io/atomic-file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER "skeleton"
/* Made last: where it is, all is. */
#define LAST FOLDER "/etc/resolv.conf"

static const char *const folders[] = {"dev", "proc", "sys", "etc"};
static const char *const files[] = {"hostname", "hosts", "resolv.conf"};

/* A container sees the mode: it must not depend on our umask. */
static int open_folder(int dir_fd, const char *name)
{
	int fd = directory_open(dir_fd, name, 0755);

	if (fd >= 0 && fchmod(fd, 0755) < 0) {
		int r = -errno;

		(void)fd_close(fd);
		return r;
	}
	return fd;
}

static int make_file(int dir_fd, const char *name)
{
	auto_fd int fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);

	return fd < 0 || fchmod(fd, 0644) < 0 ? -errno : 0;
}

/* What programs look at to see that they are in a container, and the list of mounts as it was
 * called before there was a /proc. */
static int make_signs(int base_fd, int etc_fd)
{
	auto_fd int fd =
		openat(base_fd, ".dockerenv", O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0755);

	if (fd < 0 || fchmod(fd, 0755) < 0)
		return -errno;
	return symlinkat("/proc/mounts", etc_fd, "mtab") < 0 && errno != EEXIST ? -errno : 0;
}

/* Step by step in place: two that do it at once do no harm. */
static int make(int dir_fd)
{
	auto_fd int base = open_folder(dir_fd, FOLDER);
	auto_fd int etc = -EBADF;
	int r = 0;

	if (base < 0)
		return base;
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		etc = fd_close(etc);
		etc = open_folder(base, folders[i]);
		if (etc < 0)
			return etc;
	}
	r = make_signs(base, etc);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(files); i++)
		r = make_file(etc, files[i]);
	return r;
}

int skeleton_ensure(const struct engine *engine, char **ret, struct error *err)
{
	int r = 0;

	if (faccessat(engine->root.dir_fd, LAST, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		r = make(engine->root.dir_fd);
	if (r < 0)
		return error_errno(err, r, "make %s/" FOLDER, engine->root.dir);
	*ret = mem_printf("%s/" FOLDER, engine->root.dir);
	return 0;
}
