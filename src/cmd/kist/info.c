/*
 * kist info: what is here: the engine's folders and contents, and the machine.
 */
#include "base/str.h"
#include "cmd/kist/format.h"
#include "cmd/kist/kist.h"
#include "codec/json-write.h"
#include "engine/engine-info.h"

#include <stddef.h>
#include <stdio.h>

struct info_values {
	const char *format;
};

static const struct option options[] = {
	{"format", 'f', OPTION_STRING, offsetof(struct info_values, format), "string", FORMAT_HELP},
	{NULL},
};

static void write_info(struct json_writer *w, const struct engine *engine,
		       const struct engine_info *info)
{
	json_object_begin(w, NULL);
	json_write_u64(w, "Containers", info->containers);
	json_write_u64(w, "ContainersRunning", info->running);
	json_write_u64(w, "ContainersPaused", info->paused);
	json_write_u64(w, "ContainersStopped", info->stopped);
	json_write_u64(w, "Images", info->images);
	json_write_string(w, "ServerVersion", KIST_VERSION);
	json_write_string(w, "Driver", "overlay");
	json_write_string(w, "LoggingDriver", "json-file");
	json_write_string(w, "CgroupDriver", "cgroupfs");
	json_write_string(w, "CgroupVersion", info->cgroup_version);
	json_write_string(w, "CgroupParent", engine->root.tag);
	json_write_string(w, "DefaultRuntime", "kist-runtime");
	json_write_string(w, "KernelVersion", info->system.release);
	json_write_string(w, "OperatingSystem", info->system_name);
	json_write_string(w, "OSType", "linux");
	json_write_string(w, "Architecture", info->system.machine);
	json_write_i64(w, "NCPU", info->cpus);
	json_write_u64(w, "MemTotal", info->memory);
	json_write_string(w, "Name", info->system.nodename);
	json_write_string(w, "DockerRootDir", engine->root.dir);
	json_write_string(w, "RunDir", engine->root.run);
	json_end(w);
}

static const char table[] = " Containers: {{.Containers}}\n"
			    "  Running: {{.ContainersRunning}}\n"
			    "  Paused: {{.ContainersPaused}}\n"
			    "  Stopped: {{.ContainersStopped}}\n"
			    " Images: {{.Images}}\n"
			    " Server Version: {{.ServerVersion}}\n"
			    " Storage Driver: {{.Driver}}\n"
			    " Logging Driver: {{.LoggingDriver}}\n"
			    " Cgroup Driver: {{.CgroupDriver}}\n"
			    " Cgroup Version: {{.CgroupVersion}}\n"
			    " Cgroup Parent: {{.CgroupParent}}\n"
			    " Default Runtime: {{.DefaultRuntime}}\n"
			    " Kernel Version: {{.KernelVersion}}\n"
			    " Operating System: {{.OperatingSystem}}\n"
			    " OSType: {{.OSType}}\n"
			    " Architecture: {{.Architecture}}\n"
			    " CPUs: {{.NCPU}}\n"
			    " Total Memory: {{.MemTotal}} bytes\n"
			    " Name: {{.Name}}\n"
			    " Root Dir: {{.DockerRootDir}}\n"
			    " Run Dir: {{.RunDir}}";

static int show(const char *format, const struct engine *engine, const struct engine_info *info,
		struct error *err)
{
	auto_json *document = NULL;
	auto_str text = {0}, out = {0};
	struct json_writer w;
	int r;

	json_writer_init(&w, &text, 0);
	write_info(&w, engine, info);
	r = json_parse(str_text(&text), text.len, &document, NULL);
	if (r < 0)
		return error_errno(err, r, "show information");
	r = format_document(format, document, NULL, &out, err);
	if (r == 0)
		(void)fputs(str_text(&out), stdout);
	return r;
}

static int run(const struct invocation *invocation, void *data)
{
	const struct info_values *values = data;
	auto_engine engine = ENGINE_CLOSED;
	auto_engine_info info = {0};
	auto_error err = {0};

	if (kist_engine_open(invocation, &engine, &err) < 0 ||
	    engine_info(&engine, &info, &err) < 0 ||
	    show(values->format ? values->format : table, &engine, &info, &err) < 0)
		return kist_fail(&err);
	return 0;
}

const struct command command_info = {
	.name = "info",
	.usage = "[OPTIONS]",
	.summary = "Display system-wide information",
	.options = options,
	.values_size = sizeof(struct info_values),
	.run = run,
};
