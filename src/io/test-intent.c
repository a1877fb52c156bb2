#include "base/fd.h"
#include "base/mem.h"
#include "base/test.h"
#include "io/intent.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static char seen[100];

static int undo(const char *what, const char *id, const char *text, void *arg UNUSED)
{
	(void)snprintf(seen, sizeof(seen), "%s %s %s", what, id, text);
	return 0;
}

static void with_root(void (*body)(const struct root *root))
{
	char folder[] = "/tmp/kist-test-XXXXXX";
	auto_free char *dir = NULL, *run = NULL;
	auto_root root = {0};
	int fd;

	assert_non_null(mkdtemp(folder));
	dir = mem_printf("%s/lib", folder);
	run = mem_printf("%s/run", folder);
	assert_int_equal(root_open(dir, run, &root, NULL), 0);
	body(&root);
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(tree_empty(fd), 0);
	(void)fd_close(fd);
	(void)rmdir(folder);
}

static void living(const struct root *root)
{
	struct intent intent = {0}, second = {0};

	seen[0] = '\0';
	assert_int_equal(intent_begin(root, "create", "abc-d", "{}", &intent, NULL), 0);
	assert_int_equal(intent_begin(root, "create", "abc-d", "{}", &second, NULL), -EEXIST);
	assert_int_equal(intent_recover(root, undo, NULL, NULL), 0);
	intent_end(&intent);
	assert_int_equal(intent_recover(root, undo, NULL, NULL), 0);
	assert_string_equal(seen, "");
}

TEST(the_intent_of_a_living_operation_is_left_alone)
{
	with_root(living);
}

/* What intent_end() leaves where the disk does not even let it remove a file. */
static void ended(const struct root *root)
{
	struct intent intent = {0};

	seen[0] = '\0';
	assert_int_equal(intent_begin(root, "create", "abc-d", "{}", &intent, NULL), 0);
	assert_int_equal(intent_update(&intent, "", NULL), 0);
	intent_abandon(&intent);
	assert_int_equal(intent_recover(root, undo, NULL, NULL), 1);
	assert_int_equal(intent_recover(root, undo, NULL, NULL), 0);
	assert_string_equal(seen, "");
}

TEST(an_intent_without_a_text_is_removed_and_nothing_is_undone)
{
	with_root(ended);
}

static void dead(const struct root *root)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		struct intent intent;

		if (intent_begin(root, "create", "abc-d", "what it was at first", &intent, NULL) <
			    0 ||
		    intent_update(&intent, "{\"x\":1}", NULL) < 0)
			_exit(1);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(intent_recover(root, undo, NULL, NULL), 1);
	assert_string_equal(seen, "create abc-d {\"x\":1}");
	assert_int_equal(intent_recover(root, undo, NULL, NULL), 0);
}

TEST(the_last_text_of_a_dead_operation_is_undone_once)
{
	with_root(dead);
}
