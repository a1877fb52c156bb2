/*
 * Restart policies at work.
 *
 * Theory of operation. Whoever cleans up after an end plans the restart that the policy asks for:
 * the intent "restart-<id>" is written, and `kist cleanup --restart` started with it as descriptor
 * RESTART_FD. That process, the waiter, holds the intent's lock, waits (100 ms, doubled each time
 * up to a minute, from the beginning again after ten seconds of life), and starts the container. A
 * waiter that was killed leaves a dead intent, and the next command starts another waiter. Whoever
 * takes the file away has cancelled the restart; the waiter wakes up and goes. After a boot the
 * first command plans the restarts of those that shall run.
 *
 * restart.json in the container's folder says how often it was restarted, the delay, and whether it
 * was stopped on purpose. It is there only for containers with a policy.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "engine/container/container.h"
#include "engine/engine.h"

#define RESTART_WHAT "restart" /* of the intent */
#define RESTART_FD   3

/* Under the container's intent, when what it held has been taken away: starts a waiter if the
 * policy wants that. Best effort. */
void container_restart_plan(struct engine *engine, const struct container *container);

/* The same after a boot, when nobody has seen the end. */
void container_restart_after_boot(struct engine *engine, const struct container *container);

/* The intent of @id is dead: another waiter. Always negative: the intent stays. */
int container_restart_recover(struct engine *engine, const char *id);

/* The waiter's life: waits, and starts the container unless that was cancelled. */
int container_restart_wait(struct engine *engine, const char *id, struct error *err) MUST_CHECK;
/* To be called first, before the engine is opened: 0, or -errno if it is another's already. */
int container_restart_take(void) MUST_CHECK;

/* Somebody ends it on purpose: no restart before somebody starts it, whatever happens. */
int container_restart_forbid(struct engine *engine, const struct container *container,
			     struct error *err) MUST_CHECK;
/* Somebody starts it: from the beginning. */
void container_restart_reset(struct engine *engine, const struct container *container);
/* A planned restart is off. */
void container_restart_cancel(struct engine *engine, const char *id);

/* Fills in restarting and restarts. Nothing to look at without a policy. */
void container_restart_read(struct engine *engine, struct container *container);
