#include "api/docker/document.h"

#include "base/mem.h"
#include "base/time.h"

#include <string.h>

void document_time(struct json_writer *w, const char *key, int64_t time)
{
	char text[TIME_TEXT_SIZE];

	json_write_string(w, key, time_format(time, text));
}

void document_list(struct json_writer *w, const char *key, const struct strv *list)
{
	if (list->n == 0)
		json_write_null(w, key);
	else
		json_write_strings(w, key, strv_argv(list));
}

void document_map(struct json_writer *w, const char *key, const struct strv *pairs)
{
	auto_strv sorted = {0};

	strv_copy(&sorted, pairs);
	strv_sort(&sorted);
	json_object_begin(w, key);
	for (size_t i = 0; i < sorted.n; i++) {
		size_t len = strcspn(sorted.v[i], "=");
		auto_free char *name = mem_strndup(sorted.v[i], len);

		json_write_string(w, name, sorted.v[i][len] ? sorted.v[i] + len + 1 : "");
	}
	json_end(w);
}

void document_set(struct json_writer *w, const char *key, const struct strv *names)
{
	if (names->n == 0)
		return;
	json_object_begin(w, key);
	for (size_t i = 0; i < names->n; i++) {
		json_object_begin(w, names->v[i]);
		json_end(w);
	}
	json_end(w);
}
