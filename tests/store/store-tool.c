/*
 * The store by itself, for its tests: what `kist import`, `load`, `images`, `tag` and `rmi` do with
 * it, without an engine. Not installed.
 */
#include "base/fd.h"
#include "base/str.h"
#include "io/intent.h"
#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int undo(const char *what, const char *id, const char *text, void *arg)
{
	struct error err = {0};
	int r = store_recover(arg, what, id, text, &err);

	if (r < 0)
		(void)fprintf(stderr, "recover %s-%s: %s\n", what, id, err.message);
	error_release(&err);
	return r;
}

static void show(const struct image *image)
{
	const struct strv *lists[] = {&image->references, &image->env, &image->entrypoint,
				      &image->cmd, &image->labels};

	(void)printf("%s %s %llu %s/%s user=%s dir=%s", image->id, image->manifest,
		     (unsigned long long)image->size, image->os, image->architecture, image->user,
		     image->working_dir);
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		(void)printf(" [");
		for (size_t k = 0; k < lists[i]->n; k++)
			(void)printf("%s%s", k ? "," : "", lists[i]->v[k]);
		(void)printf("]");
	}
	(void)printf("\n");
}

static int import_image(struct root *root, int argc, char **argv, struct error *err)
{
	auto_strv changes = {0};
	auto_image image = {0};
	int r;

	for (int i = 1; i < argc; i++)
		strv_add(&changes, argv[i]);
	r = store_import(root, STDIN_FILENO, &changes, "imported", argc > 0 ? argv[0] : NULL,
			 &image, err);
	if (r == 0)
		(void)printf("%s\n", image.id);
	return r;
}

static int list(struct root *root, int argc, char **argv, struct error *err)
{
	struct image *images;
	size_t n;
	int r;

	(void)argc;
	(void)argv;
	r = store_image_list(root, &images, &n, NULL, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++) {
		show(&images[i]);
		image_release(&images[i]);
	}
	free(images);
	return 0;
}

static int find(struct root *root, int argc, char **argv, struct error *err)
{
	auto_image image = {0};
	auto_strv paths = {0};
	int r = store_image_find(root, argc > 0 ? argv[0] : "", &image, err);

	if (r == 0)
		r = store_layer_paths(root, &image, &paths, err);
	if (r < 0)
		return r;
	show(&image);
	for (size_t i = 0; i < paths.n; i++)
		(void)printf("%s\n", paths.v[i]);
	return 0;
}

static int tag(struct root *root, int argc, char **argv, struct error *err)
{
	auto_image image = {0};
	int r = store_image_find(root, argc > 0 ? argv[0] : "", &image, err);

	return r < 0 ? r : store_image_tag(root, &image, argc > 1 ? argv[1] : "", err);
}

static int print_lines(int r, const struct strv *lines)
{
	for (size_t i = 0; i < lines->n; i++)
		(void)printf("%s\n", lines->v[i]);
	return r;
}

static bool in_use(const char *image_id, char **ret_container, void *arg)
{
	(void)image_id;
	(void)arg;
	*ret_container = getenv("IN_USE") ? strdup(getenv("IN_USE")) : NULL;
	return *ret_container;
}

static int remove_image(struct root *root, int argc, char **argv, struct error *err)
{
	auto_strv lines = {0};
	bool force = argc > 1;
	int r = store_image_remove(root, argc > 0 ? argv[0] : "", force, in_use, NULL, &lines, err);

	return print_lines(r, &lines);
}

static int load(struct root *root, int argc, char **argv, struct error *err)
{
	auto_strv lines = {0};
	int r = store_load(root, STDIN_FILENO, &lines, err);

	(void)argc;
	(void)argv;
	return print_lines(r, &lines);
}

static int recover(struct root *root, int argc, char **argv, struct error *err)
{
	(void)root;
	(void)argc;
	(void)argv;
	(void)err;
	return 0; /* main has done it */
}

static const struct {
	const char *name;
	int (*run)(struct root *root, int argc, char **argv, struct error *err);
} verbs[] = {
	{"import", import_image}, {"images", list}, {"find", find},	  {"tag", tag},
	{"rmi", remove_image},	  {"load", load},   {"recover", recover},
};

static int run(int argc, char **argv, struct error *err)
{
	auto_root root = {.dir_fd = -EBADF, .run_fd = -EBADF};
	int r;

	r = root_open(NULL, NULL, &root, err);
	if (r == 0)
		r = intent_recover(&root, undo, &root, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (STREQ(verbs[i].name, argv[1]))
			return verbs[i].run(&root, argc - 2, argv + 2, err);
	return error_set(err, ERROR_INVALID, "no such verb: %s", argv[1]);
}

int main(int argc, char **argv)
{
	auto_error err = {0};

	if (argc < 2)
		return 2;
	if (run(argc, argv, &err) < 0) {
		(void)fprintf(stderr, "%s: %s\n", error_kind_name(err.kind), err.message);
		return 1;
	}
	return 0;
}
