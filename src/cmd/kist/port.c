/*
 * kist port: where the ports of a container are published.
 */
#include "api/docker/ports.h"
#include "base/mem.h"
#include "base/str.h"
#include "cmd/kist/kist.h"
#include "engine/container/container.h"

#include <stdio.h>
#include <string.h>

static int show_all(const struct shown_port *ports, size_t count)
{
	for (size_t i = 0; i < count; i++)
		(void)printf("%u/%s -> %s:%u\n", ports[i].container_port, ports[i].protocol,
			     ports[i].host_ip, ports[i].host_port);
	return 0;
}

/* @wanted: "80" or "80/udp". */
static int show_one(const struct shown_port *ports, size_t count, const char *wanted,
		    const char *container)
{
	auto_free char *full =
		strchr(wanted, '/') ? mem_strdup(wanted) : mem_printf("%s/tcp", wanted);
	auto_error err = {0};
	bool found = false;

	for (size_t i = 0; i < count; i++) {
		auto_free char *name =
			mem_printf("%u/%s", ports[i].container_port, ports[i].protocol);

		if (!STREQ(name, full))
			continue;
		(void)printf("%s:%u\n", ports[i].host_ip, ports[i].host_port);
		found = true;
	}
	if (found)
		return 0;
	(void)error_set(&err, ERROR_NOT_FOUND, "no public port '%s' published for %s", full,
			container);
	return kist_fail(&err);
}

static int run(const struct invocation *invocation, void *values)
{
	static const struct strv none = {0};
	auto_free struct shown_port *ports = NULL;
	auto_engine engine = ENGINE_CLOSED;
	auto_container container = {0};
	auto_error err = {0};
	size_t count;

	(void)values;
	if (kist_engine_open(invocation, &engine, &err) < 0 ||
	    container_find(&engine, invocation->operands[0], &container, &err) < 0)
		return kist_fail(&err);
	ports = ports_collect(container.network.ports, container.network.port_count, &none, &count);
	if (invocation->operand_count > 1)
		return show_one(ports, count, invocation->operands[1], invocation->operands[0]);
	return show_all(ports, count);
}

const struct command command_port = {
	.name = "port",
	.usage = "CONTAINER [PRIVATE_PORT[/PROTO]]",
	.summary = "List port mappings or a specific mapping for the container",
	.operands_min = 1,
	.operands_max = 2,
	.run = run,
};
