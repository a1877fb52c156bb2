#include "base/mem.h"
#include "base/str.h"
#include "base/test.h"
#include "engine/restart-policy.h"
#include "engine/top-column.h"

#include <string.h>

/* The titles that @arguments, split at blanks, ask for, joined by blanks; NULL: refused. */
static char *titles(const char *arguments)
{
	auto_free char *copy = mem_strdup(arguments);
	CLEANUP(top_view_release) struct top_view view = {0};
	auto_strv list = {0}, names = {0};
	auto_str out = {0};
	char *save = NULL;

	for (char *word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save))
		strv_add(&list, word);
	if (top_view_parse(&list, &view, NULL) < 0)
		return NULL;
	top_view_titles(&view, &names);
	for (size_t i = 0; i < names.n; i++)
		str_append_format(&out, "%s%s", i ? " " : "", names.v[i]);
	return str_take(&out);
}

TEST(the_forms_of_ps_stand_for_its_columns)
{
	static const struct {
		const char *arguments, *titles;
	} forms[] = {
		{"", "UID PID PPID C STIME TTY TIME CMD"},
		{"-ef", "UID PID PPID C STIME TTY TIME CMD"},
		{"-e -f", "UID PID PPID C STIME TTY TIME CMD"},
		{"-A", "PID TTY TIME CMD"},
		{"aux", "USER PID %CPU %MEM VSZ RSS TTY STAT START TIME COMMAND"},
		{"-aux", "USER PID %CPU %MEM VSZ RSS TTY STAT START TIME COMMAND"},
		{"-eo pid,comm", "PID COMMAND"},
		{"-o pid -o user=WHO,pid", "PID WHO,pid"},
		{"-opid,rss", "PID RSS"},
		{"--format=pid", "PID"},
		{"-A -o pid", "PID"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		auto_free char *found = titles(forms[i].arguments);

		assert_non_null(found);
		assert_string_equal(found, forms[i].titles);
	}
}

TEST(what_it_does_not_know_it_refuses)
{
	static const char *const wrong[] = {"-Z", "-o", "-o soup", "--sort=pid", "-f -o pid", "1"};

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_null(titles(wrong[i]));
}

TEST(restart_policies_are_dockers)
{
	static const char *const wrong[] = {"ever",	     "always:3",    "on-failure:x",
					    "on-failure:-1", "on-failure:", "no:1"};
	struct restart_policy policy;

	assert_int_equal(restart_policy_parse("on-failure:3", &policy, NULL), 0);
	assert_int_equal(policy.kind, RESTART_ON_FAILURE);
	assert_int_equal(policy.retries, 3);
	assert_int_equal(restart_policy_parse("", &policy, NULL), 0);
	assert_int_equal(policy.kind, RESTART_NO);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_true(restart_policy_parse(wrong[i], &policy, NULL) < 0);
}
