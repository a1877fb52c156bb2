#include "runtime/stats.h"

#include "base/mem.h"
#include "codec/json-write.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The kernel's files are a page, or a few. */
#define TEXT_SIZE	 16384
#define NSEC_PER_TICK	 10000000 /* USER_HZ is 100 on all architectures of ours */
#define HUGEPAGES	 "/sys/kernel/mm/hugepages"
#define NSEC_PER_USEC	 1000
#define MEMORY_UNLIMITED UINT64_MAX

struct reader {
	const struct cgroup *cgroup;
	struct json_writer json;
	char text[TEXT_SIZE];
};

static bool read_file(struct reader *reader, const char *controller, const char *file)
{
	return cgroup_read(reader->cgroup, controller, file, reader->text, sizeof(reader->text)) >=
	       0;
}

/* A file of one number; "max" is the largest. */
static bool read_number(struct reader *reader, const char *controller, const char *file,
			uint64_t *ret)
{
	if (!read_file(reader, controller, file))
		return false;
	if (strncmp(reader->text, "max", 3) == 0) {
		*ret = MEMORY_UNLIMITED;
		return true;
	}
	return sscanf(reader->text, "%" SCNu64, ret) == 1;
}

/* The number behind "key " in the text that was read last. */
static uint64_t find_key(const struct reader *reader, const char *key)
{
	size_t len = strlen(key);
	uint64_t value = 0;

	for (const char *line = reader->text; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, key, len) == 0 && line[len] == ' ' &&
		    sscanf(line + len, "%" SCNu64, &value) == 1)
			return value;
	}
	return 0;
}

static void write_cpu_times(struct reader *reader)
{
	uint64_t total = 0, user = 0, kernel = 0;

	if (reader->cgroup->v2) {
		if (read_file(reader, "cpu", "cpu.stat")) {
			total = find_key(reader, "usage_usec") * NSEC_PER_USEC;
			user = find_key(reader, "user_usec") * NSEC_PER_USEC;
			kernel = find_key(reader, "system_usec") * NSEC_PER_USEC;
		}
	} else {
		(void)read_number(reader, "cpuacct", "cpuacct.usage", &total);
		if (read_file(reader, "cpuacct", "cpuacct.stat")) {
			user = find_key(reader, "user") * NSEC_PER_TICK;
			kernel = find_key(reader, "system") * NSEC_PER_TICK;
		}
	}
	json_object_begin(&reader->json, "usage");
	json_write_u64(&reader->json, "total", total);
	if (!reader->cgroup->v2 && read_file(reader, "cpuacct", "cpuacct.usage_percpu")) {
		char *save = NULL;

		json_array_begin(&reader->json, "percpu");
		for (char *word = strtok_r(reader->text, " \n", &save); word;
		     word = strtok_r(NULL, " \n", &save))
			json_write_u64(&reader->json, NULL, strtoull(word, NULL, 10));
		json_end(&reader->json);
	}
	json_write_u64(&reader->json, "kernel", kernel);
	json_write_u64(&reader->json, "user", user);
	json_end(&reader->json);
}

/* "some avg10=0.00 avg60=0.00 avg300=0.00 total=0" */
static void write_pressure(struct reader *reader, const char *controller, const char *file)
{
	static const char *const kinds[] = {"some", "full"};

	if (!reader->cgroup->v2 || !read_file(reader, controller, file))
		return;
	json_object_begin(&reader->json, "psi");
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		const char *line = strstr(reader->text, kinds[i]);
		double avg10, avg60, avg300;
		char number[32];
		uint64_t total;

		if (!line || sscanf(line + 4, " avg10=%lf avg60=%lf avg300=%lf total=%" SCNu64,
				    &avg10, &avg60, &avg300, &total) != 4)
			continue;
		json_object_begin(&reader->json, kinds[i]);
		(void)snprintf(number, sizeof(number), "%.2f", avg10);
		json_write_raw(&reader->json, "avg10", number);
		(void)snprintf(number, sizeof(number), "%.2f", avg60);
		json_write_raw(&reader->json, "avg60", number);
		(void)snprintf(number, sizeof(number), "%.2f", avg300);
		json_write_raw(&reader->json, "avg300", number);
		json_write_u64(&reader->json, "total", total);
		json_end(&reader->json);
	}
	json_end(&reader->json);
}

static void write_cpu(struct reader *reader)
{
	bool v2 = reader->cgroup->v2;

	json_object_begin(&reader->json, "cpu");
	write_cpu_times(reader);
	json_object_begin(&reader->json, "throttling");
	if (read_file(reader, "cpu", "cpu.stat")) {
		json_write_u64(&reader->json, "periods", find_key(reader, "nr_periods"));
		json_write_u64(&reader->json, "throttledPeriods", find_key(reader, "nr_throttled"));
		json_write_u64(&reader->json, "throttledTime",
			       v2 ? find_key(reader, "throttled_usec") * NSEC_PER_USEC
				  : find_key(reader, "throttled_time"));
	}
	json_end(&reader->json);
	write_pressure(reader, "cpu", "cpu.pressure");
	json_end(&reader->json);
}

/* The positions of a list such as "0-3,7". */
static void write_positions(struct reader *reader, const char *key, const char *file)
{
	if (!read_file(reader, "cpuset", file))
		return;
	json_array_begin(&reader->json, key);
	for (char *at = reader->text; isdigit((unsigned char)*at); at += *at == ',') {
		unsigned long first = strtoul(at, &at, 10), last = first;

		if (*at == '-')
			last = strtoul(at + 1, &at, 10);
		for (; first <= last && last < UINT16_MAX; first++)
			json_write_u64(&reader->json, NULL, first);
	}
	json_end(&reader->json);
}

static void write_cpuset(struct reader *reader)
{
	static const struct {
		const char *key;
		const char *file;
	} flags[] = {
		{"cpu_exclusive", "cpuset.cpu_exclusive"},
		{"mem_hardwall", "cpuset.mem_hardwall"},
		{"mem_exclusive", "cpuset.mem_exclusive"},
		{"memory_migrate", "cpuset.memory_migrate"},
		{"memory_spread_page", "cpuset.memory_spread_page"},
		{"memory_spread_slab", "cpuset.memory_spread_slab"},
		{"memory_pressure", "cpuset.memory_pressure"},
		{"sched_load_balance", "cpuset.sched_load_balance"},
	};

	json_object_begin(&reader->json, "cpuset");
	write_positions(reader, "cpus", "cpuset.cpus");
	write_positions(reader, "mems", "cpuset.mems");
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		uint64_t value = 0;

		if (!reader->cgroup->v2)
			(void)read_number(reader, "cpuset", flags[i].file, &value);
		json_write_u64(&reader->json, flags[i].key, value);
	}
	json_write_i64(&reader->json, "sched_relax_domain_level", 0);
	json_end(&reader->json);
}

/* One of memory, swap and kernel memory; @files are limit, usage, maximum, failures. */
static void write_memory_entry(struct reader *reader, const char *key, const char *const files[4])
{
	static const char *const keys[] = {"limit", "usage", "max", "failcnt"};
	uint64_t value;

	json_object_begin(&reader->json, key);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (files[i] && read_number(reader, "memory", files[i], &value))
			json_write_u64(&reader->json, keys[i], value);
		else if (i == 0 || i == 3)
			json_write_u64(&reader->json, keys[i], 0);
	json_end(&reader->json);
}

static void write_raw_memory(struct reader *reader)
{
	char *save = NULL;

	json_object_begin(&reader->json, "raw");
	for (char *line = strtok_r(reader->text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		char *space = strchr(line, ' ');

		if (!space)
			continue;
		*space = '\0';
		json_write_u64(&reader->json, line, strtoull(space + 1, NULL, 10));
	}
	json_end(&reader->json);
}

static void write_memory(struct reader *reader)
{
	static const char *const v1[][4] = {
		{"memory.limit_in_bytes", "memory.usage_in_bytes", "memory.max_usage_in_bytes",
		 "memory.failcnt"},
		{"memory.memsw.limit_in_bytes", "memory.memsw.usage_in_bytes",
		 "memory.memsw.max_usage_in_bytes", "memory.memsw.failcnt"},
		{"memory.kmem.limit_in_bytes", "memory.kmem.usage_in_bytes",
		 "memory.kmem.max_usage_in_bytes", "memory.kmem.failcnt"},
		{"memory.kmem.tcp.limit_in_bytes", "memory.kmem.tcp.usage_in_bytes",
		 "memory.kmem.tcp.max_usage_in_bytes", "memory.kmem.tcp.failcnt"},
	};
	static const char *const v2[][4] = {
		{"memory.max", "memory.current", "memory.peak", NULL},
		{"memory.swap.max", "memory.swap.current", "memory.swap.peak", NULL},
		{NULL, NULL, NULL, NULL},
		{NULL, NULL, NULL, NULL},
	};
	static const char *const keys[] = {"usage", "swap", "kernel", "kernelTCP"};
	bool unified = reader->cgroup->v2;

	json_object_begin(&reader->json, "memory");
	if (read_file(reader, "memory", "memory.stat"))
		json_write_u64(&reader->json, "cache",
			       find_key(reader, unified ? "file" : "total_cache"));
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		write_memory_entry(reader, keys[i], unified ? v2[i] : v1[i]);
	if (read_file(reader, "memory", "memory.stat"))
		write_raw_memory(reader);
	write_pressure(reader, "memory", "memory.pressure");
	json_end(&reader->json);
}

static void write_pids(struct reader *reader)
{
	uint64_t current = 0, limit = 0;

	(void)read_number(reader, "pids", "pids.current", &current);
	if (!read_number(reader, "pids", "pids.max", &limit) || limit == MEMORY_UNLIMITED)
		limit = 0;
	json_object_begin(&reader->json, "pids");
	json_write_u64(&reader->json, "current", current);
	json_write_u64(&reader->json, "limit", limit);
	json_end(&reader->json);
}

static void write_block_entry(struct json_writer *json, unsigned major, unsigned minor,
			      const char *op, uint64_t value)
{
	json_object_begin(json, NULL);
	json_write_u64(json, "major", major);
	json_write_u64(json, "minor", minor);
	json_write_string(json, "op", op);
	json_write_u64(json, "value", value);
	json_end(json);
}

/* v1: "8:0 Read 123" */
static void write_block_v1(struct reader *reader, const char *key, const char *file)
{
	char *save = NULL, op[16];
	unsigned major, minor;
	uint64_t value;

	if (!read_file(reader, "blkio", file))
		return;
	json_array_begin(&reader->json, key);
	for (char *line = strtok_r(reader->text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save))
		if (sscanf(line, "%u:%u %15s %" SCNu64, &major, &minor, op, &value) == 4)
			write_block_entry(&reader->json, major, minor, op, value);
	json_end(&reader->json);
}

/* v2: "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6" */
static void write_block_v2(struct reader *reader, const char *key, const char *const names[2])
{
	static const char *const ops[] = {"Read", "Write"};
	char *save = NULL;

	if (!read_file(reader, "io", "io.stat"))
		return;
	json_array_begin(&reader->json, key);
	for (char *line = strtok_r(reader->text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		unsigned major, minor;

		if (sscanf(line, "%u:%u ", &major, &minor) != 2)
			continue;
		for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
			const char *at = strstr(line, names[i]);

			if (at)
				write_block_entry(&reader->json, major, minor, ops[i],
						  strtoull(at + strlen(names[i]), NULL, 10));
		}
	}
	json_end(&reader->json);
}

static void write_block(struct reader *reader)
{
	static const char *const bytes[] = {" rbytes=", " wbytes="};
	static const char *const operations[] = {" rios=", " wios="};

	json_object_begin(&reader->json, "blkio");
	if (reader->cgroup->v2) {
		write_block_v2(reader, "ioServiceBytesRecursive", bytes);
		write_block_v2(reader, "ioServicedRecursive", operations);
	} else {
		write_block_v1(reader, "ioServiceBytesRecursive",
			       "blkio.throttle.io_service_bytes_recursive");
		write_block_v1(reader, "ioServicedRecursive",
			       "blkio.throttle.io_serviced_recursive");
	}
	write_pressure(reader, "io", "io.pressure");
	json_end(&reader->json);
}

/* "hugepages-2048kB" is "2MB" in the names of cgroup files. */
static bool page_name(const char *folder, char *buf, size_t size)
{
	static const char units[] = "KMG";
	unsigned long kilobytes;
	size_t unit = 0;

	if (sscanf(folder, "hugepages-%lukB", &kilobytes) != 1)
		return false;
	for (; kilobytes >= 1024 && kilobytes % 1024 == 0 && units[unit + 1]; unit++)
		kilobytes /= 1024;
	(void)snprintf(buf, size, "%lu%cB", kilobytes, units[unit]);
	return true;
}

static void write_hugepage(struct reader *reader, const char *size)
{
	bool v1 = !reader->cgroup->v2 && cgroup_has(reader->cgroup, "hugetlb");
	const char *controller = v1 ? "hugetlb" : "";
	uint64_t usage, most, failures = 0;
	char file[64];

	(void)snprintf(file, sizeof(file), "hugetlb.%s.%s", size,
		       v1 ? "usage_in_bytes" : "current");
	if (!read_number(reader, controller, file, &usage))
		return;
	json_object_begin(&reader->json, size);
	json_write_u64(&reader->json, "usage", usage);
	(void)snprintf(file, sizeof(file), "hugetlb.%s.max_usage_in_bytes", size);
	if (v1 && read_number(reader, controller, file, &most))
		json_write_u64(&reader->json, "max", most);
	(void)snprintf(file, sizeof(file), "hugetlb.%s.%s", size, v1 ? "failcnt" : "events");
	if (v1)
		(void)read_number(reader, controller, file, &failures);
	else if (read_file(reader, controller, file))
		failures = find_key(reader, "max");
	json_write_u64(&reader->json, "failcnt", failures);
	json_end(&reader->json);
}

static void write_hugepages(struct reader *reader)
{
	DIR *dir = opendir(HUGEPAGES);
	struct dirent *entry;
	char size[32];

	json_object_begin(&reader->json, "hugetlb");
	while (dir && (entry = readdir(dir)))
		if (page_name(entry->d_name, size, sizeof(size)))
			write_hugepage(reader, size);
	if (dir)
		(void)closedir(dir);
	json_end(&reader->json);
}

void stats_write(const struct cgroup *cgroup, const char *id, struct str *out)
{
	auto_free struct reader *reader = mem_new(struct reader);

	reader->cgroup = cgroup;
	json_writer_init(&reader->json, out, 0);
	json_object_begin(&reader->json, NULL);
	json_write_string(&reader->json, "type", "stats");
	json_write_string(&reader->json, "id", id);
	json_object_begin(&reader->json, "data");
	write_cpu(reader);
	write_cpuset(reader);
	write_memory(reader);
	write_pids(reader);
	write_block(reader);
	write_hugepages(reader);
	json_object_begin(&reader->json, "intel_rdt");
	json_end(&reader->json);
	json_write_null(&reader->json, "network_interfaces");
	json_end(&reader->json);
	json_end(&reader->json);
}
