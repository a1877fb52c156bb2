#include "volume/volume.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "io/atomic-file.h"
#include "volume/tree-copy.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DATA "_data"

char *volume_path(const struct root *root, const char *name)
{
	return mem_printf("%s/volumes/%s/" DATA, root->dir, name);
}

/* Below @volumes_fd, under @temporary; renamed by the caller. */
static int make(int volumes_fd, const char *temporary, int source_fd)
{
	auto_fd int folder = -EBADF, data = -EBADF;

	folder = directory_open(volumes_fd, temporary, 0701);
	if (folder < 0)
		return folder;
	data = directory_open(folder, DATA, 0755);
	if (data < 0)
		return data;
	if (source_fd >= 0)
		return tree_copy(source_fd, data);
	/* The container's users go there, whatever the umask of who made it. */
	return fchmod(data, 0755) < 0 ? -errno : 0;
}

int volume_ensure(const struct root *root, const char *name, const char *maker, int source_fd,
		  bool *ret_new, struct error *err)
{
	auto_free char *temporary = mem_printf(".%s", maker);
	auto_fd int volumes_fd = -EBADF;
	struct stat st;
	int r;

	volumes_fd = root_dir_open(root, "volumes", err);
	if (volumes_fd < 0)
		return volumes_fd;
	*ret_new = false;
	if (fstatat(volumes_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	r = tree_remove(volumes_fd, temporary);
	if (r == 0)
		r = make(volumes_fd, temporary, source_fd);
	if (r == 0 && renameat2(volumes_fd, temporary, volumes_fd, name, RENAME_NOREPLACE) == 0) {
		*ret_new = true;
		return 0;
	}
	if (r == 0)
		r = -errno;
	(void)!tree_remove(volumes_fd, temporary);
	/* Somebody else made it meanwhile. */
	if (r == -EEXIST)
		return 0;
	return error_errno(err, r, "make volume %s", name);
}

int volume_remove(const struct root *root, const char *name, struct error *err)
{
	auto_fd int volumes_fd = root_dir_open(root, "volumes", err);
	int r;

	if (volumes_fd < 0)
		return volumes_fd;
	r = tree_remove(volumes_fd, name);
	return r < 0 ? error_errno(err, r, "remove volume %s", name) : 0;
}

bool volume_name_valid(const char *name)
{
	size_t len = strlen(name);

	if (len < 2 || len > NAME_MAX || !isalnum((unsigned char)name[0]))
		return false;
	for (; *name; name++)
		if (!isalnum((unsigned char)*name) && !strchr("_.-", *name))
			return false;
	return true;
}

bool volume_exists(const struct root *root, const char *name, int64_t *ret_created)
{
	auto_fd int volumes_fd = -EBADF;
	struct stat st;

	if (!volume_name_valid(name))
		return false;
	volumes_fd = root_dir_open(root, "volumes", NULL);
	if (volumes_fd < 0 || fstatat(volumes_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    !S_ISDIR(st.st_mode))
		return false;
	if (ret_created)
		*ret_created = st.st_mtim.tv_sec * TIME_SECOND + st.st_mtim.tv_nsec;
	return true;
}

int volume_list(const struct root *root, struct strv *ret, struct error *err)
{
	int fd = root_dir_open(root, "volumes", err);
	struct dirent *entry;
	DIR *dir;

	if (fd < 0)
		return fd;
	dir = fdopendir(fd);
	if (!dir) {
		(void)fd_close(fd);
		return error_errno(err, errno, "list the volumes in %s", root->dir);
	}
	/* What is being made begins with a dot, and is no name. */
	while ((entry = readdir(dir)))
		if (volume_name_valid(entry->d_name))
			strv_add(ret, entry->d_name);
	(void)closedir(dir);
	strv_sort(ret);
	return 0;
}

void volume_undo(const struct root *root, const char *maker)
{
	auto_free char *temporary = mem_printf("volumes/.%s", maker);

	(void)!tree_remove(root->dir_fd, temporary);
}
