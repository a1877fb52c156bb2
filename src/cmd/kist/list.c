#include "cmd/kist/list.h"

#include "base/mem.h"
#include "base/time.h"

#include <string.h>
#include <time.h>

char *list_ago(int64_t time)
{
	char buffer[TIME_HUMAN_SIZE];
	int64_t passed = time_now() - time;

	return mem_printf("%s ago", time_human(MAX(passed, (int64_t)0), buffer));
}

char *list_time(int64_t time)
{
	time_t seconds = (time_t)(time / TIME_SECOND);
	struct tm tm = {0};
	char buffer[64] = "";

	if (localtime_r(&seconds, &tm))
		(void)strftime(buffer, sizeof(buffer), "%Y-%m-%d %H:%M:%S %z %Z", &tm);
	return mem_strdup(buffer);
}

char *list_join(const struct strv *list)
{
	auto_strv sorted = {0};
	auto_str out = {0};

	strv_copy(&sorted, list);
	strv_sort(&sorted);
	for (size_t i = 0; i < sorted.n; i++)
		str_append_format(&out, "%s%s", i > 0 ? "," : "", sorted.v[i]);
	return str_take(&out);
}

char *list_id(const char *id, bool whole)
{
	const char *colon = strchr(id, ':');

	if (whole)
		return mem_strdup(id);
	id = colon ? colon + 1 : id;
	return mem_strndup(id, strnlen(id, ID_SHORT));
}
