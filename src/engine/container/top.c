#include "engine/container/top.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "engine/spec-gen.h"
#include "engine/top-column.h"
#include "kern/cgroup.h"
#include "kern/process-info.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct pids {
	pid_t *v;
	size_t n, size;
};

static int add_pid(pid_t pid, void *arg)
{
	struct pids *pids = arg;

	if (pids->n == TOP_PROCESSES_MAX)
		return 1;
	if (pids->n == pids->size) {
		pids->size = pids->size ? pids->size * 2 : 64;
		pids->v = mem_resize(pids->v, pids->size * sizeof(pids->v[0]));
	}
	pids->v[pids->n++] = pid;
	return 0;
}

static int by_number(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return x < y ? -1 : x > y;
}

/* One process; none if it is gone, or if its number is by now another's. */
static int add_row(const struct container *container, pid_t pid, const struct top_view *view,
		   struct top *top, struct error *err)
{
	auto_fd int folder = process_folder(pid);
	struct process_info info;
	int r = folder;

	if (r >= 0)
		r = process_in_cgroup(folder, container->id);
	if (r == 0 || r == -ESRCH)
		return 0;
	if (r > 0)
		r = process_info_read(folder, &info);
	if (r == -ESRCH)
		return 0;
	if (r < 0)
		return error_errno(err, r, "look at process %d of container %s", pid,
				   container->name);
	top_view_show(view, &info, &top->rows[top->count++]);
	process_info_release(&info);
	return 0;
}

static int collect(struct engine *engine, const struct container *container, struct pids *pids,
		   struct error *err)
{
	auto_free char *path = spec_cgroup_path(engine, container);
	auto_cgroup cgroup = {0};
	int r;

	r = cgroup_open(path, &cgroup);
	if (r == 0)
		r = cgroup_pids(&cgroup, add_pid, pids);
	if (r < 0)
		return error_errno(err, r, "list the processes of container %s", container->name);
	if (r > 0)
		return error_set(err, ERROR_EXHAUSTED, "container %s has more than %d processes",
				 container->name, TOP_PROCESSES_MAX);
	if (pids->n > 0)
		qsort(pids->v, pids->n, sizeof(pids->v[0]), by_number);
	return 0;
}

int container_top(struct engine *engine, const struct container *container,
		  const struct strv *arguments, struct top *ret, struct error *err)
{
	CLEANUP(top_view_release) struct top_view view = {0};
	auto_top top = {0};
	struct pids pids = {0};
	int r;

	if (container->state != CONTAINER_RUNNING)
		return error_set(err, ERROR_CONFLICT, "container %s is not running", container->id);
	r = top_view_parse(arguments, &view, err);
	if (r == 0)
		r = collect(engine, container, &pids, err);
	top_view_titles(&view, &top.titles);
	top.rows = mem_zero(pids.n + 1, sizeof(top.rows[0]));
	for (size_t i = 0; r == 0 && i < pids.n; i++)
		/* A cgroup of v1 may name one twice. */
		if (i == 0 || pids.v[i] != pids.v[i - 1])
			r = add_row(container, pids.v[i], &view, &top, err);
	free(pids.v);
	if (r < 0)
		return r;
	*ret = top;
	top = (struct top) {0};
	return 0;
}

void top_release(struct top *top)
{
	strv_release(&top->titles);
	for (size_t i = 0; i < top->count; i++)
		strv_release(&top->rows[i]);
	free(top->rows);
	*top = (struct top) {0};
}
