#include "api/docker/network.h"

#include "api/docker/document.h"
#include "api/docker/filter.h"
#include "api/docker/network-request.h"
#include "base/mem.h"
#include "base/str.h"
#include "network/network.h"

#include <regex.h>
#include <string.h>

#define ID_DIGITS_MIN 2

struct named_network {
	const char *name;
	char id[DOCUMENT_ID_SIZE];
};

static const char *driver_of(const char *name)
{
	return STREQ(name, "none") ? "null" : name;
}

/* ---- filters ---- */

static bool match_driver(const void *object, const char *value)
{
	return STREQ(driver_of(((const struct named_network *)object)->name), value);
}

static bool match_id(const void *object, const char *value)
{
	return str_starts(((const struct named_network *)object)->id, value);
}

static bool match_name(const void *object, const char *value)
{
	return strstr(((const struct named_network *)object)->name, value) != NULL;
}

static bool match_scope(const void *object, const char *value)
{
	(void)object;
	return STREQ(value, "local");
}

static bool match_type(const void *object, const char *value)
{
	(void)object;
	return STREQ(value, "builtin");
}

/* None of them has a label, and none goes when nobody uses it. */
static bool match_nothing(const void *object, const char *value)
{
	(void)object;
	return STREQ(value, "false") || STREQ(value, "0");
}

static const struct filter network_filters[] = {
	{"dangling", match_nothing, NULL, false},
	{"driver", match_driver, NULL, false},
	{"id", match_id, NULL, false},
	{"label", match_nothing, NULL, true},
	{"name", match_name, NULL, false},
	{"scope", match_scope, NULL, false},
	{"type", match_type, NULL, false},
	{NULL},
};

/* ---- documents ---- */

static int write_ipam(struct json_writer *w, struct engine *engine, const char *name,
		      struct error *err)
{
	char subnet[INET_ADDRSTRLEN + 3], gateway[INET_ADDRSTRLEN];
	int r = 0;

	json_object_begin(w, "IPAM");
	json_write_string(w, "Driver", "default");
	json_write_null(w, "Options");
	json_array_begin(w, "Config");
	if (STREQ(name, "bridge"))
		r = network_bridge_subnet(&engine->root, subnet, gateway, err);
	if (r > 0) {
		json_object_begin(w, NULL);
		json_write_string(w, "Subnet", subnet);
		json_write_string(w, "Gateway", gateway);
		json_end(w);
	}
	json_end(w);
	json_end(w);
	return MIN(r, 0);
}

static void write_member(struct json_writer *w, const struct container *container)
{
	const struct container_network *network = &container->network;
	auto_free char *address = *network->address
					  ? mem_printf("%s/%u", network->address, network->prefix)
					  : mem_strdup("");

	json_object_begin(w, container->id);
	json_write_string(w, "Name", container->name);
	json_write_string(w, "EndpointID", container->id);
	json_write_string(w, "MacAddress", network->mac);
	json_write_string(w, "IPv4Address", address);
	json_write_string(w, "IPv6Address", "");
	json_end(w);
}

/* Those that run in it; only the inspection of one network shows them. */
static int write_members(struct json_writer *w, struct engine *engine, const char *name,
			 struct error *err)
{
	struct container *list;
	size_t count;
	int r = container_list(engine, &list, &count, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < count; i++)
		if (!list[i].damage && list[i].state == CONTAINER_RUNNING &&
		    STREQ(list[i].config.network, name))
			write_member(w, &list[i]);
	container_list_free(list, count);
	return 0;
}

static int write_network(struct json_writer *w, struct engine *engine,
			 const struct named_network *network, bool with_members, struct error *err)
{
	static const struct strv none = {0};
	int r;

	json_object_begin(w, NULL);
	json_write_string(w, "Name", network->name);
	json_write_string(w, "Id", network->id);
	document_time(w, "Created", 0);
	json_write_string(w, "Scope", "local");
	json_write_string(w, "Driver", driver_of(network->name));
	json_write_bool(w, "EnableIPv4", true);
	json_write_bool(w, "EnableIPv6", false);
	r = write_ipam(w, engine, network->name, err);
	json_write_bool(w, "Internal", false);
	json_write_bool(w, "Attachable", false);
	json_write_bool(w, "Ingress", false);
	json_object_begin(w, "ConfigFrom");
	json_write_string(w, "Network", "");
	json_end(w);
	json_write_bool(w, "ConfigOnly", false);
	json_object_begin(w, "Containers");
	if (r == 0 && with_members)
		r = write_members(w, engine, network->name, err);
	json_end(w);
	document_map(w, "Options", &none);
	document_map(w, "Labels", &none);
	json_end(w);
	return r;
}

int network_call_list(struct call *call, const void *values, struct error *err)
{
	const struct list_request *wanted = values;
	auto_str document = {0};
	struct engine *engine;
	struct json_writer w;
	int r;

	r = filter_check(network_filters, &wanted->filters, err);
	if (r == 0)
		r = call_engine(call, &engine, err);
	if (r < 0)
		return r;
	json_writer_init(&w, &document, 0);
	json_array_begin(&w, NULL);
	for (size_t i = 0; r == 0 && network_names[i]; i++) {
		struct named_network network = {.name = network_names[i]};

		(void)document_network_id(engine, network.name, network.id);
		if (filter_matches(network_filters, &wanted->filters, &network))
			r = write_network(&w, engine, &network, false, err);
	}
	json_end(&w);
	return r < 0 ? r : response_json(&call->response, 200, &document, err);
}

int network_call_inspect(struct call *call, const void *values, struct error *err)
{
	const struct object_request *wanted = values;
	const char *name = wanted->name ? wanted->name : "";
	auto_str document = {0};
	struct engine *engine;
	struct json_writer w;
	int r;

	r = call_engine(call, &engine, err);
	if (r < 0)
		return r;
	json_writer_init(&w, &document, 0);
	for (size_t i = 0; network_names[i]; i++) {
		struct named_network network = {.name = network_names[i]};

		(void)document_network_id(engine, network.name, network.id);
		if (!STREQ(name, network.name) &&
		    (strlen(name) < ID_DIGITS_MIN || !str_starts(network.id, name)))
			continue;
		r = write_network(&w, engine, &network, true, err);
		return r < 0 ? r : response_json(&call->response, 200, &document, err);
	}
	return error_set(err, ERROR_NOT_FOUND, "network %s not found", name);
}
