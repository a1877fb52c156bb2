/*
 * kist stats: what containers use, once or again and again.
 */
#include "engine/container/stats.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "cmd/kist/format.h"
#include "cmd/kist/kist.h"
#include "cmd/kist/list.h"
#include "codec/json-write.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define INTERVAL_S 1
/* To the top left corner; and clear what is left of the page. */
#define PAGE_BEGIN "\033[H\033[2J"

struct stats_values {
	bool all, no_stream, no_trunc;
	const char *format;
};

static const struct option options[] = {
	{"all", 'a', OPTION_BOOL, offsetof(struct stats_values, all), NULL,
	 "Show all containers (default shows just running)"},
	{"format", 0, OPTION_STRING, offsetof(struct stats_values, format), "string",
	 FORMAT_ROWS_HELP},
	{"no-stream", 0, OPTION_BOOL, offsetof(struct stats_values, no_stream), NULL,
	 "Disable streaming stats and only pull the first result"},
	{"no-trunc", 0, OPTION_BOOL, offsetof(struct stats_values, no_trunc), NULL,
	 "Do not truncate output"},
	{NULL},
};

static const struct listing listing = {
	.headings = "{\"BlockIO\":\"BLOCK I/O\",\"CPUPerc\":\"CPU %\",\"Container\":\"CONTAINER\","
		    "\"ID\":\"CONTAINER ID\",\"MemPerc\":\"MEM %\",\"MemUsage\":\"MEM USAGE / "
		    "LIMIT\",\"Name\":\"NAME\",\"NetIO\":\"NET I/O\",\"PIDs\":\"PIDS\"}",
	.table = "{{.ID}}\t{{.Name}}\t{{.CPUPerc}}\t{{.MemUsage}}\t{{.MemPerc}}\t{{.NetIO}}\t"
		 "{{.BlockIO}}\t{{.PIDs}}",
};

/* One container with its last two samples. */
struct watched {
	struct container container;
	const char *asked; /* as the user named it, or its id */
	struct container_stats before, now;
};

struct page {
	struct watched *list;
	size_t count;
};

static void page_release(struct page *page)
{
	for (size_t i = 0; i < page->count; i++) {
		container_release(&page->list[i].container);
		container_stats_release(&page->list[i].before);
		container_stats_release(&page->list[i].now);
	}
	free(page->list);
	*page = (struct page) {0};
}

/* Docker's BytesSize: powers of 1024, four digits. */
static char *size_binary(uint64_t bytes)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	double value = (double)bytes;
	size_t unit = 0;

	for (; value >= 1024 && unit + 1 < ARRAY_SIZE(units); unit++)
		value /= 1024;
	return mem_printf("%.4g%s", value, units[unit]);
}

static void write_pair(struct json_writer *w, const char *key, uint64_t a, uint64_t b)
{
	char x[TIME_HUMAN_SIZE], y[TIME_HUMAN_SIZE];
	auto_free char *text = mem_printf("%s / %s", size_human(a, 3, x), size_human(b, 3, y));

	json_write_string(w, key, text);
}

static void write_network(struct json_writer *w, const struct container_stats *stats)
{
	uint64_t in = 0, out = 0;

	for (size_t i = 0; i < stats->network_count; i++) {
		in += stats->networks[i].rx_bytes;
		out += stats->networks[i].tx_bytes;
	}
	write_pair(w, "NetIO", in, out);
}

static void write_blkio(struct json_writer *w, const struct container_stats *stats)
{
	uint64_t in = 0, out = 0;

	for (size_t i = 0; i < stats->blkio_count; i++) {
		const char *op = stats->blkio[i].op;

		if (op[0] == 'r' || op[0] == 'R')
			in += stats->blkio[i].bytes;
		else if (op[0] == 'w' || op[0] == 'W')
			out += stats->blkio[i].bytes;
	}
	write_pair(w, "BlockIO", in, out);
}

static void write_memory(struct json_writer *w, const struct container_stats *stats)
{
	uint64_t used = stats_memory_used(stats), limit = stats->memory.limit;
	auto_free char *a = size_binary(used), *b = size_binary(limit);
	auto_free char *usage = mem_printf("%s / %s", a, b);
	auto_free char *percent =
		mem_printf("%.2f%%", limit ? (double)used / (double)limit * 100 : 0.0);

	json_write_string(w, "MemPerc", percent);
	json_write_string(w, "MemUsage", usage);
}

static void write_row(struct json_writer *w, const struct watched *watched, bool whole)
{
	auto_free char *id = list_id(watched->container.id, whole);
	auto_free char *cpu =
		mem_printf("%.2f%%", stats_cpu_percent(&watched->before, &watched->now));
	auto_free char *pids = mem_printf("%llu", (unsigned long long)watched->now.pids);

	json_object_begin(w, NULL);
	json_object_begin(w, "Row");
	write_blkio(w, &watched->now);
	json_write_string(w, "CPUPerc", cpu);
	json_write_string(w, "Container", watched->asked);
	json_write_string(w, "ID", id);
	write_memory(w, &watched->now);
	json_write_string(w, "Name", watched->container.name);
	write_network(w, &watched->now);
	json_write_string(w, "PIDs", pids);
	json_end(w);
	json_end(w);
}

/* Those that are named, or all, as they are now. */
static int collect(struct engine *engine, const struct invocation *invocation, bool all,
		   struct page *page, struct error *err)
{
	struct container *list = NULL;
	size_t count = 0;
	int r = 0;

	if (invocation->operand_count == 0) {
		r = container_list(engine, &list, &count, err);
		if (r < 0)
			return r;
	}
	page->list = mem_zero(invocation->operand_count + count + 1, sizeof(page->list[0]));
	for (size_t i = 0; r == 0 && i < invocation->operand_count; i++) {
		struct watched *watched = &page->list[page->count];

		watched->asked = invocation->operands[i];
		r = container_find(engine, watched->asked, &watched->container, err);
		page->count += r == 0;
	}
	for (size_t i = 0; i < count; i++) {
		struct watched *watched = &page->list[page->count];

		if (list[i].damage || (!all && list[i].state != CONTAINER_RUNNING))
			continue;
		watched->container = list[i];
		list[i] = (struct container) {0};
		watched->asked = watched->container.id;
		page->count++;
	}
	container_list_free(list, count);
	return r;
}

/* The last page's samples are the ones before. */
static void carry_over(struct page *page, struct page *last)
{
	for (size_t i = 0; i < page->count; i++)
		for (size_t k = 0; k < last->count; k++)
			if (STREQ(page->list[i].container.id, last->list[k].container.id)) {
				container_stats_release(&page->list[i].before);
				page->list[i].before = last->list[k].now;
				last->list[k].now = (struct container_stats) {0};
			}
}

static int sample(struct engine *engine, struct page *page, struct error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < page->count; i++)
		r = container_stats_read(engine, &page->list[i].container, &page->list[i].now, err);
	return r;
}

static int print(const struct page *page, const struct stats_values *values, struct error *err)
{
	auto_json *rows = NULL;
	auto_str text = {0};
	struct json_writer w;
	int r;

	json_writer_init(&w, &text, 0);
	json_array_begin(&w, NULL);
	for (size_t i = 0; i < page->count; i++)
		write_row(&w, &page->list[i], values->no_trunc);
	json_end(&w);
	r = json_parse(str_text(&text), text.len, &rows, NULL);
	if (r < 0)
		return error_errno(err, r, "show what containers use");
	if (!values->no_stream && !values->format)
		(void)fputs(PAGE_BEGIN, stdout);
	r = listing_write(&listing, values->format, rows, stdout, err);
	if (r == 0 && fflush(stdout) != 0)
		r = error_errno(err, errno, "write to standard output");
	return r;
}

static int watch(struct engine *engine, const struct invocation *invocation,
		 const struct stats_values *values, struct error *err)
{
	const struct timespec pause = {.tv_sec = INTERVAL_S};
	CLEANUP(page_release) struct page last = {0};
	bool first = true;
	int r;

	for (;;) {
		CLEANUP(page_release) struct page page = {0};

		r = collect(engine, invocation, values->all, &page, err);
		if (r == 0)
			r = sample(engine, &page, err);
		carry_over(&page, &last);
		/* A rate needs two: with none to wait for there is none to show. */
		if (r == 0 && !(first && values->no_stream && page.count > 0))
			r = print(&page, values, err);
		if (r < 0 || (values->no_stream && (!first || page.count == 0)))
			return r;
		first = false;
		page_release(&last);
		last = page;
		page = (struct page) {0};
		(void)nanosleep(&pause, NULL);
	}
}

static int run(const struct invocation *invocation, void *data)
{
	auto_engine engine = ENGINE_CLOSED;
	auto_error err = {0};
	int r;

	r = kist_engine_open(invocation, &engine, &err);
	if (r == 0)
		r = watch(&engine, invocation, data, &err);
	return r < 0 ? kist_fail(&err) : 0;
}

const struct command command_stats = {
	.name = "stats",
	.usage = "[OPTIONS] [CONTAINER...]",
	.summary = "Display a live stream of container(s) resource usage statistics",
	.options = options,
	.values_size = sizeof(struct stats_values),
	.operands_max = OPERANDS_ANY,
	.run = run,
};
