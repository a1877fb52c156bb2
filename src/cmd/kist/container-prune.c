/*
 * kist container prune: remove the containers that do not run.
 */
#include "api/docker/filter.h"
#include "api/docker/since.h"
#include "base/str.h"
#include "base/time.h"
#include "cmd/kist/kist.h"
#include "engine/container/remove.h"
#include "engine/container/size.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

struct prune_values {
	bool force;
	struct strv filters;
};

static const struct option options[] = {
	{"filter", 0, OPTION_LIST, offsetof(struct prune_values, filters), "filter",
	 "Provide filter values (e.g. \"until=<timestamp>\")"},
	{"force", 'f', OPTION_BOOL, offsetof(struct prune_values, force), NULL,
	 "Do not prompt for confirmation"},
	{NULL},
};

static bool match_label(const void *object, const char *value)
{
	return filter_label(&((const struct container *)object)->config.labels, value);
}

static bool match_no_label(const void *object, const char *value)
{
	return !match_label(object, value);
}

static bool match_until(const void *object, const char *value)
{
	int64_t until;

	return since_parse(value, time_now(), &until) == 0 &&
	       ((const struct container *)object)->created < until;
}

static int check_until(const char *value, struct error *err)
{
	int64_t until;

	if (since_parse(value, time_now(), &until) < 0)
		return error_set(err, ERROR_INVALID,
				 "invalid filter 'until=%s': not a point in time", value);
	return 0;
}

static const struct filter filters[] = {
	{"label", match_label, NULL, true},
	{"label!", match_no_label, NULL, true},
	{"until", match_until, check_until, true},
	{NULL},
};

static bool is_confirmed(void)
{
	char answer[16] = "";

	(void)printf("WARNING! This will remove all stopped containers.\n"
		     "Are you sure you want to continue? [y/N] ");
	(void)fflush(stdout);
	return fgets(answer, sizeof(answer), stdin) &&
	       (STREQ(answer, "y\n") || STREQ(answer, "Y\n"));
}

static int prune(struct engine *engine, const struct strv *chosen, uint64_t *ret_bytes,
		 struct error *err)
{
	struct container *list;
	size_t count, removed = 0;
	int r = container_list(engine, &list, &count, err);

	if (r < 0)
		return r;
	for (size_t i = 0; r == 0 && i < count; i++) {
		auto_error why = {0};
		uint64_t size = 0;

		if (list[i].damage || list[i].state == CONTAINER_RUNNING || list[i].restarting ||
		    !filter_matches(filters, chosen, &list[i]))
			continue;
		(void)!container_size(engine, &list[i], &size, NULL);
		r = container_remove(engine, &list[i], 0, &why);
		if (r == 0) {
			(void)printf("%s%s\n", removed++ ? "" : "Deleted Containers:\n",
				     list[i].id);
			*ret_bytes += size;
		} else if (why.kind == ERROR_NOT_FOUND || why.kind == ERROR_CONFLICT) {
			/* Somebody was faster, or has started it. */
			r = 0;
		} else {
			r = error_move(err, &why);
		}
	}
	if (removed > 0)
		(void)putchar('\n');
	container_list_free(list, count);
	return r;
}

static int run(const struct invocation *invocation, void *data)
{
	const struct prune_values *values = data;
	auto_engine engine = ENGINE_CLOSED;
	char size[TIME_HUMAN_SIZE];
	auto_error err = {0};
	uint64_t bytes = 0;
	int r;

	if (filter_check(filters, &values->filters, &err) < 0)
		return kist_fail(&err);
	if (!values->force && !is_confirmed())
		return 0;
	r = kist_engine_open(invocation, &engine, &err);
	if (r == 0)
		r = prune(&engine, &values->filters, &bytes, &err);
	if (r < 0)
		return kist_fail(&err);
	(void)printf("Total reclaimed space: %s\n", size_human(bytes, 4, size));
	return 0;
}

const struct command command_container_prune = {
	.name = "prune",
	.usage = "[OPTIONS]",
	.summary = "Remove all stopped containers",
	.options = options,
	.values_size = sizeof(struct prune_values),
	.run = run,
};
