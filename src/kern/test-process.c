#include "base/fd.h"
#include "base/test.h"
#include "kern/process.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t sleeper(uint64_t *ret_ticks)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		for (;;)
			(void)pause();
	}
	assert_int_equal(process_start(pid, ret_ticks, NULL), 0);
	return pid;
}

TEST(a_living_process_is_found_by_id_and_start)
{
	uint64_t ticks;
	pid_t pid = sleeper(&ticks);
	auto_fd int fd = process_open(pid, ticks);

	assert_true(fd >= 0);
	assert_int_equal(process_alive(pid, ticks), 1);
	assert_int_equal(process_wait(fd, 1), -ETIMEDOUT);
	assert_int_equal(process_signal(fd, SIGKILL), 0);
	assert_int_equal(process_wait(fd, -1), 0);
	(void)waitpid(pid, NULL, 0);
}

TEST(another_start_time_is_another_process)
{
	uint64_t ticks;
	pid_t pid = sleeper(&ticks);

	assert_int_equal(process_open(pid, ticks + 1), -ESRCH);
	assert_int_equal(process_alive(pid, ticks + 1), 0);
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	assert_int_equal(process_alive(pid, ticks), 0);
	assert_int_equal(process_open(pid, ticks), -ESRCH);
}

TEST(a_zombie_is_not_alive)
{
	uint64_t ticks;
	pid_t pid = sleeper(&ticks);
	siginfo_t info;

	(void)kill(pid, SIGKILL);
	(void)waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT);
	assert_int_equal(process_alive(pid, ticks), 0);
	(void)waitpid(pid, NULL, 0);
}

static void name_like_a_stat_line(void)
{
	(void)prctl(PR_SET_NAME, "a) Z 1 (b) S 1", 0, 0, 0);
}

TEST(a_name_with_parentheses_does_not_mislead)
{
	uint64_t before, after;
	char letter;

	assert_int_equal(process_start(getpid(), &before, &letter), 0);
	name_like_a_stat_line();
	assert_int_equal(process_start(getpid(), &after, &letter), 0);
	assert_true(before == after);
	assert_int_equal(letter, 'R');
}

TEST(nonsense_ids_name_no_process)
{
	assert_int_equal(process_open(0, 0), -ESRCH);
	assert_int_equal(process_open(-1, 0), -ESRCH);
	assert_int_equal(process_alive(0, 0), 0);
}

/* What has ended and is not reaped, as its parent and as somebody else see it. */
TEST(how_a_zombie_ended_can_be_asked_for)
{
	static const struct {
		int status, signo, expected;
	} ends[] = {{0, 0, 0}, {7, 0, 7}, {255, 0, 255}, {0, SIGKILL, 137}, {0, SIGTERM, 143}};

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		auto_fd int fd = -EBADF;
		uint64_t ticks;
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (pid == 0) {
			(void)raise(SIGSTOP);
			if (ends[i].signo)
				(void)raise(ends[i].signo);
			_exit(ends[i].status);
		}
		(void)waitpid(pid, NULL, WUNTRACED);
		assert_int_equal(process_start(pid, &ticks, NULL), 0);
		fd = process_open(pid, ticks);
		assert_true(fd >= 0);
		assert_int_equal(process_exit_status(fd, pid, ticks), -ENODATA);
		assert_int_equal(kill(pid, SIGCONT), 0);
		assert_int_equal(process_wait(fd, -1), 0);
		assert_int_equal(process_exit_status(fd, pid, ticks), ends[i].expected);
		/* Of another process with that number nothing is told, unless the pidfd tells it.
		 */
		(void)waitpid(pid, NULL, 0);
		if (process_exit_status(fd, pid, ticks) != -ENODATA)
			assert_int_equal(process_exit_status(fd, pid, ticks), ends[i].expected);
	}
}
