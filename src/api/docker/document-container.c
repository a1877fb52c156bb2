/*
 * The document of a container, GET /containers/{id}/json: what it is and what it has now.
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
	json_write_string(w, "Status", document_state_name(container));
	json_write_bool(w, "Running", container->state == CONTAINER_RUNNING);
	json_write_bool(w, "Paused", container->paused);
	json_write_bool(w, "Restarting", container->restarting);
	json_write_bool(w, "OOMKilled", container->oom_killed);
	json_write_bool(w, "Dead", false);
	json_write_i64(w, "Pid", container->pid);
	json_write_i64(w, "ExitCode", container->exit_code);
	json_write_string(w, "Error", "");
	document_time(w, "StartedAt", container->started);
	document_time(w, "FinishedAt", container->finished);
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

void document_mounts(struct json_writer *w, const struct engine *engine,
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

/* What stands in for volumes without a name. */
static void write_volumes(struct json_writer *w, const struct container_config *config)
{
	auto_strv targets = {0};

	for (size_t i = 0; i < config->mount_count; i++)
		if (config->mounts[i].kind == MOUNT_VOLUME && config->mounts[i].anonymous)
			strv_add(&targets, config->mounts[i].target);
	if (targets.n == 0)
		json_write_null(w, "Volumes");
	else
		document_set(w, "Volumes", &targets);
}

static void write_command_config(struct json_writer *w, const struct container_config *config)
{
	json_write_strings(w, "Env", strv_argv(&config->env));
	document_list(w, "Cmd", &config->command);
	json_write_string(w, "Image", config->image);
	write_volumes(w, config);
	json_write_string(w, "WorkingDir", config->working_dir ? config->working_dir : "");
	document_list(w, "Entrypoint", &config->entrypoint);
	json_write_null(w, "OnBuild");
}

static void write_config(struct json_writer *w, const struct container *container)
{
	const struct container_config *config = &container->config;
	const char *domain = config->isolation.domainname;
	auto_free char *hostname = config->hostname ? mem_strdup(config->hostname)
						    : mem_strndup(container->id, ID_SHORT);

	json_object_begin(w, "Config");
	json_write_string(w, "Hostname", hostname);
	json_write_string(w, "Domainname", domain ? domain : "");
	json_write_string(w, "User", config->user ? config->user : "");
	json_write_bool(w, "AttachStdin", config->open_stdin);
	json_write_bool(w, "AttachStdout", false);
	json_write_bool(w, "AttachStderr", false);
	document_set(w, "ExposedPorts", &container->exposed_ports);
	json_write_bool(w, "Tty", config->tty);
	json_write_bool(w, "OpenStdin", config->open_stdin);
	json_write_bool(w, "StdinOnce", config->stdin_once);
	write_command_config(w, config);
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

/* What kist's bridge does not have. */
static void write_address6(struct json_writer *w)
{
	json_write_string(w, "IPv6Gateway", "");
	json_write_string(w, "GlobalIPv6Address", "");
	json_write_i64(w, "GlobalIPv6PrefixLen", 0);
}

static void write_address(struct json_writer *w, const struct container_network *network)
{
	json_write_string(w, "Gateway", network->gateway);
	json_write_string(w, "IPAddress", network->address);
	json_write_i64(w, "IPPrefixLen", network->prefix);
	json_write_string(w, "MacAddress", network->mac);
}

void document_endpoint(struct json_writer *w, const struct engine *engine,
		       const struct container *container)
{
	bool running = container->state == CONTAINER_RUNNING;
	char id[DOCUMENT_ID_SIZE];

	json_object_begin(w, container->config.network);
	json_write_null(w, "IPAMConfig");
	json_write_null(w, "Links");
	json_write_null(w, "Aliases");
	json_write_null(w, "DriverOpts");
	json_write_i64(w, "GwPriority", 0);
	json_write_string(w, "NetworkID",
			  document_network_id(engine, container->config.network, id));
	json_write_string(w, "EndpointID", running ? container->id : "");
	write_address(w, &container->network);
	write_address6(w);
	json_write_null(w, "DNSNames");
	json_end(w);
}

static void write_network_settings(struct json_writer *w, const struct engine *engine,
				   const struct container *container)
{
	const struct container_network *network = &container->network;
	bool running = container->state == CONTAINER_RUNNING;
	auto_free char *sandbox =
		running ? mem_printf("/proc/%d/ns/net", container->pid) : mem_strdup("");
	static const struct strv none = {0};

	json_object_begin(w, "NetworkSettings");
	json_write_string(w, "Bridge", "");
	json_write_string(w, "SandboxID", running ? container->id : "");
	json_write_string(w, "SandboxKey", sandbox);
	document_ports(w, "Ports", network->ports, network->port_count,
		       running ? &container->exposed_ports : &none);
	json_write_bool(w, "HairpinMode", false);
	json_write_string(w, "LinkLocalIPv6Address", "");
	json_write_i64(w, "LinkLocalIPv6PrefixLen", 0);
	json_write_null(w, "SecondaryIPAddresses");
	json_write_null(w, "SecondaryIPv6Addresses");
	json_write_string(w, "EndpointID", running ? container->id : "");
	write_address(w, network);
	write_address6(w);
	json_object_begin(w, "Networks");
	document_endpoint(w, engine, container);
	json_end(w);
	json_end(w);
}

/* A file of the container's folder, "" before its first start. */
static void write_file_path(struct json_writer *w, const char *key, const char *folder,
			    const struct container *container, const char *name)
{
	auto_free char *path = mem_printf("%s/%s", folder, name);

	json_write_string(w, key, container->started ? path : "");
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
	auto_free char *log = container_log_path(engine, container);
	auto_free char *upper = mem_printf("%s/diff", folder);
	auto_free char *work = mem_printf("%s/work", folder);

	json_object_begin(w, NULL);
	json_write_string(w, "Id", container->id);
	document_time(w, "Created", container->created);
	write_command(w, container);
	write_state(w, container);
	json_write_string(w, "Image", container->image_id);
	write_file_path(w, "ResolvConfPath", folder, container, "resolv.conf");
	write_file_path(w, "HostnamePath", folder, container, "hostname");
	write_file_path(w, "HostsPath", folder, container, "hosts");
	json_write_string(w, "LogPath", log);
	json_write_string(w, "Name", name);
	json_write_u64(w, "RestartCount", container->restarts);
	json_write_string(w, "Driver", "overlay");
	json_write_string(w, "Platform", "linux");
	json_write_string(w, "MountLabel", "");
	json_write_string(w, "ProcessLabel", "");
	json_write_string(w, "AppArmorProfile", "");
	json_write_null(w, "ExecIDs");
	document_host_config(w, "HostConfig", container);
	json_object_begin(w, "GraphDriver");
	json_object_begin(w, "Data");
	json_write_string(w, "UpperDir", upper);
	json_write_string(w, "WorkDir", work);
	json_end(w);
	json_write_string(w, "Name", "overlay");
	json_end(w);
	document_mounts(w, engine, &container->config);
	write_config(w, container);
	write_network_settings(w, engine, container);
	json_end(w);
}
