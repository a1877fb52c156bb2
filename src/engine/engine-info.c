#include "engine/engine-info.h"

#include "base/mem.h"
#include "base/str.h"
#include "engine/container/container.h"
#include "store/store.h"

#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statfs.h>
#include <sys/sysinfo.h>
#include <unistd.h>

static int count_containers(struct engine *engine, struct engine_info *info, struct error *err)
{
	struct container *containers = NULL;
	int r = container_list(engine, &containers, &info->containers, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < info->containers; i++) {
		info->paused += containers[i].paused;
		info->running += containers[i].state == CONTAINER_RUNNING && !containers[i].paused;
	}
	info->stopped = info->containers - info->running - info->paused;
	container_list_free(containers, info->containers);
	return 0;
}

static int count_images(struct engine *engine, struct engine_info *info, struct error *err)
{
	struct image *images = NULL;
	int r = store_image_list(&engine->root, &images, &info->images, NULL, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < info->images; i++)
		image_release(&images[i]);
	free(images);
	return 0;
}

static const char *cgroup_version(void)
{
	struct statfs fs;

	if (statfs("/sys/fs/cgroup", &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC)
		return "2";
	return "1";
}

/* PRETTY_NAME of os-release(5), "Linux" without one. */
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

int engine_info(struct engine *engine, struct engine_info *ret, struct error *err)
{
	auto_engine_info info = {0};
	struct sysinfo memory;
	int r = count_containers(engine, &info, err);

	if (r == 0)
		r = count_images(engine, &info, err);
	if (r < 0)
		return r;
	(void)uname(&info.system);
	(void)sysinfo(&memory);
	info.system_name = system_name();
	info.cgroup_version = cgroup_version();
	info.cpus = sysconf(_SC_NPROCESSORS_ONLN);
	info.memory = (uint64_t)memory.totalram * memory.mem_unit;
	*ret = info;
	info.system_name = NULL;
	return 0;
}

void engine_info_release(struct engine_info *info)
{
	free(info->system_name);
	info->system_name = NULL;
}

const char *engine_architecture(const char *machine)
{
	if (STREQ(machine, "x86_64"))
		return "amd64";
	return STREQ(machine, "aarch64") ? "arm64" : machine;
}
