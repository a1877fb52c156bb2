/*
 * The numbers of the operations behind Docker's API. A number is never used again for another one;
 * the structures of their values are in <resource>-request.h.
 */
#pragma once

enum docker_operation {
	DOCKER_VERSION = 1,
	DOCKER_INFO = 2,
};
