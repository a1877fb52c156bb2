#include "monitor/launch.h"

#include "base/test.h"

#include <string.h>

TEST(a_runtime_s_last_error_has_a_kind)
{
	static const struct {
		const char *log;
		enum error_kind kind;
		const char *message;
	} rows[] = {
		{"", ERROR_NONE, NULL},
		{"no json\n{\"level\":\"warning\",\"msg\":\"careful\"}\n[]\n", ERROR_NONE, NULL},
		{"{\"level\":\"error\",\"msg\":\"first\"}\n{\"level\":\"error\",\"msg\":\"last\"}\n",
		 ERROR_SYSTEM, "last"},
		{"{\"level\":\"error\",\"msg\":\"whole\"}\n{\"level\":\"error\",\"ms", ERROR_SYSTEM,
		 "whole"},
		{"{\"level\":\"error\",\"msg\":\"no room\",\"kind\":\"exhausted\"}",
		 ERROR_EXHAUSTED, "no room"},
		/* runc 1.1 */
		{"{\"level\":\"error\",\"msg\":\"exec: \\\"x\\\": executable file not found in "
		 "$PATH\"}",
		 ERROR_COMMAND_NOT_FOUND, "exec: \"x\": executable file not found in $PATH"},
		{"{\"level\":\"error\",\"msg\":\"exec: \\\"/x\\\": stat /x: no such file or "
		 "directory\"}",
		 ERROR_COMMAND_NOT_FOUND, "exec: \"/x\": stat /x: no such file or directory"},
		{"{\"level\":\"error\",\"msg\":\"exec: \\\"/x\\\": permission denied\"}",
		 ERROR_COMMAND_NOT_EXECUTABLE, "exec: \"/x\": permission denied"},
		{"{\"level\":\"error\",\"msg\":\"exec /x: exec format error\"}",
		 ERROR_COMMAND_NOT_EXECUTABLE, "exec /x: exec format error"},
		/* crun 1.8 */
		{"{\"level\":\"error\",\"msg\":\"executable file `x` not found in $PATH: No such file "
		 "or directory\"}",
		 ERROR_COMMAND_NOT_FOUND,
		 "executable file `x` not found in $PATH: No such file or directory"},
		{"{\"level\":\"error\",\"msg\":\"open executable: Permission denied\"}",
		 ERROR_COMMAND_NOT_EXECUTABLE, "open executable: Permission denied"},
		/* Not about the command. */
		{"{\"level\":\"error\",\"msg\":\"mount /exec/x (noexec): no such file or directory\"}",
		 ERROR_SYSTEM, "mount /exec/x (noexec): no such file or directory"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_error error = {0};

		launch_read_log(rows[i].log, strlen(rows[i].log), &error);
		assert_int_equal(error.kind, rows[i].kind);
		if (rows[i].message)
			assert_string_equal(error.message, rows[i].message);
		else
			assert_null(error.message);
	}
}
