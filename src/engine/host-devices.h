/*
 * Devices of the host that a container is given: what --device names, or with --privileged all that
 * /dev has. Looked up at each start, because numbers change with every boot.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "engine/container/isolation.h"

#include <stddef.h>
#include <sys/types.h>

struct host_device {
	char *path; /* in the container */
	char type;  /* 'c', 'b' */
	unsigned major, minor;
	mode_t mode; /* permission bits */
	uid_t uid;
	gid_t gid;
	const char *access; /* "rwm"; the isolation's */
};

struct host_devices {
	struct host_device *v;
	size_t n;
};

#define HOST_DEVICES_MAX 8192

/* "error gathering device information while adding custom device ...", as Docker says it. The
 * result lives as long as @isolation. */
int host_devices_collect(const struct container_isolation *isolation, struct host_devices *ret,
			 struct error *err) MUST_CHECK;
void host_devices_release(struct host_devices *devices);
#define auto_host_devices CLEANUP(host_devices_release) struct host_devices

/* The number of the block device at @path. */
int host_device_number(const char *path, unsigned *ret_major, unsigned *ret_minor,
		       struct error *err) MUST_CHECK;
