/*
 * What a container uses, as the JSON that `runc events` writes and engines read.
 */
#pragma once

#include "base/str.h"
#include "kern/cgroup.h"

/* Appends {"type":"stats","id":...,"data":...}. What this machine does not count is left out. */
void stats_write(const struct cgroup *cgroup, const char *id, struct str *out);
