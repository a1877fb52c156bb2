#include "api/docker/document-stats.h"

#include "api/docker/document.h"
#include "base/mem.h"
#include "base/str.h"

#include <ctype.h>
#include <inttypes.h>

static void write_cpu(struct json_writer *w, const char *key, const struct stats_cpu *cpu)
{
	json_object_begin(w, key);
	json_object_begin(w, "cpu_usage");
	json_write_u64(w, "total_usage", cpu->total);
	if (cpu->each_count > 0) {
		json_array_begin(w, "percpu_usage");
		for (size_t i = 0; i < cpu->each_count; i++)
			json_write_u64(w, NULL, cpu->each[i]);
		json_end(w);
	}
	json_write_u64(w, "usage_in_kernelmode", cpu->kernel);
	json_write_u64(w, "usage_in_usermode", cpu->user);
	json_end(w);
	/* Absent ones are how clients know that there is no sample. */
	if (cpu->system > 0)
		json_write_u64(w, "system_cpu_usage", cpu->system);
	if (cpu->online > 0)
		json_write_u64(w, "online_cpus", cpu->online);
	json_object_begin(w, "throttling_data");
	json_write_u64(w, "periods", cpu->periods);
	json_write_u64(w, "throttled_periods", cpu->throttled_periods);
	json_write_u64(w, "throttled_time", cpu->throttled_time);
	json_end(w);
	json_end(w);
}

static void write_memory(struct json_writer *w, const struct container_stats *stats)
{
	const struct stats_memory *memory = &stats->memory;

	json_object_begin(w, "memory_stats");
	if (stats->time != 0) {
		json_write_u64(w, "usage", memory->usage);
		if (memory->max_usage > 0)
			json_write_u64(w, "max_usage", memory->max_usage);
		json_object_begin(w, "stats");
		for (size_t i = 0; i < memory->number_count; i++)
			json_write_u64(w, memory->numbers[i].name, memory->numbers[i].value);
		json_end(w);
		if (memory->failcnt > 0)
			json_write_u64(w, "failcnt", memory->failcnt);
		json_write_u64(w, "limit", memory->limit);
	}
	json_end(w);
}

static void write_blkio_list(struct json_writer *w, const char *key,
			     const struct container_stats *stats, bool bytes)
{
	if (stats->blkio_count == 0) {
		json_write_null(w, key);
		return;
	}
	json_array_begin(w, key);
	for (size_t i = 0; i < stats->blkio_count; i++) {
		const struct stats_blkio *entry = &stats->blkio[i];

		json_object_begin(w, NULL);
		json_write_u64(w, "major", entry->major);
		json_write_u64(w, "minor", entry->minor);
		json_write_string(w, "op", entry->op);
		json_write_u64(w, "value", bytes ? entry->bytes : entry->operations);
		json_end(w);
	}
	json_end(w);
}

static void write_blkio(struct json_writer *w, const struct container_stats *stats)
{
	static const char *const unknown[] = {
		"io_queue_recursive",  "io_service_time_recursive", "io_wait_time_recursive",
		"io_merged_recursive", "io_time_recursive",	    "sectors_recursive",
	};

	json_object_begin(w, "blkio_stats");
	write_blkio_list(w, "io_service_bytes_recursive", stats, true);
	write_blkio_list(w, "io_serviced_recursive", stats, false);
	for (size_t i = 0; i < ARRAY_SIZE(unknown); i++)
		json_write_null(w, unknown[i]);
	json_end(w);
}

static void write_networks(struct json_writer *w, const struct container_stats *stats)
{
	if (stats->network_count == 0)
		return;
	json_object_begin(w, "networks");
	for (size_t i = 0; i < stats->network_count; i++) {
		const struct stats_network *network = &stats->networks[i];

		json_object_begin(w, network->name);
		json_write_u64(w, "rx_bytes", network->rx_bytes);
		json_write_u64(w, "rx_packets", network->rx_packets);
		json_write_u64(w, "rx_errors", network->rx_errors);
		json_write_u64(w, "rx_dropped", network->rx_dropped);
		json_write_u64(w, "tx_bytes", network->tx_bytes);
		json_write_u64(w, "tx_packets", network->tx_packets);
		json_write_u64(w, "tx_errors", network->tx_errors);
		json_write_u64(w, "tx_dropped", network->tx_dropped);
		json_end(w);
	}
	json_end(w);
}

static void write_pids(struct json_writer *w, const struct container_stats *stats)
{
	json_object_begin(w, "pids_stats");
	if (stats->time != 0) {
		json_write_u64(w, "current", stats->pids);
		json_write_u64(w, "limit", stats->pids_limit ? stats->pids_limit : UINT64_MAX);
	}
	json_end(w);
}

void document_stats(struct json_writer *w, const struct container *container,
		    const struct container_stats *before, const struct container_stats *now)
{
	auto_free char *name = mem_printf("/%s", container->name);

	json_object_begin(w, NULL);
	json_write_string(w, "name", name);
	json_write_string(w, "id", container->id);
	document_time(w, "read", now->time);
	document_time(w, "preread", before->time);
	write_pids(w, now);
	write_blkio(w, now);
	json_write_u64(w, "num_procs", 0); /* of Windows */
	json_object_begin(w, "storage_stats");
	json_end(w);
	write_cpu(w, "cpu_stats", &now->cpu);
	write_cpu(w, "precpu_stats", &before->cpu);
	write_memory(w, now);
	write_networks(w, now);
	json_end(w);
}
