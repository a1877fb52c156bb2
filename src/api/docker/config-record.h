/*
 * A container's configuration as part of a request record.
 *
 * What the engine's own table describes comes along by itself; the rest has rows here. What is read
 * is whole and within its types, and nothing more: that its values make sense together is for
 * container_config_check() to say.
 */
#pragma once

#include "api/tagged.h"
#include "engine/container/config.h"

/* Of a struct container_config, which container_config_release() or tagged_release() frees. */
extern const struct tagged_field container_config_record[];
