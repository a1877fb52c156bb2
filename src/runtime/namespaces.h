/*
 * The namespaces of a new container: which are made with its process, which are opened to be
 * joined.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "runtime/init.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Opens what is to be joined into init->namespace_fds; *@ret_flags are those to be made with the
 * process (CLONE_NEW*). A pid namespace is entered here, for children. */
int namespaces_open(struct init *init, uint64_t *ret_flags, struct error *err) MUST_CHECK;

/* Whether @pid is in our own user namespace, which cannot be entered. */
bool namespaces_same_user(pid_t pid);

/* What a process of exec joins (CLONE_NEW*), by a descriptor of the container's process. */
int namespaces_to_join(const struct runtime_config *config);
