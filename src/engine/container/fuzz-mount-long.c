/*
 * --mount: one that is accepted has an absolute target that is not the root, a source that fits its
 * kind, and options of a tmpfs that name nothing but what was asked for.
 */
#include "base/mem.h"
#include "engine/container/mount.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(container_mount_release) struct container_mount mount = {0};
	auto_free char *text = mem_strndup((const char *)data, size);

	if (container_mount_parse_long(text, &mount, NULL) < 0)
		return 0;
	if (mount.target[0] != '/' || STREQ(mount.target, "/") || strstr(mount.target, "/../"))
		abort();
	if (mount.kind == MOUNT_BIND && (!mount.source || mount.source[0] != '/'))
		abort();
	if (mount.kind == MOUNT_VOLUME && !mount.source != mount.anonymous)
		abort();
	if (mount.kind == MOUNT_TMPFS &&
	    (mount.source || strspn(mount.options, "abcdefghijklmnopqrstuvwxyz0123456789=,") !=
				     strlen(mount.options)))
		abort();
	if (mount.recursion != MOUNT_RECURSIVE && mount.kind != MOUNT_BIND)
		abort();
	return 0;
}
