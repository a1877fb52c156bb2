#include "base/error.h"
#include "base/test.h"

#include <errno.h>

TEST(an_error_keeps_its_first_cause_and_gathers_context)
{
	auto_error err = {0};

	assert_int_equal(error_errno(&err, -ENOSPC, "write %s", "blob"), -ENOSPC);
	assert_int_equal(error_set(&err, ERROR_INVALID, "later"), -EINVAL);
	assert_int_equal(error_prefix(&err, "pull %s", "x"), -ENOSPC);
	assert_int_equal(err.kind, ERROR_EXHAUSTED);
	assert_string_equal(err.message, "pull x: write blob: No space left on device");
}

TEST(kinds_survive_the_way_through_their_names)
{
	for (enum error_kind kind = ERROR_INVALID; kind < ERROR_KIND_COUNT; kind++)
		assert_int_equal(error_kind_parse(error_kind_name(kind)), kind);
	assert_int_equal(error_kind_parse("no such kind"), ERROR_SYSTEM);
}

TEST(exit_statuses_are_dockers)
{
	assert_int_equal(error_exit_status(&(struct error) {.kind = ERROR_COMMAND_NOT_FOUND}), 127);
	assert_int_equal(error_exit_status(&(struct error) {.kind = ERROR_COMMAND_NOT_EXECUTABLE}),
			 126);
	assert_int_equal(error_exit_status(&(struct error) {.kind = ERROR_NOT_FOUND}), 125);
}

TEST(without_an_error_object_only_the_value_is_returned)
{
	assert_int_equal(error_set(NULL, ERROR_NOT_FOUND, "x"), -ENOENT);
	assert_int_equal(error_errno(NULL, EPERM, "x"), -EPERM);
}
