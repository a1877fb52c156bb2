#include "api/docker/routes.h"

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
	{0},
};
