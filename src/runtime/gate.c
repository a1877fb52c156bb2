#include "runtime/gate.h"

#include "runtime/net-devices.h"
#include "runtime/user-namespace.h"

#include <errno.h>
#include <sys/socket.h>

static int prepare_ids(const struct init *init, pid_t pid, struct error *err)
{
	const struct runtime_namespace *user;
	int r = 0;

	if (!init->user_namespace)
		return 0;
	user = init->config ? &init->config->namespaces[RUNTIME_NAMESPACE_USER] : NULL;
	if (user && !user->path)
		r = user_namespace_map(pid, init->config, err);
	if (r == 0)
		r = user_namespace_oom_score(pid, init->process, err);
	return r;
}

int gate_open(const struct init *init, const struct init_child *child, struct error *err)
{
	int r;

	if (!init->gate)
		return 0;
	r = prepare_ids(init, child->pid, err);
	if (r == 0 && init->cgroup && init->in_cgroup) {
		r = cgroup_join(init->cgroup, child->pid, init->in_unified);
		if (r < 0)
			r = error_errno(err, r, "move the process into the cgroup %s",
					init->cgroup->path);
	}
	if (r == 0 && init->config && init->config->net_device_count > 0)
		r = net_devices_move(init, child->pid, err);
	if (r == 0 && send(child->report_fd, "", 1, MSG_NOSIGNAL) != 1)
		r = error_errno(err, errno, "tell the container's process to go on");
	return r;
}
