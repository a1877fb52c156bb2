#include "engine/host-devices.h"

#include "base/fd.h"
#include "base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define ACCESS_ALL "rwm"
#define DEPTH_MAX  16

void host_devices_release(struct host_devices *devices)
{
	for (size_t i = 0; i < devices->n; i++)
		mem_freep(&devices->v[i].path);
	mem_freep(&devices->v);
	devices->n = 0;
}

static bool is_node(const struct stat *st)
{
	return S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode);
}

static int add_node(struct host_devices *devices, const char *path, const struct stat *st,
		    const char *access)
{
	if (devices->n == HOST_DEVICES_MAX)
		return -E2BIG;
	devices->v = mem_resize(devices->v, (devices->n + 1) * sizeof(*devices->v));
	devices->v[devices->n++] = (struct host_device) {
		.path = mem_strdup(path),
		.type = S_ISCHR(st->st_mode) ? 'c' : 'b',
		.major = major(st->st_rdev),
		.minor = minor(st->st_rdev),
		.mode = st->st_mode & 07777,
		.uid = st->st_uid,
		.gid = st->st_gid,
		.access = access,
	};
	return 0;
}

static void close_folder(DIR **folder)
{
	if (*folder)
		(void)closedir(*folder);
}

/* What is below /dev without being devices, or is every container's own. */
static bool is_left_out(const char *name)
{
	static const char *const names[] = {"pts",  "shm",  "fd",    "mqueue",	   "console",
					    "ptmx", ".lxc", ".udev", ".lxd-mounts"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (STREQ(names[i], name))
			return true;
	return STREQ(name, ".") || STREQ(name, "..");
}

/* All nodes below @dir_fd, by their place below @target. What vanishes meanwhile is no error. */
static int add_folder(struct host_devices *devices, int dir_fd, const char *target,
		      const char *access, unsigned depth)
{
	int own_fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CLEANUP(close_folder) DIR *folder = own_fd < 0 ? NULL : fdopendir(own_fd);
	const struct dirent *entry;
	int r = 0;

	if (!folder)
		return -errno;
	while (r == 0 && (entry = readdir(folder))) {
		auto_free char *path = mem_printf("%s/%s", target, entry->d_name);
		auto_fd int fd = -EBADF;
		struct stat st;

		if (is_left_out(entry->d_name) ||
		    fstatat(dirfd(folder), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		if (is_node(&st))
			r = add_node(devices, path, &st, access);
		if (!S_ISDIR(st.st_mode) || depth == DEPTH_MAX)
			continue;
		fd = openat(dirfd(folder), entry->d_name,
			    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd >= 0)
			r = add_folder(devices, fd, path, access, depth + 1);
	}
	return r;
}

/* A node, a symlink to one, or a folder of nodes. */
static int add_device(struct host_devices *devices, const struct container_device *device,
		      const char *access, struct error *err)
{
	auto_fd int fd = open(device->source, O_PATH | O_CLOEXEC);
	size_t before = devices->n;
	struct stat st;
	int r = 0;

	if (fd < 0 || fstat(fd, &st) < 0)
		r = -errno;
	else if (is_node(&st))
		r = add_node(devices, device->target, &st, access);
	else if (S_ISDIR(st.st_mode))
		r = add_folder(devices, fd, device->target, access, 0);
	if (r < 0)
		return error_errno(err, r,
				   "error gathering device information while adding custom device "
				   "\"%s\"",
				   device->source);
	if (devices->n == before)
		return error_set(err, ERROR_INVALID,
				 "error gathering device information while adding custom device "
				 "\"%s\": not a device node",
				 device->source);
	return 0;
}

static int add_all(struct host_devices *devices, struct error *err)
{
	auto_fd int fd = open("/dev", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = fd < 0 ? -errno : add_folder(devices, fd, "/dev", ACCESS_ALL, 0);

	return r < 0 ? error_errno(err, r, "list the devices of this machine") : 0;
}

int host_devices_collect(const struct container_isolation *isolation, struct host_devices *ret,
			 struct error *err)
{
	const struct container_device *wanted = isolation->devices.v;
	auto_host_devices devices = {0};
	int r = isolation->privileged ? add_all(&devices, err) : 0;

	for (size_t i = 0; r == 0 && i < isolation->devices.n; i++) {
		/* There already. */
		if (isolation->privileged && STREQ(wanted[i].source, wanted[i].target))
			continue;
		r = add_device(&devices, &wanted[i],
			       isolation->privileged ? ACCESS_ALL : wanted[i].access, err);
	}
	if (r < 0)
		return r;
	*ret = devices;
	devices = (struct host_devices) {0};
	return 0;
}

int host_device_number(const char *path, unsigned *ret_major, unsigned *ret_minor,
		       struct error *err)
{
	auto_fd int fd = open(path, O_PATH | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return error_errno(err, errno, "look at the device %s", path);
	*ret_major = major(st.st_rdev);
	*ret_minor = minor(st.st_rdev);
	return 0;
}
