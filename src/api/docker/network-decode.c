#include "api/docker/network-decode.h"

#include "api/docker/body.h"
#include "api/docker/network-request.h"
#include "base/mem.h"

#include <stdlib.h>

int decode_list(const struct request *request, void *values, struct error *err)
{
	struct list_request *wanted = values;

	return request_filters(request, &wanted->filters, err);
}

int decode_object(const struct request *request, void *values, struct error *err)
{
	struct object_request *wanted = values;

	(void)err;
	wanted->name = mem_strdup(request->arguments[0]);
	wanted->force = request_query_bool(request, "force", false);
	return 0;
}

static int read_driver(const struct json *value, void *field, struct error *err)
{
	auto_free char *text = NULL;
	int r = body_text(value, &text, err);

	(void)field;
	if (r < 0 || !text || STREQ(text, "local"))
		return r;
	return error_set(err, ERROR_UNSUPPORTED, "there is no volume driver \"%s\": leave it out",
			 text);
}

static const struct body_member volume_members[] = {
	{"ClusterVolumeSpec", body_refuse},
	{"Driver", read_driver},
	{"DriverOpts", body_refuse},
	{"Labels", body_refuse},
	{"Name", body_text, offsetof(struct object_request, name)},
	{NULL},
};

int decode_volume_create(const struct request *request, void *values, struct error *err)
{
	return body_read(request->body, volume_members, values, err);
}
