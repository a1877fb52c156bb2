/*
 * What a container uses now: one sample, from its cgroup (v1 and v2) and its network interfaces.
 *
 * Rates are the difference of two samples, and the caller's business; stats_cpu_percent() is
 * Docker's formula for the one that everybody wants. A controller that this machine lacks leaves
 * its numbers 0.
 */
#pragma once

#include "base/error.h"
#include "base/macro.h"
#include "engine/container/container.h"
#include "engine/engine.h"

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct stats_cpu {
	uint64_t total, user, kernel; /* ns, of the container */
	uint64_t system;	      /* ns, of the whole machine */
	unsigned online;	      /* CPUs */
	uint64_t *each;		      /* v1: ns of the container by CPU; NULL on v2 */
	size_t each_count;
	uint64_t periods, throttled_periods, throttled_time;
};

struct stats_number {
	char name[32]; /* as the kernel calls it in memory.stat */
	uint64_t value;
};

struct stats_memory {
	uint64_t usage, limit; /* without a limit: the memory of the machine */
	uint64_t max_usage;    /* v1, and v2 from Linux 5.19 on */
	uint64_t failcnt;      /* v1 */
	struct stats_number *numbers;
	size_t number_count;
};

struct stats_blkio {
	uint32_t major, minor;
	const char *op; /* "read", "write", "Read" ..., in the kernel's own case; static */
	uint64_t bytes, operations;
};

struct stats_network {
	char name[IFNAMSIZ];
	uint64_t rx_bytes, rx_packets, rx_errors, rx_dropped;
	uint64_t tx_bytes, tx_packets, tx_errors, tx_dropped;
};

struct container_stats {
	int64_t time; /* wall clock, ns; 0: the container does not run and all else is 0 */
	bool v2;
	struct stats_cpu cpu;
	struct stats_memory memory;
	uint64_t pids, pids_limit; /* pids_limit 0: none */
	struct stats_blkio *blkio;
	size_t blkio_count;
	struct stats_network *networks; /* of its own namespace; none with --network host */
	size_t network_count;
};

/* A sample. A container that does not run gives one that is empty (time 0), as Docker's. */
int container_stats_read(struct engine *engine, const struct container *container,
			 struct container_stats *ret, struct error *err) MUST_CHECK;
void container_stats_release(struct container_stats *stats);
#define auto_container_stats CLEANUP(container_stats_release) struct container_stats

/* Between two samples, in per cent of one CPU. */
double stats_cpu_percent(const struct container_stats *before, const struct container_stats *now);
/* Memory in use without the page cache that can be dropped, as `docker stats` shows it. */
uint64_t stats_memory_used(const struct container_stats *stats);
