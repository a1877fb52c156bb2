#include "codec/http1-response.h"

#include <inttypes.h>

static const struct {
	unsigned status;
	const char *text;
} texts[] = {
	{100, "Continue"},
	{101, "UPGRADED"}, /* as Docker says it */
	{200, "OK"},
	{201, "Created"},
	{204, "No Content"},
	{304, "Not Modified"},
	{400, "Bad Request"},
	{401, "Unauthorized"},
	{403, "Forbidden"},
	{404, "Not Found"},
	{408, "Request Timeout"},
	{409, "Conflict"},
	{413, "Content Too Large"},
	{417, "Expectation Failed"},
	{431, "Request Header Fields Too Large"},
	{500, "Internal Server Error"},
	{501, "Not Implemented"},
	{503, "Service Unavailable"},
	{505, "HTTP Version Not Supported"},
	{507, "Insufficient Storage"},
};

const char *http1_status_text(unsigned status)
{
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (texts[i].status == status)
			return texts[i].text;
	return "Unknown";
}

void http1_status_line(struct str *out, unsigned status)
{
	str_append_format(out, "HTTP/1.1 %u %s\r\n", status, http1_status_text(status));
}

void http1_header_line(struct str *out, const char *name, const char *value)
{
	str_append(out, name);
	str_append(out, ": ");
	for (; *value; value++)
		str_append_char(out, (char)((unsigned char)*value < ' ' ? ' ' : *value));
	str_append(out, "\r\n");
}

void http1_length_line(struct str *out, uint64_t length)
{
	str_append_format(out, "Content-Length: %" PRIu64 "\r\n", length);
}

void http1_head_finish(struct str *out)
{
	str_append(out, "\r\n");
}

void http1_chunk(struct str *out, const void *data, size_t len)
{
	if (len == 0)
		return;
	str_append_format(out, "%zx\r\n", len);
	str_append_mem(out, data, len);
	str_append(out, "\r\n");
}

void http1_chunk_end(struct str *out)
{
	str_append(out, "0\r\n\r\n");
}
