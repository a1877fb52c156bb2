#include "api/docker/system-decode.h"

#include "api/docker/system-request.h"

#define TYPE_SINCE 42

static int add_type(struct disk_usage_request *wanted, const char *type, struct error *err)
{
	if (STREQ(type, "image"))
		wanted->images = true;
	else if (STREQ(type, "container"))
		wanted->containers = true;
	else if (STREQ(type, "volume"))
		wanted->volumes = true;
	else if (STREQ(type, "build-cache"))
		wanted->build_cache = true;
	else
		return error_set(err, ERROR_INVALID, "unknown object type: %s", type);
	return 0;
}

int decode_disk_usage(const struct request *request, void *values, struct error *err)
{
	struct disk_usage_request *wanted = values;
	bool any = false;

	for (size_t i = 0; i < request->target.parameter_count; i++) {
		const struct http1_parameter *parameter = &request->target.parameters[i];
		int r;

		if (request->version < TYPE_SINCE || !STREQ(parameter->name, "type"))
			continue;
		any = true;
		r = add_type(wanted, parameter->value, err);
		if (r < 0)
			return r;
	}
	if (!any)
		*wanted = (struct disk_usage_request) {true, true, true, true};
	return 0;
}
