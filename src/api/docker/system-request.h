/*
 * What can be asked of the engine as a whole.
 */
#pragma once

#include "api/operation.h"

extern const struct operation operation_version;
extern const struct operation operation_info;
