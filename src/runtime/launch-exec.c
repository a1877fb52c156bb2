/* One more process in a running container. */
#include "runtime/launch.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/parse.h"
#include "kern/scheduling.h"
#include "runtime/bundle.h"
#include "runtime/container.h"
#include "runtime/filter.h"
#include "runtime/foreground.h"
#include "runtime/gate.h"
#include "runtime/labels.h"
#include "runtime/listener.h"
#include "runtime/namespaces.h"
#include "runtime/pid-file.h"
#include "runtime/pidfd-socket.h"
#include "runtime/spawn-init.h"
#include "runtime/terminal.h"
#include "spec/capability.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
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
	struct console console;
};

static void joining_init(struct joining *joining, const struct launch *launch,
			 const struct launch_exec *exec)
{
	memset(joining, 0, sizeof(*joining));
	joining->launch = launch;
	joining->exec = exec;
	joining->container.dir_fd = -EBADF;
	init_clear(&joining->init);
	console_init(&joining->console);
	joining->child.pid_fd = -EBADF;
	joining->child.report_fd = -EBADF;
}

static void joining_release(struct joining *joining)
{
	init_child_release(&joining->child);
	joining->init.console_fd = fd_close(joining->init.console_fd);
	init_release(&joining->init);
	console_release(&joining->console);
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

static int add_groups(struct runtime_user *user, const struct strv *groups, struct error *err)
{
	for (size_t i = 0; i < groups->n; i++) {
		uint32_t gid;

		if (parse_u32(groups->v[i], 0, UINT32_MAX - 1, &gid) < 0)
			return error_set(err, ERROR_INVALID,
					 "--additional-gids must be numbers, not %s", groups->v[i]);
		user->groups =
			mem_resize(user->groups, (user->group_count + 1) * sizeof(*user->groups));
		user->groups[user->group_count++] = gid;
	}
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
		/* So that a process of another user than root has it at all. */
		process->capabilities[RUNTIME_CAPABILITY_AMBIENT] |=
			process->capabilities[RUNTIME_CAPABILITY_INHERITABLE] & UINT64_C(1)
											<< number;
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

/* The last word on a variable counts, and it is there once. */
static void set_variable(struct runtime_process *process, char *text)
{
	char *more[] = {text, NULL};
	size_t len = strcspn(text, "=") + 1;

	for (char **at = process->env; *at; at++)
		if (strncmp(*at, text, len) == 0) {
			*at = text;
			return;
		}
	append(&process->env, more);
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
	for (size_t i = 0; i < exec->env->n; i++)
		set_variable(process, exec->env->v[i]);
	if (exec->cwd)
		process->cwd = exec->cwd;
	if (exec->user)
		r = set_user(&process->user, exec->user, err);
	if (r == 0)
		r = add_capabilities(process, exec->caps, err);
	if (r == 0)
		r = add_groups(&process->user, exec->groups, err);
	if (exec->apparmor)
		process->apparmor_profile = exec->apparmor;
	if (exec->selinux)
		process->selinux_label = exec->selinux;
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
	if (status == CONTAINER_PAUSED && !joining->launch->ignore_paused)
		return error_set(err, ERROR_CONFLICT, "cannot exec in a paused container: %s",
				 joining->container.id);
	if (status == CONTAINER_STOPPED || status == CONTAINER_CREATING)
		return error_set(err, ERROR_CONFLICT, "cannot exec in a %s container: %s",
				 container_status_name(status), joining->container.id);
	r = container_pidfd(&joining->container, &joining->init.join_fd, err);
	return r < 0 ? r
		     : bundle_open(joining->container.bundle, joining->container.config,
				   &joining->bundle, err);
}

/* A user namespace is entered first, by way of a process between; what is behind it with its root's
 * privileges. */
static void prepare_namespaces(struct joining *joining)
{
	const struct runtime_namespace *namespaces = joining->bundle.config.namespaces;
	struct init *init = &joining->init;

	init->join_flags = namespaces_to_join(&joining->bundle.config);
	init->own_memory = namespaces[RUNTIME_NAMESPACE_TIME].present;
	if (!namespaces[RUNTIME_NAMESPACE_USER].present ||
	    namespaces_same_user(joining->container.pid))
		return;
	init->user_namespace = true;
	init->gate = true;
	init->enter_fd = init->join_fd;
	init->enter_flags = CLONE_NEWUSER | CLONE_NEWPID;
}

/* execCPUAffinity.initial: for us, whose child inherits it. */
static int set_first_cpus(const struct joining *joining, struct error *err)
{
	const struct runtime_bits *bits = joining->process.affinity_initial;
	int r = bits ? scheduling_set_cpus(bits->word, sizeof(bits->word)) : 0;

	return r < 0 ? error_errno(err, r, "set the CPU affinity of the process") : 0;
}

static int prepare(struct joining *joining, struct error *err)
{
	const struct runtime_seccomp *seccomp = joining->bundle.config.seccomp;
	struct init *init = &joining->init;
	void *filter;
	int r;

	r = joining->exec->process ? read_process_file(joining, err) : change_process(joining, err);
	if (r == 0)
		r = labels_check(&joining->process, err);
	if (r < 0)
		return r;
	init->preserve_fds = joining->launch->preserve_fds;
	init->memory_policy = &joining->bundle.config.memory_policy;
	init->has_personality = joining->bundle.config.has_personality;
	init->personality = joining->bundle.config.personality;
	if (!joining->launch->keyring)
		init->keyring = mem_printf("_ses.%s", joining->launch->id);
	prepare_namespaces(joining);
	init_prepare(init, &joining->process, joining->launch->warn);
	r = terminal_connect(joining->launch->console_socket, &joining->process,
			     joining->launch->detach ? NULL : &joining->console, &init->console_fd,
			     err);
	if (r < 0 || !seccomp)
		return r;
	r = filter_prepare(joining->launch->root_fd, seccomp, &filter, &init->filter_len, err);
	if (r < 0)
		return r;
	init->filter = filter;
	init->filter_flags = seccomp->flags;
	return listener_prepare(init, seccomp, &joining->container, CONTAINER_RUNNING, err);
}

/* One controller's cgroup below the container's. */
static int add_controller(struct joining *joining, const char *controller, const char *path,
			  struct error *err)
{
	struct init *init = &joining->init;
	struct init_cgroup *more;
	auto_fd int procs = -EBADF;
	int r;

	if (joining->cgroup.v2 || !cgroup_has(&joining->cgroup, controller) ||
	    strlen(controller) >= sizeof(more->controller))
		return error_set(err, ERROR_INVALID, "unknown controller %s in --cgroup",
				 controller);
	init->more_cgroups = mem_resize(init->more_cgroups, (init->more_cgroup_count + 1) *
								    sizeof(*init->more_cgroups));
	more = &init->more_cgroups[init->more_cgroup_count];
	*more = (struct init_cgroup) {0};
	(void)snprintf(more->controller, sizeof(more->controller), "%s", controller);
	r = cgroup_open(path, &more->cgroup);
	if (r < 0)
		return r;
	init->more_cgroup_count++;
	procs = cgroup_open_file(&more->cgroup, controller, "cgroup.procs", O_WRONLY);
	return procs < 0 ? procs : 0;
}

static int open_sub_cgroup(struct joining *joining, const char *path)
{
	int r;

	cgroup_release(&joining->cgroup);
	r = cgroup_open(path, &joining->cgroup);
	return r == 0 && !cgroup_exists(&joining->cgroup) ? -ENOENT : r;
}

/* "[controller[,controller...]:]path", below the container's. Without a controller it is that of
 * all. */
static int add_sub_cgroup(struct joining *joining, const char *text, struct error *err)
{
	const char *colon = strchr(text, ':');
	const char *sub = colon ? colon + 1 : text;
	auto_free char *path = mem_printf("%s/%s", joining->container.cgroup, sub);
	auto_free char *names = colon ? mem_strndup(text, (size_t)(colon - text)) : NULL;
	char *save = NULL;
	int r = 0;

	if (!colon)
		r = open_sub_cgroup(joining, path);
	for (char *name = colon ? strtok_r(names, ",", &save) : NULL; r == 0 && name;
	     name = strtok_r(NULL, ",", &save))
		r = add_controller(joining, name, path, err);
	if (r == -EINVAL)
		return error_set(err, ERROR_INVALID,
				 "bad sub cgroup path: `..` components are not allowed: %s is not "
				 "a sub cgroup path",
				 sub);
	if (r == -ENOENT)
		return error_set(err, ERROR_NOT_FOUND,
				 "exec: adding pid of the process to %s/cgroup.procs: no such file "
				 "or directory",
				 path);
	return r < 0 ? error_errno(err, r, "use the cgroup %s", path) : 0;
}

static int prepare_cgroup(struct joining *joining, struct error *err)
{
	const struct strv *subs = joining->launch->sub_cgroups;
	struct init *init = &joining->init;
	int r;

	if (!container_has_cgroup(&joining->container)) {
		if (subs->n > 0)
			return error_set(err, ERROR_INVALID,
					 "--cgroup: container %s has no cgroup of its own",
					 joining->container.id);
		return 0;
	}
	r = cgroup_open(joining->container.cgroup, &joining->cgroup);
	if (r < 0)
		return error_errno(err, r, "use the cgroup %s", joining->container.cgroup);
	/* Rootless there may be none. */
	if (!cgroup_exists(&joining->cgroup))
		return 0;
	for (size_t i = 0; r == 0 && i < subs->n; i++)
		r = add_sub_cgroup(joining, subs->v[i], err);
	init->cgroup = &joining->cgroup;
	init->in_cgroup = init->user_namespace;
	return r;
}

static int start_process(struct joining *joining, struct error *err)
{
	struct init_message message;
	int r;

	r = prepare_cgroup(joining, err);
	if (r < 0)
		return r;
	r = set_first_cpus(joining, err);
	if (r < 0)
		return r;
	/* Counts for our children alone. */
	if (joining->init.enter_fd < 0 && setns(joining->init.join_fd, CLONE_NEWPID) < 0)
		return error_errno(err, errno, "enter the pid namespace of container %s",
				   joining->container.id);
	joining->init.console_ours = joining->console.socket_fd >= 0;
	if (joining->launch->debug)
		joining->launch->debug("nsexec container setup: the process is made");
	r = init_spawn(&joining->init, 0, joining->init.cgroup, &joining->child, err);
	if (r < 0)
		return r;
	r = gate_open(&joining->init, &joining->child, err);
	if (r < 0) {
		init_child_kill(&joining->child);
		return r;
	}
	r = init_receive(joining->child.report_fd, joining->process.args[0], &message, err);
	if (r == 0)
		r = error_set(err, ERROR_SYSTEM, "the process died on its way into container %s",
			      joining->container.id);
	if (r > 0 && joining->launch->debug) {
		joining->launch->debug("child process in init(): it is in the container");
		joining->launch->debug("setns_init: about to exec");
	}
	if (r > 0)
		r = init_receive(joining->child.report_fd, joining->process.args[0], &message, err);
	if (r == 0)
		r = pid_file_write(joining->launch->pid_file, joining->child.pid, err);
	if (r == 0)
		r = pidfd_socket_send(joining->launch->pidfd_socket, joining->child.pid_fd, err);
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
	if (joining.console.socket_fd >= 0 && console_start(&joining.console) < 0)
		return error_set(err, ERROR_SYSTEM, "take over the terminal");
	r = foreground_wait(joining.child.pid_fd, &joining.console);
	console_release(&joining.console);
	if (r < 0)
		return error_errno(err, r, "wait for the process");
	*ret_status = r;
	return 0;
}
