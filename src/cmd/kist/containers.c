#include "cmd/kist/containers.h"

#include "base/parse.h"
#include "cmd/kist/kist.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>

int containers_each(const struct invocation *invocation, bool print,
		    int (*each)(struct engine *engine, struct container *container, void *arg,
				struct error *err),
		    void *arg)
{
	const struct kist *kist = invocation->context;
	auto_engine engine = {.root = {.dir_fd = -EBADF, .run_fd = -EBADF}};
	auto_error error = {0};
	int status = 0;

	if (engine_open(kist->dir, kist->run, &engine, &error) < 0)
		return kist_fail(&error);
	for (size_t i = 0; i < invocation->operand_count; i++) {
		const char *name = invocation->operands[i];
		auto_container container = {0};
		auto_error one = {0};
		int r;

		r = container_find(&engine, name, &container, &one);
		if (r == 0)
			r = each(&engine, &container, arg, &one);
		if (r < 0)
			status = kist_fail(&one);
		else if (print)
			(void)printf("%s\n", name);
	}
	return status;
}

int seconds_parse(const char *text, const char *flag, int *ret, struct error *err)
{
	int64_t seconds = -1;

	if (text && (parse_i64(text, &seconds) < 0 || seconds < -1 || seconds > INT32_MAX / 1000))
		return error_set(err, ERROR_INVALID,
				 "invalid argument \"%s\" for \"%s\" flag: it must be a number of "
				 "seconds",
				 text, flag);
	*ret = (int)seconds;
	return 0;
}
