/*
 * The routes of Docker's API, for the door.
 *
 * Each resource has three parts: <resource>-request.[ch] says what can be asked (the structures,
 * their tables, their operations), <resource>-decode.c fills them from HTTP and JSON for the door,
 * and <resource>.c runs them in the operation process. The second and the third never meet in one
 * program.
 */
#pragma once

#include "api/route.h"

extern const struct route docker_routes[]; /* ends with pattern NULL */
