#include "api/docker/handlers.h"

#include "api/docker/container-archive.h"
#include "api/docker/container-attach.h"
#include "api/docker/container-change.h"
#include "api/docker/container-logs.h"
#include "api/docker/container-observe.h"
#include "api/docker/container-request.h"
#include "api/docker/container-wait.h"
#include "api/docker/container.h"
#include "api/docker/event-request.h"
#include "api/docker/event.h"
#include "api/docker/exec-request.h"
#include "api/docker/exec.h"
#include "api/docker/image-pull.h"
#include "api/docker/image-request.h"
#include "api/docker/image.h"
#include "api/docker/network-request.h"
#include "api/docker/network.h"
#include "api/docker/system-request.h"
#include "api/docker/system.h"
#include "api/docker/volume.h"

const struct call_handler docker_handlers[] = {
	{&operation_version, system_version},
	{&operation_info, system_info},
	{&operation_disk_usage, system_disk_usage},
	{&operation_events, event_call_stream},

	{&operation_container_list, container_call_list},
	{&operation_container_inspect, container_call_inspect},
	{&operation_container_create, container_call_create},
	{&operation_container_start, container_call_start},
	{&operation_container_stop, container_call_stop},
	{&operation_container_restart, container_call_restart},
	{&operation_container_kill, container_call_kill},
	{&operation_container_wait, container_call_wait},
	{&operation_container_remove, container_call_remove},
	{&operation_container_logs, container_call_logs},
	{&operation_container_attach, container_call_attach},
	{&operation_container_resize, container_call_resize},
	{&operation_container_prune, container_call_prune},
	{&operation_container_rename, container_call_rename},
	{&operation_container_update, container_call_update},
	{&operation_container_pause, container_call_pause},
	{&operation_container_unpause, container_call_unpause},
	{&operation_container_top, container_call_top},
	{&operation_container_stats, container_call_stats},
	{&operation_container_stat, container_call_stat},
	{&operation_container_get, container_call_get},
	{&operation_container_put, container_call_put},
	{&operation_container_export, container_call_export},
	{&operation_container_changes, container_call_changes},

	{&operation_exec_create, exec_call_create},
	{&operation_exec_start, exec_call_start},
	{&operation_exec_inspect, exec_call_inspect},
	{&operation_exec_resize, exec_call_resize},

	{&operation_image_list, image_call_list},
	{&operation_image_inspect, image_call_inspect},
	{&operation_image_create, image_call_create},
	{&operation_image_tag, image_call_tag},
	{&operation_image_remove, image_call_remove},
	{&operation_image_load, image_call_load},
	{&operation_image_prune, image_call_prune},

	{&operation_network_list, network_call_list},
	{&operation_network_inspect, network_call_inspect},
	{&operation_volume_list, volume_call_list},
	{&operation_volume_inspect, volume_call_inspect},
	{&operation_volume_create, volume_call_create},
	{&operation_volume_remove, volume_call_remove},
	{0},
};
