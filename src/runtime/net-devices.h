/*
 * linux.netDevices: interfaces of the host's that become the container's, with the addresses that
 * they have, up, and by the name that was asked for (OCI runtime 1.3).
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "runtime/init.h"

#include <sys/types.h>

/* Moves them into the network namespace of @pid, or into the one it is about to join. */
int net_devices_move(const struct init *init, pid_t pid, struct error *err) MUST_CHECK;
