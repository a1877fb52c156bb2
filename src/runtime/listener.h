/*
 * The other end of a seccomp filter that asks (SCMP_ACT_NOTIFY): an agent behind a unix socket,
 * which gets the listener's descriptor and the state of the process (OCI runtime 1.2,
 * config-linux.md, "The Container Process State").
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "runtime/container.h"
#include "runtime/init.h"

/* Connects and prepares what the child will send; nothing if @seccomp does not ask. The process is
 * the container's own (CONTAINER_CREATING) or one more (CONTAINER_RUNNING). */
int listener_prepare(struct init *init, const struct runtime_seccomp *seccomp,
		     const struct container *container, enum container_status status,
		     struct error *err) MUST_CHECK;
