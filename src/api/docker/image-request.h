/*
 * What can be asked of images: the operations and the structures of their values.
 */
#pragma once

#include "api/operation.h"
#include "base/strv.h"

#include <stdbool.h>

struct image_request {
	char *name;
};

struct image_list_request {
	struct strv filters;
};

/* POST /images/create is two things, which its query tells apart: a pull, with the credentials that
 * the client sent along (a name and a password, or a token alone), or an import of its body. */
struct image_create_request {
	bool import;
	char *name; /* import: may be NULL */
	char *platform;
	char *username, *secret;
	char *message;
	struct strv changes;
};

struct image_tag_request {
	char *name, *target;
};

struct image_remove_request {
	char *name;
	bool force;
};

extern const struct operation operation_image_list;
extern const struct operation operation_image_inspect;
extern const struct operation operation_image_history;
extern const struct operation operation_image_create;
extern const struct operation operation_image_tag;
extern const struct operation operation_image_remove;
extern const struct operation operation_image_load;
extern const struct operation operation_image_prune; /* struct image_list_request */
