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

int bundle_open(const char *path, struct bundle *ret, struct error *err)
{
	auto_bundle bundle = {0};
	auto_free char *text = NULL;
	auto_fd int dir_fd = -EBADF;
	char absolute[PATH_MAX];
	size_t len;
	int r;

	if (!realpath(path, absolute))
		return error_errno(err, errno, "open the bundle %s", path);
	dir_fd = open(absolute, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd < 0)
		return error_errno(err, errno, "open the bundle %s", path);
	r = atomic_read(dir_fd, "config.json", RUNTIME_CONFIG_MAX, &text, &len);
	if (r < 0)
		return error_errno(err, r, "read %s/config.json", absolute);
	r = runtime_config_parse(text, len, &bundle.config, err);
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
	mem_freep(&bundle->rootfs);
	runtime_config_release(&bundle->config);
}
