/*
 * The id mappings of user namespaces (user_namespaces(7)), as the text that the kernel reads: lines
 * of "inside outside count".
 */
#pragma once

#include "base/macro.h"

#include <stdbool.h>
#include <sys/types.h>

/* Writes one file of the process @pid: "uid_map", "gid_map", "setgroups". Whoever may not write it
 * gets -EACCES or -EPERM. */
int idmap_write(pid_t pid, const char *file, const char *text) MUST_CHECK;

/* A user namespace with these mappings and nobody in it, for mounts. Returns its descriptor. */
int idmap_namespace(const char *uid_map, const char *gid_map) MUST_CHECK;
