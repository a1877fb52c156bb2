#include "engine/container/rename.h"

#include "base/fd.h"
#include "base/mem.h"
#include "engine/container/create.h"
#include "engine/container/name.h"
#include "engine/container/operation.h"
#include "engine/container/state.h"
#include "engine/event.h"
#include "io/atomic-file.h"
#include "monitor/announce.h"

#include <errno.h>
#include <string.h>

static int check(const struct container *container, const char *name, struct error *err)
{
	const struct container_config config = {.name = (char *)(uintptr_t)name,
						.stop_timeout = -1};

	if (!*name)
		return error_set(err, ERROR_INVALID, "Neither old nor new names may be empty");
	if (STREQ(name, container->name))
		return error_set(err, ERROR_INVALID,
				 "Renaming a container with the same name as its current name");
	if (container_config_check(&config, err) < 0)
		return error_prefix(err, "Error when allocating new name");
	return 0;
}

/* The monitor tells of the end by the name that the container then has. */
static void tell_monitor(struct engine *engine, const struct container *container)
{
	auto_fd int run_fd = container_open_run_folder(engine, container->id);
	auto_free char *attributes = NULL;

	if (run_fd < 0)
		return;
	attributes = event_container_attributes(container);
	(void)!atomic_write(run_fd, ATTRIBUTES_FILE, attributes, strlen(attributes), 0600, 0);
}

static void tell(struct engine *engine, const struct container *container, const char *old)
{
	auto_free char *slashed = mem_printf("/%s", old);
	const struct event_attribute extra = {"oldName", slashed};

	tell_monitor(engine, container);
	event_container(engine, container, "rename", &extra, 1);
}

/* Under the intent, which gives back whatever of the two names the record does not say. */
static int rename_in(struct engine *engine, struct container *container, const char *name,
		     struct error *err)
{
	auto_free char *old = NULL;
	int r;

	r = container_name_reserve(engine, name, container->id, err);
	if (r < 0)
		return error_prefix(err, "Error when allocating new name");
	old = container->name;
	container->name = mem_strdup(name);
	r = container_record_save(engine, container, err);
	if (r < 0) {
		/* It may be there all the same: the names are put right by what it says. */
		mem_freep(&container->name);
		container->name = TAKE_PTR(old);
		return r;
	}
	(void)!container_name_release(engine, old, container->id, NULL);
	tell(engine, container, old);
	return 0;
}

int container_rename(struct engine *engine, struct container *container, const char *name,
		     struct error *err)
{
	auto_free char *text = container_operation_text(UNDO_RENAME, NULL);
	struct intent intent;
	int r;

	if (name[0] == '/')
		name++;
	r = check(container, name, err);
	if (r == 0)
		r = container_operation_begin(engine, container->id, UNDO_CLEAN, NULL, &intent,
					      err);
	if (r < 0)
		return r;
	r = container_refresh(engine, container, err);
	if (r == 0)
		r = check(container, name, err);
	if (r == 0)
		r = intent_update(&intent, text, err);
	if (r < 0) {
		intent_end(&intent);
		return r;
	}
	r = rename_in(engine, container, name, err);
	if (r < 0)
		container_name_settle(engine, container->id);
	intent_end(&intent);
	return r;
}
