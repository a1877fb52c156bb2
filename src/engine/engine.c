#include "engine/engine.h"

#include "engine/container/operation.h"
#include "engine/container/remove.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* In the run folder once the containers of earlier boots have been looked through. */
#define SWEPT_FILE "swept"

static int sweep_after_boot(struct engine *engine, struct error *err)
{
	int r;

	if (faccessat(engine->root.run_fd, SWEPT_FILE, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	r = container_sweep(engine, err);
	if (r < 0)
		return r;
	if (mknodat(engine->root.run_fd, SWEPT_FILE, S_IFREG | 0600, 0) < 0 && errno != EEXIST)
		return error_errno(err, errno, "note in %s that old containers are gone",
				   engine->root.run);
	return 0;
}

int engine_open(const char *root, const char *runroot, struct engine *ret, struct error *err)
{
	auto_engine engine = {.root = {.dir_fd = -EBADF, .run_fd = -EBADF}};
	int r;

	r = root_open(root, runroot, &engine.root, err);
	if (r == 0)
		r = container_operation_recover(&engine, err);
	if (r == 0)
		r = sweep_after_boot(&engine, err);
	if (r < 0)
		return r;
	*ret = engine;
	engine = (struct engine) {.root = {.dir_fd = -EBADF, .run_fd = -EBADF}};
	return 0;
}

void engine_close(struct engine *engine)
{
	root_release(&engine->root);
}
