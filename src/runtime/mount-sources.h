/*
 * What is to be mounted, opened by the runtime itself: where the container's root could not (a user
 * namespace, in which it is nobody outside), and where ids are mapped (which needs privileges over
 * the file system).
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "runtime/init.h"

/* Fills init->root_source and init->sources, where needed. */
int mount_sources_open(struct init *init, struct error *err) MUST_CHECK;
void mount_sources_close(struct init *init);
