#include "api/docker/filter.h"

#include "base/str.h"

#include <string.h>

/* The filter that @argument names, and in *@ret_value what stands behind the equals sign. */
static const struct filter *filter_find(const struct filter *filters, const char *argument,
					const char **ret_value)
{
	size_t len = strcspn(argument, "=");

	if (!argument[len])
		return NULL;
	*ret_value = argument + len + 1;
	for (; filters->name; filters++)
		if (strlen(filters->name) == len && memcmp(filters->name, argument, len) == 0)
			return filters;
	return NULL;
}

static int fail_unknown(const struct filter *filters, const char *argument, struct error *err)
{
	auto_str known = {0};

	for (; filters->name; filters++)
		str_append_format(&known, "%s%s", known.len > 0 ? ", " : "", filters->name);
	return error_set(err, ERROR_INVALID, "invalid filter '%.*s': known are %s",
			 (int)strcspn(argument, "="), argument, str_text(&known));
}

int filter_check(const struct filter *filters, const struct strv *arguments, struct error *err)
{
	for (size_t i = 0; i < arguments->n; i++) {
		const char *argument = arguments->v[i], *value;
		const struct filter *filter;
		int r = 0;

		if (!strchr(argument, '='))
			return error_set(err, ERROR_INVALID,
					 "bad format of filter '%s': expected name=value",
					 argument);
		filter = filter_find(filters, argument, &value);
		if (!filter)
			return fail_unknown(filters, argument, err);
		if (filter->check)
			r = filter->check(value, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static bool one_matches(const struct filter *filter, const struct strv *arguments,
			const void *object)
{
	bool any = false, every = true;

	for (size_t i = 0; i < arguments->n; i++) {
		const char *value;
		bool match;

		if (filter_find(filter, arguments->v[i], &value) != filter)
			continue;
		match = filter->matches(object, value);
		any = any || match;
		every = every && match;
	}
	return filter->all ? every : any;
}

bool filter_matches(const struct filter *filters, const struct strv *arguments, const void *object)
{
	for (; filters->name; filters++)
		if (filter_has(arguments, filters->name) &&
		    !one_matches(filters, arguments, object))
			return false;
	return true;
}

bool filter_has(const struct strv *arguments, const char *name)
{
	for (size_t i = 0; i < arguments->n; i++)
		if (str_starts(arguments->v[i], name) && arguments->v[i][strlen(name)] == '=')
			return true;
	return false;
}

bool filter_label(const struct strv *labels, const char *value)
{
	size_t len = strlen(value);

	for (size_t i = 0; i < labels->n; i++)
		if (STREQ(labels->v[i], value) ||
		    (!strchr(value, '=') && str_starts(labels->v[i], value) &&
		     labels->v[i][len] == '='))
			return true;
	return false;
}
