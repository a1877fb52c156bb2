#include "api/docker/routes.h"

#include "api/docker/container-decode.h"
#include "api/docker/container-request.h"
#include "api/docker/event-decode.h"
#include "api/docker/event-request.h"
#include "api/docker/exec-decode.h"
#include "api/docker/exec-request.h"
#include "api/docker/image-decode.h"
#include "api/docker/image-request.h"
#include "api/docker/network-decode.h"
#include "api/docker/network-request.h"
#include "api/docker/system-decode.h"
#include "api/docker/system-request.h"

static const struct route_answer pong = {
	.headers = "Builder-Version: 1\r\nSwarm: inactive\r\n"
		   "Cache-Control: no-cache, no-store, must-revalidate\r\nPragma: no-cache\r\n",
	.type = "text/plain; charset=utf-8",
	.body = "OK",
};

/* method, pattern, first version, body, operation, decoder */
const struct route docker_routes[] = {
	{HTTP1_HEAD, "/_ping", 0, ROUTE_NO_BODY, NULL, NULL, &pong},
	{HTTP1_GET, "/_ping", 0, ROUTE_NO_BODY, NULL, NULL, &pong},
	{HTTP1_GET, "/version", 0, ROUTE_NO_BODY, &operation_version, NULL},
	{HTTP1_GET, "/info", 0, ROUTE_NO_BODY, &operation_info, NULL},
	{HTTP1_GET, "/system/df", 25, ROUTE_NO_BODY, &operation_disk_usage, decode_disk_usage},
	{HTTP1_GET, "/events", 0, ROUTE_NO_BODY, &operation_events, decode_events},

	{HTTP1_GET, "/containers/json", 0, ROUTE_NO_BODY, &operation_container_list,
	 decode_container_list},
	{HTTP1_POST, "/containers/create", 0, ROUTE_JSON, &operation_container_create,
	 decode_container_create},
	{HTTP1_POST, "/containers/prune", 25, ROUTE_NO_BODY, &operation_container_prune,
	 decode_container_prune},
	{HTTP1_GET, "/containers/{name}/json", 0, ROUTE_NO_BODY, &operation_container_inspect,
	 decode_container_inspect},
	{HTTP1_POST, "/containers/{name}/start", 0, ROUTE_NO_BODY, &operation_container_start,
	 decode_container},
	{HTTP1_POST, "/containers/{name}/stop", 0, ROUTE_NO_BODY, &operation_container_stop,
	 decode_container_stop},
	{HTTP1_POST, "/containers/{name}/restart", 0, ROUTE_NO_BODY, &operation_container_restart,
	 decode_container_stop},
	{HTTP1_POST, "/containers/{name}/kill", 0, ROUTE_NO_BODY, &operation_container_kill,
	 decode_container_kill},
	{HTTP1_POST, "/containers/{name}/wait", 0, ROUTE_FOLLOW, &operation_container_wait,
	 decode_container_wait},
	{HTTP1_DELETE, "/containers/{name}", 0, ROUTE_NO_BODY, &operation_container_remove,
	 decode_container_remove},
	{HTTP1_GET, "/containers/{name}/logs", 0, ROUTE_FOLLOW, &operation_container_logs,
	 decode_container_logs},
	{HTTP1_POST, "/containers/{name}/attach", 0, ROUTE_HIJACK, &operation_container_attach,
	 decode_container_attach},
	{HTTP1_POST, "/containers/{name}/resize", 0, ROUTE_NO_BODY, &operation_container_resize,
	 decode_container_resize},
	{HTTP1_POST, "/containers/{name}/rename", 0, ROUTE_NO_BODY, &operation_container_rename,
	 decode_container_rename},
	{HTTP1_POST, "/containers/{name}/update", 0, ROUTE_JSON, &operation_container_update,
	 decode_container_update},
	{HTTP1_POST, "/containers/{name}/pause", 0, ROUTE_NO_BODY, &operation_container_pause,
	 decode_container},
	{HTTP1_POST, "/containers/{name}/unpause", 0, ROUTE_NO_BODY, &operation_container_unpause,
	 decode_container},
	{HTTP1_GET, "/containers/{name}/top", 0, ROUTE_NO_BODY, &operation_container_top,
	 decode_container_top},
	{HTTP1_GET, "/containers/{name}/stats", 0, ROUTE_NO_BODY, &operation_container_stats,
	 decode_container_stats},
	{HTTP1_HEAD, "/containers/{name}/archive", 0, ROUTE_NO_BODY, &operation_container_stat,
	 decode_container_archive},
	{HTTP1_GET, "/containers/{name}/archive", 0, ROUTE_NO_BODY, &operation_container_get,
	 decode_container_archive},
	{HTTP1_PUT, "/containers/{name}/archive", 0, ROUTE_STREAM, &operation_container_put,
	 decode_container_archive},
	{HTTP1_GET, "/containers/{name}/export", 0, ROUTE_NO_BODY, &operation_container_export,
	 decode_container},
	{HTTP1_GET, "/containers/{name}/changes", 0, ROUTE_NO_BODY, &operation_container_changes,
	 decode_container},

	{HTTP1_POST, "/containers/{name}/exec", 0, ROUTE_JSON, &operation_exec_create,
	 decode_exec_create},
	{HTTP1_POST, "/exec/{id}/start", 0, ROUTE_HIJACK, &operation_exec_start, decode_exec_start},
	{HTTP1_GET, "/exec/{id}/json", 0, ROUTE_NO_BODY, &operation_exec_inspect,
	 decode_exec_inspect},
	{HTTP1_POST, "/exec/{id}/resize", 0, ROUTE_NO_BODY, &operation_exec_resize,
	 decode_exec_resize},

	{HTTP1_GET, "/images/json", 0, ROUTE_NO_BODY, &operation_image_list, decode_image_list},
	{HTTP1_POST, "/images/load", 0, ROUTE_STREAM, &operation_image_load, NULL},
	{HTTP1_POST, "/images/prune", 25, ROUTE_NO_BODY, &operation_image_prune, decode_image_list},
	{HTTP1_POST, "/images/create", 0, ROUTE_STREAM, &operation_image_create,
	 decode_image_create},
	{HTTP1_GET, "/images/{name*}/json", 0, ROUTE_NO_BODY, &operation_image_inspect,
	 decode_image},
	{HTTP1_POST, "/images/{name*}/tag", 0, ROUTE_NO_BODY, &operation_image_tag,
	 decode_image_tag},
	{HTTP1_DELETE, "/images/{name*}", 0, ROUTE_NO_BODY, &operation_image_remove,
	 decode_image_remove},

	{HTTP1_GET, "/networks", 0, ROUTE_NO_BODY, &operation_network_list, decode_list},
	{HTTP1_GET, "/networks/{name}", 0, ROUTE_NO_BODY, &operation_network_inspect,
	 decode_object},
	{HTTP1_GET, "/volumes", 0, ROUTE_NO_BODY, &operation_volume_list, decode_list},
	{HTTP1_POST, "/volumes/create", 0, ROUTE_JSON, &operation_volume_create,
	 decode_volume_create},
	{HTTP1_GET, "/volumes/{name}", 0, ROUTE_NO_BODY, &operation_volume_inspect, decode_object},
	{HTTP1_DELETE, "/volumes/{name}", 0, ROUTE_NO_BODY, &operation_volume_remove,
	 decode_object},
	{0},
};
