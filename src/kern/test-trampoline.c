#include "kern/trampoline.h"

#include "base/test.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Executes @path through the trampoline; returns the exit status, and what came over the pipe. */
static int run(const char *path, char *const *args, int *ret_errno)
{
	char *argv[8] = {(char *)path}, *env[] = {(char *)"A=b", NULL};
	int program = trampoline_open(), fds[2], status;
	char text[TRAMPOLINE_FD_SIZE];
	pid_t pid;

	assert_true(program >= 0);
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	for (int i = 0; args[i]; i++)
		argv[i + 2] = args[i];
	pid = fork();
	if (pid == 0) {
		(void)fcntl(fds[1], F_SETFD, 0);
		trampoline_fd_text(fds[1], text);
		argv[1] = text;
		(void)execveat(program, "", argv, env, AT_EMPTY_PATH);
		_exit(99);
	}
	(void)close(fds[1]);
	*ret_errno = 0;
	(void)!read(fds[0], ret_errno, sizeof(*ret_errno));
	(void)close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	/* Nobody can write to what is /proc/self/exe for a moment. */
	assert_int_equal(pwrite(program, "x", 1, 0), -1);
	(void)close(program);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(it_executes_with_the_arguments_and_the_environment_given)
{
	char *args[] = {(char *)"sh", (char *)"-c", (char *)"test \"$A$0$1\" = bxy && exit 42",
			(char *)"x",  (char *)"y",  NULL};
	int errnum;

	assert_int_equal(run("/bin/sh", args, &errnum), 42);
	assert_int_equal(errnum, 0);
}

TEST(it_reports_why_it_cannot_execute)
{
	char *args[] = {(char *)"x", NULL};
	int errnum;

	assert_int_equal(run("/nonexistent", args, &errnum), 125);
	assert_int_equal(errnum, -ENOENT);
	assert_int_equal(run("/etc", args, &errnum), 125);
	assert_int_equal(errnum, -EACCES);
}
