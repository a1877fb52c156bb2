/* Docker's -p argument. The sentences are go-connections/nat's, which people search the web for. */
#include "base/mem.h"
#include "base/parse.h"
#include "network/network.h"
#include "network/port.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

struct range {
	uint16_t first, last;
};

const char *port_protocol(int protocol)
{
	return protocol == IPPROTO_UDP ? "udp" : "tcp";
}

int port_protocol_parse(const char *name)
{
	if (strcasecmp(name, "tcp") == 0)
		return IPPROTO_TCP;
	if (strcasecmp(name, "udp") == 0)
		return IPPROTO_UDP;
	return -EINVAL;
}

static int parse_range(const char *text, struct range *ret)
{
	auto_free char *copy = mem_strdup(text);
	char *dash = strchr(copy, '-');
	uint32_t first, last;

	if (dash)
		*dash = '\0';
	if (parse_u32(copy, 1, UINT16_MAX, &first) < 0)
		return -EINVAL;
	last = first;
	if (dash && parse_u32(dash + 1, first, UINT16_MAX, &last) < 0)
		return -EINVAL;
	*ret = (struct range) {(uint16_t)first, (uint16_t)last};
	return 0;
}

static int parse_host_ip(const char *ip, const char *argument, struct in_addr *ret,
			 struct error *err)
{
	struct in6_addr six;

	if (!*ip) {
		*ret = (struct in_addr) {INADDR_ANY};
		return 0;
	}
	if (inet_pton(AF_INET, ip, ret) == 1)
		return 0;
	if (*ip == '[' || inet_pton(AF_INET6, ip, &six) == 1)
		return error_set(err, ERROR_UNSUPPORTED,
				 "publish %s: IPv6 host addresses cannot be published yet; use an "
				 "IPv4 address",
				 argument);
	return error_set(err, ERROR_INVALID, "Invalid ip address: %s", ip);
}

static int parse_protocol(const char *name, const char *argument, struct error *err)
{
	int protocol = port_protocol_parse(name);

	if (protocol >= 0)
		return protocol;
	if (strcasecmp(name, "sctp") == 0)
		return error_set(err, ERROR_UNSUPPORTED,
				 "publish %s: sctp ports cannot be published yet; use tcp or udp",
				 argument);
	return error_set(err, ERROR_INVALID, "Invalid proto: %s", name);
}

static int append(const struct port_mapping *first, struct range container, struct range host,
		  struct port_mapping **list, size_t *count, struct error *err)
{
	size_t more = (size_t)(container.last - container.first) + 1;

	if (more > PORTS_MAX || *count > PORTS_MAX - more)
		return error_set(err, ERROR_INVALID, "a container can publish at most %u ports",
				 PORTS_MAX);
	*list = mem_resize(*list, (*count + more) * sizeof(**list));
	for (size_t i = 0; i < more; i++) {
		struct port_mapping *mapping = *list + (*count)++;

		*mapping = *first;
		mapping->container_port = (uint16_t)(container.first + i);
		if (host.first)
			mapping->host_port = (uint16_t)(host.first + i);
		if (more == 1 && host.last != host.first)
			mapping->host_port_last = host.last;
	}
	return 0;
}

/* Cuts the last part behind a colon off @text; what is left is at *@text, "" if nothing. */
static char *cut_last(char **text)
{
	char *colon = strrchr(*text, ':'), *part = *text;

	if (!colon) {
		*text = *text + strlen(*text);
		return part;
	}
	*colon = '\0';
	return colon + 1;
}

int port_parse(const char *text, struct port_mapping **list, size_t *count, struct error *err)
{
	struct port_mapping mapping = {.protocol = IPPROTO_TCP};
	auto_free char *copy = mem_strdup(text);
	struct range container, host = {0, 0};
	char *ip = copy, *container_part, *host_part, *slash;
	int r;

	container_part = cut_last(&ip);
	host_part = cut_last(&ip);
	slash = strchr(container_part, '/');
	if (slash)
		*slash++ = '\0';
	r = parse_host_ip(ip, text, &mapping.host_ip, err);
	if (r < 0)
		return r;
	if (!*container_part)
		return error_set(err, ERROR_INVALID, "No port specified: %s<empty>", text);
	if (parse_range(container_part, &container) < 0)
		return error_set(err, ERROR_INVALID, "Invalid containerPort: %s", container_part);
	if (*host_part && !STREQ(host_part, "0") && parse_range(host_part, &host) < 0)
		return error_set(err, ERROR_INVALID, "Invalid hostPort: %s", host_part);
	if (host.first && container.last != container.first &&
	    container.last - container.first != host.last - host.first)
		return error_set(err, ERROR_INVALID,
				 "Invalid ranges specified for container and host Ports: %s and %s",
				 container_part, host_part);
	if (slash && *slash) {
		mapping.protocol = parse_protocol(slash, text, err);
		if (mapping.protocol < 0)
			return mapping.protocol;
	}
	return append(&mapping, container, host, list, count, err);
}
