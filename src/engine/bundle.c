#include "engine/bundle.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "engine/container-record.h"
#include "engine/container-state.h"
#include "engine/root-view.h"
#include "engine/spec-gen.h"
#include "engine/user.h"
#include "network/hosts.h"
#include "network/resolv.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define HOSTNAME_DIGITS 12
#define HOSTNAME_SIZE	65

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

static int choose_hostname(const struct container *container, char *ret, struct error *err)
{
	const struct container_config *config = &container->config;

	if (config->hostname)
		(void)snprintf(ret, HOSTNAME_SIZE, "%s", config->hostname);
	else if (!STREQ(config->network, "host"))
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
	return view_fd < 0 ? view_fd : user_resolve(view_fd, container->config.user, ret, err);
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

static int make_sources(const struct container_config *config, struct error *err)
{
	int r = 0;

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
		       const struct network_attachment *network, int run_fd, struct error *err)
{
	auto_free char *hosts = NULL, *name = NULL;
	int r;

	r = hosts_make(
		&(struct hosts_options) {
			.hostname = hostname,
			.address = network->address,
			.gateway = network->gateway,
			.extra = &container->config.extra_hosts,
		},
		&hosts, err);
	if (r == 0)
		r = hostname_make(hostname, &name, err);
	if (r == 0)
		r = write_text(run_fd, "hosts", hosts, err);
	return r < 0 ? r : write_text(run_fd, "hostname", name, err);
}

static int write_resolv(const struct container *container, const struct network_attachment *network,
			int run_fd, struct error *err)
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
	return r < 0 ? r : write_text(run_fd, "resolv.conf", text, err);
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

int bundle_write(struct engine *engine, const struct container *container,
		 const struct strv *layers, const struct network_attachment *network, int run_fd,
		 struct error *err)
{
	auto_free char *bundle = container_run_folder(engine, container->id);
	char hostname[HOSTNAME_SIZE], netns[64];
	auto_str text = {0};
	struct user user;
	int r;

	/* Ours outlives the start of the runtime; the monitor holds its own from then on. */
	(void)snprintf(netns, sizeof(netns), "/proc/%d/fd/%d", getpid(), network->netns_fd);
	r = choose_hostname(container, hostname, err);
	if (r == 0)
		r = find_user(engine, container, layers, &user, err);
	if (r == 0)
		r = make_sources(&container->config, err);
	if (r == 0)
		r = write_hosts(container, hostname, network, run_fd, err);
	if (r == 0)
		r = write_resolv(container, network, run_fd, err);
	if (r == 0)
		r = write_network_record(network, run_fd, err);
	if (r < 0)
		return r;
	spec_write(
		&(struct spec_input) {
			.engine = engine,
			.container = container,
			.user = &user,
			.bundle = bundle,
			.hostname = hostname,
			.netns_path = network->netns_fd >= 0 ? netns : NULL,
			.host_network = !network->private_netns,
			.swap_limit = container->config.memory > 0 && is_swap_limited(),
		},
		&text);
	return write_file(run_fd, "config.json", text.data, text.len, 0600, err);
}
