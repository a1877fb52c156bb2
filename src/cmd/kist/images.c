/*
 * kist images: what has been pulled, loaded or imported, a row for each name.
 */
#include "api/docker/filter.h"
#include "base/mem.h"
#include "base/parse.h"
#include "base/str.h"
#include "base/time.h"
#include "cmd/kist/format.h"
#include "cmd/kist/kist.h"
#include "cmd/kist/list.h"
#include "codec/json-write.h"
#include "store/reference.h"
#include "store/store.h"

#include <fnmatch.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct images_values {
	bool all, digests, quiet, no_trunc;
	const char *format;
	struct strv filters;
};

static const struct option options[] = {
	{"all", 'a', OPTION_BOOL, offsetof(struct images_values, all), NULL,
	 "Show all images (kist has no intermediate images to hide)"},
	{"digests", 0, OPTION_BOOL, offsetof(struct images_values, digests), NULL, "Show digests"},
	{"filter", 'f', OPTION_LIST, offsetof(struct images_values, filters), "filter",
	 "Filter output based on conditions provided"},
	{"format", 0, OPTION_STRING, offsetof(struct images_values, format), "string",
	 FORMAT_ROWS_HELP},
	{"no-trunc", 0, OPTION_BOOL, offsetof(struct images_values, no_trunc), NULL,
	 "Don't truncate output"},
	{"quiet", 'q', OPTION_BOOL, offsetof(struct images_values, quiet), NULL,
	 "Only show image IDs"},
	{NULL},
};

#define HEADINGS                                                                               \
	"{\"Containers\":\"CONTAINERS\",\"CreatedAt\":\"CREATED AT\",\"CreatedSince\":"        \
	"\"CREATED\",\"Digest\":\"DIGEST\",\"ID\":\"IMAGE ID\",\"Repository\":\"REPOSITORY\"," \
	"\"SharedSize\":\"SHARED SIZE\",\"Size\":\"SIZE\",\"Tag\":\"TAG\",\"UniqueSize\":"     \
	"\"UNIQUE SIZE\"}"

static const struct listing listing = {
	.headings = HEADINGS,
	.table = "{{.Repository}}\t{{.Tag}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}",
};

static const struct listing listing_with_digests = {
	.headings = HEADINGS,
	.table = "{{.Repository}}\t{{.Tag}}\t{{.Digest}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}",
};

/* One name of an image; without any, one row with "<none>". */
struct image_row {
	const struct image *image;
	char *repository; /* familiar; NULL: none */
	char *tag;
};

static void image_row_release(struct image_row *row)
{
	free(row->repository);
	free(row->tag);
}

static bool match_dangling(const void *object, const char *value)
{
	const struct image_row *row = object;
	bool wanted;

	return parse_bool(value, &wanted) == 0 && wanted == !row->repository;
}

static int check_dangling(const char *value, struct error *err)
{
	bool wanted;

	if (parse_bool(value, &wanted) < 0)
		return error_set(err, ERROR_INVALID, "invalid filter 'dangling=%s'", value);
	return 0;
}

static bool match_label(const void *object, const char *value)
{
	return filter_label(&((const struct image_row *)object)->image->labels, value);
}

/* A pattern of repository or repository:tag, where * does not cross a slash. */
static bool match_reference(const void *object, const char *value)
{
	const struct image_row *row = object;
	auto_free char *full = NULL;

	if (!row->repository)
		return false;
	full = mem_printf("%s:%s", row->repository, row->tag ? row->tag : "");
	return fnmatch(value, row->repository, FNM_PATHNAME) == 0 ||
	       fnmatch(value, full, FNM_PATHNAME) == 0;
}

static const struct filter filters[] = {
	{"dangling", match_dangling, check_dangling, false},
	{"label", match_label, NULL, true},
	{"reference", match_reference, NULL, false},
	{NULL},
};

/* Splits a full name of the store into what the columns show. */
static void image_row_init(struct image_row *row, const struct image *image, const char *name)
{
	auto_reference reference = {0};

	*row = (struct image_row) {.image = image};
	if (!name || reference_parse(name, &reference, NULL) < 0)
		return;
	row->tag = TAKE_PTR(reference.tag);
	free(TAKE_PTR(reference.digest));
	row->repository = reference_familiar(&reference);
}

static void write_row(struct json_writer *w, const struct image_row *row, bool whole)
{
	const struct image *image = row->image;
	auto_free char *created = list_time(image->created);
	auto_free char *ago = image->created ? list_ago(image->created) : mem_strdup("N/A");
	auto_free char *id = list_id(image->id, whole);
	char size[TIME_HUMAN_SIZE];

	json_object_begin(w, NULL);
	json_object_begin(w, "Row");
	json_write_string(w, "Containers", "N/A");
	json_write_string(w, "CreatedAt", created);
	json_write_string(w, "CreatedSince", ago);
	json_write_string(w, "Digest",
			  row->repository && *image->manifest ? image->manifest : "<none>");
	json_write_string(w, "ID", id);
	json_write_string(w, "Repository", row->repository ? row->repository : "<none>");
	json_write_string(w, "SharedSize", "N/A");
	json_write_string(w, "Size", size_human(image->size, 3, size));
	json_write_string(w, "Tag", row->tag ? row->tag : "<none>");
	json_write_string(w, "UniqueSize", "N/A");
	json_end(w);
	json_end(w);
}

/* The rows of one image that the filters let through; with -q one is enough. */
static void write_image(struct json_writer *w, const struct images_values *values,
			const struct image *image)
{
	size_t count = MAX(image->references.n, (size_t)1);

	for (size_t i = 0; i < count; i++) {
		CLEANUP(image_row_release) struct image_row row;

		image_row_init(&row, image,
			       image->references.n > 0 ? image->references.v[i] : NULL);
		if (!filter_matches(filters, &values->filters, &row))
			continue;
		write_row(w, &row, values->no_trunc);
		if (values->quiet)
			return;
	}
}

static int show(const struct images_values *values, const struct image *list, size_t count,
		struct error *err)
{
	auto_json *rows = NULL;
	auto_str text = {0};
	struct json_writer w;
	int r;

	json_writer_init(&w, &text, 0);
	json_array_begin(&w, NULL);
	for (size_t i = 0; i < count; i++)
		write_image(&w, values, &list[i]);
	json_end(&w);
	r = json_parse(str_text(&text), text.len, &rows, NULL);
	if (r < 0)
		return error_errno(err, r, "show images");
	return listing_write(values->digests ? &listing_with_digests : &listing,
			     values->quiet ? "{{.ID}}" : values->format, rows, stdout, err);
}

/* `kist images busybox` is a filter by name. */
static void add_operand(struct images_values *values, const char *operand)
{
	auto_reference reference = {0};
	auto_free char *familiar = NULL;

	if (reference_parse(operand, &reference, NULL) < 0) {
		strv_add_format(&values->filters, "reference=%s", operand);
		return;
	}
	/* Without a tag of its own it stands for all tags. */
	if (!strchr(strrchr(operand, '/') ? strrchr(operand, '/') : operand, ':'))
		free(TAKE_PTR(reference.tag));
	familiar = reference_familiar(&reference);
	strv_add_format(&values->filters, "reference=%s", familiar);
}

static int run(const struct invocation *invocation, void *data)
{
	struct images_values *values = data;
	auto_engine engine = ENGINE_CLOSED;
	struct image *list = NULL;
	auto_strv damages = {0};
	size_t count = 0;
	auto_error err = {0};
	int r;

	if (invocation->operand_count > 0)
		add_operand(values, invocation->operands[0]);
	if (filter_check(filters, &values->filters, &err) < 0)
		return kist_misuse(&err);
	r = kist_engine_open(invocation, &engine, &err);
	if (r == 0)
		r = store_image_list(&engine.root, &list, &count, &damages, &err);
	if (r == 0)
		r = show(values, list, count, &err);
	for (size_t i = 0; i < count; i++)
		image_release(&list[i]);
	free(list);
	for (size_t i = 0; r == 0 && i < damages.n; i++)
		(void)kist_fail(&(struct error) {.kind = ERROR_CORRUPT, .message = damages.v[i]});
	return r < 0 ? kist_fail(&err) : damages.n > 0 ? KIST_FAILED : 0;
}

const struct command command_images = {
	.name = "images",
	.usage = "[OPTIONS] [REPOSITORY[:TAG]]",
	.summary = "List images",
	.options = options,
	.values_size = sizeof(struct images_values),
	.operands_max = 1,
	.run = run,
};
