/*
 * pull-tool ROOT RUN NAME [PLATFORM]: registry_pull() from the command line, for tests. Progress
 * goes to stderr, "digest new|known" to stdout; exit 1 with "kind: sentence" on stderr. What dead
 * pulls left is undone first, as every command of kist does. Without NAME that is all.
 */
#include "base/error.h"
#include "base/mem.h"
#include "io/intent.h"
#include "registry/pull.h"

#include <stdio.h>

static void report(const char *layer, const char *status, uint64_t current, uint64_t total,
		   void *arg UNUSED)
{
	(void)fprintf(stderr, "%s: %s %llu/%llu\n", layer ? layer : "image", status,
		      (unsigned long long)current, (unsigned long long)total);
}

static int undo(const char *what, const char *id, const char *text, void *arg)
{
	auto_error err = {0};
	int r = store_recover(arg, what, id, text, &err);

	if (r < 0)
		(void)fprintf(stderr, "recover %s-%s: %s\n", what, id, err.message);
	return r;
}

int main(int argc, char **argv)
{
	struct pull_progress progress = {.report = report};
	struct pull_request request = {0};
	auto_free char *digest = NULL;
	auto_root root = {0};
	auto_error err = {0};
	bool is_new;
	int r;

	if (argc < 3)
		return 2;
	r = root_open(argv[1], argv[2], &root, &err);
	if (r == 0)
		r = intent_recover(&root, undo, &root, &err);
	if (r >= 0 && argc == 3)
		return 0;
	request.name = argv[3];
	request.platform = argc > 4 ? argv[4] : NULL;
	if (r >= 0)
		r = registry_pull(&root, &request, &progress, &digest, &is_new, &err);
	if (r < 0) {
		(void)fprintf(stderr, "%s: %s\n", error_kind_name(err.kind), err.message);
		return 1;
	}
	(void)printf("%s %s\n", digest, is_new ? "new" : "known");
	return 0;
}
