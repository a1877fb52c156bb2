/*
 * Names and ids of containers.
 *
 * A name is reserved by a file names/<name> that contains the id, made exclusively. It is not
 * synced: the record says the name too, and after a boot the files are made again from the records.
 * A file whose container neither exists nor is being made is a leftover, and gives way.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "engine/container/container.h"
#include "engine/engine.h"

#include <stdbool.h>

/* 64 random hexadecimal digits. @ret has CONTAINER_ID_SIZE bytes. */
int container_id_make(char *ret, struct error *err) MUST_CHECK;

/* ERROR_CONFLICT in Docker's words if somebody has it. */
int container_name_reserve(struct engine *engine, const char *name, const char *id,
			   struct error *err) MUST_CHECK;

/* A name of two words, with a number where earlier ones (@attempt > 0) were taken. Not reserved
 * yet.
 * *@ret is owned by the caller. */
int container_name_invent(unsigned attempt, char **ret, struct error *err) MUST_CHECK;

/* Whether somebody has the name; @ret_id has CONTAINER_ID_SIZE bytes. */
bool container_name_lookup(const struct engine *engine, const char *name, char *ret_id);

/* The name that is reserved for @id: owned by the caller, NULL if there is none. Looks through all
 * names. */
char *container_name_of(const struct engine *engine, const char *id) MUST_CHECK;

/* After a rename that was interrupted: of the names that are reserved for @id, the one on its
 * record stays. */
void container_name_settle(struct engine *engine, const char *id);

/* Gives the name back if it is @id's. */
int container_name_release(struct engine *engine, const char *name, const char *id,
			   struct error *err) MUST_CHECK;
