/*
 * The bundle: what a runtime needs to start a container, in its run folder. Written anew for every
 * start, never synced.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "base/strv.h"
#include "engine/container/container.h"
#include "engine/container/join.h"
#include "engine/engine.h"
#include "network/network.h"

/*
 * Writes config.json and network.json into @run_fd, and hosts, hostname and resolv.conf into the
 * container's folder on the disk: the container can write to them, and so much as it likes, which
 * may not be taken from the memory that /run is made of. @layers are the image's, topmost first;
 * names of users are looked up there and in what the container has changed before. Missing sources
 * of bind mounts are made, as directories.
 */
int bundle_write(struct engine *engine, const struct container *container,
		 const struct strv *layers, const struct container_join *join,
		 const struct network_attachment *network, int run_fd,
		 struct error *err) MUST_CHECK;

/* Whether the sources are there that have to be. ERROR_INVALID "bind source path does not exist".
 */
int bundle_check_sources(const struct container_config *config, struct error *err) MUST_CHECK;
