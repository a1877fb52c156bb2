/*
 * kist ps: the containers.
 */
#include "api/docker/container-filter.h"
#include "api/docker/document.h"
#include "api/docker/ports.h"
#include "base/mem.h"
#include "base/parse.h"
#include "base/str.h"
#include "base/time.h"
#include "cmd/kist/format.h"
#include "cmd/kist/kist.h"
#include "cmd/kist/list.h"
#include "cmd/kist/table.h"
#include "engine/container/container.h"
#include "engine/container/size.h"
#include "store/store.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COMMAND_WIDTH 20
#define MOUNT_WIDTH   15
#define SIZE_TABLE                                                                            \
	"table {{.ID}}\t{{.Image}}\t{{.Command}}\t{{.RunningFor}}\t{{.Status}}\t{{.Ports}}\t" \
	"{{.Names}}\t{{.Size}}"

struct ps_values {
	bool all, latest, quiet, no_trunc, size;
	const char *last;
	const char *format;
	struct strv filters;
};

static const struct option options[] = {
	{"all", 'a', OPTION_BOOL, offsetof(struct ps_values, all), NULL,
	 "Show all containers (default shows just running)"},
	{"filter", 'f', OPTION_LIST, offsetof(struct ps_values, filters), "filter",
	 "Filter output based on conditions provided"},
	{"format", 0, OPTION_STRING, offsetof(struct ps_values, format), "string",
	 FORMAT_ROWS_HELP},
	{"last", 'n', OPTION_STRING, offsetof(struct ps_values, last), "int",
	 "Show n last created containers (includes all states)"},
	{"latest", 'l', OPTION_BOOL, offsetof(struct ps_values, latest), NULL,
	 "Show the latest created container (includes all states)"},
	{"no-trunc", 0, OPTION_BOOL, offsetof(struct ps_values, no_trunc), NULL,
	 "Don't truncate output"},
	{"quiet", 'q', OPTION_BOOL, offsetof(struct ps_values, quiet), NULL,
	 "Only display container IDs"},
	{"size", 's', OPTION_BOOL, offsetof(struct ps_values, size), NULL,
	 "Display total file sizes"},
	{NULL},
};

static const struct listing listing = {
	.headings =
		"{\"Command\":\"COMMAND\",\"CreatedAt\":\"CREATED AT\",\"ID\":\"CONTAINER ID\","
		"\"Image\":\"IMAGE\",\"Labels\":\"LABELS\",\"LocalVolumes\":\"LOCAL VOLUMES\","
		"\"Mounts\":\"MOUNTS\",\"Names\":\"NAMES\",\"Networks\":\"NETWORKS\","
		"\"Ports\":\"PORTS\",\"RunningFor\":\"CREATED\",\"Size\":\"SIZE\",\"State\":\"STATE\","
		"\"Status\":\"STATUS\"}",
	.table = "{{.ID}}\t{{.Image}}\t{{.Command}}\t{{.RunningFor}}\t{{.Status}}\t{{.Ports}}\t"
		 "{{.Names}}",
};

static char *show_command(const struct container *container, bool whole)
{
	auto_free char *text = document_command(container);
	auto_free char *cut = table_ellipsis(text, whole ? SIZE_MAX : COMMAND_WIDTH);
	auto_str quoted = {0};

	json_quote(&quoted, cut, strlen(cut));
	return str_take(&quoted);
}

static char *show_ports(const struct container *container)
{
	auto_free struct shown_port *ports = NULL;
	auto_str text = {0};
	size_t count;

	if (container->state != CONTAINER_RUNNING)
		return mem_strdup("");
	ports = ports_collect(container->network.ports, container->network.port_count,
			      &container->exposed_ports, &count);
	ports_show(ports, count, &text);
	return str_take(&text);
}

static char *show_mounts(const struct container *container, bool whole)
{
	auto_str text = {0};

	for (size_t i = 0; i < container->config.mount_count; i++) {
		const struct container_mount *mount = &container->config.mounts[i];
		const char *name = mount->source ? mount->source : mount->target;
		auto_free char *cut = table_ellipsis(name, whole ? SIZE_MAX : MOUNT_WIDTH);

		str_append_format(&text, "%s%s", text.len > 0 ? "," : "", cut);
	}
	return str_take(&text);
}

static size_t count_volumes(const struct container *container)
{
	size_t count = 0;

	for (size_t i = 0; i < container->config.mount_count; i++)
		count += container->config.mounts[i].kind == MOUNT_VOLUME;
	return count;
}

/* "5B (virtual 4.2MB)": what it has written, and with its image. */
static char *show_size(struct engine *engine, const struct container *container)
{
	char own[TIME_HUMAN_SIZE], all[TIME_HUMAN_SIZE];
	auto_image image = {0};
	uint64_t written = 0;

	(void)!container_size(engine, container, &written, NULL);
	if (store_image_find(&engine->root, container->image_id, &image, NULL) < 0)
		return mem_strdup(size_human(written, 3, own));
	return mem_printf("%s (virtual %s)", size_human(written, 3, own),
			  size_human(written + image.size, 3, all));
}

/* @engine: NULL if nobody asks for sizes, which take a look at every file. */
static void write_row(struct json_writer *w, struct engine *engine,
		      const struct container *container, bool whole)
{
	auto_free char *size = engine ? show_size(engine, container) : mem_strdup("0B");
	auto_free char *command = show_command(container, whole);
	auto_free char *created = list_time(container->created);
	auto_free char *id = list_id(container->id, whole);
	auto_free char *labels = list_join(&container->config.labels);
	auto_free char *mounts = show_mounts(container, whole);
	auto_free char *volumes = mem_printf("%zu", count_volumes(container));
	auto_free char *ports = show_ports(container);
	auto_free char *ago = list_ago(container->created);
	auto_free char *status = container_status(container);

	json_object_begin(w, NULL);
	json_object_begin(w, "Row");
	json_write_string(w, "Command", command);
	json_write_string(w, "CreatedAt", created);
	json_write_string(w, "ID", id);
	json_write_string(w, "Image", container->config.image);
	json_write_string(w, "Labels", labels);
	json_write_string(w, "LocalVolumes", volumes);
	json_write_string(w, "Mounts", mounts);
	json_write_string(w, "Names", container->name);
	json_write_string(w, "Networks", container->config.network);
	json_write_string(w, "Ports", ports);
	json_write_string(w, "RunningFor", ago);
	json_write_string(w, "Size", size);
	json_write_string(w, "State", document_state_name(container));
	json_write_string(w, "Status", status);
	json_end(w);
	json_object_begin(w, "Methods");
	document_map(w, "Label", &container->config.labels);
	json_end(w);
	json_end(w);
}

/* The cells of the default table, without a detour: a list may be long. */
static void write_line(struct str *lines, const struct container *container, bool whole)
{
	auto_free char *command = show_command(container, whole);
	auto_free char *id = list_id(container->id, whole);
	auto_free char *ago = list_ago(container->created);
	auto_free char *status = container_status(container);
	auto_free char *ports = show_ports(container);
	const char *const cells[] = {id,    container->config.image, command, ago, status,
				     ports, container->name};

	for (size_t i = 0; i < ARRAY_SIZE(cells); i++) {
		str_append(lines, cells[i]);
		str_append_char(lines, i + 1 < ARRAY_SIZE(cells) ? '\t' : '\n');
	}
}

/* Of a damaged container there is nothing to show: it is told, and has to be removed. */
static int complain(const struct container *list, size_t count)
{
	int status = 0;

	for (size_t i = 0; i < count; i++) {
		const struct error error = {.kind = ERROR_CORRUPT, .message = list[i].damage};

		if (list[i].damage)
			status = kist_fail(&error);
	}
	return status;
}

/* Keeps those of the list that are asked for, by flags, number and filters: @ret has room for all.
 */
static size_t choose(const struct ps_values *values, const struct container *list, size_t count,
		     size_t last, const struct container **ret)
{
	bool all = values->all || last > 0 || filter_has(&values->filters, "status");
	size_t limit = last > 0 ? last : SIZE_MAX, chosen = 0;

	for (size_t i = 0; i < count && chosen < limit; i++)
		if (!list[i].damage &&
		    (all || list[i].state == CONTAINER_RUNNING || list[i].restarting) &&
		    filter_matches(container_filters, &values->filters, &list[i]))
			ret[chosen++] = &list[i];
	return chosen;
}

static int show_table(const struct container **chosen, size_t count, bool whole, struct error *err)
{
	auto_str lines = {0};

	for (size_t i = 0; i < count; i++)
		write_line(&lines, chosen[i], whole);
	return listing_write_lines(&listing, &lines, stdout, err);
}

static int read_last(const struct ps_values *values, size_t *ret, struct error *err)
{
	int64_t last = -1;

	if (values->last && parse_i64(values->last, &last) < 0)
		return error_set(err, ERROR_INVALID,
				 "invalid argument \"%s\" for \"-n, --last\" flag: not a number",
				 values->last);
	if (values->latest && !values->last)
		last = 1;
	*ret = last > 0 ? (size_t)last : 0;
	return 0;
}

static int show(struct engine *engine, const struct ps_values *values, const struct container *list,
		size_t count, size_t last, struct error *err)
{
	const char *format = values->quiet ? "{{.ID}}" : values->format;
	auto_free const struct container **chosen = mem_zero(count + 1, sizeof(*chosen));
	size_t chosen_count = choose(values, list, count, last, chosen);
	auto_json *rows = NULL;
	auto_str text = {0};
	struct json_writer w;
	bool sized;
	int r;

	if (values->quiet && values->format)
		(void)fputs("WARNING: Ignoring custom format, because both --format and --quiet "
			    "are set.\n",
			    stderr);
	if (values->size && (!format || STREQ(format, "table")))
		format = SIZE_TABLE;
	if (!format || STREQ(format, "table"))
		return show_table(chosen, chosen_count, values->no_trunc, err);
	sized = values->size || strstr(format, ".Size");
	json_writer_init(&w, &text, 0);
	json_array_begin(&w, NULL);
	for (size_t i = 0; i < chosen_count; i++)
		write_row(&w, sized ? engine : NULL, chosen[i], values->no_trunc);
	json_end(&w);
	r = json_parse(str_text(&text), text.len, &rows, NULL);
	if (r < 0)
		return error_errno(err, r, "show containers");
	return listing_write(&listing, format, rows, stdout, err);
}

static int run(const struct invocation *invocation, void *data)
{
	const struct ps_values *values = data;
	auto_engine engine = ENGINE_CLOSED;
	struct container *list = NULL;
	size_t count = 0, last = 0;
	auto_error err = {0};
	int r, status = 0;

	if (filter_check(container_filters, &values->filters, &err) < 0 ||
	    read_last(values, &last, &err) < 0)
		return kist_misuse(&err);
	r = kist_engine_open(invocation, &engine, &err);
	if (r == 0)
		r = container_list(&engine, &list, &count, &err);
	if (r == 0)
		r = show(&engine, values, list, count, last, &err);
	if (r == 0)
		status = complain(list, count);
	container_list_free(list, count);
	return r < 0 ? kist_fail(&err) : status;
}

const struct command command_ps = {
	.name = "ps",
	.usage = "[OPTIONS]",
	.summary = "List containers",
	.options = options,
	.values_size = sizeof(struct ps_values),
	.run = run,
};
