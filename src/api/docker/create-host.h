/*
 * HostConfig of POST /containers/create: the members that depend on the machine. Target of the
 * table is a struct container_config. Part of create.c.
 */
#pragma once

#include "api/docker/body.h"

/* A struct restart_policy from the member RestartPolicy. */
int create_restart_policy(const struct json *value, void *field, struct error *err);

extern const struct body_member create_host_members[];
