#include "engine/container/join.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "engine/container/state.h"
#include "kern/mount.h"
#include "kern/process.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define SHM_FOLDER "shm"
/* A container that shares with one that shares with one that … */
#define CHAIN_MAX 8

void container_join_release(struct container_join *join)
{
	join->network_fd = fd_close(join->network_fd);
	join->ipc_fd = fd_close(join->ipc_fd);
	join->pid_fd = fd_close(join->pid_fd);
	mem_freep(&join->shm);
	mem_freep(&join->files);
	mem_freep(&join->hostname);
}

static int name_one(struct engine *engine, char **mode, struct error *err)
{
	const char *peer = container_mode_peer(*mode);
	auto_container other = {0};
	int r;

	if (!peer)
		return 0;
	r = container_find(engine, peer, &other, err);
	if (r < 0)
		return r;
	mem_freep(mode);
	*mode = mem_printf("container:%s", other.id);
	return 0;
}

int container_join_name(struct engine *engine, struct container_config *config, struct error *err)
{
	char **const modes[] = {&config->network, &config->isolation.ipc, &config->isolation.pid};
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(modes); i++)
		r = name_one(engine, modes[i], err);
	return r;
}

/* The running container whose namespace is to be joined. @what is "network", "IPC", "PID". */
static int find_peer(struct engine *engine, const char *id, const char *what, struct container *ret,
		     struct error *err)
{
	auto_container other = {0};
	int r = container_find(engine, id, &other, err);

	if (r < 0)
		return error_prefix(err, "joining %s namespace of container", what);
	if (other.state != CONTAINER_RUNNING)
		return error_set(err, ERROR_CONFLICT,
				 "cannot join %s namespace of a non running container: container "
				 "%s is %s",
				 what, other.name, container_state_name(other.state));
	*ret = other;
	other = (struct container) {0};
	return 0;
}

/* First the namespace, then the look whether the pid still is that process. */
static int open_namespace(const struct container *peer, const char *file, int *ret,
			  struct error *err)
{
	auto_fd int fd = -EBADF;
	char path[64];
	int r;

	(void)snprintf(path, sizeof(path), "/proc/%d/ns/%s", peer->pid, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	r = fd < 0 ? -errno : process_alive(peer->pid, peer->pid_ticks);
	if (r <= 0)
		return error_errno(err, r < 0 ? r : -ESRCH, "open the namespace %s of container %s",
				   file, peer->name);
	*ret = TAKE_FD(fd);
	return 0;
}

static int join_network(struct engine *engine, const char *id, struct container_join *join,
			struct error *err)
{
	auto_container peer = {0};
	int r;

	r = find_peer(engine, id, "network", &peer, err);
	if (r == 0)
		r = open_namespace(&peer, "net", &join->network_fd, err);
	if (r < 0)
		return r;
	/* It may have joined another one itself: the files are those of the last in the chain. */
	for (unsigned i = 0; i < CHAIN_MAX && container_mode_peer(peer.config.network); i++) {
		auto_container next = {0};

		r = container_find(engine, container_mode_peer(peer.config.network), &next, err);
		if (r < 0)
			return r;
		container_release(&peer);
		peer = next;
		next = (struct container) {0};
	}
	join->files = container_folder(engine, peer.id);
	if (peer.config.hostname)
		join->hostname = mem_strdup(peer.config.hostname);
	else if (!STREQ(peer.config.network, "host"))
		join->hostname = mem_printf("%.12s", peer.id);
	return 0;
}

static int not_shareable(const char *id, struct error *err)
{
	return error_set(err, ERROR_INVALID,
			 "failed to join IPC namespace: container %s: non-shareable IPC (hint: use "
			 "IpcMode:shareable for the donor container)",
			 id);
}

static bool mounts_shm(const struct container *container)
{
	for (size_t i = 0; i < container->config.mount_count; i++)
		if (STREQ(container->config.mounts[i].target, "/dev/shm"))
			return true;
	return false;
}

/* Where the /dev/shm of @peer comes from, which again may be another one's. */
static int find_shm(struct engine *engine, const struct container *peer, unsigned depth, char **ret,
		    struct error *err)
{
	const char *ipc = peer->config.isolation.ipc;
	auto_container next = {0};
	auto_free char *run = NULL;
	int r;

	if (!ipc || depth == CHAIN_MAX || (STREQ(ipc, "shareable") && mounts_shm(peer)))
		return not_shareable(peer->id, err);
	if (STREQ(ipc, "host")) {
		*ret = mem_strdup("/dev/shm");
		return 0;
	}
	if (STREQ(ipc, "shareable")) {
		run = container_run_folder(engine, peer->id);
		*ret = mem_printf("%s/" SHM_FOLDER, run);
		return 0;
	}
	if (!container_mode_peer(ipc))
		return not_shareable(peer->id, err);
	r = container_find(engine, container_mode_peer(ipc), &next, err);
	return r < 0 ? r : find_shm(engine, &next, depth + 1, ret, err);
}

static int join_ipc(struct engine *engine, const char *id, struct container_join *join,
		    struct error *err)
{
	auto_container peer = {0};
	int r;

	r = find_peer(engine, id, "IPC", &peer, err);
	if (r == 0)
		r = find_shm(engine, &peer, 0, &join->shm, err);
	return r < 0 ? r : open_namespace(&peer, "ipc", &join->ipc_fd, err);
}

static int join_pid(struct engine *engine, const char *id, struct container_join *join,
		    struct error *err)
{
	auto_container peer = {0};
	int r;

	r = find_peer(engine, id, "PID", &peer, err);
	return r < 0 ? r : open_namespace(&peer, "pid", &join->pid_fd, err);
}

bool container_join_shares(const struct container *container)
{
	const char *ipc = container->config.isolation.ipc;

	return ipc && STREQ(ipc, "shareable") && !mounts_shm(container);
}

static int make_shm(const struct container_isolation *isolation, int run_fd, struct error *err)
{
	auto_free char *size = mem_printf(
		"size=%" PRIu64, isolation->shm_size ? isolation->shm_size : CONTAINER_SHM_SIZE);
	char *const options[] = {(char *)"mode=1777", size, NULL};
	auto_fd int tree = -EBADF, target = -EBADF;
	int r;

	if (mkdirat(run_fd, SHM_FOLDER, 0700) < 0 && errno != EEXIST)
		return error_errno(err, errno, "make the folder of /dev/shm");
	target = openat(run_fd, SHM_FOLDER, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (target < 0)
		return error_errno(err, errno, "open the folder of /dev/shm");
	tree = mount_new("tmpfs", "shm", options,
			 MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, NULL);
	r = tree < 0 ? tree : mount_attach(tree, target);
	return r < 0 ? error_errno(err, r, "mount the shared /dev/shm") : 0;
}

static int open_shm(struct engine *engine, const struct container *container, int run_fd,
		    struct container_join *join, struct error *err)
{
	const struct container_isolation *isolation = &container->config.isolation;
	auto_free char *run = NULL;
	int r;

	if (isolation->ipc && STREQ(isolation->ipc, "host"))
		join->shm = mem_strdup("/dev/shm");
	if (!container_join_shares(container))
		return 0;
	r = make_shm(isolation, run_fd, err);
	if (r < 0)
		return r;
	run = container_run_folder(engine, container->id);
	join->shm = mem_printf("%s/" SHM_FOLDER, run);
	return 0;
}

int container_join_open(struct engine *engine, const struct container *container, int run_fd,
			struct container_join *ret, struct error *err)
{
	const struct container_config *config = &container->config;
	const char *network = container_mode_peer(config->network);
	const char *ipc = container_mode_peer(config->isolation.ipc);
	const char *pid = container_mode_peer(config->isolation.pid);
	auto_container_join join = CONTAINER_JOIN_NONE;
	int r = 0;

	if (network)
		r = join_network(engine, network, &join, err);
	if (r == 0 && ipc)
		r = join_ipc(engine, ipc, &join, err);
	if (r == 0 && pid)
		r = join_pid(engine, pid, &join, err);
	if (r == 0)
		r = open_shm(engine, container, run_fd, &join, err);
	if (r < 0)
		return r;
	*ret = join;
	join = (struct container_join)CONTAINER_JOIN_NONE;
	return 0;
}

void container_join_undo(struct engine *engine, const char *id)
{
	auto_fd int run_fd = container_open_run_folder(engine, id);
	auto_fd int fd = -EBADF;
	char path[32];

	if (run_fd < 0)
		return;
	fd = openat(run_fd, SHM_FOLDER, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return;
	/* What is mounted there, by what was opened; -EINVAL if it is but the folder. */
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	(void)umount2(path, MNT_DETACH);
}
