/*
 * Containers and images as the JSON documents of Docker's API (`inspect`), with the members that
 * kist knows.
 */
#pragma once

#include "codec/json-write.h"
#include "codec/template.h"
#include "engine/container.h"
#include "store/store.h"

/* What text/template would know of the members' types. */
extern const struct template_member inspect_types[];

/* Each writes one object, as an element of the array that @w is in. */
void inspect_container(struct json_writer *w, struct engine *engine,
		       const struct container *container);
void inspect_image(struct json_writer *w, const struct image *image);
