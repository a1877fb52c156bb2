#include "engine/event-filter.h"

#include "base/str.h"

#include <string.h>

/* An id, its beginning, or a name. */
static bool names_object(const struct event *event, const char *type, const char *key,
			 const char *value)
{
	const char *id = STREQ(event->type, type) ? event->id : event_attribute(event, key);
	const char *name = STREQ(event->type, type) ? event_attribute(event, "name") : NULL;

	return (id && *value && str_starts(id, value)) || (name && STREQ(name, value));
}

static bool match_container(const struct event *event, const char *value)
{
	return names_object(event, "container", "container", value[0] == '/' ? value + 1 : value);
}

/* Docker's "exec_create: ls" and "health_status: healthy" are meant by their beginnings as well. */
static bool match_event(const struct event *event, const char *value)
{
	size_t len = strlen(value);

	return STREQ(event->action, value) ||
	       (str_starts(event->action, value) && event->action[len] == ':');
}

/* "busybox" means "busybox:latest" too. */
static bool same_image(const char *image, const char *value)
{
	size_t len = strlen(value);

	return image && (STREQ(image, value) || (str_starts(image, value) && image[len] == ':'));
}

static bool match_image(const struct event *event, const char *value)
{
	if (STREQ(event->type, "image"))
		return same_image(event->id, value) ||
		       same_image(event_attribute(event, "name"), value);
	return same_image(event_attribute(event, "image"), value);
}

static bool match_label(const struct event *event, const char *value)
{
	size_t len = strcspn(value, "=");

	for (size_t i = 0; i < event->attributes.n; i++) {
		const char *pair = event->attributes.v[i];

		if (strncmp(pair, value, len) == 0 && pair[len] == '=' &&
		    (!value[len] || STREQ(pair, value)))
			return true;
	}
	return false;
}

static bool match_network(const struct event *event, const char *value)
{
	return STREQ(event->type, "network") && names_object(event, "network", "", value);
}

static bool match_volume(const struct event *event, const char *value)
{
	return STREQ(event->type, "volume") && STREQ(event->id, value);
}

static bool match_type(const struct event *event, const char *value)
{
	return STREQ(event->type, value);
}

static bool match_scope(const struct event *event, const char *value)
{
	return STREQ(value, "local");
}

/* There is none, and so no event of any. */
static bool match_daemon(const struct event *event, const char *value)
{
	return STREQ(event->type, "daemon") && STREQ(event->id, value);
}

static const struct event_filter {
	const char *name;
	bool (*matches)(const struct event *event, const char *value);
	bool all; /* every value must match */
} filters_known[] = {
	{"container", match_container, false}, {"daemon", match_daemon, false},
	{"event", match_event, false},	       {"image", match_image, false},
	{"label", match_label, true},	       {"network", match_network, false},
	{"scope", match_scope, false},	       {"type", match_type, false},
	{"volume", match_volume, false},
};

/* The value of @argument if it is about @filter, else NULL. */
static const char *value_for(const struct event_filter *filter, const char *argument)
{
	size_t len = strlen(filter->name);

	return str_starts(argument, filter->name) && argument[len] == '=' ? argument + len + 1
									  : NULL;
}

int event_filters_check(const struct strv *filters, struct error *err)
{
	for (size_t i = 0; i < filters->n; i++) {
		bool known = false;

		for (size_t k = 0; k < ARRAY_SIZE(filters_known); k++)
			known |= value_for(&filters_known[k], filters->v[i]) != NULL;
		if (!strchr(filters->v[i], '='))
			return error_set(err, ERROR_INVALID,
					 "invalid argument \"%s\" for \"-f, --filter\" flag: bad "
					 "format of filter (expected name=value)",
					 filters->v[i]);
		if (!known)
			return error_set(err, ERROR_INVALID, "invalid filter '%.*s'",
					 (int)strcspn(filters->v[i], "="), filters->v[i]);
	}
	return 0;
}

static bool matches_filter(const struct event *event, const struct event_filter *filter,
			   const struct strv *filters)
{
	bool asked = false, any = false, every = true;

	for (size_t i = 0; i < filters->n; i++) {
		const char *value = value_for(filter, filters->v[i]);
		bool match;

		if (!value)
			continue;
		asked = true;
		match = filter->matches(event, value);
		any = any || match;
		every = every && match;
	}
	return !asked || (filter->all ? every : any);
}

bool event_matches(const struct event *event, const struct strv *filters)
{
	for (size_t k = 0; k < ARRAY_SIZE(filters_known); k++)
		if (!matches_filter(event, &filters_known[k], filters))
			return false;
	return true;
}
