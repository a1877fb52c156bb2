#include "engine/spec-gen.h"

#include "base/mem.h"
#include "base/strv.h"
#include "codec/json-write.h"
#include "spec/defaults.h"
#include "spec/seccomp-default.h"
#include "volume/volume.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define PATH_DEFAULT "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define CPU_PERIOD   100000
#define CPU_NANO     INT64_C(1000000000)

/* The files that the engine makes for every container, and where they go. */
static const struct {
	const char *name;
	const char *target;
} engine_files[] = {
	{"resolv.conf", "/etc/resolv.conf"},
	{"hostname", "/etc/hostname"},
	{"hosts", "/etc/hosts"},
};

char *spec_cgroup_path(const struct engine *engine, const struct container *container)
{
	const char *parent = container->config.cgroup_parent;

	if (!parent)
		parent = engine->root.tag;
	parent += strspn(parent, "/");
	return mem_printf("/%s%s%s", parent, parent[strlen(parent) - 1] == '/' ? "" : "/",
			  container->id);
}

static const struct container_mount *mount_at(const struct container_config *config,
					      const char *target)
{
	for (size_t i = 0; i < config->mount_count; i++)
		if (STREQ(config->mounts[i].target, target))
			return &config->mounts[i];
	return NULL;
}

/* Docker's order of precedence: its own, the image's, the user's; HOME only if nobody gave one. */
static void write_env(struct json_writer *w, const struct spec_input *input)
{
	auto_free char *home = mem_printf("HOME=%s", input->user->home);
	const struct strv *env = &input->container->config.env;
	bool has_home = false;
	auto_strv all = {0};

	strv_add(&all, PATH_DEFAULT);
	strv_add_format(&all, "HOSTNAME=%s", input->hostname);
	if (input->container->config.tty)
		strv_add(&all, "TERM=xterm");
	for (size_t i = 0; i < env->n; i++) {
		strv_set_pair(&all, env->v[i]);
		has_home |= strncmp(env->v[i], "HOME=", 5) == 0;
	}
	if (!has_home)
		strv_set_pair(&all, home);
	json_write_strings(w, "env", strv_argv(&all));
}

static void write_process(struct json_writer *w, const struct spec_input *input)
{
	const struct container_config *config = &input->container->config;
	auto_strv argv = {0};

	container_argv(input->container, &argv);
	json_object_begin(w, "process");
	json_write_bool(w, "terminal", config->tty);
	if (config->tty && input->container->rows > 0) {
		json_object_begin(w, "consoleSize");
		json_write_u64(w, "height", input->container->rows);
		json_write_u64(w, "width", input->container->columns);
		json_end(w);
	}
	json_object_begin(w, "user");
	json_write_u64(w, "uid", input->user->uid);
	json_write_u64(w, "gid", input->user->gid);
	json_array_begin(w, "additionalGids");
	for (uint32_t i = 0; i < input->user->group_count; i++)
		json_write_u64(w, NULL, input->user->groups[i]);
	json_end(w);
	json_end(w);
	json_write_strings(w, "args", strv_argv(&argv));
	write_env(w, input);
	json_write_string(w, "cwd", config->working_dir ? config->working_dir : "/");
	defaults_write_capabilities(w, "capabilities", DEFAULTS_CAPABILITIES);
	json_end(w);
}

static void write_bind(struct json_writer *w, const char *source, const char *target,
		       bool read_only, enum mount_propagation propagation)
{
	json_object_begin(w, NULL);
	json_write_string(w, "destination", target);
	json_write_string(w, "type", "bind");
	json_write_string(w, "source", source);
	json_array_begin(w, "options");
	json_write_string(w, NULL, "rbind");
	json_write_string(w, NULL, read_only ? "ro" : "rw");
	json_write_string(w, NULL, mount_propagation_name(propagation));
	json_end(w);
	json_end(w);
}

static void write_tmpfs(struct json_writer *w, const struct container_mount *mount)
{
	auto_free char *options = mem_strdup(mount->options ? mount->options : "");
	char *state = NULL;

	json_object_begin(w, NULL);
	json_write_string(w, "destination", mount->target);
	json_write_string(w, "type", "tmpfs");
	json_write_string(w, "source", "tmpfs");
	json_array_begin(w, "options");
	json_write_string(w, NULL, "noexec");
	json_write_string(w, NULL, "nosuid");
	json_write_string(w, NULL, "nodev");
	for (char *o = strtok_r(options, ",", &state); o; o = strtok_r(NULL, ",", &state))
		json_write_string(w, NULL, o);
	json_end(w);
	json_end(w);
}

static void write_mount(struct json_writer *w, const struct spec_input *input,
			const struct container_mount *mount)
{
	auto_free char *path = NULL;

	switch (mount->kind) {
	case MOUNT_TMPFS:
		write_tmpfs(w, mount);
		break;
	case MOUNT_VOLUME:
		path = volume_path(&input->engine->root, mount->source);
		write_bind(w, path, mount->target, mount->read_only, mount->propagation);
		break;
	case MOUNT_BIND:
		write_bind(w, mount->source, mount->target, mount->read_only, mount->propagation);
		break;
	}
}

static size_t depth_of(const char *path)
{
	size_t depth = 0;

	for (; *path; path++)
		depth += *path == '/';
	return depth;
}

/* A mount below another's target comes after it. */
static int by_depth(const void *a, const void *b)
{
	const struct container_mount *x = *(const struct container_mount *const *)a;
	const struct container_mount *y = *(const struct container_mount *const *)b;
	size_t dx = depth_of(x->target), dy = depth_of(y->target);

	if (dx != dy)
		return dx < dy ? -1 : 1;
	return x < y ? -1 : x > y;
}

static void write_mounts(struct json_writer *w, const struct spec_input *input)
{
	const struct container_config *config = &input->container->config;
	auto_free const struct container_mount **sorted =
		mem_zero(config->mount_count + 1, sizeof(*sorted));

	json_array_begin(w, "mounts");
	for (const struct defaults_mount *m = defaults_mounts; m->destination; m++)
		if (!mount_at(config, m->destination))
			defaults_write_mount(w, m);
	for (size_t i = 0; i < ARRAY_SIZE(engine_files); i++) {
		auto_free char *path = mem_printf("%s/%s", input->bundle, engine_files[i].name);

		if (!mount_at(config, engine_files[i].target))
			write_bind(w, path, engine_files[i].target, false, MOUNT_RPRIVATE);
	}
	for (size_t i = 0; i < config->mount_count; i++)
		sorted[i] = &config->mounts[i];
	qsort(sorted, config->mount_count, sizeof(*sorted), by_depth);
	for (size_t i = 0; i < config->mount_count; i++)
		write_mount(w, input, sorted[i]);
	json_end(w);
}

static void write_namespace(struct json_writer *w, const char *type, const char *path)
{
	json_object_begin(w, NULL);
	json_write_string(w, "type", type);
	if (path)
		json_write_string(w, "path", path);
	json_end(w);
}

static void write_namespaces(struct json_writer *w, const struct spec_input *input)
{
	json_array_begin(w, "namespaces");
	write_namespace(w, "mount", NULL);
	write_namespace(w, "uts", NULL);
	write_namespace(w, "pid", NULL);
	write_namespace(w, "ipc", NULL);
	write_namespace(w, "cgroup", NULL);
	if (!input->host_network)
		write_namespace(w, "network", input->netns_path);
	json_end(w);
}

static void write_memory(struct json_writer *w, const struct spec_input *input)
{
	const struct container_config *config = &input->container->config;
	int64_t memory = (int64_t)config->memory;
	int64_t swap = config->memory_swap;

	if (memory == 0)
		return;
	if (swap == 0)
		swap = memory > INT64_MAX / 2 ? -1 : 2 * memory;
	json_object_begin(w, "memory");
	json_write_i64(w, "limit", memory);
	if (input->swap_limit)
		json_write_i64(w, "swap", swap);
	json_end(w);
}

static void write_cpu(struct json_writer *w, const struct container_config *config)
{
	if (config->nano_cpus == 0 && config->cpu_shares == 0)
		return;
	json_object_begin(w, "cpu");
	if (config->cpu_shares > 0)
		json_write_u64(w, "shares", config->cpu_shares);
	if (config->nano_cpus > 0) {
		json_write_i64(w, "quota",
			       config->nano_cpus / CPU_NANO * CPU_PERIOD +
				       config->nano_cpus % CPU_NANO * CPU_PERIOD / CPU_NANO);
		json_write_u64(w, "period", CPU_PERIOD);
	}
	json_end(w);
}

static void write_resources(struct json_writer *w, const struct spec_input *input)
{
	const struct container_config *config = &input->container->config;

	json_object_begin(w, "resources");
	json_array_begin(w, "devices");
	defaults_write_device_rules(w);
	json_end(w);
	write_memory(w, input);
	write_cpu(w, config);
	if (config->pids_limit > 0) {
		json_object_begin(w, "pids");
		json_write_i64(w, "limit", config->pids_limit);
		json_end(w);
	}
	json_end(w);
}

static bool any_slave(const struct container_config *config)
{
	for (size_t i = 0; i < config->mount_count; i++)
		if (config->mounts[i].propagation == MOUNT_SLAVE ||
		    config->mounts[i].propagation == MOUNT_RSLAVE)
			return true;
	return false;
}

static void write_linux(struct json_writer *w, const struct spec_input *input)
{
	auto_free char *cgroup = spec_cgroup_path(input->engine, input->container);

	json_object_begin(w, "linux");
	json_write_string(w, "cgroupsPath", cgroup);
	write_namespaces(w, input);
	write_resources(w, input);
	if (!input->host_network) {
		/* Moby since 20.10: a network of one's own has no ports to protect from oneself. */
		json_object_begin(w, "sysctl");
		json_write_string(w, "net.ipv4.ip_unprivileged_port_start", "0");
		json_write_string(w, "net.ipv4.ping_group_range", "0 2147483647");
		json_end(w);
	}
	if (any_slave(&input->container->config))
		json_write_string(w, "rootfsPropagation", "rslave");
	json_write_strings(w, "maskedPaths", (char *const *)defaults_masked_paths);
	json_write_strings(w, "readonlyPaths", (char *const *)defaults_readonly_paths);
	seccomp_default_write(w, "seccomp", DEFAULTS_CAPABILITIES);
	json_end(w);
}

void spec_write(const struct spec_input *input, struct str *out)
{
	struct json_writer w;

	json_writer_init(&w, out, 0);
	json_object_begin(&w, NULL);
	json_write_string(&w, "ociVersion", "1.0.2");
	write_process(&w, input);
	json_object_begin(&w, "root");
	json_write_string(&w, "path", "rootfs");
	json_write_bool(&w, "readonly", input->container->config.read_only);
	json_end(&w);
	json_write_string(&w, "hostname", input->hostname);
	write_mounts(&w, input);
	write_linux(&w, input);
	json_end(&w);
}
