/*
 * HostConfig of POST /containers/create: the members that depend on the machine. Target of the
 * table is a struct container_config. Part of create.c.
 */
#pragma once

#include "api/docker/body.h"

extern const struct body_member create_host_members[];
