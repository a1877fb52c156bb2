/*
 * The short documents that listings are made of: GET /containers/json, GET /images/json.
 */
#include "api/docker/document.h"
#include "api/docker/ports.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"

#include <string.h>

char *document_command(const struct container *container)
{
	auto_strv argv = {0};
	auto_str text = {0};

	container_argv(container, &argv);
	for (size_t i = 0; i < argv.n; i++) {
		bool quote = i > 0 && strchr(argv.v[i], ' ');

		str_append_format(&text, "%s%s%s%s", i > 0 ? " " : "", quote ? "'" : "", argv.v[i],
				  quote ? "'" : "");
	}
	return str_take(&text);
}

static void write_ports(struct json_writer *w, const struct container *container)
{
	auto_free struct shown_port *ports = NULL;
	size_t count = 0;

	if (container->state == CONTAINER_RUNNING)
		ports = ports_collect(container->network.ports, container->network.port_count,
				      &container->exposed_ports, &count);
	json_array_begin(w, "Ports");
	for (size_t i = 0; i < count; i++) {
		json_object_begin(w, NULL);
		if (*ports[i].host_ip)
			json_write_string(w, "IP", ports[i].host_ip);
		json_write_i64(w, "PrivatePort", ports[i].container_port);
		if (*ports[i].host_ip)
			json_write_i64(w, "PublicPort", ports[i].host_port);
		json_write_string(w, "Type", ports[i].protocol);
		json_end(w);
	}
	json_end(w);
}

void document_container_row(struct json_writer *w, const struct engine *engine,
			    const struct container *container, const struct document_sizes *sizes)
{
	auto_free char *name = mem_printf("/%s", container->name);
	auto_free char *command = document_command(container);
	auto_free char *status = container_status(container);
	const struct container_config *config = &container->config;

	json_object_begin(w, NULL);
	json_write_string(w, "Id", container->id);
	json_array_begin(w, "Names");
	json_write_string(w, NULL, name);
	json_end(w);
	json_write_string(w, "Image", config->image);
	json_write_string(w, "ImageID", container->image_id);
	json_write_string(w, "Command", command);
	json_write_i64(w, "Created", container->created / TIME_SECOND);
	write_ports(w, container);
	if (sizes) {
		json_write_u64(w, "SizeRw", sizes->written);
		json_write_u64(w, "SizeRootFs", sizes->image + sizes->written);
	}
	document_map(w, "Labels", &config->labels);
	json_write_string(w, "State", document_state_name(container));
	json_write_string(w, "Status", status);
	json_object_begin(w, "HostConfig");
	json_write_string(w, "NetworkMode", config->network);
	json_end(w);
	json_object_begin(w, "NetworkSettings");
	json_object_begin(w, "Networks");
	document_endpoint(w, engine, container);
	json_end(w);
	json_end(w);
	document_mounts(w, engine, config);
	json_end(w);
}

void document_image_row(struct json_writer *w, const struct image *image, const struct strv *tags,
			const struct strv *digests, unsigned version,
			const struct document_sizes *sizes)
{
	json_object_begin(w, NULL);
	/* Unknown until somebody asks for them to be counted. */
	json_write_i64(w, "Containers", sizes ? (int64_t)sizes->containers : -1);
	json_write_i64(w, "Created", image->created / TIME_SECOND);
	json_write_string(w, "Id", image->id);
	if (image->labels.n == 0)
		json_write_null(w, "Labels");
	else
		document_map(w, "Labels", &image->labels);
	json_write_string(w, "ParentId", "");
	json_write_strings(w, "RepoDigests", strv_argv(digests));
	json_write_strings(w, "RepoTags", strv_argv(tags));
	json_write_i64(w, "SharedSize", sizes ? (int64_t)sizes->shared : -1);
	json_write_u64(w, "Size", image->size);
	if (version < 44)
		json_write_u64(w, "VirtualSize", image->size);
	json_end(w);
}
