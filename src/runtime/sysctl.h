/*
 * Which sysctls a container may have set: those that belong to a namespace of its own, and no other
 * (CVE-2022-0811). Names are written with dots or with slashes; the first separator decides, and
 * the other character then stands for the other one (sysctl(8)).
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "spec/runtime-config.h"

#include <stddef.h>

/* ERROR_INVALID names the sysctl and why not. */
int sysctl_check(const struct runtime_config *config, struct error *err) MUST_CHECK;

/* The file below /proc of the sysctl @key: "sys/net/ipv4/ip_forward". -EINVAL: not a name, too long
 * or with "." or ".." as a component. */
int sysctl_path(const char *key, char *buf, size_t size) MUST_CHECK;
