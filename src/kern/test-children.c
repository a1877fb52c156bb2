#include "kern/children.h"

#include "base/test.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

TEST(every_child_gets_the_signal)
{
	pid_t children[2];
	int status;

	for (int i = 0; i < 2; i++) {
		children[i] = fork();
		if (children[i] == 0) {
			(void)pause();
			_exit(0);
		}
	}
	assert_int_equal(children_signal(SIGKILL), 2);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(waitpid(children[i], &status, 0), children[i]);
		assert_true(WIFSIGNALED(status));
	}
	assert_int_equal(children_signal(SIGKILL), 0);
}
