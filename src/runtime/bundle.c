#include "runtime/bundle.h"

#include "base/fd.h"
#include "base/mem.h"
#include "io/atomic-file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* By way of its folder, so that it is read by descriptor. */
static int read_file(const char *path, char **ret, size_t *ret_len)
{
	auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : fd_read_all(fd, RUNTIME_CONFIG_MAX, ret, ret_len);
}

static int read_config(int dir_fd, const char *path, const char *file, struct bundle *bundle,
		       struct error *err)
{
	auto_free char *text = NULL;
	char absolute[PATH_MAX];
	size_t len;
	int r;

	if (!file) {
		r = atomic_read(dir_fd, "config.json", RUNTIME_CONFIG_MAX, &text, &len);
		if (r < 0)
			return error_errno(err, r, "read %s/config.json", path);
		return runtime_config_parse(text, len, &bundle->config, err);
	}
	if (!realpath(file, absolute))
		return error_errno(err, errno, "read %s", file);
	bundle->file = mem_strdup(absolute);
	r = read_file(absolute, &text, &len);
	if (r < 0)
		return error_errno(err, r, "read %s", file);
	return runtime_config_parse(text, len, &bundle->config, err);
}

int bundle_open(const char *path, const char *file, struct bundle *ret, struct error *err)
{
	auto_bundle bundle = {0};
	auto_fd int dir_fd = -EBADF;
	char absolute[PATH_MAX];
	int r;

	if (!realpath(path, absolute))
		return error_errno(err, errno, "open the bundle %s", path);
	dir_fd = open(absolute, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd < 0)
		return error_errno(err, errno, "open the bundle %s", path);
	r = read_config(dir_fd, absolute, file, &bundle, err);
	if (r < 0)
		return r;
	bundle.path = mem_strdup(absolute);
	if (bundle.config.rootfs[0] == '/')
		bundle.rootfs = mem_strdup(bundle.config.rootfs);
	else
		bundle.rootfs = mem_printf("%s/%s", absolute, bundle.config.rootfs);
	*ret = bundle;
	bundle = (struct bundle) {0};
	return 0;
}

void bundle_release(struct bundle *bundle)
{
	mem_freep(&bundle->path);
	mem_freep(&bundle->file);
	mem_freep(&bundle->rootfs);
	runtime_config_release(&bundle->config);
}
