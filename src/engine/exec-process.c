#include "engine/exec-process.h"

#include "base/fd.h"
#include "codec/json-write.h"
#include "engine/user.h"
#include "kern/process.h"
#include "spec/capability.h"
#include "spec/defaults.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#define PATH_DEFAULT "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static int resolve_user(const struct container *container, const char *spec, struct user *ret,
			struct error *err)
{
	auto_fd int root_fd = -EBADF;
	char path[64];
	int r;

	/* The process's own root, whatever is mounted there now; and only then the look whether it
	 * still is that process: a pid can be somebody else's by now, whose root is the host's. */
	(void)snprintf(path, sizeof(path), "/proc/%d/root", container->pid);
	root_fd = openat(AT_FDCWD, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	r = root_fd < 0 ? -errno : process_alive(container->pid, container->pid_ticks);
	if (r == 0 || r == -ENOENT || r == -ESRCH)
		return error_set(err, ERROR_CONFLICT, "container %s is not running", container->id);
	if (r < 0)
		return error_errno(err, r, "look into container %s", container->name);
	return user_resolve(root_fd, spec, &container->config.isolation.group_add, ret, err);
}

static void write_size(struct json_writer *w, const struct exec_config *config)
{
	if (!config->tty || config->rows == 0 || config->columns == 0)
		return;
	json_object_begin(w, "consoleSize");
	json_write_u64(w, "height", MIN(config->rows, EXEC_SIZE_MAX));
	json_write_u64(w, "width", MIN(config->columns, EXEC_SIZE_MAX));
	json_end(w);
}

static void write_text(const struct container *container, const struct exec_config *config,
		       const struct user *user, struct str *out)
{
	const char *cwd = config->working_dir		  ? config->working_dir
			  : container->config.working_dir ? container->config.working_dir
							  : "/";
	const char *hostname = container->config.hostname;
	auto_strv env = {0};
	bool has_home = false;
	struct json_writer w;

	strv_add(&env, PATH_DEFAULT);
	strv_add_format(&env, "HOSTNAME=%.*s", hostname ? 64 : 12,
			hostname ? hostname : container->id);
	if (config->tty)
		strv_add(&env, "TERM=xterm");
	for (size_t i = 0; i < container->config.env.n; i++)
		strv_set_pair(&env, container->config.env.v[i]);
	for (size_t i = 0; i < config->env.n; i++)
		strv_set_pair(&env, config->env.v[i]);
	for (size_t i = 0; i < env.n; i++)
		has_home |= str_starts(env.v[i], "HOME=");
	if (!has_home)
		strv_add_format(&env, "HOME=%s", user->home);
	json_writer_init(&w, out, 0);
	json_object_begin(&w, NULL);
	json_write_bool(&w, "terminal", config->tty);
	write_size(&w, config);
	json_object_begin(&w, "user");
	json_write_u64(&w, "uid", user->uid);
	json_write_u64(&w, "gid", user->gid);
	json_array_begin(&w, "additionalGids");
	for (uint32_t i = 0; i < user->group_count; i++)
		json_write_u64(&w, NULL, user->groups[i]);
	json_end(&w);
	json_end(&w);
	json_write_strings(&w, "args", strv_argv(&config->command));
	json_write_strings(&w, "env", strv_argv(&env));
	json_write_string(&w, "cwd", cwd);
	defaults_write_capabilities(
		&w, "capabilities",
		config->privileged ? CAPABILITY_ALL
				   : container_capabilities_here(&container->config.isolation));
	json_write_bool(&w, "noNewPrivileges", container->config.isolation.no_new_privileges);
	json_end(&w);
}

int exec_process_write(const struct container *container, const struct exec_config *config,
		       struct str *out, struct error *err)
{
	const char *spec = config->user ? config->user : container->config.user;
	struct user user;
	int r;

	r = resolve_user(container, spec, &user, err);
	if (r == 0)
		write_text(container, config, &user, out);
	return r;
}
