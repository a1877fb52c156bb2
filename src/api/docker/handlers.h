/*
 * What runs the operations of Docker's API, in the operation process.
 */
#pragma once

#include "api/call.h"

extern const struct call_handler docker_handlers[]; /* ends with operation NULL */
