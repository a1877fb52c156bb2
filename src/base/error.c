#include "base/error.h"

#include "base/mem.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	int errnum;
} kinds[ERROR_KIND_COUNT] = {
	[ERROR_NONE] = {"none", EIO},
	[ERROR_INVALID] = {"invalid", EINVAL},
	[ERROR_NOT_FOUND] = {"not-found", ENOENT},
	[ERROR_CONFLICT] = {"conflict", EEXIST},
	[ERROR_DENIED] = {"denied", EPERM},
	[ERROR_UNAVAILABLE] = {"unavailable", EAGAIN},
	[ERROR_EXHAUSTED] = {"exhausted", ENOSPC},
	[ERROR_UNSUPPORTED] = {"unsupported", EOPNOTSUPP},
	[ERROR_CORRUPT] = {"corrupt", EBADMSG},
	[ERROR_COMMAND_NOT_FOUND] = {"command-not-found", ENOENT},
	[ERROR_COMMAND_NOT_EXECUTABLE] = {"command-not-executable", EACCES},
	[ERROR_SYSTEM] = {"system", EIO},
};

static enum error_kind kind_of_errno(int errnum)
{
	switch (errnum) {
	case ENOSPC:
	case EDQUOT:
	case ENOMEM:
	case EMFILE:
	case ENFILE:
		return ERROR_EXHAUSTED;
	case EACCES:
	case EPERM:
	case EROFS:
		return ERROR_DENIED;
	case ENOENT:
		return ERROR_NOT_FOUND;
	case EEXIST:
	case EBUSY:
		return ERROR_CONFLICT;
	case ENOSYS:
	case EOPNOTSUPP:
		return ERROR_UNSUPPORTED;
	case EBADMSG:
		return ERROR_CORRUPT;
	default:
		return ERROR_SYSTEM;
	}
}

static int set_message(struct error *err, enum error_kind kind, int errnum, char *message)
{
	if (!err || err->kind != ERROR_NONE) {
		free(message);
		return -errnum;
	}
	err->kind = kind;
	err->errnum = errnum;
	err->message = message;
	return -errnum;
}

int error_set(struct error *err, enum error_kind kind, const char *fmt, ...)
{
	va_list args;
	char *message;

	va_start(args, fmt);
	message = mem_vprintf(fmt, args);
	va_end(args);
	return set_message(err, kind, kinds[kind].errnum, message);
}

int error_errno(struct error *err, int errnum, const char *fmt, ...)
{
	auto_free char *what = NULL;
	va_list args;

	errnum = abs(errnum);
	if (errnum == 0)
		errnum = EIO;
	va_start(args, fmt);
	what = mem_vprintf(fmt, args);
	va_end(args);
	return set_message(err, kind_of_errno(errnum), errnum,
			   mem_printf("%s: %s", what, strerror(errnum)));
}

int error_prefix(struct error *err, const char *fmt, ...)
{
	auto_free char *prefix = NULL;
	auto_free char *old = NULL;
	va_list args;

	if (!err)
		return -EIO;
	va_start(args, fmt);
	prefix = mem_vprintf(fmt, args);
	va_end(args);
	old = TAKE_PTR(err->message);
	err->message = mem_printf("%s: %s", prefix, old ? old : "unknown error");
	return -(err->errnum ? err->errnum : EIO);
}

int error_move(struct error *to, struct error *from)
{
	int errnum = from->errnum ? from->errnum : EIO;

	if (!to || to->kind != ERROR_NONE) {
		error_release(from);
		return -errnum;
	}
	*to = *from;
	*from = (struct error) {0};
	return -errnum;
}

void error_release(struct error *err)
{
	free(err->message);
	*err = (struct error) {0};
}

const char *error_kind_name(enum error_kind kind)
{
	return kind < ERROR_KIND_COUNT ? kinds[kind].name : kinds[ERROR_SYSTEM].name;
}

enum error_kind error_kind_parse(const char *name)
{
	for (enum error_kind kind = ERROR_INVALID; kind < ERROR_KIND_COUNT; kind++)
		if (STREQ(kinds[kind].name, name))
			return kind;
	return ERROR_SYSTEM;
}

int error_exit_status(const struct error *err)
{
	if (err->kind == ERROR_COMMAND_NOT_FOUND)
		return 127;
	if (err->kind == ERROR_COMMAND_NOT_EXECUTABLE)
		return 126;
	return 125;
}
