/* One more process in a running container. */
#include "runtime/launch.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/parse.h"
#include "runtime/bundle.h"
#include "runtime/container.h"
#include "runtime/filter.h"
#include "runtime/foreground.h"
#include "runtime/pid-file.h"
#include "runtime/spawn-init.h"
#include "runtime/terminal.h"
#include "spec/capability.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>

struct joining {
	const struct launch *launch;
	const struct launch_exec *exec;
	struct container container;
	struct bundle bundle;
	struct json *json; /* of the process file */
	struct runtime_process process;
	struct cgroup cgroup;
	struct init init;
	struct init_child child;
};

static void joining_init(struct joining *joining, const struct launch *launch,
			 const struct launch_exec *exec)
{
	memset(joining, 0, sizeof(*joining));
	joining->launch = launch;
	joining->exec = exec;
	joining->container.dir_fd = -EBADF;
	joining->init.listen_fd = -EBADF;
	joining->init.join_fd = -EBADF;
	joining->init.console_fd = -EBADF;
	joining->init.trampoline_fd = -EBADF;
	for (size_t i = 0; i < RUNTIME_NAMESPACE_COUNT; i++)
		joining->init.namespace_fds[i] = -EBADF;
	joining->child.pid_fd = -EBADF;
	joining->child.report_fd = -EBADF;
}

static void joining_release(struct joining *joining)
{
	init_child_release(&joining->child);
	joining->init.console_fd = fd_close(joining->init.console_fd);
	init_release(&joining->init);
	cgroup_release(&joining->cgroup);
	runtime_process_release(&joining->process);
	json_free(joining->json);
	bundle_release(&joining->bundle);
	container_release(&joining->container);
}

#define auto_joining CLEANUP(joining_release) struct joining

static int read_process_file(struct joining *joining, struct error *err)
{
	const char *path = joining->exec->process;
	auto_free char *text = NULL;
	auto_fd int fd = -EBADF;
	size_t len;
	int r;

	/* The caller's own path: callers also give /proc/self/fd/N. */
	fd = open(path, O_RDONLY | O_CLOEXEC);
	r = fd < 0 ? -errno : fd_read_all(fd, RUNTIME_CONFIG_MAX, &text, &len);
	if (r < 0)
		return error_errno(err, r, "read %s", path);
	r = json_parse(text, len, &joining->json, NULL);
	if (r < 0)
		return error_set(err, ERROR_INVALID, "%s is not valid JSON", path);
	return runtime_process_read(joining->json, &joining->process, err);
}

/* "uid" or "uid:gid": names are the business of who knows the image. */
static int set_user(struct runtime_user *user, const char *text, struct error *err)
{
	auto_free char *uid_text = mem_strdup(text);
	char *gid_text = strchr(uid_text, ':');
	uint32_t uid, gid = 0;

	if (gid_text)
		*gid_text++ = '\0';
	if (parse_u32(uid_text, 0, UINT32_MAX - 1, &uid) < 0 ||
	    (gid_text && parse_u32(gid_text, 0, UINT32_MAX - 1, &gid) < 0))
		return error_set(err, ERROR_INVALID, "--user must be UID or UID:GID, not %s", text);
	user->uid = uid;
	if (gid_text)
		user->gid = gid;
	return 0;
}

static int add_capabilities(struct runtime_process *process, const struct strv *caps,
			    struct error *err)
{
	for (size_t i = 0; i < caps->n; i++) {
		int number = capability_parse(caps->v[i]);

		if (number < 0)
			return error_set(err, ERROR_INVALID, "--cap: %s is no capability",
					 caps->v[i]);
		process->has_capabilities = true;
		process->capabilities[RUNTIME_CAPABILITY_BOUNDING] |= UINT64_C(1) << number;
		process->capabilities[RUNTIME_CAPABILITY_EFFECTIVE] |= UINT64_C(1) << number;
		process->capabilities[RUNTIME_CAPABILITY_PERMITTED] |= UINT64_C(1) << number;
	}
	return 0;
}

static size_t count(char *const *list)
{
	size_t n = 0;

	while (list[n])
		n++;
	return n;
}

static void append(char ***list, char *const *more)
{
	size_t have = count(*list), n = count(more);

	*list = mem_resize(*list, (have + n + 1) * sizeof(**list));
	memcpy(*list + have, more, (n + 1) * sizeof(**list));
}

/* The container's own process, changed by the command line. */
static int change_process(struct joining *joining, struct error *err)
{
	struct runtime_process *process = &joining->process;
	const struct launch_exec *exec = joining->exec;
	int r = 0;

	*process = joining->bundle.config.process;
	joining->bundle.config.process = (struct runtime_process) {0};
	process->terminal = exec->tty;
	mem_freep(&process->args);
	process->args = mem_zero(1, sizeof(*process->args));
	append(&process->args, exec->args);
	append(&process->env, strv_argv(exec->env));
	if (exec->cwd)
		process->cwd = exec->cwd;
	if (exec->user)
		r = set_user(&process->user, exec->user, err);
	if (r == 0)
		r = add_capabilities(process, exec->caps, err);
	process->no_new_privileges |= exec->no_new_privs;
	if (r == 0 && process->cwd[0] != '/')
		r = error_set(err, ERROR_INVALID, "--cwd must be an absolute path, not %s",
			      process->cwd);
	return r;
}

static int find_container(struct joining *joining, struct error *err)
{
	enum container_status status;
	int r;

	r = container_load(joining->launch->root_fd, joining->launch->id, &joining->container, err);
	if (r < 0)
		return r;
	status = container_status(&joining->container);
	if (status == CONTAINER_PAUSED)
		return error_set(err, ERROR_CONFLICT, "cannot exec in a paused container: %s",
				 joining->container.id);
	if (status == CONTAINER_STOPPED || status == CONTAINER_CREATING)
		return error_set(err, ERROR_CONFLICT, "cannot exec in a %s container: %s",
				 container_status_name(status), joining->container.id);
	r = container_pidfd(&joining->container, &joining->init.join_fd, err);
	return r < 0 ? r : bundle_open(joining->container.bundle, &joining->bundle, err);
}

static int prepare(struct joining *joining, struct error *err)
{
	const struct runtime_seccomp *seccomp = joining->bundle.config.seccomp;
	struct init *init = &joining->init;
	void *filter;
	int r;

	r = joining->exec->process ? read_process_file(joining, err) : change_process(joining, err);
	if (r < 0)
		return r;
	init->preserve_fds = joining->launch->preserve_fds;
	init_prepare(init, &joining->process, joining->launch->warn);
	r = terminal_connect(joining->launch->console_socket, &joining->process, &init->console_fd,
			     err);
	if (r < 0 || !seccomp)
		return r;
	r = filter_prepare(joining->launch->root_fd, seccomp, &filter, &init->filter_len, err);
	if (r < 0)
		return r;
	init->filter = filter;
	init->filter_flags = seccomp->flags;
	return 0;
}

static int start_process(struct joining *joining, struct error *err)
{
	struct init_message message;
	int r;

	r = cgroup_open(joining->container.cgroup, &joining->cgroup);
	if (r < 0)
		return error_errno(err, r, "use the cgroup %s", joining->container.cgroup);
	joining->init.cgroup = &joining->cgroup;
	/* Counts for our children alone. */
	if (setns(joining->init.join_fd, CLONE_NEWPID) < 0)
		return error_errno(err, errno, "enter the pid namespace of container %s",
				   joining->container.id);
	r = init_spawn(&joining->init, 0, &joining->cgroup, &joining->child, err);
	if (r < 0)
		return r;
	r = init_receive(joining->child.report_fd, joining->process.args[0], &message, err);
	if (r == 0)
		r = error_set(err, ERROR_SYSTEM, "the process died on its way into container %s",
			      joining->container.id);
	if (r > 0)
		r = init_receive(joining->child.report_fd, joining->process.args[0], &message, err);
	if (r == 0)
		r = pid_file_write(joining->launch->pid_file, joining->child.pid, err);
	if (r < 0)
		init_child_kill(&joining->child);
	return r;
}

int launch_exec(const struct launch *launch, const struct launch_exec *exec, int *ret_status,
		struct error *err)
{
	auto_joining joining;
	int r;

	joining_init(&joining, launch, exec);
	r = find_container(&joining, err);
	if (r == 0)
		r = prepare(&joining, err);
	if (r == 0)
		r = start_process(&joining, err);
	if (r < 0)
		return r;
	*ret_status = 0;
	if (launch->detach)
		return 0;
	r = foreground_wait(joining.child.pid_fd);
	if (r < 0)
		return error_errno(err, r, "wait for the process");
	*ret_status = r;
	return 0;
}
