#include "api/docker/document.h"

#include "api/docker/ports.h"
#include "base/mem.h"
#include "base/time.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void document_time(struct json_writer *w, const char *key, int64_t time)
{
	char text[TIME_TEXT_SIZE];

	json_write_string(w, key, time_format(time, text));
}

void document_list(struct json_writer *w, const char *key, const struct strv *list)
{
	if (list->n == 0)
		json_write_null(w, key);
	else
		json_write_strings(w, key, strv_argv(list));
}

void document_map(struct json_writer *w, const char *key, const struct strv *pairs)
{
	auto_strv sorted = {0};

	strv_copy(&sorted, pairs);
	strv_sort(&sorted);
	json_object_begin(w, key);
	for (size_t i = 0; i < sorted.n; i++) {
		size_t len = strcspn(sorted.v[i], "=");
		auto_free char *name = mem_strndup(sorted.v[i], len);

		json_write_string(w, name, sorted.v[i][len] ? sorted.v[i] + len + 1 : "");
	}
	json_end(w);
}

void document_set(struct json_writer *w, const char *key, const struct strv *names)
{
	if (names->n == 0)
		return;
	json_object_begin(w, key);
	for (size_t i = 0; i < names->n; i++) {
		json_object_begin(w, names->v[i]);
		json_end(w);
	}
	json_end(w);
}

void document_ports(struct json_writer *w, const char *key, const struct port_mapping *published,
		    size_t published_count, const struct strv *exposed)
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

const char *document_state_name(const struct container *container)
{
	if (container->paused)
		return "paused";
	return container->restarting ? "restarting" : container_state_name(container->state);
}

/* FNV-1a four times, each from another start: enough for what only tells networks apart. */
const char *document_network_id(const struct engine *engine, const char *network,
				char ret[DOCUMENT_ID_SIZE])
{
	auto_free char *text = mem_printf("%s/%s", engine->root.tag, network);

	for (size_t part = 0; part < 4; part++) {
		uint64_t hash = UINT64_C(14695981039346656037) + part;

		for (const char *p = text; *p; p++)
			hash = (hash ^ (unsigned char)*p) * UINT64_C(1099511628211);
		(void)snprintf(ret + part * 16, 17, "%016" PRIx64, hash);
	}
	return ret;
}
