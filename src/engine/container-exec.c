#include "engine/container-exec.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "codec/json-write.h"
#include "engine/container-state.h"
#include "engine/runtime-call.h"
#include "engine/user.h"
#include "io/spawn.h"
#include "kern/process.h"
#include "spec/capability.h"
#include "spec/defaults.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PATH_DEFAULT "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define LOG_MAX	     (256 * 1024)

void exec_config_release(struct exec_config *config)
{
	strv_release(&config->command);
	strv_release(&config->env);
	mem_freep(&config->user);
	mem_freep(&config->working_dir);
	mem_freep(&config->detach_keys);
}

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

/* OCI "process" of the exec. */
static void write_process(const struct container *container, const struct exec_config *config,
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
	json_write_bool(&w, "terminal", false);
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

static int make_process_file(const struct container *container, const struct exec_config *config,
			     struct error *err)
{
	auto_fd int fd = -EBADF;
	auto_str text = {0};
	struct user user;
	int r;

	r = resolve_user(container, config->user ? config->user : container->config.user, &user,
			 err);
	if (r < 0)
		return r;
	write_process(container, config, &user, &text);
	fd = memfd_create("process", MFD_CLOEXEC);
	r = fd < 0 ? -errno : fd_write_full(fd, text.data, text.len);
	return r < 0 ? error_errno(err, r, "write down the process to execute") : TAKE_FD(fd);
}

/* What the runtime itself had to say, as opposed to the process. */
static int explain(int log_fd, const struct container *container, struct error *err)
{
	auto_free char *text = NULL, *message = NULL;
	size_t len;

	(void)lseek(log_fd, 0, SEEK_SET);
	if (fd_read_all(log_fd, LOG_MAX, &text, &len) < 0 || len == 0)
		return 0;
	message = runtime_message(text);
	return error_set(err, runtime_message_kind(message), "exec in container %.12s: %s",
			 container->id, message);
}

/* Numbers in the runtime: its stdio, then what /proc/self/fd names. */
enum { PROCESS_FD = 3, LOG_FD = 4 };

static int call_runtime(struct engine *engine, const struct container *container,
			const struct exec_config *config, int process_fd, int log_fd, int *ret_code,
			struct error *err)
{
	auto_free char *path = NULL, *root = runtime_root(engine);
	const struct spawn_fd fds[] = {{config->stdio[0], 0},
				       {config->stdio[1], 1},
				       {config->stdio[2], 2},
				       {process_fd, PROCESS_FD},
				       {log_fd, LOG_FD}};
	auto_strv argv = {0};
	struct child child;
	int r;

	r = runtime_path(&container->config, &path, err);
	if (r < 0)
		return r;
	strv_add(&argv, path);
	strv_add(&argv, "--root");
	strv_add(&argv, root);
	strv_add_format(&argv, "--log=/proc/self/fd/%d", LOG_FD);
	strv_add(&argv, "--log-format=json");
	strv_add(&argv, "exec");
	if (config->detach)
		strv_add(&argv, "--detach");
	strv_add_format(&argv, "--process=/proc/self/fd/%d", PROCESS_FD);
	strv_add(&argv, container->id);
	r = spawn(
		&(struct spawn) {.path = path, .argv = strv_argv(&argv), .fds = fds, .fd_count = 5},
		&child);
	if (r == 0)
		r = child_wait(&child, ret_code);
	return r < 0 ? error_errno(err, r, "execute %s", path) : 0;
}

int container_exec(struct engine *engine, struct container *container,
		   const struct exec_config *config, int *ret_code, struct error *err)
{
	auto_fd int process_fd = -EBADF, log_fd = -EBADF;
	auto_error why = {0};
	int r, code;

	if (container->state != CONTAINER_RUNNING)
		return error_set(err, ERROR_CONFLICT, "container %s is not running", container->id);
	if (config->command.n == 0)
		return error_set(err, ERROR_INVALID, "no exec command specified");
	process_fd = make_process_file(container, config, err);
	if (process_fd < 0)
		return process_fd;
	log_fd = memfd_create("log", MFD_CLOEXEC);
	if (log_fd < 0)
		return error_errno(err, errno, "make room for the runtime's messages");
	r = call_runtime(engine, container, config, process_fd, log_fd, &code, err);
	if (r < 0)
		return r;
	/* The runtime logs an error only when there was no process to speak of. */
	r = code == 0 ? 0 : explain(log_fd, container, &why);
	/* It has said so on the stderr that it was given: once is enough. */
	if (r < 0 && config->stdio[2] < 0)
		return error_move(err, &why);
	*ret_code = r < 0 ? error_exit_status(&why) : code;
	return 0;
}
