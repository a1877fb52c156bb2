#include "engine/container/pause.h"

#include "engine/container/load.h"
#include "engine/container/operation.h"
#include "engine/container/state.h"
#include "engine/event.h"
#include "engine/runtime-call.h"

#include <errno.h>

/* Under the intent, so that nobody stops, pauses or removes it meanwhile. Noted before it is done,
 * and taken back after: what is noted is believed only while the kernel says so too. */
static int change(struct engine *engine, struct container *container, bool paused,
		  struct error *err)
{
	const char *const arguments[] = {paused ? "pause" : "resume", NULL};
	int r;

	r = container_refresh(engine, container, err);
	if (r < 0)
		return r;
	if (container->state != CONTAINER_RUNNING)
		return error_set(err, ERROR_CONFLICT, "Container %s is not running", container->id);
	if (container->paused == paused)
		return error_set(err, ERROR_CONFLICT, "Container %s is %s paused", container->id,
				 paused ? "already" : "not");
	if (paused) {
		r = container_state_set_paused(engine, container, true, err);
		if (r < 0)
			return r;
	}
	r = runtime_call(engine, container, arguments, -EBADF, err);
	if (r < 0 && paused)
		(void)!container_state_set_paused(engine, container, false, NULL);
	if (r == 0 && !paused)
		r = container_state_set_paused(engine, container, false, err);
	if (r < 0)
		return error_prefix(err, "Cannot %s container %s", paused ? "pause" : "unpause",
				    container->name);
	container->paused = paused;
	event_container(engine, container, paused ? "pause" : "unpause", NULL, 0);
	return 0;
}

static int change_locked(struct engine *engine, struct container *container, bool paused,
			 struct error *err)
{
	struct intent intent;
	int r;

	r = container_operation_begin(engine, container->id, UNDO_CLEAN, NULL, &intent, err);
	if (r < 0)
		return r;
	r = change(engine, container, paused, err);
	intent_end(&intent);
	return r;
}

int container_pause(struct engine *engine, struct container *container, struct error *err)
{
	return change_locked(engine, container, true, err);
}

int container_unpause(struct engine *engine, struct container *container, struct error *err)
{
	return change_locked(engine, container, false, err);
}
