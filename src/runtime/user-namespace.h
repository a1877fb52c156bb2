/*
 * The ids of a new user namespace: written directly where the caller may, otherwise by the set-uid
 * programs newuidmap and newgidmap, which know what the user was granted in /etc/subuid.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "base/str.h"
#include "spec/runtime-config.h"

#include <sys/types.h>

/* The mappings as the kernel reads them. */
void user_namespace_text(const struct runtime_id_maps *maps, struct str *out);

/* Maps the ids of @pid, which waits in a new user namespace. */
int user_namespace_map(pid_t pid, const struct runtime_config *config,
		       struct error *err) MUST_CHECK;

/* The score of @pid, which cannot write it itself: its own files in /proc belong to root. */
int user_namespace_oom_score(pid_t pid, const struct runtime_process *process,
			     struct error *err) MUST_CHECK;
