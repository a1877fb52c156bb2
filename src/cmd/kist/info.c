/*
 * kist info: what is here: the engine's folders and contents, and the machine.
 */
#include "base/mem.h"
#include "base/str.h"
#include "cmd/kist/format.h"
#include "cmd/kist/kist.h"
#include "codec/json-write.h"
#include "engine/container.h"
#include "store/store.h"

#include <linux/magic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statfs.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

struct info_values {
	const char *format;
};

static const struct option options[] = {
	{"format", 'f', OPTION_STRING, offsetof(struct info_values, format), "string", FORMAT_HELP},
	{NULL},
};

/* What is counted: containers by state, images. */
struct counts {
	size_t containers[CONTAINER_EXITED + 1];
	size_t all_containers;
	size_t images;
};

static int count_objects(struct engine *engine, struct counts *ret, struct error *err)
{
	struct counts counts = {0};
	struct container *containers = NULL;
	struct image *images = NULL;
	int r = container_list(engine, &containers, &counts.all_containers, err);

	if (r == 0)
		r = store_image_list(&engine->root, &images, &counts.images, NULL, err);
	for (size_t i = 0; i < counts.all_containers; i++)
		counts.containers[containers[i].state]++;
	for (size_t i = 0; i < counts.images; i++)
		image_release(&images[i]);
	free(images);
	container_list_free(containers, counts.all_containers);
	if (r == 0)
		*ret = counts;
	return r;
}

static const char *cgroup_version(void)
{
	struct statfs fs;

	if (statfs("/sys/fs/cgroup", &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC)
		return "2";
	return "1";
}

/* PRETTY_NAME of os-release(5), "Linux" without one. Owned by the caller. */
static char *system_name(void)
{
	static const char key[] = "PRETTY_NAME=";
	FILE *file = fopen("/etc/os-release", "re");
	char line[256], *name = NULL;

	while (file && !name && fgets(line, sizeof(line), file))
		if (str_starts(line, key)) {
			char *value = line + sizeof(key) - 1;

			value += strspn(value, "\"'");
			name = mem_strndup(value, strcspn(value, "\"'\n"));
		}
	if (file)
		(void)fclose(file);
	return name ? name : mem_strdup("Linux");
}

static void write_machine(struct json_writer *w)
{
	auto_free char *name = system_name();
	struct utsname system;
	struct sysinfo memory;

	(void)uname(&system);
	(void)sysinfo(&memory);
	json_write_string(w, "KernelVersion", system.release);
	json_write_string(w, "OperatingSystem", name);
	json_write_string(w, "OSType", "linux");
	json_write_string(w, "Architecture", system.machine);
	json_write_i64(w, "NCPU", sysconf(_SC_NPROCESSORS_ONLN));
	json_write_u64(w, "MemTotal", (uint64_t)memory.totalram * memory.mem_unit);
	json_write_string(w, "Name", system.nodename);
}

static void write_info(struct json_writer *w, const struct engine *engine,
		       const struct counts *counts)
{
	json_object_begin(w, NULL);
	json_write_u64(w, "Containers", counts->all_containers);
	json_write_u64(w, "ContainersRunning", counts->containers[CONTAINER_RUNNING]);
	json_write_u64(w, "ContainersPaused", 0);
	json_write_u64(w, "ContainersStopped",
		       counts->containers[CONTAINER_EXITED] +
			       counts->containers[CONTAINER_CREATED]);
	json_write_u64(w, "Images", counts->images);
	json_write_string(w, "ServerVersion", KIST_VERSION);
	json_write_string(w, "Driver", "overlay");
	json_write_string(w, "LoggingDriver", "json-file");
	json_write_string(w, "CgroupDriver", "cgroupfs");
	json_write_string(w, "CgroupVersion", cgroup_version());
	json_write_string(w, "CgroupParent", engine->root.tag);
	json_write_string(w, "DefaultRuntime", "kist-runtime");
	write_machine(w);
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

static int show(const char *format, const struct engine *engine, const struct counts *counts,
		struct error *err)
{
	auto_json *document = NULL;
	auto_str text = {0}, out = {0};
	struct json_writer w;
	int r;

	json_writer_init(&w, &text, 0);
	write_info(&w, engine, counts);
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
	struct counts counts = {0};
	auto_error err = {0};

	if (kist_engine_open(invocation, &engine, &err) < 0 ||
	    count_objects(&engine, &counts, &err) < 0 ||
	    show(values->format ? values->format : table, &engine, &counts, &err) < 0)
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
