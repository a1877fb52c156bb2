#include "api/docker/config-record.h"

#include "engine/container/mount.h"

#include <netinet/in.h>

static const struct tagged_field port_record[] = {
	{TAGGED_ROW_FIXED(1, struct port_mapping, host_ip)},
	{TAGGED_ROW_UNSIGNED(2, struct port_mapping, host_port, UINT16_MAX)},
	{TAGGED_ROW_UNSIGNED(3, struct port_mapping, host_port_last, UINT16_MAX)},
	{TAGGED_ROW_UNSIGNED(4, struct port_mapping, container_port, UINT16_MAX)},
	{TAGGED_ROW_SIGNED(5, struct port_mapping, protocol, 0, IPPROTO_UDP)},
	{0},
};

static const struct tagged_field mount_record[] = {
	{TAGGED_ROW_UNSIGNED(1, struct container_mount, kind, MOUNT_TMPFS)},
	{TAGGED_ROW_TEXT(2, struct container_mount, source)},
	{TAGGED_ROW_TEXT(3, struct container_mount, target)},
	{TAGGED_ROW_TEXT(4, struct container_mount, options)},
	{TAGGED_ROW_BOOL(5, struct container_mount, read_only)},
	{TAGGED_ROW_BOOL(6, struct container_mount, no_copy)},
	{TAGGED_ROW_BOOL(7, struct container_mount, anonymous)},
	{TAGGED_ROW_UNSIGNED(8, struct container_mount, propagation, MOUNT_SHARED)},
	{0},
};

const struct tagged_field container_config_record[] = {
	{TAGGED_ROW_KEYED(1, &container_config_fields)},
	{TAGGED_ROW_TEXT(2, struct container_config, name)},
	{TAGGED_ROW_UNSIGNED(3, struct container_config, pull, PULL_NEVER)},
	{TAGGED_ROW_UNSIGNED(4, struct container_config, restart.kind, RESTART_UNLESS_STOPPED)},
	{TAGGED_ROW_ARRAY(5, struct container_config, ports, port_count, PORTS_MAX, port_record)},
	{TAGGED_ROW_ARRAY(6, struct container_config, mounts, mount_count, CONTAINER_MOUNTS_MAX,
			  mount_record)},
	{0},
};
