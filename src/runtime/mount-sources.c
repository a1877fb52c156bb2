#include "runtime/mount-sources.h"

#include "base/fd.h"
#include "base/mem.h"
#include "kern/idmap.h"
#include "kern/mount.h"
#include "runtime/user-namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

/* A namespace with the ids of the mount, or of the container. */
static int open_ids(const struct init *init, const struct runtime_mount *mount, struct error *err)
{
	const struct runtime_config *config = init->config;
	const struct runtime_id_maps *uids = &mount->uid_maps, *gids = &mount->gid_maps;
	auto_str uid_text = {0}, gid_text = {0};
	int fd;

	if (uids->n == 0) {
		uids = &config->uid_maps;
		gids = &config->gid_maps;
	}
	if (uids->n == 0 && init->namespace_fds[RUNTIME_NAMESPACE_USER] >= 0) {
		fd = fcntl(init->namespace_fds[RUNTIME_NAMESPACE_USER], F_DUPFD_CLOEXEC, 3);
		return fd < 0 ? error_errno(err, errno, "copy a descriptor") : fd;
	}
	if (uids->n == 0)
		return error_set(err, ERROR_INVALID,
				 "config: mount %s: idmap needs mappings of its own or a user "
				 "namespace of the container's",
				 mount->destination);
	user_namespace_text(uids, &uid_text);
	user_namespace_text(gids, &gid_text);
	fd = idmap_namespace(str_text(&uid_text), str_text(&gid_text));
	return fd < 0 ? error_errno(err, fd, "make the id mappings of mount %s", mount->destination)
		      : fd;
}

static int map_source(const struct init *init, const struct runtime_mount *mount, int tree,
		      struct error *err)
{
	auto_fd int userns_fd = -EBADF;
	int r;

	if (!mount->idmap)
		return 0;
	userns_fd = open_ids(init, mount, err);
	if (userns_fd < 0)
		return userns_fd;
	r = mount_idmap(tree, userns_fd, mount->idmap_recursive);
	if (r == -EINVAL || r == -EOPNOTSUPP)
		return error_set(err, ERROR_UNSUPPORTED,
				 "mount %s: the file system of %s cannot map ids (idmap)",
				 mount->destination, mount->source);
	return r < 0 ? error_errno(err, r, "map the ids of mount %s", mount->destination) : 0;
}

static int open_source(struct init *init, size_t i, struct error *err)
{
	const struct runtime_mount *mount = &init->config->mounts[i];
	bool private = init->config->rootfs_propagation == MS_PRIVATE;
	auto_fd int tree = -EBADF;
	int r;

	tree = mount_clone_source(mount->source, mount->recursive, mount->nofollow_source);
	if (tree < 0)
		return error_errno(err, tree, "open %s to mount it on %s", mount->source,
				   mount->destination);
	/* As if it had come from the container's own copy of the mounts. */
	r = mount_change(tree, 0, 0, private ? MS_PRIVATE : MS_SLAVE, true);
	if (r < 0)
		return error_errno(err, r, "mount %s", mount->destination);
	r = map_source(init, mount, tree, err);
	if (r < 0)
		return r;
	init->sources[i] = TAKE_FD(tree);
	return 0;
}

static int open_root(struct init *init, struct error *err)
{
	auto_fd int tree = mount_clone_source(init->rootfs, true, false);
	int r;

	if (tree < 0)
		return error_errno(err, tree, "open the root file system %s", init->rootfs);
	r = mount_change(tree, 0, 0, MS_SLAVE, true);
	if (r < 0)
		return error_errno(err, r, "open the root file system %s", init->rootfs);
	init->root_source = TAKE_FD(tree);
	return 0;
}

int mount_sources_open(struct init *init, struct error *err)
{
	const struct runtime_config *config = init->config;
	/* Without privileges nobody but the namespace's root may clone a mount. */
	bool ours = init->user_namespace && geteuid() == 0;
	int r = 0;

	if (ours && config->namespaces[RUNTIME_NAMESPACE_MOUNT].present)
		r = open_root(init, err);
	for (size_t i = 0; r == 0 && i < config->mount_count; i++) {
		const struct runtime_mount *mount = &config->mounts[i];

		if (!mount->bind || (!ours && !mount->idmap))
			continue;
		if (!init->sources) {
			init->sources = mem_zero(config->mount_count, sizeof(*init->sources));
			for (size_t k = 0; k < config->mount_count; k++)
				init->sources[k] = -EBADF;
		}
		if (!mount->copy_symlink)
			r = open_source(init, i, err);
	}
	return r;
}

void mount_sources_close(struct init *init)
{
	init->root_source = fd_close(init->root_source);
	for (size_t i = 0; init->sources && i < init->config->mount_count; i++)
		init->sources[i] = fd_close(init->sources[i]);
	mem_freep(&init->sources);
}
