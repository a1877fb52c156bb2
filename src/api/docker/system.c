#include "api/docker/system.h"

#include "api/request.h"
#include "base/time.h"
#include "codec/json-write.h"
#include "engine/engine-info.h"

#include <sys/utsname.h>

#define STRINGIFY_(x) #x
#define STRINGIFY(x)  STRINGIFY_(x)

#define NEWEST	      "1." STRINGIFY(API_VERSION_NEWEST)
#define OLDEST	      "1." STRINGIFY(API_VERSION_OLDEST)

static void write_component(struct json_writer *w, const struct utsname *system)
{
	json_object_begin(w, NULL);
	json_write_string(w, "Name", "Engine");
	json_write_string(w, "Version", KIST_VERSION);
	json_object_begin(w, "Details");
	json_write_string(w, "ApiVersion", NEWEST);
	json_write_string(w, "Arch", engine_architecture(system->machine));
	json_write_string(w, "Experimental", "false");
	json_write_string(w, "KernelVersion", system->release);
	json_write_string(w, "MinAPIVersion", OLDEST);
	json_write_string(w, "Os", "linux");
	json_end(w);
	json_end(w);
}

int system_version(struct call *call, const void *values UNUSED, struct error *err)
{
	struct utsname system;
	auto_str document = {0};
	struct json_writer w;

	(void)uname(&system);
	json_writer_init(&w, &document, 0);
	json_object_begin(&w, NULL);
	json_object_begin(&w, "Platform");
	json_write_string(&w, "Name", "kist");
	json_end(&w);
	json_array_begin(&w, "Components");
	write_component(&w, &system);
	json_end(&w);
	json_write_string(&w, "Version", KIST_VERSION);
	json_write_string(&w, "ApiVersion", NEWEST);
	json_write_string(&w, "MinAPIVersion", OLDEST);
	json_write_string(&w, "GitCommit", "");
	json_write_string(&w, "GoVersion", "");
	json_write_string(&w, "Os", "linux");
	json_write_string(&w, "Arch", engine_architecture(system.machine));
	json_write_string(&w, "KernelVersion", system.release);
	json_end(&w);
	return response_json(&call->response, 200, &document, err);
}

static void write_counts(struct json_writer *w, const struct engine_info *info)
{
	json_write_u64(w, "Containers", info->containers);
	json_write_u64(w, "ContainersRunning", info->running);
	json_write_u64(w, "ContainersPaused", info->paused);
	json_write_u64(w, "ContainersStopped", info->stopped);
	json_write_u64(w, "Images", info->images);
}

static void write_names(struct json_writer *w, const char *key, const char *const *names)
{
	json_array_begin(w, key);
	for (; *names; names++)
		json_write_string(w, NULL, *names);
	json_end(w);
}

static void write_plugins(struct json_writer *w)
{
	static const char *const volume[] = {"local", NULL};
	static const char *const network[] = {"bridge", "host", "null", NULL};
	static const char *const log[] = {"json-file", NULL};

	json_object_begin(w, "Plugins");
	write_names(w, "Volume", volume);
	write_names(w, "Network", network);
	json_write_null(w, "Authorization");
	write_names(w, "Log", log);
	json_end(w);
}

static void write_runtimes(struct json_writer *w)
{
	json_object_begin(w, "Runtimes");
	json_object_begin(w, "kist-runtime");
	json_write_string(w, "path", "kist-runtime");
	json_end(w);
	json_end(w);
	json_write_string(w, "DefaultRuntime", "kist-runtime");
}

static void write_abilities(struct json_writer *w)
{
	static const char *const abilities[] = {
		"MemoryLimit", "SwapLimit", "CpuCfsPeriod", "CpuCfsQuota",
		"CPUShares",   "CPUSet",    "PidsLimit",    "IPv4Forwarding",
	};

	for (size_t i = 0; i < ARRAY_SIZE(abilities); i++)
		json_write_bool(w, abilities[i], true);
	json_write_bool(w, "OomKillDisable", false);
	json_write_bool(w, "Debug", false);
	json_write_bool(w, "ExperimentalBuild", false);
	json_write_bool(w, "LiveRestoreEnabled", true);
}

static void write_swarm(struct json_writer *w)
{
	json_object_begin(w, "Swarm");
	json_write_string(w, "NodeID", "");
	json_write_string(w, "NodeAddr", "");
	json_write_string(w, "LocalNodeState", "inactive");
	json_write_bool(w, "ControlAvailable", false);
	json_write_string(w, "Error", "");
	json_write_null(w, "RemoteManagers");
	json_end(w);
}

static void write_machine(struct json_writer *w, const struct engine_info *info)
{
	char now[TIME_TEXT_SIZE];

	json_write_string(w, "SystemTime", time_format(time_now(), now));
	json_write_string(w, "KernelVersion", info->system.release);
	json_write_string(w, "OperatingSystem", info->system_name);
	json_write_string(w, "OSVersion", "");
	json_write_string(w, "OSType", "linux");
	json_write_string(w, "Architecture", info->system.machine);
	json_write_i64(w, "NCPU", info->cpus);
	json_write_u64(w, "MemTotal", info->memory);
	json_write_string(w, "Name", info->system.nodename);
}

static void write_info(struct json_writer *w, const struct engine *engine,
		       const struct engine_info *info)
{
	static const char *const security[] = {"name=seccomp,profile=builtin", NULL};

	json_object_begin(w, NULL);
	json_write_string(w, "ID", engine->root.tag);
	write_counts(w, info);
	json_write_string(w, "Driver", "overlay2");
	json_array_begin(w, "DriverStatus");
	json_end(w);
	write_plugins(w);
	write_abilities(w);
	json_write_u64(w, "NFd", 0);
	json_write_u64(w, "NGoroutines", 0);
	json_write_u64(w, "NEventsListener", 0);
	json_write_string(w, "LoggingDriver", "json-file");
	json_write_string(w, "CgroupDriver", "cgroupfs");
	json_write_string(w, "CgroupVersion", info->cgroup_version);
	write_machine(w, info);
	json_write_string(w, "IndexServerAddress", "https://index.docker.io/v1/");
	json_write_null(w, "RegistryConfig");
	json_write_null(w, "GenericResources");
	json_write_string(w, "DockerRootDir", engine->root.dir);
	json_array_begin(w, "Labels");
	json_end(w);
	json_write_string(w, "ServerVersion", KIST_VERSION);
	write_runtimes(w);
	write_swarm(w);
	json_write_string(w, "Isolation", "");
	json_write_string(w, "InitBinary", "kist-init");
	write_names(w, "SecurityOptions", security);
	json_write_null(w, "Warnings");
	json_end(w);
}

int system_info(struct call *call, const void *values UNUSED, struct error *err)
{
	auto_engine_info info = {0};
	auto_str document = {0};
	struct engine *engine;
	struct json_writer w;
	int r;

	r = call_engine(call, &engine, err);
	if (r == 0)
		r = engine_info(engine, &info, err);
	if (r < 0)
		return r;
	json_writer_init(&w, &document, 0);
	write_info(&w, engine, &info);
	return response_json(&call->response, 200, &document, err);
}
