#include "runtime/conceal.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "kern/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>

#define MOUNTINFO_MAX (16 * 1024 * 1024)

/* "\040" and the like, in place. */
static void unescape(char *text)
{
	char *to = text;

	for (const char *from = text; *from; to++) {
		if (from[0] == '\\' && from[1] >= '0' && from[1] <= '3' && from[2] >= '0' &&
		    from[2] <= '7' && from[3] >= '0' && from[3] <= '7') {
			*to = (char)((from[1] - '0') << 6 | (from[2] - '0') << 3 | (from[3] - '0'));
			from += 4;
		} else {
			*to = *from++;
		}
	}
	*to = '\0';
}

/* "36 35 98:0 /root /mount/point options [tags...] - type source options" (proc(5)). */
static char *find_kernel_mount(char *line)
{
	char *type = strstr(line, " - "), *field = line;

	if (!type)
		return NULL;
	type += 3;
	if (strncmp(type, "proc ", 5) != 0 && strncmp(type, "sysfs ", 6) != 0)
		return NULL;
	for (int i = 0; i < 4; i++) {
		field = strchr(field, ' ');
		if (!field)
			return NULL;
		field++;
	}
	field[strcspn(field, " ")] = '\0';
	unescape(field);
	return field;
}

int conceal_find(const char *rootfs, struct strv *ret)
{
	auto_fd int fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	auto_free char *text = NULL;
	size_t below = strlen(rootfs), len;
	char *save = NULL;
	int r;

	r = fd < 0 ? -errno : fd_read_all(fd, MOUNTINFO_MAX, &text, &len);
	if (r < 0)
		return r;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		const char *path = find_kernel_mount(line);

		if (path && !(str_starts(path, rootfs) && (path[below] == '/' || !path[below])))
			strv_add(ret, path);
	}
	return 0;
}

static int cover(const char *path)
{
	auto_fd int tree = -EBADF, target = -EBADF;

	target = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (target < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
	tree = mount_new("tmpfs", "tmpfs", NULL, MOUNT_ATTR_RDONLY, NULL);
	return tree < 0 ? tree : mount_attach(tree, target);
}

int conceal_mounts(char *const *paths)
{
	int r = 0;

	for (; r == 0 && *paths; paths++)
		if (umount2(*paths, MNT_DETACH | UMOUNT_NOFOLLOW) < 0 && errno != ENOENT)
			r = cover(*paths);
	return r;
}
