/*
 * Requests about containers, decoded: for the door's table of routes.
 */
#pragma once

#include "api/request.h"

int decode_container(const struct request *request, void *values, struct error *err);
int decode_container_list(const struct request *request, void *values, struct error *err);
int decode_container_inspect(const struct request *request, void *values, struct error *err);
int decode_container_create(const struct request *request, void *values, struct error *err);
int decode_container_stop(const struct request *request, void *values, struct error *err);
int decode_container_kill(const struct request *request, void *values, struct error *err);
int decode_container_wait(const struct request *request, void *values, struct error *err);
int decode_container_remove(const struct request *request, void *values, struct error *err);
int decode_container_logs(const struct request *request, void *values, struct error *err);
int decode_container_attach(const struct request *request, void *values, struct error *err);
int decode_container_resize(const struct request *request, void *values, struct error *err);
int decode_container_top(const struct request *request, void *values, struct error *err);
int decode_container_stats(const struct request *request, void *values, struct error *err);
int decode_container_archive(const struct request *request, void *values, struct error *err);
int decode_container_rename(const struct request *request, void *values, struct error *err);
int decode_container_update(const struct request *request, void *values, struct error *err);
int decode_container_prune(const struct request *request, void *values, struct error *err);
