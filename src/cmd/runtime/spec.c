/* kist-runtime spec: write a config.json to start from. */
#include "cmd/runtime/runtime.h"

#include "base/fd.h"
#include "base/str.h"
#include "codec/json-write.h"
#include "runtime/container.h"
#include "spec/defaults.h"

#include <errno.h>
#include <fcntl.h>

struct spec_values {
	const char *bundle;
};

static const struct option options[] = {
	{"bundle", 'b', OPTION_STRING, offsetof(struct spec_values, bundle), "dir",
	 "Where to write it (default: the working directory)"},
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

static void write_linux(struct json_writer *w)
{
	static const char *const namespaces[] = {"pid", "network", "ipc", "uts", "mount", "cgroup"};

	json_object_begin(w, "linux");
	json_object_begin(w, "resources");
	json_array_begin(w, "devices");
	json_object_begin(w, NULL);
	json_write_bool(w, "allow", false);
	json_write_string(w, "access", "rwm");
	json_end(w);
	json_end(w);
	json_end(w);
	json_array_begin(w, "namespaces");
	for (size_t i = 0; i < ARRAY_SIZE(namespaces); i++) {
		json_object_begin(w, NULL);
		json_write_string(w, "type", namespaces[i]);
		json_end(w);
	}
	json_end(w);
	json_write_strings(w, "maskedPaths", (char *const *)defaults_masked_paths);
	json_write_strings(w, "readonlyPaths", (char *const *)defaults_readonly_paths);
	json_end(w);
}

static void write_spec(struct str *text)
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
	json_array_begin(&w, "mounts");
	for (const struct defaults_mount *mount = defaults_mounts; mount->destination; mount++)
		defaults_write_mount(&w, mount);
	json_end(&w);
	write_linux(&w);
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

	write_spec(&text);
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
