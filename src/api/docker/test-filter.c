#include "api/docker/filter.h"

#include "base/test.h"

#include <errno.h>
#include <string.h>

struct object {
	const char *name;
	struct strv labels;
};

static bool name_matches(const void *object, const char *value)
{
	return STREQ(((const struct object *)object)->name, value);
}

static bool label_matches(const void *object, const char *value)
{
	return filter_label(&((const struct object *)object)->labels, value);
}

static int check_name(const char *value, struct error *err)
{
	return *value ? 0 : error_set(err, ERROR_INVALID, "no name");
}

static const struct filter filters[] = {
	{"name", name_matches, check_name, false},
	{"label", label_matches, NULL, true},
	{NULL},
};

static bool matches(const char *const *arguments)
{
	struct object object = {.name = "web"};
	auto_strv list = {0}, labels = {0};
	auto_error err = {0};

	strv_add(&labels, "a=1");
	strv_add(&labels, "bc=");
	object.labels = labels;
	for (; *arguments; arguments++)
		strv_add(&list, *arguments);
	assert_int_equal(filter_check(filters, &list, &err), 0);
	return filter_matches(filters, &list, &object);
}

#define MATCHES(...) matches((const char *const[]) {__VA_ARGS__, NULL})

TEST(values_of_one_name_are_alternatives)
{
	assert_true(matches((const char *const[]) {NULL}));
	assert_true(MATCHES("name=db", "name=web"));
	assert_false(MATCHES("name=db"));
}

TEST(labels_must_all_be_there)
{
	assert_true(MATCHES("label=a", "label=bc"));
	assert_true(MATCHES("label=a=1"));
	assert_false(MATCHES("label=a=2"));
	assert_false(MATCHES("label=a", "label=b"));
}

TEST(different_names_must_all_match)
{
	assert_true(MATCHES("name=web", "label=a"));
	assert_false(MATCHES("name=web", "label=x"));
}

TEST(what_is_no_filter_is_refused)
{
	static const char *const bad[] = {"name", "nmae=x", "=x", "name="};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		auto_strv list = {0};
		auto_error err = {0};

		strv_add(&list, bad[i]);
		assert_int_equal(filter_check(filters, &list, &err), -EINVAL);
	}
}
