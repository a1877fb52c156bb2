/*
 * Requests about images, decoded: for the door's table of routes.
 */
#pragma once

#include "api/request.h"

int decode_image(const struct request *request, void *values, struct error *err);
int decode_image_list(const struct request *request, void *values, struct error *err);
int decode_image_create(const struct request *request, void *values, struct error *err);
int decode_image_tag(const struct request *request, void *values, struct error *err);
int decode_image_remove(const struct request *request, void *values, struct error *err);

/* The credentials of a header X-Registry-Auth: Docker's AuthConfig as JSON in base64, either
 * alphabet. Both outputs are owned, NULL if there are none. ERROR_INVALID. */
int decode_credentials(const char *header, char **ret_username, char **ret_secret,
		       struct error *err) MUST_CHECK;
