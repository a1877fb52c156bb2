#include "runtime/user-namespace.h"

#include "base/mem.h"
#include "base/strv.h"
#include "io/spawn.h"
#include "kern/idmap.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

void user_namespace_text(const struct runtime_id_maps *maps, struct str *out)
{
	for (size_t i = 0; i < maps->n; i++)
		str_append_format(out, "%u %u %u\n", maps->v[i].inside, maps->v[i].outside,
				  maps->v[i].count);
}

/* newuidmap PID INSIDE OUTSIDE COUNT ... */
static int run_helper(const char *path, pid_t pid, const struct runtime_id_maps *maps)
{
	struct spawn_fd fds[] = {{2, 2}};
	struct child child = {.pid_fd = -EBADF};
	auto_strv args = {0};
	struct spawn start = {.path = path, .fds = fds, .fd_count = ARRAY_SIZE(fds)};
	int status, r;

	strv_add_format(&args, "%s", path);
	strv_add_format(&args, "%d", pid);
	for (size_t i = 0; i < maps->n; i++) {
		strv_add_format(&args, "%u", maps->v[i].inside);
		strv_add_format(&args, "%u", maps->v[i].outside);
		strv_add_format(&args, "%u", maps->v[i].count);
	}
	start.argv = strv_argv(&args);
	r = spawn(&start, &child);
	if (r == 0)
		r = child_wait(&child, &status);
	return r < 0 ? r : status == 0 ? 0 : -EPERM;
}

static int write_maps(pid_t pid, const char *file, const char *helper,
		      const struct runtime_id_maps *maps)
{
	auto_str text = {0};
	int r;

	user_namespace_text(maps, &text);
	r = idmap_write(pid, file, str_text(&text));
	if (r == -EPERM && geteuid() != 0)
		r = run_helper(helper, pid, maps);
	return r;
}

/* Without privileges the kernel wants to know that groups are kept before it takes a mapping of
 * groups, unless the set-uid program vouches for it. */
static int map_groups(pid_t pid, const struct runtime_id_maps *maps)
{
	bool own = maps->n == 1 && maps->v[0].count == 1 && maps->v[0].outside == getegid();
	int r = 0;

	if (geteuid() != 0 && own)
		r = idmap_write(pid, "setgroups", "deny");
	return r < 0 ? r : write_maps(pid, "gid_map", "/usr/bin/newgidmap", maps);
}

int user_namespace_map(pid_t pid, const struct runtime_config *config, struct error *err)
{
	int r, ignored;

	/* Files in /proc of a process that is not dumpable are root's alone. */
	if (geteuid() != 0 && prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0)
		return error_errno(err, errno, "map the ids of the user namespace");
	r = write_maps(pid, "uid_map", "/usr/bin/newuidmap", &config->uid_maps);
	if (r == 0)
		r = map_groups(pid, &config->gid_maps);
	ignored = prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	(void)ignored;
	return r < 0 ? error_errno(err, r, "map the ids of the user namespace") : 0;
}

int user_namespace_oom_score(pid_t pid, const struct runtime_process *process, struct error *err)
{
	char text[16];
	int r;

	if (!process->has_oom_score_adj)
		return 0;
	(void)snprintf(text, sizeof(text), "%d", process->oom_score_adj);
	r = idmap_write(pid, "oom_score_adj", text);
	/* Rootless, one may only be killed earlier. */
	if (r == -EACCES && geteuid() != 0)
		r = 0;
	return r < 0 ? error_errno(err, r, "set the OOM score adjustment to %s", text) : 0;
}
