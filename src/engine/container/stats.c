#include "engine/container/stats.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/parse.h"
#include "base/str.h"
#include "base/time.h"
#include "engine/spec-gen.h"
#include "kern/cgroup.h"
#include "kern/process.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#define FILE_MAX    (64 * 1024)
#define STAT_MAX    (1024 * 1024)
#define NET_DEV_MAX (1024 * 1024)
#define USEC	    UINT64_C(1000)
#define STAT_FIELDS 7 /* of /proc/stat: all but what is counted among them already */
#define ENTRIES_MAX 1024
/* v1 says "no limit" with a number near this. */
#define NO_LIMIT_FROM (UINT64_C(1) << 60)

struct sample {
	const struct cgroup *cgroup;
	char *text; /* FILE_MAX bytes for one file */
	struct container_stats *stats;
};

/* ---- files of the kernel ---- */

static bool read_file(struct sample *sample, const char *controller, const char *file)
{
	return cgroup_read(sample->cgroup, controller, file, sample->text, FILE_MAX) >= 0;
}

static uint64_t read_number(struct sample *sample, const char *controller, const char *file)
{
	return read_file(sample, controller, file) ? strtoull(sample->text, NULL, 10) : 0;
}

/* The number behind "key " at the beginning of a line of the text at hand. */
static uint64_t number_of(const char *text, const char *key)
{
	size_t len = strlen(key);

	for (const char *p = text; p && *p; p = strchr(p, '\n')) {
		p += *p == '\n';
		if (strncmp(p, key, len) == 0 && p[len] == ' ')
			return strtoull(p + len, NULL, 10);
	}
	return 0;
}

static uint64_t ticks_to_ns(uint64_t ticks)
{
	return ticks * ((uint64_t)TIME_SECOND / (uint64_t)sysconf(_SC_CLK_TCK));
}

/* ---- CPU ---- */

/* Of the whole machine, from the first line of /proc/stat. */
static void read_machine(struct stats_cpu *cpu)
{
	auto_fd int fd = open("/proc/stat", O_RDONLY | O_CLOEXEC);
	auto_free char *text = NULL;
	uint64_t ticks = 0;
	char *p;
	size_t len;

	if (fd < 0 || fd_read_all(fd, STAT_MAX, &text, &len) < 0 || !str_starts(text, "cpu "))
		return;
	p = text + 4;
	for (int i = 0; i < STAT_FIELDS; i++)
		ticks += strtoull(p, &p, 10);
	cpu->system = ticks_to_ns(ticks);
	for (p = strchr(text, '\n'); p && str_starts(p + 1, "cpu"); p = strchr(p + 1, '\n'))
		cpu->online++;
}

static void read_each_cpu(struct sample *sample, struct stats_cpu *cpu)
{
	char *p = sample->text, *end;

	if (!read_file(sample, "cpuacct", "cpuacct.usage_percpu"))
		return;
	cpu->each = mem_zero(ENTRIES_MAX, sizeof(cpu->each[0]));
	for (; cpu->each_count < ENTRIES_MAX; p = end) {
		uint64_t value = strtoull(p, &end, 10);

		if (end == p)
			break;
		cpu->each[cpu->each_count++] = value;
	}
}

static void read_cpu(struct sample *sample)
{
	struct stats_cpu *cpu = &sample->stats->cpu;

	read_machine(cpu);
	if (sample->cgroup->v2) {
		if (!read_file(sample, "", "cpu.stat"))
			return;
		cpu->total = number_of(sample->text, "usage_usec") * USEC;
		cpu->user = number_of(sample->text, "user_usec") * USEC;
		cpu->kernel = number_of(sample->text, "system_usec") * USEC;
		cpu->throttled_time = number_of(sample->text, "throttled_usec") * USEC;
	} else {
		cpu->total = read_number(sample, "cpuacct", "cpuacct.usage");
		if (read_file(sample, "cpuacct", "cpuacct.stat")) {
			cpu->user = ticks_to_ns(number_of(sample->text, "user"));
			cpu->kernel = ticks_to_ns(number_of(sample->text, "system"));
		}
		read_each_cpu(sample, cpu);
		if (!read_file(sample, "cpu", "cpu.stat"))
			return;
		cpu->throttled_time = number_of(sample->text, "throttled_time");
	}
	cpu->periods = number_of(sample->text, "nr_periods");
	cpu->throttled_periods = number_of(sample->text, "nr_throttled");
}

/* ---- memory ---- */

static uint64_t machine_memory(void)
{
	struct sysinfo info;

	return sysinfo(&info) == 0 ? (uint64_t)info.totalram * info.mem_unit : 0;
}

/* "max", and numbers that mean the same, are the machine's memory. */
static uint64_t read_limit(struct sample *sample, const char *file)
{
	uint64_t machine = machine_memory(), limit;

	if (!read_file(sample, "memory", file) || str_starts(sample->text, "max"))
		return machine;
	limit = strtoull(sample->text, NULL, 10);
	return limit >= NO_LIMIT_FROM || limit > machine ? machine : limit;
}

static void read_numbers(struct sample *sample, struct stats_memory *memory)
{
	char *save = NULL;

	if (!read_file(sample, "memory", "memory.stat"))
		return;
	memory->numbers = mem_zero(ENTRIES_MAX, sizeof(memory->numbers[0]));
	for (char *line = strtok_r(sample->text, "\n", &save);
	     line && memory->number_count < ENTRIES_MAX; line = strtok_r(NULL, "\n", &save)) {
		struct stats_number *number = &memory->numbers[memory->number_count];
		size_t len = strcspn(line, " ");

		if (line[len] != ' ' || len >= sizeof(number->name))
			continue;
		(void)memcpy(number->name, line, len);
		number->value = strtoull(line + len, NULL, 10);
		memory->number_count++;
	}
}

static void read_memory(struct sample *sample)
{
	struct stats_memory *memory = &sample->stats->memory;
	bool v2 = sample->cgroup->v2;

	memory->usage =
		read_number(sample, "memory", v2 ? "memory.current" : "memory.usage_in_bytes");
	memory->limit = read_limit(sample, v2 ? "memory.max" : "memory.limit_in_bytes");
	memory->max_usage =
		read_number(sample, "memory", v2 ? "memory.peak" : "memory.max_usage_in_bytes");
	memory->failcnt = v2 ? 0 : read_number(sample, "memory", "memory.failcnt");
	read_numbers(sample, memory);
}

static uint64_t memory_number(const struct stats_memory *memory, const char *name)
{
	for (size_t i = 0; i < memory->number_count; i++)
		if (STREQ(memory->numbers[i].name, name))
			return memory->numbers[i].value;
	return 0;
}

uint64_t stats_memory_used(const struct container_stats *stats)
{
	uint64_t cache =
		memory_number(&stats->memory, stats->v2 ? "inactive_file" : "total_inactive_file");

	return cache < stats->memory.usage ? stats->memory.usage - cache : stats->memory.usage;
}

/* ---- block devices ---- */

static struct stats_blkio *blkio_entry(struct container_stats *stats, uint32_t major,
				       uint32_t minor, const char *op)
{
	struct stats_blkio *entry;

	for (size_t i = 0; i < stats->blkio_count; i++) {
		entry = &stats->blkio[i];
		if (entry->major == major && entry->minor == minor && STREQ(entry->op, op))
			return entry;
	}
	if (stats->blkio_count == ENTRIES_MAX)
		return NULL;
	stats->blkio = mem_resize(stats->blkio, (stats->blkio_count + 1) * sizeof(*stats->blkio));
	entry = &stats->blkio[stats->blkio_count++];
	*entry = (struct stats_blkio) {.major = major, .minor = minor, .op = op};
	return entry;
}

/* v1: "8:0 Read 4096", one operation a line. */
static void read_blkio_v1(struct sample *sample, const char *file, bool bytes)
{
	static const char *const ops[] = {"Read", "Write", "Sync", "Async", "Discard", "Total"};
	char *save = NULL;

	if (!read_file(sample, "blkio", file))
		return;
	for (char *line = strtok_r(sample->text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		uint32_t major, minor;
		uint64_t value;
		char op[16];

		if (sscanf(line, "%u:%u %15s %" SCNu64, &major, &minor, op, &value) != 4)
			continue;
		for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
			struct stats_blkio *entry =
				STREQ(ops[i], op) ? blkio_entry(sample->stats, major, minor, ops[i])
						  : NULL;

			if (entry)
				*(bytes ? &entry->bytes : &entry->operations) = value;
		}
	}
}

/* v2: "8:0 rbytes=4096 wbytes=0 rios=1 wios=0 dbytes=0 dios=0". */
static void read_blkio_v2(struct sample *sample)
{
	static const struct {
		const char *key, *op;
		bool bytes;
	} members[] = {
		{"rbytes=", "read", true},
		{"wbytes=", "write", true},
		{"rios=", "read", false},
		{"wios=", "write", false},
	};
	char *save = NULL;

	if (!read_file(sample, "", "io.stat"))
		return;
	for (char *line = strtok_r(sample->text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		uint32_t major, minor;

		if (sscanf(line, "%u:%u ", &major, &minor) != 2)
			continue;
		for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
			const char *at = strstr(line, members[i].key);
			struct stats_blkio *entry =
				at ? blkio_entry(sample->stats, major, minor, members[i].op) : NULL;

			if (entry)
				*(members[i].bytes ? &entry->bytes : &entry->operations) =
					strtoull(at + strlen(members[i].key), NULL, 10);
		}
	}
}

/* ---- network ---- */

static bool parse_interface(const char *line, struct stats_network *ret)
{
	const char *colon = strchr(line, ':');
	struct stats_network n = {0};
	size_t len;

	line += strspn(line, " ");
	len = colon && colon > line ? (size_t)(colon - line) : 0;
	if (len == 0 || len >= sizeof(n.name))
		return false;
	(void)memcpy(n.name, line, len);
	if (STREQ(n.name, "lo") ||
	    sscanf(colon + 1,
		   "%" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %*u %*u %*u %*u %" SCNu64
		   " %" SCNu64 " %" SCNu64 " %" SCNu64,
		   &n.rx_bytes, &n.rx_packets, &n.rx_errors, &n.rx_dropped, &n.tx_bytes,
		   &n.tx_packets, &n.tx_errors, &n.tx_dropped) != 8)
		return false;
	*ret = n;
	return true;
}

/* As the container's process sees its interfaces: it is that process as long as it lives. */
static void read_networks(const struct container *container, struct container_stats *stats)
{
	auto_fd int process = process_open(container->pid, container->pid_ticks);
	auto_fd int fd = -EBADF;
	auto_free char *text = NULL;
	char path[48], *save = NULL;
	size_t len;

	(void)snprintf(path, sizeof(path), "/proc/%d/net/dev", container->pid);
	fd = process < 0 ? -EBADF : open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fd_read_all(fd, NET_DEV_MAX, &text, &len) < 0 ||
	    process_signal(process, 0) < 0)
		return;
	for (char *line = strtok_r(text, "\n", &save); line && stats->network_count < ENTRIES_MAX;
	     line = strtok_r(NULL, "\n", &save)) {
		struct stats_network network;

		if (!parse_interface(line, &network))
			continue;
		stats->networks = mem_resize(stats->networks,
					     (stats->network_count + 1) * sizeof(*stats->networks));
		stats->networks[stats->network_count++] = network;
	}
}

static void read_pids(struct sample *sample)
{
	sample->stats->pids = read_number(sample, "pids", "pids.current");
	if (read_file(sample, "pids", "pids.max") && !str_starts(sample->text, "max"))
		sample->stats->pids_limit = strtoull(sample->text, NULL, 10);
}

int container_stats_read(struct engine *engine, const struct container *container,
			 struct container_stats *ret, struct error *err)
{
	auto_free char *path = spec_cgroup_path(engine, container);
	auto_free char *text = mem_alloc(FILE_MAX);
	auto_container_stats stats = {0};
	auto_cgroup cgroup = {0};
	struct sample sample = {&cgroup, text, &stats};
	int r;

	if (container->state == CONTAINER_RUNNING) {
		r = cgroup_open(path, &cgroup);
		if (r < 0)
			return error_errno(err, r, "open the cgroup of container %s",
					   container->name);
		stats.v2 = cgroup.v2;
		stats.time = time_now();
		read_cpu(&sample);
		read_memory(&sample);
		read_pids(&sample);
		if (cgroup.v2) {
			read_blkio_v2(&sample);
		} else {
			read_blkio_v1(&sample, "blkio.throttle.io_service_bytes", true);
			read_blkio_v1(&sample, "blkio.throttle.io_serviced", false);
		}
		if (!STREQ(container->config.network, "host"))
			read_networks(container, &stats);
		/* It ended while we looked: what is missing would look like nothing used. */
		if (!cgroup_exists(&cgroup))
			container_stats_release(&stats);
	}
	*ret = stats;
	stats = (struct container_stats) {0};
	return 0;
}

void container_stats_release(struct container_stats *stats)
{
	free(stats->cpu.each);
	free(stats->memory.numbers);
	free(stats->blkio);
	free(stats->networks);
	*stats = (struct container_stats) {0};
}

double stats_cpu_percent(const struct container_stats *before, const struct container_stats *now)
{
	double used = (double)now->cpu.total - (double)before->cpu.total;
	double passed = (double)now->cpu.system - (double)before->cpu.system;

	if (used <= 0 || passed <= 0 || before->time == 0)
		return 0;
	return used / passed * now->cpu.online * 100;
}
