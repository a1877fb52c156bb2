#include "api/docker/query.h"

#include "base/mem.h"
#include "base/parse.h"
#include "base/time.h"

#include <string.h>

int query_time(const struct request *request, const char *name, int64_t *ret, bool *ret_given,
	       struct error *err)
{
	const char *text = request_query(request, name), *dot;
	auto_free char *whole = NULL;
	int64_t seconds, nanoseconds = 0, scale = TIME_SECOND / 10;

	if (ret_given)
		*ret_given = text && *text;
	if (!text || !*text)
		return 0;
	dot = strchr(text, '.');
	whole = dot ? mem_strndup(text, (size_t)(dot - text)) : mem_strdup(text);
	if (parse_i64(whole, &seconds) < 0 ||
	    (dot && strspn(dot + 1, "0123456789") != strlen(dot + 1)))
		return error_set(err, ERROR_INVALID, "invalid value for \"%s\": %s", name, text);
	for (const char *p = dot ? dot + 1 : ""; *p && scale > 0; p++, scale /= 10)
		nanoseconds += (*p - '0') * scale;
	if (__builtin_mul_overflow(seconds, TIME_SECOND, ret) ||
	    __builtin_add_overflow(*ret, nanoseconds, ret))
		return error_set(err, ERROR_INVALID, "invalid value for \"%s\": %s", name, text);
	return 0;
}

/* Height or width: Docker refuses what is no number of 32 bits, the kernel has 16. */
static int read_extent(const struct request *request, const char *name, unsigned *ret,
		       struct error *err)
{
	const char *text = request_query(request, name);
	uint32_t number;

	if (!text || parse_u32(text, 0, UINT16_MAX, &number) < 0)
		return error_set(err, ERROR_INVALID, "invalid resize %s %s: it must be a number",
				 *name == 'h' ? "height" : "width", text ? text : "\"\"");
	*ret = number;
	return 0;
}

int query_size(const struct request *request, unsigned *ret_rows, unsigned *ret_columns,
	       struct error *err)
{
	int r = read_extent(request, "h", ret_rows, err);

	return r < 0 ? r : read_extent(request, "w", ret_columns, err);
}
