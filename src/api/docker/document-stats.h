/*
 * The document of GET /containers/{id}/stats: a sample of what a container uses, and the one
 * before.
 */
#pragma once

#include "codec/json-write.h"
#include "engine/container/stats.h"

void document_stats(struct json_writer *w, const struct container *container,
		    const struct container_stats *before, const struct container_stats *now);
