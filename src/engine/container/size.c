#include "engine/container/size.h"

#include "base/fd.h"
#include "base/mem.h"
#include "engine/container/state.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Each level holds a descriptor. */
#define DEPTH_MAX 256

struct inodes {
	ino_t *v;
	size_t n, size;
};

/* A file with several names counts once. */
static bool seen_before(struct inodes *inodes, const struct stat *st)
{
	if (S_ISDIR(st->st_mode) || st->st_nlink < 2)
		return false;
	for (size_t i = 0; i < inodes->n; i++)
		if (inodes->v[i] == st->st_ino)
			return true;
	if (inodes->n == inodes->size) {
		inodes->size = inodes->size ? inodes->size * 2 : 64;
		inodes->v = mem_resize(inodes->v, inodes->size * sizeof(inodes->v[0]));
	}
	inodes->v[inodes->n++] = st->st_ino;
	return false;
}

/* Takes @fd over. What goes while we look does not count. */
static int add_directory(int fd, unsigned depth, struct inodes *inodes, uint64_t *total)
{
	struct dirent *entry;
	DIR *dir = fdopendir(fd);
	int r = 0;

	if (!dir) {
		r = -errno;
		(void)fd_close(fd);
		return r;
	}
	while (r == 0 && (entry = readdir(dir))) {
		struct stat st;
		int below;

		if (STREQ(entry->d_name, ".") || STREQ(entry->d_name, "..") ||
		    fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		if (!S_ISDIR(st.st_mode)) {
			*total += seen_before(inodes, &st) ? 0 : (uint64_t)st.st_size;
			continue;
		}
		below = openat(dirfd(dir), entry->d_name,
			       O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (below >= 0 && depth == DEPTH_MAX)
			r = fd_close(below) ? -ELOOP : 0;
		else if (below >= 0)
			r = add_directory(below, depth + 1, inodes, total);
	}
	(void)closedir(dir);
	return r;
}

int container_size(struct engine *engine, const struct container *container, uint64_t *ret,
		   struct error *err)
{
	auto_fd int folder = container_open_folder(engine, container->id);
	struct inodes inodes = {0};
	uint64_t total = 0;
	int fd, r;

	fd = folder < 0 ? -1
			: openat(folder, "diff", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	r = fd < 0 ? -errno : add_directory(fd, 0, &inodes, &total);
	free(inodes.v);
	if (r < 0)
		return error_errno(err, r, "look through what container %s has written",
				   container->name);
	*ret = total;
	return 0;
}
