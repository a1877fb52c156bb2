/*
 * The document of a container: names and structure of Docker Engine API 1.47, GET
 * /containers/{id}/json.
 */
#include "api/docker/document.h"
#include "api/docker/ports.h"
#include "base/mem.h"
#include "volume/volume.h"

#include <signal.h>
#include <string.h>

#define ID_SHORT 12 /* what a hostname is made of */

static void write_state(struct json_writer *w, const struct container *container)
{
	json_object_begin(w, "State");
	json_write_string(w, "Status", container_state_name(container->state));
	json_write_bool(w, "Running", container->state == CONTAINER_RUNNING);
	json_write_bool(w, "Paused", false);
	json_write_bool(w, "Restarting", false);
	json_write_bool(w, "OOMKilled", container->oom_killed);
	json_write_bool(w, "Dead", false);
	json_write_i64(w, "Pid", container->pid);
	json_write_i64(w, "ExitCode", container->exit_code);
	json_write_string(w, "Error", "");
	document_time(w, "StartedAt", container->started);
	document_time(w, "FinishedAt", container->finished);
	json_end(w);
}

/* Docker's form: {"80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "8080"}], "90/udp": null}. */
static void write_ports(struct json_writer *w, const char *key,
			const struct port_mapping *published, size_t published_count,
			const struct strv *exposed)
{
	auto_free struct shown_port *ports = NULL;
	size_t count, i = 0;

	ports = ports_collect(published, published_count, exposed, &count);
	json_object_begin(w, key);
	while (i < count) {
		auto_free char *name =
			mem_printf("%u/%s", ports[i].container_port, ports[i].protocol);
		const struct shown_port *first = &ports[i];

		if (!*first->host_ip) {
			json_write_null(w, name);
			i++;
			continue;
		}
		json_array_begin(w, name);
		for (; i < count && ports[i].container_port == first->container_port &&
		       STREQ(ports[i].protocol, first->protocol);
		     i++) {
			auto_free char *port = mem_printf("%u", ports[i].host_port);

			json_object_begin(w, NULL);
			json_write_string(w, "HostIp", ports[i].host_ip);
			json_write_string(w, "HostPort", ports[i].host_port ? port : "");
			json_end(w);
		}
		json_end(w);
	}
	json_end(w);
}

static void write_binds(struct json_writer *w, const struct container_config *config)
{
	auto_strv binds = {0};

	for (size_t i = 0; i < config->mount_count; i++) {
		const struct container_mount *mount = &config->mounts[i];

		if (mount->kind != MOUNT_TMPFS && mount->source && !mount->anonymous)
			strv_add_format(&binds, "%s:%s%s", mount->source, mount->target,
					mount->read_only ? ":ro" : "");
	}
	document_list(w, "Binds", &binds);
}

static void write_tmpfs(struct json_writer *w, const struct container_config *config)
{
	json_object_begin(w, "Tmpfs");
	for (size_t i = 0; i < config->mount_count; i++)
		if (config->mounts[i].kind == MOUNT_TMPFS)
			json_write_string(w, config->mounts[i].target,
					  config->mounts[i].options ? config->mounts[i].options
								    : "");
	json_end(w);
}

static void write_limits(struct json_writer *w, const struct container_config *config)
{
	int64_t swap = config->memory_swap ? config->memory_swap : (int64_t)config->memory * 2;

	json_write_u64(w, "CpuShares", config->cpu_shares);
	json_write_u64(w, "Memory", config->memory);
	json_write_i64(w, "NanoCpus", config->nano_cpus);
	json_write_string(w, "CgroupParent", config->cgroup_parent ? config->cgroup_parent : "");
	json_write_i64(w, "MemorySwap", config->memory ? swap : 0);
	if (config->pids_limit > 0)
		json_write_i64(w, "PidsLimit", config->pids_limit);
	else
		json_write_null(w, "PidsLimit");
}

static void write_host_config(struct json_writer *w, const struct container *container)
{
	const struct container_config *config = &container->config;
	static const struct strv none = {0};

	json_object_begin(w, "HostConfig");
	write_binds(w, config);
	json_write_string(w, "ContainerIDFile", "");
	json_object_begin(w, "LogConfig");
	json_write_string(w, "Type", "json-file");
	json_object_begin(w, "Config");
	json_end(w);
	json_end(w);
	json_write_string(w, "NetworkMode", config->network);
	write_ports(w, "PortBindings", config->ports, config->port_count, &none);
	json_object_begin(w, "RestartPolicy");
	json_write_string(w, "Name", "no");
	json_write_i64(w, "MaximumRetryCount", 0);
	json_end(w);
	json_write_bool(w, "AutoRemove", config->auto_remove);
	json_write_null(w, "CapAdd");
	json_write_null(w, "CapDrop");
	json_write_string(w, "CgroupnsMode", "private");
	document_list(w, "Dns", &config->dns);
	document_list(w, "DnsOptions", &config->dns_options);
	document_list(w, "DnsSearch", &config->dns_search);
	document_list(w, "ExtraHosts", &config->extra_hosts);
	json_write_string(w, "IpcMode", "private");
	json_write_bool(w, "Privileged", false);
	json_write_bool(w, "PublishAllPorts", config->publish_all);
	json_write_bool(w, "ReadonlyRootfs", config->read_only);
	write_tmpfs(w, config);
	json_write_string(w, "Runtime", config->runtime ? config->runtime : "kist-runtime");
	write_limits(w, config);
	json_end(w);
}

/* Where on the host a mount comes from; "" for a tmpfs. */
static char *mount_source(const struct engine *engine, const struct container_mount *mount)
{
	if (mount->kind == MOUNT_TMPFS || !mount->source)
		return mem_strdup("");
	return mount->kind == MOUNT_VOLUME ? volume_path(&engine->root, mount->source)
					   : mem_strdup(mount->source);
}

static void write_mounts(struct json_writer *w, const struct engine *engine,
			 const struct container_config *config)
{
	static const char *const kinds[] = {
		[MOUNT_BIND] = "bind", [MOUNT_VOLUME] = "volume", [MOUNT_TMPFS] = "tmpfs"};

	json_array_begin(w, "Mounts");
	for (size_t i = 0; i < config->mount_count; i++) {
		const struct container_mount *mount = &config->mounts[i];
		auto_free char *source = mount_source(engine, mount);

		json_object_begin(w, NULL);
		json_write_string(w, "Type", kinds[mount->kind]);
		if (mount->kind == MOUNT_VOLUME)
			json_write_string(w, "Name", mount->source ? mount->source : "");
		json_write_string(w, "Source", source);
		json_write_string(w, "Destination", mount->target);
		if (mount->kind == MOUNT_VOLUME)
			json_write_string(w, "Driver", "local");
		json_write_string(w, "Mode",
				  mount->kind == MOUNT_BIND && mount->read_only ? "ro" : "");
		json_write_bool(w, "RW", !mount->read_only);
		json_write_string(w, "Propagation",
				  mount->kind == MOUNT_BIND
					  ? mount_propagation_name(mount->propagation)
					  : "");
		json_end(w);
	}
	json_end(w);
}

static void write_config(struct json_writer *w, const struct container *container)
{
	const struct container_config *config = &container->config;
	auto_free char *hostname = config->hostname ? mem_strdup(config->hostname)
						    : mem_strndup(container->id, ID_SHORT);

	json_object_begin(w, "Config");
	json_write_string(w, "Hostname", hostname);
	json_write_string(w, "Domainname", "");
	json_write_string(w, "User", config->user ? config->user : "");
	json_write_bool(w, "AttachStdin", config->open_stdin);
	json_write_bool(w, "Tty", false);
	json_write_bool(w, "OpenStdin", config->open_stdin);
	document_set(w, "ExposedPorts", &container->exposed_ports);
	json_write_strings(w, "Env", strv_argv(&config->env));
	document_list(w, "Cmd", &config->command);
	json_write_string(w, "Image", config->image);
	json_write_string(w, "WorkingDir", config->working_dir ? config->working_dir : "");
	document_list(w, "Entrypoint", &config->entrypoint);
	document_map(w, "Labels", &config->labels);
	if (config->stop_signal > 0) {
		auto_free char *name =
			mem_printf("SIG%s", sigabbrev_np(config->stop_signal)
						    ? sigabbrev_np(config->stop_signal)
						    : "RTMIN");

		json_write_string(w, "StopSignal", name);
	}
	if (config->stop_timeout >= 0)
		json_write_i64(w, "StopTimeout", config->stop_timeout);
	json_end(w);
}

static void write_address(struct json_writer *w, const struct container_network *network)
{
	json_write_string(w, "Gateway", network->gateway);
	json_write_string(w, "IPAddress", network->address);
	json_write_i64(w, "IPPrefixLen", network->prefix);
	json_write_string(w, "MacAddress", network->mac);
}

static void write_network_settings(struct json_writer *w, const struct container *container)
{
	const struct container_network *network = &container->network;
	static const struct strv none = {0};

	json_object_begin(w, "NetworkSettings");
	write_ports(w, "Ports", network->ports, network->port_count,
		    container->state == CONTAINER_RUNNING ? &container->exposed_ports : &none);
	write_address(w, network);
	json_object_begin(w, "Networks");
	json_object_begin(w, container->config.network);
	write_address(w, network);
	json_end(w);
	json_end(w);
	json_end(w);
}

/* A file of the run folder, "" once that is gone. */
static void write_run_path(struct json_writer *w, const char *key, const char *folder,
			   const struct container *container, const char *name)
{
	auto_free char *path = mem_printf("%s/%s", folder, name);

	json_write_string(w, key, container->state == CONTAINER_RUNNING ? path : "");
}

static void write_command(struct json_writer *w, const struct container *container)
{
	auto_strv argv = {0};

	container_argv(container, &argv);
	json_write_string(w, "Path", argv.n > 0 ? argv.v[0] : "");
	json_write_strings(w, "Args", argv.n > 0 ? argv.v + 1 : strv_argv(&argv));
}

void document_container(struct json_writer *w, struct engine *engine,
			const struct container *container)
{
	auto_free char *name = mem_printf("/%s", container->name);
	auto_free char *folder = container_folder(engine, container->id);
	auto_free char *run = container_run_folder(engine, container->id);
	auto_free char *log = container_log_path(engine, container);
	auto_free char *upper = mem_printf("%s/diff", folder);
	auto_free char *work = mem_printf("%s/work", folder);

	json_object_begin(w, NULL);
	json_write_string(w, "Id", container->id);
	document_time(w, "Created", container->created);
	write_command(w, container);
	write_state(w, container);
	json_write_string(w, "Image", container->image_id);
	write_run_path(w, "ResolvConfPath", run, container, "resolv.conf");
	write_run_path(w, "HostnamePath", run, container, "hostname");
	write_run_path(w, "HostsPath", run, container, "hosts");
	json_write_string(w, "LogPath", log);
	json_write_string(w, "Name", name);
	json_write_i64(w, "RestartCount", 0);
	json_write_string(w, "Driver", "overlay");
	json_write_string(w, "Platform", "linux");
	json_write_string(w, "MountLabel", "");
	json_write_string(w, "ProcessLabel", "");
	json_write_string(w, "AppArmorProfile", "");
	write_host_config(w, container);
	json_object_begin(w, "GraphDriver");
	json_object_begin(w, "Data");
	json_write_string(w, "UpperDir", upper);
	json_write_string(w, "WorkDir", work);
	json_end(w);
	json_write_string(w, "Name", "overlay");
	json_end(w);
	write_mounts(w, engine, &container->config);
	write_config(w, container);
	write_network_settings(w, container);
	json_end(w);
}
