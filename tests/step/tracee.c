#include "tracee.h"

#include "base/macro.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct tracee *tracee_find(struct tracees *tracees, pid_t pid)
{
	for (size_t i = 0; i < TRACEES_MAX; i++)
		if (tracees->all[i].pid == pid)
			return &tracees->all[i];
	return NULL;
}

struct tracee *tracee_get(struct tracees *tracees, pid_t pid)
{
	struct tracee *tracee = tracee_find(tracees, pid);

	if (tracee)
		return tracee;
	tracee = tracee_find(tracees, 0);
	if (!tracee)
		return NULL;
	*tracee = (struct tracee) {.pid = pid};
	tracees->count++;
	return tracee;
}

void tracee_forget(struct tracees *tracees, struct tracee *tracee)
{
	*tracee = (struct tracee) {0};
	tracees->count--;
}

void tracee_name(struct tracee *parent, struct tracee *child)
{
	snprintf(child->path, sizeof(child->path), "%.50s.%u", parent->path, parent->children++);
	memcpy(child->program, parent->program, sizeof(child->program));
}

bool tracee_executes_ours(struct tracee *tracee)
{
	static const char *const OURS[] = {
		"kist", "kistd", "kist-monitor", "kist-runtime", "kist-worker", "kist-worker-fetch",
	};
	char link[64], target[PATH_MAX];
	const char *name;
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/%d/exe", tracee->pid);
	n = readlink(link, target, sizeof(target) - 1);
	target[n < 0 ? 0 : n] = 0;
	name = strrchr(target, '/') ? strrchr(target, '/') + 1 : target;
	snprintf(tracee->program, sizeof(tracee->program), "%.31s", name);
	if (strncmp(name, "memfd:", 6) == 0)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(OURS); i++)
		if (STREQ(name, OURS[i]))
			return true;
	return false;
}
