#include "api/status.h"

#include "api/request.h"
#include "codec/json-write.h"

unsigned status_http(enum error_kind kind)
{
	switch (kind) {
	case ERROR_INVALID:
	case ERROR_COMMAND_NOT_FOUND:
	case ERROR_COMMAND_NOT_EXECUTABLE:
		return 400;
	case ERROR_DENIED:
		return 403;
	case ERROR_NOT_FOUND:
		return 404;
	case ERROR_CONFLICT:
		return 409;
	case ERROR_UNSUPPORTED:
		return 501;
	case ERROR_UNAVAILABLE:
		return 503;
	case ERROR_EXHAUSTED:
		return 507;
	case ERROR_NONE:
	case ERROR_CORRUPT:
	case ERROR_SYSTEM:
	case ERROR_KIND_COUNT:
		break;
	}
	return 500;
}

void status_document(struct str *out, const char *message)
{
	struct json_writer w;

	json_writer_init(&w, out, 0);
	json_object_begin(&w, NULL);
	json_write_string(&w, "message", message);
	json_end(&w);
	str_append_char(out, '\n');
}

void status_headers(struct str *out)
{
	str_append_format(out, "Api-Version: 1.%d\r\n", API_VERSION_NEWEST);
	str_append(out, "Docker-Experimental: false\r\nOstype: linux\r\n"
			"Server: Docker/" KIST_VERSION " (linux)\r\n");
}
