#include "engine/bundle.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "engine/container/record.h"
#include "engine/container/state.h"
#include "engine/host-limits.h"
#include "engine/root-view.h"
#include "engine/spec-gen.h"
#include "engine/user.h"
#include "io/spawn.h"
#include "network/hosts.h"
#include "network/resolv.h"
#include "spec/seccomp-profile.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#define HOSTNAME_DIGITS 12
#define HOSTNAME_SIZE	65
#define FD_PATH_SIZE	32

/* Nobody reads it before the runtime does: neither rename nor sync. */
static int write_file(int dir_fd, const char *name, const char *data, size_t len, mode_t mode,
		      struct error *err)
{
	auto_fd int fd =
		openat(dir_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, mode);
	int r = fd < 0 ? -errno : fd_write_full(fd, data, len);

	/* The container's users read it, whatever the umask of who started it. */
	if (r == 0 && fchmod(fd, mode) < 0)
		r = -errno;
	return r < 0 ? error_errno(err, r, "write %s of the container", name) : 0;
}

static int choose_hostname(const struct container *container, const struct container_join *join,
			   char *ret, struct error *err)
{
	const struct container_config *config = &container->config;

	if (config->hostname)
		(void)snprintf(ret, HOSTNAME_SIZE, "%s", config->hostname);
	else if (join->hostname)
		(void)snprintf(ret, HOSTNAME_SIZE, "%s", join->hostname);
	else if (!STREQ(config->network, "host") && !join->files)
		(void)snprintf(ret, HOSTNAME_SIZE, "%.*s", HOSTNAME_DIGITS, container->id);
	else if (gethostname(ret, HOSTNAME_SIZE) < 0)
		return error_errno(err, errno, "get the name of this host");
	ret[HOSTNAME_SIZE - 1] = '\0';
	return 0;
}

/* Whether anything is in its upper directory. */
static bool has_changes(const struct engine *engine, const struct container *container)
{
	auto_fd int fd = container_open_folder(engine, container->id);
	auto_fd int diff =
		fd < 0 ? -EBADF
		       : openat(fd, "diff", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	_Alignas(struct dirent64) char entries[1024];
	ssize_t n;
	int count = 0;

	if (diff < 0)
		return false;
	/* "." and "..", and one more if there is one. */
	n = syscall(SYS_getdents64, diff, entries, sizeof(entries));
	for (ssize_t at = 0; at < n; count++)
		at += ((const struct dirent64 *)(const void *)(entries + at))->d_reclen;
	return count > 2;
}

static int find_user(struct engine *engine, const struct container *container,
		     const struct strv *layers, struct user *ret, struct error *err)
{
	auto_free char *folder = container_folder(engine, container->id);
	auto_fd int view_fd = -EBADF;
	auto_strv all = {0};

	/* A container that ran before may have users of its own. */
	if (has_changes(engine, container))
		strv_add_format(&all, "%s/diff", folder);
	for (size_t i = 0; i < layers->n; i++)
		strv_add(&all, layers->v[i]);
	view_fd = root_view_open(&all, err);
	return view_fd < 0 ? view_fd
			   : user_resolve(view_fd, container->config.user,
					  &container->config.isolation.group_add, ret, err);
}

/* As Docker does for -v: what is missing on the host becomes a directory. */
static int make_source(const char *path, struct error *err)
{
	auto_free char *copy = mem_strdup(path);
	struct stat st;

	if (fstatat(AT_FDCWD, path, &st, 0) == 0)
		return 0;
	for (char *p = strchr(copy + 1, '/');; p = strchr(p + 1, '/')) {
		if (p)
			*p = '\0';
		if (mkdirat(AT_FDCWD, copy, 0755) < 0 && errno != EEXIST)
			return error_errno(err, errno,
					   "mount source %s does not exist and cannot be made a "
					   "directory",
					   path);
		if (!p)
			return 0;
		*p = '/';
	}
}

int bundle_check_sources(const struct container_config *config, struct error *err)
{
	struct stat st;

	for (size_t i = 0; i < config->mount_count; i++) {
		const struct container_mount *mount = &config->mounts[i];

		if (mount->kind == MOUNT_BIND && mount->must_exist &&
		    fstatat(AT_FDCWD, mount->source, &st, 0) < 0)
			return error_set(err, ERROR_INVALID,
					 "invalid mount config for type \"bind\": bind source path "
					 "does not exist: %s",
					 mount->source);
	}
	return 0;
}

static int make_sources(const struct container_config *config, struct error *err)
{
	int r = bundle_check_sources(config, err);

	for (size_t i = 0; r == 0 && i < config->mount_count; i++)
		if (config->mounts[i].kind == MOUNT_BIND)
			r = make_source(config->mounts[i].source, err);
	return r;
}

static int write_text(int dir_fd, const char *name, const char *text, struct error *err)
{
	return write_file(dir_fd, name, text, strlen(text), 0644, err);
}

/* NULL stands for "as the host has it". */
static const struct strv *list_or_null(const struct strv *list)
{
	return list->n ? list : NULL;
}

static int write_hosts(const struct container *container, const char *hostname,
		       const struct network_attachment *network, int dir_fd, struct error *err)
{
	const char *domain = container->config.isolation.domainname;
	auto_free char *base = network->private_netns ? NULL : hosts_read_host();
	auto_free char *hosts = NULL, *name = NULL;
	auto_free char *names =
		domain ? mem_printf("%s.%s", hostname, domain) : mem_strdup(hostname);
	int r;

	r = hosts_make(
		&(struct hosts_options) {
			.base = base,
			.hostname = names,
			.address = network->address,
			.gateway = network->gateway,
			.extra = &container->config.extra_hosts,
		},
		&hosts, err);
	if (r == 0)
		r = hostname_make(hostname, &name, err);
	if (r == 0)
		r = write_text(dir_fd, "hosts", hosts, err);
	return r < 0 ? r : write_text(dir_fd, "hostname", name, err);
}

static int write_resolv(const struct container *container, const struct network_attachment *network,
			int dir_fd, struct error *err)
{
	const struct container_config *config = &container->config;
	auto_free char *host = NULL, *text = NULL;
	int r;

	r = resolv_read_host(&host, err);
	if (r == 0)
		r = resolv_make(host,
				&(struct resolv_options) {
					.servers = list_or_null(&config->dns),
					.search = list_or_null(&config->dns_search),
					.options = list_or_null(&config->dns_options),
					.host_network = !network->private_netns,
				},
				&text, err);
	return r < 0 ? r : write_text(dir_fd, "resolv.conf", text, err);
}

static int write_network_record(const struct network_attachment *network, int run_fd,
				struct error *err)
{
	struct container_network record = {
		.prefix = network->prefix,
		.ports = network->ports,
		.port_count = network->port_count,
	};
	auto_str text = {0};

	memcpy(record.address, network->address, sizeof(record.address));
	memcpy(record.gateway, network->gateway, sizeof(record.gateway));
	memcpy(record.mac, network->mac, sizeof(record.mac));
	memcpy(record.interface, network->interface, sizeof(record.interface));
	container_network_write(&record, &text);
	return write_file(run_fd, NETWORK_FILE, text.data, text.len, 0600, err);
}

static bool is_swap_limited(void)
{
	/* v2 has memory.swap.max wherever the kernel knows swap. */
	return faccessat(AT_FDCWD, "/proc/swaps", R_OK, 0) == 0 &&
	       (faccessat(AT_FDCWD, "/sys/fs/cgroup/cgroup.controllers", F_OK, 0) == 0 ||
		faccessat(AT_FDCWD, "/sys/fs/cgroup/memory/memory.memsw.limit_in_bytes", F_OK, 0) ==
			0);
}

/* hosts, hostname and resolv.conf, unless they are those of the container whose network it is. */
static int write_files(struct engine *engine, const struct container *container,
		       const char *hostname, const struct network_attachment *network,
		       struct error *err)
{
	auto_fd int dir_fd = container_open_folder(engine, container->id);
	int r;

	if (dir_fd < 0)
		return error_errno(err, dir_fd, "open the folder of container %s", container->name);
	r = write_hosts(container, hostname, network, dir_fd, err);
	return r < 0 ? r : write_resolv(container, network, dir_fd, err);
}

/* A profile of the user's own, "" for none, NULL for the default one. */
static int choose_seccomp(const struct container_isolation *isolation, uint64_t capabilities,
			  char **ret, struct error *err)
{
	struct seccomp_target target = {.capabilities = capabilities};
	const char *profile = isolation->seccomp;
	auto_str text = {0};
	struct utsname name;
	int r;

	if (profile ? STREQ(profile, "unconfined") : isolation->privileged) {
		*ret = mem_strdup("");
		return 0;
	}
	if (!profile || STREQ(profile, "builtin"))
		return 0;
	if (uname(&name) < 0 || sscanf(name.release, "%3u.%3u", &target.kernel, &target.major) != 2)
		return error_set(err, ERROR_SYSTEM, "find out the version of the kernel");
	r = seccomp_profile_convert(profile, strlen(profile), &target, &text, err);
	if (r == 0)
		*ret = str_take(&text);
	return r;
}

/* How many CPUs there can be whose thermal_throttle would be seen. */
static unsigned count_thermal_cpus(void)
{
	long cpus;

	if (faccessat(AT_FDCWD, "/sys/devices/system/cpu/cpu0/thermal_throttle", F_OK, 0) < 0)
		return 0;
	cpus = sysconf(_SC_NPROCESSORS_CONF);
	return cpus > 0 ? (unsigned)cpus : 0;
}

/* Docker gives every container 0 unless told otherwise; ours is not to be inherited. */
static bool needs_oom_score(const struct container_isolation *isolation)
{
	auto_fd int fd = -EBADF;
	char text[8] = "";

	if (isolation->oom_score_adj != 0)
		return true;
	fd = open("/proc/self/oom_score_adj", O_RDONLY | O_CLOEXEC);
	return fd >= 0 && read(fd, text, sizeof(text) - 1) > 0 && strtol(text, NULL, 10) != 0;
}

static int choose_init(const struct container_isolation *isolation, char **ret, struct error *err)
{
	int r;

	/* Where it would not be process 1 there is one already. */
	if (!isolation->init || isolation->pid)
		return 0;
	r = program_path("kist-init", ret);
	return r < 0 ? error_errno(err, r, "find kist-init beside our own programs") : 0;
}

/* What the configuration needs to know of this machine and of its neighbours. */
struct facts {
	struct user user;
	struct host_devices devices;
	char *files, *init, *seccomp;
	struct str block_io;
	uint64_t capabilities;
	char hostname[HOSTNAME_SIZE];
	char netns[FD_PATH_SIZE], ipc[FD_PATH_SIZE], pid[FD_PATH_SIZE];
};

static void facts_release(struct facts *facts)
{
	host_devices_release(&facts->devices);
	mem_freep(&facts->files);
	mem_freep(&facts->init);
	mem_freep(&facts->seccomp);
	str_release(&facts->block_io);
}

static int find_facts(struct engine *engine, const struct container *container,
		      const struct strv *layers, const struct container_join *join,
		      struct facts *facts, struct error *err)
{
	const struct container_isolation *isolation = &container->config.isolation;
	int r;

	facts->files =
		join->files ? mem_strdup(join->files) : container_folder(engine, container->id);
	facts->capabilities = container_capabilities_here(isolation);
	r = choose_hostname(container, join, facts->hostname, err);
	if (r == 0)
		r = find_user(engine, container, layers, &facts->user, err);
	if (r == 0)
		r = host_devices_collect(isolation, &facts->devices, err);
	if (r == 0)
		r = host_limits_block_io(isolation, &facts->block_io, err);
	if (r == 0)
		r = choose_seccomp(isolation, facts->capabilities, &facts->seccomp, err);
	return r < 0 ? r : choose_init(isolation, &facts->init, err);
}

/* Ours outlives the start of the runtime. NULL if there is none. */
static const char *fd_path(int fd, char *buf)
{
	if (fd < 0)
		return NULL;
	(void)snprintf(buf, FD_PATH_SIZE, "/proc/%d/fd/%d", getpid(), fd);
	return buf;
}

static int write_config(struct engine *engine, const struct container *container,
			const struct container_join *join, const struct network_attachment *network,
			struct facts *facts, int run_fd, struct error *err)
{
	const struct spec_input input = {
		.engine = engine,
		.container = container,
		.user = &facts->user,
		.files = facts->files,
		.hostname = facts->hostname,
		.netns_path = fd_path(network->netns_fd, facts->netns),
		.host_network = !network->private_netns,
		.ipc_path = fd_path(join->ipc_fd, facts->ipc),
		.pid_path = fd_path(join->pid_fd, facts->pid),
		.shm = join->shm,
		.init = facts->init,
		.capabilities = facts->capabilities,
		.seccomp = facts->seccomp,
		.block_io = facts->block_io.len ? str_text(&facts->block_io) : NULL,
		.devices = &facts->devices,
		.thermal_cpus = count_thermal_cpus(),
		.oom_score_adj = needs_oom_score(&container->config.isolation),
		.swap_limit = container->config.memory > 0 && is_swap_limited(),
	};
	auto_str text = {0};

	spec_write(&input, &text);
	return write_file(run_fd, "config.json", text.data, text.len, 0600, err);
}

int bundle_write(struct engine *engine, const struct container *container,
		 const struct strv *layers, const struct container_join *join,
		 const struct network_attachment *network, int run_fd, struct error *err)
{
	CLEANUP(facts_release) struct facts facts = {0};
	int r;

	r = find_facts(engine, container, layers, join, &facts, err);
	if (r == 0)
		r = make_sources(&container->config, err);
	if (r == 0 && !join->files)
		r = write_files(engine, container, facts.hostname, network, err);
	if (r == 0)
		r = write_network_record(network, run_fd, err);
	return r < 0 ? r : write_config(engine, container, join, network, &facts, run_fd, err);
}
