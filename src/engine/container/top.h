/*
 * The processes of a container as `ps` shows them, read from /proc by their ids in its cgroup.
 *
 * Docker executes the host's ps over all processes of the machine and keeps the lines whose PID
 * column is one of the container's; the words of a hostile process can shift its columns. Here no
 * program is executed, nothing inside the container is opened, and the cost grows with the
 * container's processes alone. What can be asked for: nothing (-ef), the usual BSD and UNIX forms
 * (aux, -ef, -eF, -el, -Aj ...), and columns by name (-o, -eo, o, --format).
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "base/strv.h"
#include "engine/container/container.h"
#include "engine/engine.h"

#include <stddef.h>

#define TOP_PROCESSES_MAX 65536

struct top {
	struct strv titles;
	struct strv *rows; /* each of titles.n cells, ordered by process id */
	size_t count;
};

/*
 * @arguments: of ps; empty is "-ef". ERROR_CONFLICT "container <id> is not running";
 * ERROR_UNSUPPORTED names an argument that is not known and what is.
 */
int container_top(struct engine *engine, const struct container *container,
		  const struct strv *arguments, struct top *ret, struct error *err) MUST_CHECK;
void top_release(struct top *top);
#define auto_top CLEANUP(top_release) struct top
