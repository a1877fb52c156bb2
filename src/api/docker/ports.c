#include "api/docker/ports.h"

#include "base/mem.h"
#include "base/parse.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#define PROTOCOL_TCP "tcp"
#define PROTOCOL_UDP "udp"

static int compare_ports(const void *left, const void *right)
{
	const struct shown_port *a = left, *b = right;

	if (a->container_port != b->container_port)
		return a->container_port < b->container_port ? -1 : 1;
	if (strcmp(a->host_ip, b->host_ip) != 0)
		return strcmp(a->host_ip, b->host_ip);
	if (a->host_port != b->host_port)
		return a->host_port < b->host_port ? -1 : 1;
	return strcmp(a->protocol, b->protocol);
}

/* "80", "80/udp", "80-90/tcp". */
static bool parse_exposed(const char *text, uint32_t *ret_first, uint32_t *ret_last,
			  const char **ret_protocol)
{
	size_t len = strcspn(text, "/");
	auto_free char *first = mem_strndup(text, len);
	char *last = strchr(first, '-');

	if (last)
		*last++ = '\0';
	if (!text[len] || STREQ(text + len, "/tcp"))
		*ret_protocol = PROTOCOL_TCP;
	else if (STREQ(text + len, "/udp"))
		*ret_protocol = PROTOCOL_UDP;
	else
		return false;
	if (parse_u32(first, 1, UINT16_MAX, ret_first) < 0)
		return false;
	*ret_last = *ret_first;
	return !last || parse_u32(last, *ret_first, UINT16_MAX, ret_last) == 0;
}

static bool is_listed(const struct shown_port *ports, size_t count, uint32_t port,
		      const char *protocol)
{
	for (size_t i = 0; i < count; i++)
		if (ports[i].container_port == port && STREQ(ports[i].protocol, protocol))
			return true;
	return false;
}

static void add_exposed(const char *text, struct shown_port **list, size_t *count)
{
	uint32_t first, last;
	const char *protocol;

	if (!parse_exposed(text, &first, &last, &protocol))
		return;
	for (uint32_t port = first; port <= last && *count < 2 * (size_t)PORTS_MAX; port++) {
		if (is_listed(*list, *count, port, protocol))
			continue;
		*list = mem_resize(*list, (*count + 1) * sizeof(**list));
		(*list)[(*count)++] = (struct shown_port) {
			.container_port = (uint16_t)port,
			.protocol = protocol,
		};
	}
}

struct shown_port *ports_collect(const struct port_mapping *published, size_t published_count,
				 const struct strv *exposed, size_t *ret_count)
{
	struct shown_port *list = mem_zero(published_count + 1, sizeof(*list));
	size_t count = 0;

	for (; count < published_count; count++) {
		const struct port_mapping *port = &published[count];

		list[count].host_port = port->host_port;
		list[count].container_port = port->container_port;
		list[count].protocol = port->protocol == IPPROTO_UDP ? PROTOCOL_UDP : PROTOCOL_TCP;
		(void)inet_ntop(AF_INET, &port->host_ip, list[count].host_ip,
				sizeof(list[count].host_ip));
	}
	for (size_t i = 0; i < exposed->n; i++)
		add_exposed(exposed->v[i], &list, &count);
	qsort(list, count, sizeof(*list), compare_ports);
	*ret_count = count;
	return list;
}

/* Ports of one address and protocol that follow each other, and map to themselves. */
struct port_group {
	const struct shown_port *port;
	uint16_t first, last;
};

static void show_group(const struct port_group *group, struct str *out)
{
	auto_str range = {0};

	str_append_format(&range, "%u", group->first);
	if (group->last != group->first)
		str_append_format(&range, "-%u", group->last);
	if (out->len > 0)
		str_append(out, ", ");
	if (*group->port->host_ip)
		str_append_format(out, "%s:%s->", group->port->host_ip, str_text(&range));
	str_append_format(out, "%s/%s", str_text(&range), group->port->protocol);
}

static struct port_group *find_group(struct port_group *groups, size_t count,
				     const struct shown_port *port)
{
	for (size_t i = 0; i < count; i++)
		if (STREQ(groups[i].port->host_ip, port->host_ip) &&
		    STREQ(groups[i].port->protocol, port->protocol))
			return &groups[i];
	return NULL;
}

/* Docker's order: ranges that ended, ranges still open, then ports that map to another number. */
void ports_show(const struct shown_port *ports, size_t count, struct str *out)
{
	auto_free struct port_group *groups = mem_zero(count + 1, sizeof(*groups));
	auto_str closed = {0}, mapped = {0};
	size_t group_count = 0;

	for (size_t i = 0; i < count; i++) {
		const struct shown_port *port = &ports[i];
		uint16_t number = port->container_port;
		struct port_group *group = find_group(groups, group_count, port);

		if (*port->host_ip && port->host_port != number) {
			str_append_format(&mapped, "%s%s:%u->%u/%s", mapped.len > 0 ? ", " : "",
					  port->host_ip, port->host_port, number, port->protocol);
		} else if (group && number == group->last + 1) {
			group->last = number;
		} else {
			if (group)
				show_group(group, &closed);
			else
				group = &groups[group_count++];
			*group = (struct port_group) {port, number, number};
		}
	}
	for (size_t i = 0; i < group_count; i++)
		show_group(&groups[i], &closed);
	str_append(out, str_text(&closed));
	if (closed.len > 0 && mapped.len > 0)
		str_append(out, ", ");
	str_append(out, str_text(&mapped));
}
