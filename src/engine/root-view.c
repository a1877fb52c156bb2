#include "engine/root-view.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#define LAYERS_MAX 512
#define STRING_MAX 255 /* fsconfig takes strings of 256 bytes with the NUL */

struct layer_fds {
	int fds[LAYERS_MAX];
	size_t n;
};

static void layer_fds_release(struct layer_fds *layers)
{
	for (size_t i = 0; i < layers->n; i++)
		(void)fd_close(layers->fds[i]);
}

static int open_layers(const struct strv *paths, struct layer_fds *layers, struct error *err)
{
	if (paths->n == 0 || paths->n > LAYERS_MAX)
		return error_set(err, ERROR_UNSUPPORTED, "an image of %zu layers", paths->n);
	for (size_t i = 0; i < paths->n; i++) {
		int fd = openat(AT_FDCWD, paths->v[i],
				O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		if (fd < 0)
			return error_errno(err, errno, "open layer %s", paths->v[i]);
		layers->fds[layers->n++] = fd;
	}
	return 0;
}

/* Linux 6.5: one layer at a time. -EINVAL before. */
static int add_layers(int context, const struct layer_fds *layers)
{
	for (size_t i = 0; i < layers->n; i++) {
		auto_free char *path = mem_printf("/proc/self/fd/%d", layers->fds[i]);

		if (fsconfig(context, FSCONFIG_SET_STRING, "lowerdir+", path, 0) < 0)
			return -errno;
	}
	return 0;
}

/* Before that: all in one string, kept short by naming descriptors from /proc/self/fd. */
static int set_layers(int context, const struct layer_fds *layers)
{
	auto_str list = {0};

	for (size_t i = 0; i < layers->n; i++)
		str_append_format(&list, "%s%d", i ? ":" : "", layers->fds[i]);
	if (list.len > STRING_MAX)
		return -E2BIG;
	if (fsconfig(context, FSCONFIG_SET_STRING, "lowerdir", str_text(&list), 0) < 0)
		return -errno;
	return 0;
}

static int create(const struct layer_fds *layers, bool one_string)
{
	auto_fd int context = fsopen("overlay", FSOPEN_CLOEXEC);
	auto_fd int here = -EBADF;
	int fd, r;

	if (context < 0)
		return -errno;
	if (!one_string) {
		r = add_layers(context, layers);
		if (r == 0 && fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
			r = -errno;
	} else {
		here = openat(AT_FDCWD, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
		r = chdir("/proc/self/fd") < 0 ? -errno : set_layers(context, layers);
		if (r == 0 && fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
			r = -errno;
		if (here >= 0 && fchdir(here) < 0 && r == 0)
			r = -errno;
	}
	if (r < 0)
		return r;
	fd = fsmount(context, FSMOUNT_CLOEXEC,
		     MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	return fd < 0 ? -errno : fd;
}

int root_view_open(const struct strv *paths, struct error *err)
{
	CLEANUP(layer_fds_release) struct layer_fds layers = {.n = 0};
	int r;

	r = open_layers(paths, &layers, err);
	if (r < 0)
		return r;
	/* One layer is its own view; an overlay wants two. */
	if (layers.n == 1) {
		r = fd_dup(layers.fds[0]);
		return r < 0 ? error_errno(err, r, "open layer %s", paths->v[0]) : r;
	}
	r = create(&layers, false);
	if (r == -EINVAL)
		r = create(&layers, true);
	if (r == -E2BIG)
		return error_set(err, ERROR_UNSUPPORTED,
				 "look into an image of %zu layers: this kernel takes fewer; Linux "
				 "6.5 takes all",
				 layers.n);
	return r < 0 ? error_errno(err, r, "merge the %zu layers of the image", layers.n) : r;
}
