/*
 * -v and --tmpfs: an accepted mount has an absolute target other than the root, without dots, and
 * a source that is an absolute path or a name without slashes.
 */
#include "base/mem.h"
#include "engine/container/mount.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_path(const char *path)
{
	auto_free char *again = path_clean(path);

	if (!again || strcmp(again, path) != 0 || strstr(path, "/../") || strstr(path, "//"))
		abort();
}

static void check(const struct container_mount *mount)
{
	check_path(mount->target);
	if (strcmp(mount->target, "/") == 0)
		abort();
	if (mount->kind == MOUNT_BIND)
		check_path(mount->source);
	if (mount->kind == MOUNT_VOLUME && mount->source &&
	    (strchr(mount->source, '/') || mount->source[0] == '.'))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *text = mem_strndup((const char *)data, size);
	struct container_mount mount;

	if (container_mount_parse_volume(text, &mount, NULL) == 0) {
		check(&mount);
		container_mount_release(&mount);
	}
	if (container_mount_parse_tmpfs(text, &mount, NULL) == 0) {
		check(&mount);
		container_mount_release(&mount);
	}
	return 0;
}
