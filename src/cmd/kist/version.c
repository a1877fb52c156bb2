/*
 * kist version: which program this is. There is no server: what Docker's answer says of one is said
 * of the engine in this program.
 */
#include "base/str.h"
#include "cmd/kist/format.h"
#include "cmd/kist/kist.h"
#include "codec/json-write.h"

#include <stddef.h>
#include <stdio.h>
#include <sys/utsname.h>

struct version_values {
	const char *format;
};

static const struct option options[] = {
	{"format", 'f', OPTION_STRING, offsetof(struct version_values, format), "string",
	 FORMAT_HELP},
	{NULL},
};

static void write_program(struct json_writer *w, const char *key, const struct utsname *system)
{
	json_object_begin(w, key);
	json_write_string(w, "Version", KIST_VERSION);
	json_write_string(w, "Os", "linux");
	json_write_string(w, "Arch", kist_architecture(system->machine));
	json_write_string(w, "KernelVersion", system->release);
	json_write_string(w, "Compiler", __VERSION__);
	json_end(w);
}

static int show(const char *format, const struct utsname *system, struct error *err)
{
	auto_json *document = NULL;
	auto_str text = {0}, out = {0};
	struct json_writer w;
	int r;

	json_writer_init(&w, &text, 0);
	json_object_begin(&w, NULL);
	write_program(&w, "Client", system);
	write_program(&w, "Server", system);
	json_end(&w);
	r = json_parse(str_text(&text), text.len, &document, NULL);
	if (r < 0)
		return error_errno(err, r, "show the version");
	r = format_document(format, document, NULL, &out, err);
	if (r == 0)
		(void)fputs(str_text(&out), stdout);
	return r;
}

static const char table[] = "kist:\n"
			    " Version:   {{.Client.Version}}\n"
			    " OS/Arch:   {{.Client.Os}}/{{.Client.Arch}}\n"
			    " Kernel:    {{.Client.KernelVersion}}\n"
			    " Compiler:  {{.Client.Compiler}}";

static int run(const struct invocation *invocation, void *data)
{
	const struct version_values *values = data;
	struct utsname system;
	auto_error err = {0};

	(void)invocation;
	(void)uname(&system);
	if (show(values->format ? values->format : table, &system, &err) < 0)
		return kist_fail(&err);
	return 0;
}

const struct command command_version = {
	.name = "version",
	.usage = "[OPTIONS]",
	.summary = "Show the kist version information",
	.options = options,
	.values_size = sizeof(struct version_values),
	.run = run,
};
