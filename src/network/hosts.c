#include "network/hosts.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <string.h>

#define NAME_MAX_LEN  253
#define HOST_GATEWAY  "host-gateway"
#define HOST_FILE     "/etc/hosts"
#define HOST_FILE_MAX (1024 * 1024)

static const char localhost[] = "127.0.0.1\tlocalhost\n"
				"::1\tlocalhost ip6-localhost ip6-loopback\n"
				"fe00::\tip6-localnet\n"
				"ff00::\tip6-mcastprefix\n"
				"ff02::1\tip6-allnodes\n"
				"ff02::2\tip6-allrouters\n";

bool hosts_name_valid(const char *name)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789.-_";
	size_t len = strlen(name);

	return len > 0 && len <= NAME_MAX_LEN && strspn(name, allowed) == len;
}

static bool is_address(const char *text)
{
	struct in6_addr address;

	return inet_pton(AF_INET, text, &address) == 1 || inet_pton(AF_INET6, text, &address) == 1;
}

/* The name ends at the first "=" or ":", so that an IPv6 address may follow, bare or in brackets.
 */
static int add_extra(struct str *text, const char *extra, const struct hosts_options *options,
		     struct error *err)
{
	auto_free char *name = mem_strdup(extra);
	size_t at = strcspn(name, "=:");
	char *address = name + at;
	size_t len;

	if (at == 0 || !*address)
		return error_set(err, ERROR_INVALID, "bad format for add-host: \"%s\"", extra);
	*address++ = '\0';
	len = strlen(address);
	if (len > 2 && address[0] == '[' && address[len - 1] == ']') {
		address[len - 1] = '\0';
		address++;
	}
	if (!hosts_name_valid(name))
		return error_set(err, ERROR_INVALID, "bad format for add-host: \"%s\"", extra);
	if (STREQ(address, HOST_GATEWAY)) {
		if (!options->gateway || !*options->gateway)
			return error_set(err, ERROR_INVALID,
					 "add-host %s: this network has no gateway to the host",
					 extra);
		str_append_format(text, "%s\t%s\n", options->gateway, name);
		return 0;
	}
	if (!is_address(address))
		return error_set(err, ERROR_INVALID, "invalid IP address in add-host: \"%s\"",
				 address);
	str_append_format(text, "%s\t%s\n", address, name);
	return 0;
}

static int check_hostname(const char *hostname, struct error *err)
{
	return hosts_name_valid(hostname)
		       ? 0
		       : error_set(err, ERROR_INVALID,
				   "hostname \"%.300s\": only letters, digits, \".\", \"-\" and "
				   "\"_\" can be in it, at most %d",
				   hostname, NAME_MAX_LEN);
}

char *hosts_read_host(void)
{
	auto_fd int fd = open(HOST_FILE, O_RDONLY | O_CLOEXEC);
	auto_free char *text = NULL;
	size_t len;

	if (fd < 0 || fd_read_all(fd, HOST_FILE_MAX, &text, &len) < 0 || strlen(text) != len)
		return NULL;
	return TAKE_PTR(text);
}

int hosts_make(const struct hosts_options *options, char **ret, struct error *err)
{
	const char *dot = strchr(options->hostname, '.');
	auto_str text = {0};
	int r;

	r = check_hostname(options->hostname, err);
	if (r < 0)
		return r;
	str_append(&text, options->base ? options->base : localhost);
	if (text.len > 0 && text.data[text.len - 1] != '\n')
		str_append_char(&text, '\n');
	for (size_t i = 0; options->extra && i < options->extra->n; i++) {
		r = add_extra(&text, options->extra->v[i], options, err);
		if (r < 0)
			return r;
	}
	if (options->address && *options->address) {
		str_append_format(&text, "%s\t%s", options->address, options->hostname);
		if (dot && dot > options->hostname)
			str_append_format(&text, " %.*s", (int)(dot - options->hostname),
					  options->hostname);
		str_append_char(&text, '\n');
	}
	*ret = str_take(&text);
	return 0;
}

int hostname_make(const char *hostname, char **ret, struct error *err)
{
	int r = check_hostname(hostname, err);

	if (r < 0)
		return r;
	*ret = mem_printf("%s\n", hostname);
	return 0;
}
