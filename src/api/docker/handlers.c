#include "api/docker/handlers.h"
#include "api/docker/system-request.h"
#include "api/docker/system.h"

const struct call_handler docker_handlers[] = {
	{&operation_version, system_version},
	{&operation_info, system_info},
	{0},
};
