#include "network/resolv.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>

#define HOST_FILE    "/etc/resolv.conf"
#define SYSTEMD_FILE "/run/systemd/resolve/resolv.conf"
#define SYSTEMD_STUB "127.0.0.53"
#define BLANKS	     " \t\r\v\f"

static const char *const public_servers[] = {"8.8.8.8", "8.8.4.4"};

struct resolv {
	struct strv servers;
	struct strv search;
	struct strv options;
};

static void resolv_release(struct resolv *resolv)
{
	strv_release(&resolv->servers);
	strv_release(&resolv->search);
	strv_release(&resolv->options);
}

/* Printable, without blanks: cannot become another word or another line. */
static bool is_word(const char *s)
{
	if (!*s)
		return false;
	for (; *s; s++) {
		if (!isgraph((unsigned char)*s))
			return false;
	}
	return true;
}

static bool is_address(const char *text)
{
	struct in6_addr address;
	char bare[INET6_ADDRSTRLEN];
	size_t len = strcspn(text, "%");

	/* fe80::1%eth0 has a zone. */
	if (len >= sizeof(bare) || !is_word(text))
		return false;
	memcpy(bare, text, len);
	bare[len] = '\0';
	return (!text[len] && inet_pton(AF_INET, text, &address) == 1) ||
	       inet_pton(AF_INET6, bare, &address) == 1;
}

/* Of the host's servers, can a container on an IPv4 network reach it? */
static bool is_reachable(const char *text)
{
	struct in_addr address;

	return inet_pton(AF_INET, text, &address) == 1 && ntohl(address.s_addr) >> 24 != 127;
}

/* Letters, digits and inner hyphens between dots, and a letter somewhere. */
static bool is_domain(const char *s)
{
	bool letter = false;
	char before = '.';

	if (strlen(s) > 253)
		return false;
	for (; *s; before = *s++) {
		bool first = before == '.', last = !s[1] || s[1] == '.';

		if (isalpha((unsigned char)*s))
			letter = true;
		else if (*s == '.'   ? first
			 : *s == '-' ? first || last
				     : !isdigit((unsigned char)*s))
			return false;
	}
	return letter;
}

static void add_words(struct strv *list, char *rest)
{
	char *state = NULL;

	for (char *word = strtok_r(rest, BLANKS, &state); word;
	     word = strtok_r(NULL, BLANKS, &state)) {
		if (is_word(word))
			strv_add(list, word);
	}
}

/* resolv.conf(5): of several search (or domain) lines the last counts; options add up. */
static void parse_line(char *line, struct resolv *resolv)
{
	size_t len;
	char *rest;

	line += strspn(line, BLANKS);
	len = strcspn(line, BLANKS);
	rest = line + len + (line[len] != '\0');
	line[len] = '\0';
	rest += strspn(rest, BLANKS);
	if (STREQ(line, "nameserver")) {
		rest[strcspn(rest, BLANKS)] = '\0';
		if (is_address(rest))
			strv_add(&resolv->servers, rest);
	} else if (STREQ(line, "search") || STREQ(line, "domain")) {
		strv_release(&resolv->search);
		add_words(&resolv->search, rest);
	} else if (STREQ(line, "options")) {
		add_words(&resolv->options, rest);
	}
}

static void parse(const char *text, struct resolv *resolv)
{
	auto_free char *copy = mem_strdup(text);
	char *lines = copy;

	for (char *line = strsep(&lines, "\n"); line; line = strsep(&lines, "\n"))
		parse_line(line, resolv);
}

static int read_file(const char *path, char **ret)
{
	auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	auto_free char *text = NULL;
	size_t len;
	int r;

	if (fd < 0)
		return -errno;
	r = fd_read_all(fd, RESOLV_TEXT_MAX, &text, &len);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(text);
	return 0;
}

static bool only_stub(const char *text)
{
	CLEANUP(resolv_release) struct resolv resolv = {0};

	parse(text, &resolv);
	return resolv.servers.n == 1 && STREQ(resolv.servers.v[0], SYSTEMD_STUB);
}

int resolv_read_host(char **ret, struct error *err)
{
	auto_free char *text = NULL, *behind = NULL;
	int r;

	r = read_file(HOST_FILE, &text);
	if (r == -ENOENT) {
		*ret = mem_strdup("");
		return 0;
	}
	if (r < 0)
		return error_errno(err, r, "read " HOST_FILE);
	if (only_stub(text) && read_file(SYSTEMD_FILE, &behind) == 0)
		*ret = TAKE_PTR(behind);
	else
		*ret = TAKE_PTR(text);
	return 0;
}

static int check(const struct resolv_options *options, struct error *err)
{
	for (size_t i = 0; options->servers && i < options->servers->n; i++) {
		if (!is_address(options->servers->v[i]))
			return error_set(err, ERROR_INVALID, "%s is not an ip address",
					 options->servers->v[i]);
	}
	for (size_t i = 0; options->search && i < options->search->n; i++) {
		if (!STREQ(options->search->v[i], ".") && !is_domain(options->search->v[i]))
			return error_set(err, ERROR_INVALID, "%s is not a valid domain",
					 options->search->v[i]);
	}
	for (size_t i = 0; options->options && i < options->options->n; i++) {
		if (!is_word(options->options->v[i]))
			return error_set(err, ERROR_INVALID,
					 "dns option \"%s\": blanks and line ends cannot be in it",
					 options->options->v[i]);
	}
	return 0;
}

static void write_line(struct str *text, const char *key, const struct strv *words)
{
	if (words->n == 0)
		return;
	str_append(text, key);
	for (size_t i = 0; i < words->n; i++)
		str_append_format(text, " %s", words->v[i]);
	str_append_char(text, '\n');
}

static const struct strv *choose(const struct strv *wish, const struct strv *host)
{
	return wish && wish->n > 0 ? wish : host;
}

static void write_servers(struct str *text, const struct resolv *host,
			  const struct resolv_options *options)
{
	bool wished = options->servers && options->servers->n > 0;
	const struct strv *servers = choose(options->servers, &host->servers);
	size_t written = 0;

	for (size_t i = 0; i < servers->n; i++) {
		if (!wished && !options->host_network && !is_reachable(servers->v[i]))
			continue;
		str_append_format(text, "nameserver %s\n", servers->v[i]);
		written++;
	}
	for (size_t i = 0; !written && !options->host_network && i < ARRAY_SIZE(public_servers);
	     i++)
		str_append_format(text, "nameserver %s\n", public_servers[i]);
}

int resolv_make(const char *host_text, const struct resolv_options *options, char **ret,
		struct error *err)
{
	CLEANUP(resolv_release) struct resolv host = {0};
	const struct strv *search;
	auto_str text = {0};
	int r;

	r = check(options, err);
	if (r < 0)
		return r;
	parse(host_text, &host);
	write_servers(&text, &host, options);
	search = choose(options->search, &host.search);
	if (!(search->n == 1 && STREQ(search->v[0], ".")))
		write_line(&text, "search", search);
	write_line(&text, "options", choose(options->options, &host.options));
	*ret = str_take(&text);
	return 0;
}
