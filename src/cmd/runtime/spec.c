/* kist-runtime spec: write a config.json to start from. */
#include "cmd/runtime/runtime.h"

#include "base/fd.h"
#include "base/str.h"
#include "codec/json-write.h"
#include "kern/cgroup.h"
#include "runtime/container.h"
#include "spec/defaults.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

struct spec_values {
	const char *bundle;
	bool rootless;
};

static const struct option options[] = {
	{"bundle", 'b', OPTION_STRING, offsetof(struct spec_values, bundle), "dir",
	 "Where to write it (default: the working directory)"},
	{"rootless", 0, OPTION_BOOL, offsetof(struct spec_values, rootless), NULL,
	 "For the calling user: a user namespace of its own, the host's network"},
	{NULL},
};

/* As runc's: kill, listening on low ports, audit messages. */
#define SPEC_CAPABILITIES UINT64_C(0x20000420)

static void write_process(struct json_writer *w)
{
	static char *const args[] = {(char *)"sh", NULL};
	static char *const env[] = {
		(char *)"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		(char *)"TERM=xterm", NULL};

	json_object_begin(w, "process");
	json_write_bool(w, "terminal", true);
	json_object_begin(w, "user");
	json_write_u64(w, "uid", 0);
	json_write_u64(w, "gid", 0);
	json_end(w);
	json_write_strings(w, "args", args);
	json_write_strings(w, "env", env);
	json_write_string(w, "cwd", "/");
	defaults_write_capabilities(w, "capabilities", SPEC_CAPABILITIES);
	json_array_begin(w, "rlimits");
	json_object_begin(w, NULL);
	json_write_string(w, "type", "RLIMIT_NOFILE");
	json_write_u64(w, "hard", 1024);
	json_write_u64(w, "soft", 1024);
	json_end(w);
	json_end(w);
	json_write_bool(w, "noNewPrivileges", true);
	json_end(w);
}

static void write_mapping(struct json_writer *w, const char *key, unsigned id)
{
	json_array_begin(w, key);
	json_object_begin(w, NULL);
	json_write_u64(w, "containerID", 0);
	json_write_u64(w, "hostID", id);
	json_write_u64(w, "size", 1);
	json_end(w);
	json_end(w);
}

static bool has_unified_cgroups(void)
{
	auto_cgroup cgroup = {0};

	return cgroup_open("x", &cgroup) == 0 && cgroup.v2;
}

static void write_namespaces(struct json_writer *w, bool rootless)
{
	static const char *const names[] = {"pid", "network", "ipc", "uts", "mount", "cgroup"};

	json_array_begin(w, "namespaces");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		/* Nobody could set up a network of its own. */
		if (rootless && STREQ(names[i], "network"))
			continue;
		/* As runc: on v1 it would hide where one is. */
		if (STREQ(names[i], "cgroup") && !has_unified_cgroups())
			continue;
		json_object_begin(w, NULL);
		json_write_string(w, "type", names[i]);
		json_end(w);
	}
	if (rootless) {
		json_object_begin(w, NULL);
		json_write_string(w, "type", "user");
		json_end(w);
	}
	json_end(w);
}

static void write_linux(struct json_writer *w, bool rootless)
{
	json_object_begin(w, "linux");
	if (rootless) {
		write_mapping(w, "uidMappings", geteuid());
		write_mapping(w, "gidMappings", getegid());
	} else {
		json_object_begin(w, "resources");
		json_array_begin(w, "devices");
		json_object_begin(w, NULL);
		json_write_bool(w, "allow", false);
		json_write_string(w, "access", "rwm");
		json_end(w);
		json_end(w);
		json_end(w);
	}
	write_namespaces(w, rootless);
	json_write_strings(w, "maskedPaths", (char *const *)defaults_masked_paths);
	json_write_strings(w, "readonlyPaths", (char *const *)defaults_readonly_paths);
	json_end(w);
}

/* Without a network namespace of one's own there is no new sysfs, and one gid is all there is. */
static void write_mounts(struct json_writer *w, bool rootless)
{
	json_array_begin(w, "mounts");
	for (const struct defaults_mount *mount = defaults_mounts; mount->destination; mount++)
		if (!rootless ||
		    (!STREQ(mount->destination, "/sys") && !STREQ(mount->destination, "/dev/pts")))
			defaults_write_mount(w, mount);
	if (rootless) {
		json_object_begin(w, NULL);
		json_write_string(w, "destination", "/dev/pts");
		json_write_string(w, "type", "devpts");
		json_write_string(w, "source", "devpts");
		json_write_raw(w, "options",
			       "[\"nosuid\",\"noexec\",\"newinstance\",\"ptmxmode=0666\","
			       "\"mode=0620\"]");
		json_end(w);
		json_object_begin(w, NULL);
		json_write_string(w, "destination", "/sys");
		json_write_string(w, "type", "none");
		json_write_string(w, "source", "/sys");
		json_write_raw(w, "options", "[\"rbind\",\"nosuid\",\"noexec\",\"nodev\",\"ro\"]");
		json_end(w);
	}
	json_end(w);
}

static void write_spec(struct str *text, bool rootless)
{
	struct json_writer w;

	json_writer_init(&w, text, 4);
	json_object_begin(&w, NULL);
	json_write_string(&w, "ociVersion", RUNTIME_VERSION_SPEC);
	write_process(&w);
	json_object_begin(&w, "root");
	json_write_string(&w, "path", "rootfs");
	json_write_bool(&w, "readonly", true);
	json_end(&w);
	json_write_string(&w, "hostname", "kist");
	write_mounts(&w, rootless);
	write_linux(&w, rootless);
	json_end(&w);
	str_append_char(text, '\n');
}

static int spec(const struct invocation *invocation, void *values)
{
	const struct spec_values *spec_values = values;
	const char *bundle = spec_values->bundle ? spec_values->bundle : ".";
	auto_fd int dir_fd = -EBADF, fd = -EBADF;
	auto_error err = {0};
	auto_str text = {0};
	int r;

	write_spec(&text, spec_values->rootless);
	dir_fd = open(bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd >= 0)
		fd = openat(dir_fd, "config.json", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	r = fd < 0 ? -errno : fd_write_full(fd, text.data, text.len);
	if (r == -EEXIST)
		(void)error_set(&err, ERROR_CONFLICT,
				"%s/config.json is there already: remove it first", bundle);
	else if (r < 0)
		(void)error_errno(&err, r, "write %s/config.json", bundle);
	return r < 0 ? runtime_fail(&err, RUNTIME_FAILED) : 0;
}

const struct command command_spec = {
	.name = "spec",
	.usage = "[OPTIONS]",
	.summary = "Write a config.json to start from",
	.options = options,
	.values_size = sizeof(struct spec_values),
	.run = spec,
};
