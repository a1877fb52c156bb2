#include "engine/spec-gen.h"

#include "base/mem.h"
#include "base/strv.h"
#include "codec/json-write.h"
#include "spec/defaults.h"
#include "volume/volume.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_DEFAULT "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define INIT_PATH    "/sbin/docker-init"

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

static void write_rlimits(struct json_writer *w, const struct field_array *ulimits)
{
	const struct container_ulimit *limits = ulimits->v;

	json_array_begin(w, "rlimits");
	for (size_t i = 0; i < ulimits->n; i++) {
		auto_free char *type = mem_printf("RLIMIT_%s", limits[i].name);

		for (char *p = type; *p; p++)
			*p = (char)toupper((unsigned char)*p);
		json_object_begin(w, NULL);
		json_write_string(w, "type", type);
		/* -1, no limit, is the largest number. */
		json_write_u64(w, "hard", (uint64_t)limits[i].hard);
		json_write_u64(w, "soft", (uint64_t)limits[i].soft);
		json_end(w);
	}
	json_end(w);
}

static void write_process(struct json_writer *w, const struct spec_input *input)
{
	const struct container_config *config = &input->container->config;
	auto_strv argv = {0};

	if (input->init) {
		strv_add(&argv, INIT_PATH);
		strv_add(&argv, "--");
	}
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
	defaults_write_capabilities(w, "capabilities", input->capabilities);
	json_write_bool(w, "noNewPrivileges", config->isolation.no_new_privileges);
	/* Without a profile is what it is unless one is named. */
	if (config->isolation.apparmor && *config->isolation.apparmor &&
	    !STREQ(config->isolation.apparmor, "unconfined"))
		json_write_string(w, "apparmorProfile", config->isolation.apparmor);
	if (input->oom_score_adj)
		json_write_i64(w, "oomScoreAdj", config->isolation.oom_score_adj);
	if (config->isolation.ulimits.n > 0)
		write_rlimits(w, &config->isolation.ulimits);
	json_end(w);
}

/* A read-only bind mount is so with all that is mounted below its source, as Docker has it since
 * 25.0. */
static void write_bind_as(struct json_writer *w, const char *source,
			  const struct container_mount *mount)
{
	const enum mount_recursion recursion = mount->recursion;

	json_object_begin(w, NULL);
	json_write_string(w, "destination", mount->target);
	json_write_string(w, "type", "bind");
	json_write_string(w, "source", source);
	json_array_begin(w, "options");
	json_write_string(w, NULL, recursion == MOUNT_NOT_RECURSIVE ? "bind" : "rbind");
	json_write_string(w, NULL, mount->read_only ? "ro" : "rw");
	if (mount->read_only && recursion == MOUNT_RECURSIVE)
		json_write_string(w, NULL, "rro");
	json_write_string(w, NULL, mount_propagation_name(mount->propagation));
	json_end(w);
	json_end(w);
}

static void write_bind(struct json_writer *w, const char *source, const char *target,
		       bool read_only)
{
	const struct container_mount mount = {.target = (char *)target, .read_only = read_only};

	write_bind_as(w, source, &mount);
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
		write_bind_as(w, path, mount);
		break;
	case MOUNT_BIND:
		write_bind_as(w, mount->source, mount);
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

/* Docker's, but what an option of the container's changes of them. */
static void write_default_mount(struct json_writer *w, const struct spec_input *input,
				const struct defaults_mount *mount)
{
	const struct container_isolation *isolation = &input->container->config.isolation;
	struct defaults_mount changed = *mount;
	char size[32];
	size_t n = 0;

	if (STREQ(mount->destination, "/dev/shm")) {
		if (input->shm)
			return write_bind(w, input->shm, mount->destination, false);
		if (isolation->ipc && STREQ(isolation->ipc, "none"))
			return;
	}
	(void)snprintf(size, sizeof(size), "size=%" PRIu64, isolation->shm_size);
	for (size_t i = 0; mount->options[i]; i++) {
		const char *option = mount->options[i];

		/* sysfs and cgroup: the others are not read-only. */
		if (isolation->privileged && STREQ(option, "ro"))
			continue;
		if (isolation->shm_size && STREQ(mount->destination, "/dev/shm") &&
		    str_starts(option, "size="))
			option = size;
		changed.options[n++] = option;
	}
	changed.options[n] = NULL;
	defaults_write_mount(w, &changed);
}

static void write_mounts(struct json_writer *w, const struct spec_input *input)
{
	const struct container_config *config = &input->container->config;
	auto_free const struct container_mount **sorted =
		mem_zero(config->mount_count + 1, sizeof(*sorted));

	json_array_begin(w, "mounts");
	for (const struct defaults_mount *m = defaults_mounts; m->destination; m++)
		if (!mount_at(config, m->destination))
			write_default_mount(w, input, m);
	if (input->init)
		write_bind(w, input->init, INIT_PATH, true);
	for (size_t i = 0; i < ARRAY_SIZE(engine_files); i++) {
		auto_free char *path = mem_printf("%s/%s", input->files, engine_files[i].name);

		if (!mount_at(config, engine_files[i].target))
			write_bind(w, path, engine_files[i].target, config->read_only);
	}
	for (size_t i = 0; i < config->mount_count; i++)
		sorted[i] = &config->mounts[i];
	qsort(sorted, config->mount_count, sizeof(*sorted), by_depth);
	for (size_t i = 0; i < config->mount_count; i++)
		write_mount(w, input, sorted[i]);
	json_end(w);
}

static void write_annotations(struct json_writer *w, const struct strv *annotations)
{
	json_object_begin(w, "annotations");
	for (size_t i = 0; i < annotations->n; i++) {
		size_t len = strcspn(annotations->v[i], "=");
		auto_free char *key = mem_strndup(annotations->v[i], len);

		json_write_string(w, key, annotations->v[i] + len + 1);
	}
	json_end(w);
}

void spec_write(const struct spec_input *input, struct str *out)
{
	const struct container_isolation *isolation = &input->container->config.isolation;
	struct json_writer w;

	json_writer_init(&w, out, 0);
	json_object_begin(&w, NULL);
	json_write_string(&w, "ociVersion", "1.0.2");
	write_process(&w, input);
	json_object_begin(&w, "root");
	json_write_string(&w, "path", "rootfs");
	json_write_bool(&w, "readonly", input->container->config.read_only);
	json_end(&w);
	if (!isolation->uts) {
		json_write_string(&w, "hostname", input->hostname);
		if (isolation->domainname)
			json_write_string(&w, "domainname", isolation->domainname);
	}
	write_mounts(&w, input);
	spec_write_linux(&w, input);
	if (isolation->annotations.n > 0)
		write_annotations(&w, &isolation->annotations);
	json_end(&w);
}
