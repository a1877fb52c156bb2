#include "spec/runtime-config.h"

#include "base/mem.h"
#include "spec/runtime-read.h"

#include <errno.h>
#include <string.h>

static const char *const namespace_names[RUNTIME_NAMESPACE_COUNT] = {
	[RUNTIME_NAMESPACE_PID] = "pid",     [RUNTIME_NAMESPACE_NETWORK] = "network",
	[RUNTIME_NAMESPACE_MOUNT] = "mount", [RUNTIME_NAMESPACE_IPC] = "ipc",
	[RUNTIME_NAMESPACE_UTS] = "uts",     [RUNTIME_NAMESPACE_CGROUP] = "cgroup",
	[RUNTIME_NAMESPACE_USER] = "user",   [RUNTIME_NAMESPACE_TIME] = "time",
};

const char *runtime_namespace_name(enum runtime_namespace_kind kind)
{
	return namespace_names[kind];
}

static int read_namespace(const struct json *object, struct runtime_config *config,
			  struct error *err)
{
	const char *type = NULL, *path = NULL;
	int r;

	r = read_string(object, "linux.namespaces", "type", &type, err);
	if (r >= 0)
		r = read_string(object, "linux.namespaces", "path", &path, err);
	if (r < 0)
		return r;
	if (path && *path && *path != '/')
		return error_set(err, ERROR_INVALID,
				 "config: linux.namespaces.path must be absolute, not %s", path);
	for (size_t i = 0; type && i < RUNTIME_NAMESPACE_COUNT; i++) {
		if (!STREQ(namespace_names[i], type))
			continue;
		if (config->namespaces[i].present)
			return error_set(err, ERROR_INVALID,
					 "config: the namespace %s is there twice", type);
		config->namespaces[i].present = true;
		config->namespaces[i].path = path && *path ? path : NULL;
		return 0;
	}
	return error_set(err, ERROR_UNSUPPORTED, "config: the namespace %s is not supported",
			 type ? type : "(none)");
}

static int read_namespaces(const struct json *object, struct runtime_config *config,
			   struct error *err)
{
	const struct json *array;
	int r;

	r = read_container(object, "linux", "namespaces", JSON_ARRAY, &array, err);
	for (size_t i = 0; r >= 0 && i < json_count(array); i++)
		r = read_namespace(json_at(array, i), config, err);
	return r;
}

static int read_device(const struct json *object, struct runtime_device *device, struct error *err)
{
	static const char where[] = "linux.devices";
	struct runtime_i64 mode = {.value = 0666}, major = {0}, minor = {0};
	const char *type = NULL;
	int r;

	r = read_string(object, where, "path", &device->path, err);
	if (r >= 0)
		r = read_string(object, where, "type", &type, err);
	if (r >= 0)
		r = read_i64(object, where, "major", 0, 0xfff, &major, err);
	if (r >= 0)
		r = read_i64(object, where, "minor", 0, 0xfffff, &minor, err);
	if (r >= 0)
		r = read_i64(object, where, "fileMode", 0, 0177777, &mode, err);
	if (r >= 0)
		r = read_u32(object, where, "uid", &device->uid, err);
	if (r >= 0)
		r = read_u32(object, where, "gid", &device->gid, err);
	if (r < 0)
		return r;
	if (!device->path || device->path[0] != '/')
		return error_set(err, ERROR_INVALID, "config: linux.devices.path must be absolute");
	if (!type || strlen(type) != 1 || !strchr("bcup", *type))
		return error_set(err, ERROR_INVALID,
				 "config: device %s: the type must be b, c, u or p", device->path);
	device->type = *type == 'u' ? 'c' : *type;
	if (device->type != 'p' && (!major.set || !minor.set))
		return error_set(err, ERROR_INVALID,
				 "config: device %s: major and minor are needed", device->path);
	device->major = (unsigned)major.value;
	device->minor = (unsigned)minor.value;
	device->mode = (mode_t)mode.value & 07777;
	return 0;
}

static int read_devices(const struct json *object, struct runtime_config *config, struct error *err)
{
	const struct json *array;
	int r;

	r = read_container(object, "linux", "devices", JSON_ARRAY, &array, err);
	if (r < 0)
		return r;
	config->device_count = json_count(array);
	config->devices = mem_zero(config->device_count, sizeof(*config->devices));
	for (size_t i = 0; r >= 0 && i < config->device_count; i++)
		r = read_device(json_at(array, i), &config->devices[i], err);
	return r;
}

static int add_sysctl(const char *key, struct json *value, void *arg)
{
	struct runtime_config *config = arg;
	const char *text = json_string(value);

	if (!text)
		return -EINVAL;
	config->sysctls =
		mem_resize(config->sysctls, (config->sysctl_count + 1) * sizeof(*config->sysctls));
	config->sysctls[config->sysctl_count++] = (struct runtime_sysctl) {key, text};
	return 0;
}

static int read_sysctls(const struct json *object, struct runtime_config *config, struct error *err)
{
	const struct json *sysctls;
	int r;

	r = read_container(object, "linux", "sysctl", JSON_OBJECT, &sysctls, err);
	if (r < 0 || !sysctls)
		return r;
	if (json_each(sysctls, add_sysctl, config) < 0)
		return error_set(err, ERROR_INVALID,
				 "config: linux.sysctl must map names to strings");
	return 0;
}

static int read_rootfs_propagation(const struct json *object, struct runtime_config *config,
				   struct error *err)
{
	const char *word = NULL;
	bool recursive;
	int r;

	r = read_string(object, "linux", "rootfsPropagation", &word, err);
	if (r < 0 || !word || !*word)
		return r;
	config->rootfs_propagation = read_propagation(word, &recursive);
	if (!config->rootfs_propagation)
		return error_set(err, ERROR_INVALID,
				 "config: linux.rootfsPropagation: %s is not known", word);
	return 0;
}

static int read_linux(const struct json *root, struct runtime_config *config, struct error *err)
{
	const struct json *object, *resources;
	int r;

	r = read_container(root, "", "linux", JSON_OBJECT, &object, err);
	if (r < 0 || !object)
		return r;
	r = read_namespaces(object, config, err);
	if (r >= 0)
		r = read_devices(object, config, err);
	if (r >= 0)
		r = read_container(object, "linux", "resources", JSON_OBJECT, &resources, err);
	if (r >= 0 && resources)
		r = runtime_resources_read(resources, &config->resources, err);
	if (r >= 0)
		r = read_id_maps(object, "linux", "uidMappings", &config->uid_maps, err);
	if (r >= 0)
		r = read_id_maps(object, "linux", "gidMappings", &config->gid_maps, err);
	if (r >= 0)
		r = read_string(object, "linux", "cgroupsPath", &config->cgroups_path, err);
	if (r >= 0)
		r = read_strings(object, "linux", "maskedPaths", &config->masked_paths, err);
	if (r >= 0)
		r = read_strings(object, "linux", "readonlyPaths", &config->readonly_paths, err);
	if (r >= 0)
		r = read_sysctls(object, config, err);
	if (r >= 0)
		r = read_rootfs_propagation(object, config, err);
	if (r >= 0)
		r = read_seccomp(object, &config->seccomp, err);
	if (r >= 0)
		r = read_time_offsets(object, config, err);
	if (r >= 0)
		r = read_extras(object, config, err);
	return r;
}

static int read_hook(const struct json *object, struct runtime_hook *hook, struct error *err)
{
	struct runtime_i64 timeout = {0};
	int r;

	r = read_string(object, "hooks", "path", &hook->path, err);
	if (r >= 0)
		r = read_strings(object, "hooks", "args", &hook->args, err);
	if (r >= 0)
		r = read_strings(object, "hooks", "env", &hook->env, err);
	if (r >= 0)
		r = read_i64(object, "hooks", "timeout", 1, 86400, &timeout, err);
	if (r < 0)
		return r;
	if (!hook->path || hook->path[0] != '/')
		return error_set(err, ERROR_INVALID, "config: a hook's path must be absolute");
	hook->timeout = timeout.value;
	return 0;
}

static const char *const hook_names[RUNTIME_HOOK_COUNT] = {
	[RUNTIME_HOOK_PRESTART] = "prestart",
	[RUNTIME_HOOK_CREATE_RUNTIME] = "createRuntime",
	[RUNTIME_HOOK_CREATE_CONTAINER] = "createContainer",
	[RUNTIME_HOOK_START_CONTAINER] = "startContainer",
	[RUNTIME_HOOK_POSTSTART] = "poststart",
	[RUNTIME_HOOK_POSTSTOP] = "poststop",
};

const char *runtime_hook_name(enum runtime_hook_kind kind)
{
	return hook_names[kind];
}

static int read_hooks(const struct json *root, struct runtime_config *config, struct error *err)
{
	const struct json *object, *array;
	int r;

	r = read_container(root, "", "hooks", JSON_OBJECT, &object, err);
	for (size_t i = 0; r >= 0 && object && i < ARRAY_SIZE(hook_names); i++) {
		struct runtime_hooks *hooks = &config->hooks[i];

		r = read_container(object, "hooks", hook_names[i], JSON_ARRAY, &array, err);
		if (r < 0)
			break;
		hooks->n = json_count(array);
		hooks->v = mem_zero(hooks->n, sizeof(*hooks->v));
		for (size_t k = 0; r >= 0 && k < hooks->n; k++)
			r = read_hook(json_at(array, k), &hooks->v[k], err);
	}
	return r;
}

static int read_root(const struct json *root, struct runtime_config *config, struct error *err)
{
	const struct json *object;
	int r;

	r = read_string(root, "", "ociVersion", &config->version, err);
	if (r >= 0)
		r = read_string(root, "", "hostname", &config->hostname, err);
	if (r >= 0)
		r = read_string(root, "", "domainname", &config->domainname, err);
	if (r >= 0)
		r = read_container(root, "", "root", JSON_OBJECT, &object, err);
	if (r >= 0)
		r = read_string(object, "root", "path", &config->rootfs, err);
	if (r >= 0)
		r = read_bool(object, "root", "readonly", &config->rootfs_readonly, err);
	if (r >= 0)
		r = read_container(root, "", "annotations", JSON_OBJECT, &config->annotations, err);
	return r;
}

/* What one member demands of another. */
static int check_ids(const struct runtime_config *config, struct error *err)
{
	const struct runtime_namespace *user = &config->namespaces[RUNTIME_NAMESPACE_USER];
	bool maps = config->uid_maps.n > 0 && config->gid_maps.n > 0;

	if (!user->present && (config->uid_maps.n > 0 || config->gid_maps.n > 0))
		return error_set(err, ERROR_INVALID,
				 "config: linux.uidMappings and gidMappings need a user namespace");
	if (user->present && !user->path && !maps)
		return error_set(err, ERROR_INVALID,
				 "config: a new user namespace needs linux.uidMappings and "
				 "linux.gidMappings");
	return 0;
}

static int check_config(const struct runtime_config *config, struct error *err)
{
	const struct runtime_namespace *uts = &config->namespaces[RUNTIME_NAMESPACE_UTS];
	int r;

	if (!config->version || strncmp(config->version, "1.", 2) != 0)
		return error_set(err, ERROR_UNSUPPORTED,
				 "config: ociVersion %s is not supported, 1.x is",
				 config->version ? config->version : "(none)");
	if (!config->rootfs || !*config->rootfs)
		return error_set(err, ERROR_INVALID, "config: root.path is missing");
	r = check_ids(config, err);
	if (r < 0)
		return r;
	if ((config->monotonic.set || config->boottime.set) &&
	    !config->namespaces[RUNTIME_NAMESPACE_TIME].present)
		return error_set(err, ERROR_INVALID,
				 "config: linux.timeOffsets need a time namespace");
	if (((config->hostname && *config->hostname) ||
	     (config->domainname && *config->domainname)) &&
	    !uts->present)
		return error_set(err, ERROR_INVALID,
				 "config: a hostname or domainname needs a uts namespace");
	return 0;
}

static int fill_config(struct runtime_config *config, struct error *err)
{
	const struct json *process;
	int r;

	if (!json_is(config->root, JSON_OBJECT))
		return error_set(err, ERROR_INVALID, "config: not a JSON object");
	r = read_root(config->root, config, err);
	if (r >= 0)
		r = read_container(config->root, "", "process", JSON_OBJECT, &process, err);
	if (r >= 0 && process) {
		r = runtime_process_read(process, &config->process, err);
		config->has_process = r >= 0;
	}
	if (r >= 0)
		r = read_mounts(config->root, config, err);
	if (r >= 0)
		r = read_linux(config->root, config, err);
	if (r >= 0)
		r = read_hooks(config->root, config, err);
	return r < 0 ? r : check_config(config, err);
}

int runtime_config_parse(const char *text, size_t len, struct runtime_config *ret,
			 struct error *err)
{
	auto_runtime_config config = {0};
	size_t offset = 0;
	int r;

	if (json_parse(text, len, &config.root, &offset) < 0)
		return error_set(err, ERROR_INVALID, "config: not valid JSON at byte %zu", offset);
	r = fill_config(&config, err);
	if (r < 0)
		return r;
	*ret = config;
	config = (struct runtime_config) {0};
	return 0;
}

static void release_hooks(struct runtime_hooks *hooks)
{
	for (size_t i = 0; hooks->v && i < hooks->n; i++) {
		mem_freep(&hooks->v[i].args);
		mem_freep(&hooks->v[i].env);
	}
	mem_freep(&hooks->v);
}

void runtime_config_release(struct runtime_config *config)
{
	for (size_t i = 0; config->mounts && i < config->mount_count; i++) {
		mem_freep((char ***)&config->mounts[i].data);
		mem_freep(&config->mounts[i].uid_maps.v);
		mem_freep(&config->mounts[i].gid_maps.v);
	}
	for (size_t i = 0; i < RUNTIME_HOOK_COUNT; i++)
		release_hooks(&config->hooks[i]);
	mem_freep(&config->mounts);
	mem_freep(&config->devices);
	mem_freep(&config->masked_paths);
	mem_freep(&config->readonly_paths);
	mem_freep(&config->sysctls);
	runtime_process_release(&config->process);
	runtime_resources_release(&config->resources);
	mem_freep(&config->uid_maps.v);
	mem_freep(&config->gid_maps.v);
	mem_freep(&config->memory_policy.nodes);
	mem_freep(&config->net_devices);
	mem_freep(&config->rdt.schemata);
	free_seccomp(config->seccomp);
	json_free(config->root);
	*config = (struct runtime_config) {0};
}
