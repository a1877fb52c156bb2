/*
 * kist inspect, container inspect, image inspect: everything about objects, as JSON.
 */
#include "api/docker/document.h"
#include "base/mem.h"
#include "base/str.h"
#include "cmd/kist/format.h"
#include "cmd/kist/kist.h"
#include "codec/template.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define INDENT 4

struct inspect_values {
	const char *format, *type;
};

/* What may be meant by a name. */
enum object {
	OBJECT_CONTAINER = 1 << 0,
	OBJECT_IMAGE = 1 << 1,
};

static const struct option options[] = {
	{"format", 'f', OPTION_STRING, offsetof(struct inspect_values, format), "string",
	 FORMAT_HELP},
	{"type", 0, OPTION_STRING, offsetof(struct inspect_values, type), "string",
	 "Only inspect objects of the given type: container, image"},
	{NULL},
};

/* `container inspect` and `image inspect` know their type. */
static const struct option typed_options[] = {
	{"format", 'f', OPTION_STRING, offsetof(struct inspect_values, format), "string",
	 FORMAT_HELP},
	{NULL},
};

/* What text/template would know of the members' types. */
static const struct template_member inspect_types[] = {
	{"Annotations", TEMPLATE_STRING_MAP},
	{"Binds", TEMPLATE_LIST},
	{"BlkioDeviceReadBps", TEMPLATE_LIST},
	{"BlkioDeviceReadIOps", TEMPLATE_LIST},
	{"BlkioDeviceWriteBps", TEMPLATE_LIST},
	{"BlkioDeviceWriteIOps", TEMPLATE_LIST},
	{"BlkioWeightDevice", TEMPLATE_LIST},
	{"CapAdd", TEMPLATE_LIST},
	{"CapDrop", TEMPLATE_LIST},
	{"Cmd", TEMPLATE_LIST},
	{"DeviceCgroupRules", TEMPLATE_LIST},
	{"Devices", TEMPLATE_LIST},
	{"Dns", TEMPLATE_LIST},
	{"DnsOptions", TEMPLATE_LIST},
	{"DnsSearch", TEMPLATE_LIST},
	{"Data", TEMPLATE_STRING_MAP},
	{"Entrypoint", TEMPLATE_LIST},
	{"Env", TEMPLATE_LIST},
	{"ExecIDs", TEMPLATE_LIST},
	{"ExposedPorts", TEMPLATE_MAP},
	{"ExtraHosts", TEMPLATE_LIST},
	{"GroupAdd", TEMPLATE_LIST},
	{"Health", TEMPLATE_POINTER},
	{"Labels", TEMPLATE_STRING_MAP},
	{"Links", TEMPLATE_LIST},
	{"MaskedPaths", TEMPLATE_LIST},
	{"MemorySwappiness", TEMPLATE_POINTER},
	{"Networks", TEMPLATE_MAP},
	{"OnBuild", TEMPLATE_LIST},
	{"OomKillDisable", TEMPLATE_POINTER},
	{"PidsLimit", TEMPLATE_POINTER},
	{"PortBindings", TEMPLATE_MAP},
	{"Ports", TEMPLATE_MAP},
	{"ReadonlyPaths", TEMPLATE_LIST},
	{"SecurityOpt", TEMPLATE_LIST},
	{"Sysctls", TEMPLATE_STRING_MAP},
	{"Tmpfs", TEMPLATE_STRING_MAP},
	{"Ulimits", TEMPLATE_LIST},
	{"Volumes", TEMPLATE_MAP},
	{NULL},
};

static int add_container(struct json_writer *w, struct engine *engine, const char *name,
			 struct error *err)
{
	auto_container container = {0};
	int r = container_find(engine, name, &container, err);

	if (r == 0)
		document_container(w, engine, &container);
	return r;
}

static int add_image(struct json_writer *w, struct engine *engine, const char *name,
		     struct error *err)
{
	auto_image image = {0};
	int r = store_image_find(&engine->root, name, &image, err);

	if (r == 0)
		document_image(w, &image, DOCUMENT_VERSION_NEWEST);
	return r;
}

static int add_object(struct json_writer *w, struct engine *engine, unsigned objects,
		      const char *name, struct error *err)
{
	auto_error missing = {0};
	int r;

	if (objects == OBJECT_CONTAINER)
		return add_container(w, engine, name, err);
	if (objects == OBJECT_IMAGE)
		return add_image(w, engine, name, err);
	r = add_container(w, engine, name, &missing);
	if (r < 0 && missing.kind != ERROR_NOT_FOUND)
		return error_move(err, &missing);
	if (r == 0)
		return 0;
	error_release(&missing);
	r = add_image(w, engine, name, &missing);
	if (r < 0 && (missing.kind == ERROR_NOT_FOUND || missing.kind == ERROR_INVALID))
		return error_set(err, ERROR_NOT_FOUND, "No such object: %s", name);
	return r < 0 ? error_move(err, &missing) : 0;
}

/* The documents one by one through the format; all or, on a failure, none. */
static int show_formatted(const char *format, const char *documents, struct error *err)
{
	auto_json *list = NULL;
	auto_str out = {0};
	int r = json_parse(documents, strlen(documents), &list, NULL);

	if (r < 0)
		return error_errno(err, r, "format");
	for (size_t i = 0; i < json_count(list); i++) {
		r = format_document(format, json_at(list, i), inspect_types, &out, err);
		if (r < 0)
			return r;
	}
	(void)fputs(str_text(&out), stdout);
	return 0;
}

static int inspect(const struct invocation *invocation, const struct inspect_values *values,
		   unsigned objects)
{
	auto_engine engine = ENGINE_CLOSED;
	auto_strv complaints = {0};
	auto_str documents = {0};
	auto_error err = {0};
	struct json_writer w;
	int status = 0;

	if (kist_engine_open(invocation, &engine, &err) < 0)
		return kist_fail(&err);
	json_writer_init(&w, &documents, INDENT);
	json_array_begin(&w, NULL);
	for (size_t i = 0; i < invocation->operand_count; i++) {
		auto_error missing = {0};

		if (add_object(&w, &engine, objects, invocation->operands[i], &missing) < 0)
			strv_add(&complaints, missing.message);
	}
	json_end(&w);
	if (!values->format)
		(void)printf("%s\n", str_text(&documents));
	else if (show_formatted(values->format, str_text(&documents), &err) < 0)
		status = kist_fail(&err);
	for (size_t i = 0; i < complaints.n; i++) {
		(void)fflush(stdout);
		kist_say("Error: ", complaints.v[i]);
		status = KIST_FAILED;
	}
	return status;
}

static int run(const struct invocation *invocation, void *data)
{
	const struct inspect_values *values = data;
	auto_error err = {0};

	if (!values->type || !*values->type)
		return inspect(invocation, values, OBJECT_CONTAINER | OBJECT_IMAGE);
	if (STREQ(values->type, "container"))
		return inspect(invocation, values, OBJECT_CONTAINER);
	if (STREQ(values->type, "image"))
		return inspect(invocation, values, OBJECT_IMAGE);
	(void)error_set(&err, ERROR_INVALID,
			"\"%s\" is not a valid value for --type: it is container or image",
			values->type);
	return kist_fail(&err);
}

static int run_container(const struct invocation *invocation, void *data)
{
	return inspect(invocation, data, OBJECT_CONTAINER);
}

static int run_image(const struct invocation *invocation, void *data)
{
	return inspect(invocation, data, OBJECT_IMAGE);
}

const struct command command_inspect = {
	.name = "inspect",
	.usage = "[OPTIONS] NAME|ID [NAME|ID...]",
	.summary = "Return low-level information on containers and images",
	.options = options,
	.values_size = sizeof(struct inspect_values),
	.operands_min = 1,
	.operands_max = OPERANDS_ANY,
	.run = run,
};

const struct command command_container_inspect = {
	.name = "inspect",
	.usage = "[OPTIONS] CONTAINER [CONTAINER...]",
	.summary = "Display detailed information on one or more containers",
	.options = typed_options,
	.values_size = sizeof(struct inspect_values),
	.operands_min = 1,
	.operands_max = OPERANDS_ANY,
	.run = run_container,
};

const struct command command_image_inspect = {
	.name = "inspect",
	.usage = "[OPTIONS] IMAGE [IMAGE...]",
	.summary = "Display detailed information on one or more images",
	.options = typed_options,
	.values_size = sizeof(struct inspect_values),
	.operands_min = 1,
	.operands_max = OPERANDS_ANY,
	.run = run_image,
};
