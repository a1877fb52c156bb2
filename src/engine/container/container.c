#include "engine/container/container.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/parse.h"
#include "base/str.h"
#include "base/time.h"
#include "engine/container/damaged.h"
#include "engine/container/load.h"
#include "engine/container/name.h"
#include "engine/container/record.h"
#include "engine/container/remove.h"
#include "engine/container/state.h"
#include "engine/container/take-over.h"
#include "engine/list-cache.h"
#include "io/atomic-file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const state_names[] = {
	[CONTAINER_CREATED] = "created",
	[CONTAINER_RUNNING] = "running",
	[CONTAINER_EXITED] = "exited",
};

void container_release(struct container *container)
{
	mem_freep(&container->damage);
	mem_freep(&container->name);
	mem_freep(&container->image_id);
	container_config_release(&container->config);
	strv_release(&container->exposed_ports);
	mem_freep(&container->network.ports);
	container->network.port_count = 0;
}

const char *container_state_name(enum container_state state)
{
	return state_names[state];
}

char *container_status(const struct container *container)
{
	char human[TIME_HUMAN_SIZE];
	int64_t now = time_now();

	switch (container->state) {
	case CONTAINER_CREATED:
		return mem_strdup("Created");
	case CONTAINER_RUNNING:
		return mem_printf("Up %s%s", time_human(now - container->started, human),
				  container->paused ? " (Paused)" : "");
	case CONTAINER_EXITED:
		break;
	}
	if (container->exit_code == CONTAINER_EXIT_UNKNOWN)
		return mem_strdup("Exited (unknown)");
	return mem_printf("%s (%d) %s ago", container->restarting ? "Restarting" : "Exited",
			  container->exit_code, time_human(now - container->finished, human));
}

char *container_folder(const struct engine *engine, const char *id)
{
	return mem_printf("%s/containers/%s", engine->root.dir, id);
}

char *container_run_folder(const struct engine *engine, const char *id)
{
	return mem_printf("%s/containers/%s", engine->root.run, id);
}

char *container_log_path(const struct engine *engine, const struct container *container)
{
	return mem_printf("%s/containers/%s/log.json", engine->root.dir, container->id);
}

void container_argv(const struct container *container, struct strv *ret)
{
	strv_copy(ret, &container->config.entrypoint);
	for (size_t i = 0; i < container->config.command.n; i++)
		strv_add(ret, container->config.command.v[i]);
}

/* Its record, wherever it is: 1, or 0 if there is none. */
static int read_record(struct engine *engine, const char *id, struct container *ret,
		       struct error *err)
{
	auto_fd int dir_fd = container_open_folder(engine, id);
	auto_fd int run_fd = -EBADF;
	auto_free char *text = NULL;
	size_t len;
	int r;

	r = dir_fd < 0 ? dir_fd : atomic_read(dir_fd, RECORD_FILE, RECORD_MAX, &text, &len);
	if (r == -ENOENT) {
		run_fd = container_open_run_folder(engine, id);
		r = run_fd < 0 ? run_fd : atomic_read(run_fd, RECORD_FILE, RECORD_MAX, &text, &len);
	}
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return error_errno(err, r, "read the record of container %.12s", id);
	r = container_record_read(text, len, ret, err);
	if (r == 0 && !STREQ(ret->id, id)) {
		container_release(ret);
		r = error_set(err, ERROR_CORRUPT, "it is the record of %.12s", ret->id);
	}
	return r < 0 ? r : 1;
}

/* What to tell of a record that cannot be read. */
static int say_damaged(const char *id, struct error *why, struct error *err)
{
	if (why->kind != ERROR_CORRUPT)
		return error_move(err, why);
	return error_set(err, ERROR_CORRUPT,
			 "container %.12s is damaged (%s): remove it with kist rm -f %.12s", id,
			 why->message ? why->message : "", id);
}

int container_load(struct engine *engine, const char *id, struct container *ret, struct error *err)
{
	auto_container container = {0};
	auto_error why = {0};
	int r;

	r = read_record(engine, id, &container, &why);
	if (r < 0)
		return say_damaged(id, &why, err);
	if (r == 0)
		return 0;
	r = container_state_read(engine, &container, err);
	if (r < 0)
		return r;
	*ret = container;
	container = (struct container) {0};
	return 1;
}

int container_load_any(struct engine *engine, const char *id, struct container *ret,
		       struct error *err)
{
	auto_error why = {0};
	int r;

	r = container_load(engine, id, ret, &why);
	if (r < 0 && why.kind != ERROR_CORRUPT) {
		/* To act without knowing it is the last resort: it would lose its volumes. */
		error_release(&why);
		r = container_load(engine, id, ret, &why);
	}
	if (r >= 0)
		return r;
	if (why.kind == ERROR_EXHAUSTED)
		return error_move(err, &why);
	r = container_damaged_read(engine, id, &why, ret, err);
	return r < 0 ? r : 1;
}

/* Ended without anybody left to clean up after it: its monitor was killed. */
static bool is_orphan(struct engine *engine, const struct container *container)
{
	auto_fd int run_fd = -EBADF;

	if (container->state != CONTAINER_EXITED || container->monitor)
		return false;
	run_fd = container_open_run_folder(engine, container->id);
	return run_fd >= 0;
}

/* container_load() or container_load_any(). */
typedef int load_function(struct engine *engine, const char *id, struct container *ret,
			  struct error *err);

/* Loads and, where its monitor could not, cleans up. 1, or 0 if there is none (any more). */
static int load_healed(struct engine *engine, const char *id, load_function *load,
		       struct container *ret, struct error *err)
{
	auto_container container = {0};
	int r;

	r = load(engine, id, &container, err);
	if (r <= 0)
		return r;
	/* What it says goes on being logged, and its end recorded; the command goes on either way.
	 */
	if (container_is_unwatched(&container))
		(void)!container_take_over(engine, &container, NULL, NULL, NULL, NULL);
	if (is_orphan(engine, &container)) {
		container_tidy(engine, id);
		container_release(&container);
		container = (struct container) {0};
		r = load(engine, id, &container, err);
		if (r <= 0)
			return r;
	}
	*ret = container;
	container = (struct container) {0};
	return 1;
}

/* Calls @each for the ids of one containers folder that begin with @prefix; stops when it returns
 * non-zero. */
static int each_id_of(int base_fd, const char *prefix, int (*each)(const char *id, void *arg),
		      void *arg)
{
	size_t prefix_len = strlen(prefix);
	struct dirent *entry;
	int fd, r = 0;
	DIR *dir;

	fd = openat(base_fd, "containers", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	dir = fdopendir(fd);
	if (!dir) {
		r = -errno;
		(void)fd_close(fd);
		return r;
	}
	while (r == 0 && (entry = readdir(dir)))
		if (strncmp(entry->d_name, prefix, prefix_len) == 0 &&
		    parse_is_hex(entry->d_name, CONTAINER_ID_SIZE - 1))
			r = each(entry->d_name, arg);
	(void)closedir(dir);
	return r;
}

static int add_id(const char *id, void *arg)
{
	strv_add(arg, id);
	return 0;
}

/* Ids with a folder below @base_fd that begin with @prefix, in order. */
static int ids_of(const struct engine *engine, int base_fd, const char *prefix, struct strv *ret,
		  struct error *err)
{
	int r = each_id_of(base_fd, prefix, add_id, ret);

	strv_sort(ret);
	return r < 0 ? error_errno(err, r, "list the containers in %s", engine->root.dir) : 0;
}

int container_ids(const struct engine *engine, const char *prefix, struct strv *ret,
		  struct error *err)
{
	auto_strv both = {0};
	int r;

	r = ids_of(engine, engine->root.dir_fd, prefix, &both, err);
	if (r == 0)
		r = ids_of(engine, engine->root.run_fd, prefix, &both, err);
	if (r < 0)
		return r;
	/* A container has a folder in each: sorted, the doubles are neighbours. */
	strv_sort(&both);
	for (size_t i = 0; i < both.n; i++)
		if (i == 0 || !STREQ(both.v[i], both.v[i - 1]))
			strv_add(ret, both.v[i]);
	return 0;
}

static int no_such_container(const char *name, struct error *err)
{
	return error_set(err, ERROR_NOT_FOUND, "No such container: %s", name);
}

static int find_by_prefix(struct engine *engine, const char *prefix, load_function *load,
			  struct container *ret, struct error *err)
{
	auto_container found = {0};
	auto_strv ids = {0};
	bool any = false;
	int r;

	if (!*prefix || strspn(prefix, "0123456789abcdef") != strlen(prefix))
		return no_such_container(prefix, err);
	r = container_ids(engine, prefix, &ids, err);
	for (size_t i = 0; r >= 0 && i < ids.n; i++) {
		auto_container container = {0};

		r = load_healed(engine, ids.v[i], load, &container, err);
		if (r > 0 && any)
			return error_set(err, ERROR_INVALID,
					 "Multiple IDs found with provided prefix: %s", prefix);
		if (r > 0) {
			any = true;
			found = container;
			container = (struct container) {0};
		}
	}
	if (r < 0)
		return r;
	if (!any)
		return no_such_container(prefix, err);
	*ret = found;
	found = (struct container) {0};
	return 0;
}

static int find(struct engine *engine, const char *name, load_function *load, struct container *ret,
		struct error *err)
{
	char id[CONTAINER_ID_SIZE];
	int r;

	if (parse_is_hex(name, CONTAINER_ID_SIZE - 1)) {
		r = load_healed(engine, name, load, ret, err);
		if (r != 0)
			return r < 0 ? r : 0;
	}
	if (container_name_lookup(engine, name[0] == '/' ? name + 1 : name, id)) {
		r = load_healed(engine, id, load, ret, err);
		if (r != 0)
			return r < 0 ? r : 0;
	}
	return find_by_prefix(engine, name, load, ret, err);
}

int container_find(struct engine *engine, const char *name, struct container *ret,
		   struct error *err)
{
	return find(engine, name, container_load, ret, err);
}

int container_find_any(struct engine *engine, const char *name, struct container *ret,
		       struct error *err)
{
	return find(engine, name, container_load_any, ret, err);
}

static int newer_first(const void *a, const void *b)
{
	const struct container *x = a, *y = b;

	return x->created < y->created ? 1 : x->created > y->created ? -1 : 0;
}

void container_list_free(struct container *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		container_release(&list[i]);
	free(list);
}

static int load_listed(struct engine *engine, const char *id, struct list_cache *cache,
		       struct container *ret, struct error *err)
{
	int r = list_cache_find(cache, id, ret);

	if (r == 2 && (container_state_read(engine, ret, NULL) < 0 || container_is_unwatched(ret) ||
		       is_orphan(engine, ret))) {
		container_release(ret);
		*ret = (struct container) {0};
		r = 0;
	}
	if (r > 0)
		return 1;
	r = load_healed(engine, id, container_load_any, ret, err);
	if (r > 0)
		list_cache_add(cache, ret);
	return r;
}

int container_list(struct engine *engine, struct container **ret, size_t *ret_count,
		   struct error *err)
{
	auto_strv ids = {0}, started = {0};
	auto_list_cache cache = LIST_CACHE_CLOSED;
	struct container *list;
	size_t count = 0;
	int r;

	r = container_ids(engine, "", &ids, err);
	if (r == 0)
		r = ids_of(engine, engine->root.run_fd, "", &started, err);
	if (r < 0)
		return r;
	list_cache_open(engine, &started, &cache);
	list = mem_zero(ids.n + 1, sizeof(*list));
	for (size_t i = 0; i < ids.n; i++) {
		r = load_listed(engine, ids.v[i], &cache, &list[count], err);
		if (r < 0) {
			container_list_free(list, count);
			return r;
		}
		count += (size_t)r;
	}
	qsort(list, count, sizeof(*list), newer_first);
	*ret = list;
	*ret_count = count;
	return 0;
}

int container_refresh(struct engine *engine, struct container *container, struct error *err)
{
	auto_container now = {0};
	int r;

	r = container_load(engine, container->id, &now, err);
	if (r < 0)
		return r;
	if (r == 0)
		return no_such_container(container->id, err);
	container_release(container);
	*container = now;
	now = (struct container) {0};
	return 0;
}

bool container_uses_image(const char *image_id, char **ret_container, void *arg)
{
	struct engine *engine = arg;
	struct container *list;
	size_t count;
	bool used = false;

	/* What cannot be read may use any image. */
	if (container_list(engine, &list, &count, NULL) < 0) {
		*ret_container = mem_strdup("unknown");
		return true;
	}
	for (size_t i = 0; i < count && !used; i++) {
		if (list[i].damage || STREQ(list[i].image_id, image_id)) {
			*ret_container = mem_strdup(list[i].id);
			used = true;
		}
	}
	container_list_free(list, count);
	return used;
}
