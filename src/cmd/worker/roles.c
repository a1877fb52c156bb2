/*
 * The roles of kist-worker. Fetch is a program of its own (fetch.c): what it is linked to takes
 * longer to load than most layers take to unpack.
 */
#include "cmd/worker/worker.h"

#include <stddef.h>

const struct role *const worker_roles[] = {&role_unpack, &role_apply, &role_archive, NULL};
