#include "network/record.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/parse.h"
#include "base/str.h"
#include "io/atomic-file.h"
#include "network/port.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RECORD_MAX    (1 << 20)
#define WORDS_MAX     6
#define ADDRESSES_MAX 65536

static int open_directory(const struct root *root, const char *id, struct error *err)
{
	if (!parse_is_hex(id, CONTAINER_ID_LEN))
		return error_set(err, ERROR_INVALID,
				 "network of container %.64s: the id is not 64 hexadecimal digits",
				 id);
	return root_run_open(root, RECORDS_FOLDER, err);
}

static int append(struct record *record, const struct str *text, struct error *err)
{
	int r = fd_write_full(record->fd, str_text(text), text->len);

	return r < 0 ? error_errno(err, r, "write the network record of container %.12s",
				   record->id)
		     : 0;
}

int record_create(const struct root *root, const char *id, const char *network, struct record *ret,
		  struct error *err)
{
	auto_record record = RECORD_CLOSED;
	auto_str text = {0};
	int r;

	record.dir_fd = open_directory(root, id, err);
	if (record.dir_fd < 0)
		return record.dir_fd;
	(void)snprintf(record.id, sizeof(record.id), "%s", id);
	record.fd = openat(record.dir_fd, id,
			   O_RDWR | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (record.fd < 0 && errno == EEXIST)
		return error_set(err, ERROR_CONFLICT, "container %.12s is attached to a network",
				 id);
	if (record.fd < 0)
		return error_errno(err, errno, "create the network record of container %.12s", id);
	str_append_format(&text, "%s\nnetwork %s\n", id, network);
	r = append(&record, &text, err);
	if (r < 0) {
		(void)unlinkat(record.dir_fd, id, 0);
		return r;
	}
	*ret = record;
	record = RECORD_CLOSED;
	return 0;
}

int record_open(const struct root *root, const char *id, struct record *ret, struct error *err)
{
	auto_record record = RECORD_CLOSED;

	record.dir_fd = open_directory(root, id, err);
	if (record.dir_fd < 0)
		return record.dir_fd;
	(void)snprintf(record.id, sizeof(record.id), "%s", id);
	record.fd = openat(record.dir_fd, id, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (record.fd < 0 && errno == ENOENT)
		return 0;
	if (record.fd < 0)
		return error_errno(err, errno, "open the network record of container %.12s", id);
	*ret = record;
	record = RECORD_CLOSED;
	return 1;
}

void record_release(struct record *record)
{
	record->fd = fd_close(record->fd);
	record->dir_fd = fd_close(record->dir_fd);
}

int record_remove(struct record *record, struct error *err)
{
	if (unlinkat(record->dir_fd, record->id, 0) < 0 && errno != ENOENT)
		return error_errno(err, errno, "remove the network record of container %.12s",
				   record->id);
	return 0;
}

int record_add_address(struct record *record, struct in_addr address, struct error *err)
{
	char text[INET_ADDRSTRLEN];
	auto_str line = {0};

	str_append_format(&line, "address %s\n", inet_ntop(AF_INET, &address, text, sizeof(text)));
	return append(record, &line, err);
}

int record_add_ports(struct record *record, const struct port_mapping *ports, size_t count,
		     struct error *err)
{
	char text[INET_ADDRSTRLEN];
	auto_str lines = {0};

	for (size_t i = 0; i < count; i++)
		str_append_format(&lines, "port %s %s %u %u\n", port_protocol(ports[i].protocol),
				  inet_ntop(AF_INET, &ports[i].host_ip, text, sizeof(text)),
				  ports[i].host_port, ports[i].container_port);
	return append(record, &lines, err);
}

int record_link(const struct record *record, int dir_fd, const char *name)
{
	return linkat(record->dir_fd, record->id, dir_fd, name, 0) < 0 ? -errno : 0;
}

int record_owns(const struct record *record, int dir_fd, const char *name)
{
	struct stat ours, theirs;

	if (fstat(record->fd, &ours) < 0)
		return -errno;
	if (fstatat(dir_fd, name, &theirs, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
	return ours.st_dev == theirs.st_dev && ours.st_ino == theirs.st_ino;
}

int record_unlink(const struct record *record, int dir_fd, const char *name)
{
	int r = record_owns(record, dir_fd, name);

	if (r <= 0)
		return r;
	return unlinkat(dir_fd, name, 0) < 0 && errno != ENOENT ? -errno : 0;
}

void record_owner(int dir_fd, const char *name, char ret[CONTAINER_ID_LEN + 1])
{
	auto_fd int fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	ret[CONTAINER_ID_LEN] = '\0';
	if (fd < 0 || fd_read_full(fd, ret, CONTAINER_ID_LEN) < 0 ||
	    !parse_is_hex(ret, CONTAINER_ID_LEN))
		ret[0] = '\0';
}

void holdings_release(struct holdings *holdings)
{
	mem_freep(&holdings->addresses);
	mem_freep(&holdings->ports);
	*holdings = (struct holdings) {0};
}

static int parse_port_words(char *const *words, struct port_mapping *ret)
{
	uint32_t host_port, container_port;

	ret->protocol = port_protocol_parse(words[1]);
	if (ret->protocol < 0 || inet_pton(AF_INET, words[2], &ret->host_ip) != 1 ||
	    parse_u32(words[3], 1, UINT16_MAX, &host_port) < 0 ||
	    parse_u32(words[4], 1, UINT16_MAX, &container_port) < 0)
		return -EBADMSG;
	ret->host_port = (uint16_t)host_port;
	ret->container_port = (uint16_t)container_port;
	return 0;
}

static int parse_words(char *const *words, size_t count, struct holdings *holdings)
{
	struct port_mapping port = {0};
	struct in_addr address;

	if (count == 2 && STREQ(words[0], "network") &&
	    strlen(words[1]) < sizeof(holdings->network)) {
		(void)snprintf(holdings->network, sizeof(holdings->network), "%s", words[1]);
		return 0;
	}
	if (count == 2 && STREQ(words[0], "address") && holdings->address_count < ADDRESSES_MAX &&
	    inet_pton(AF_INET, words[1], &address) == 1) {
		holdings->addresses = mem_resize(holdings->addresses,
						 (holdings->address_count + 1) * sizeof(address));
		holdings->addresses[holdings->address_count++] = address;
		return 0;
	}
	if (count == 5 && STREQ(words[0], "port") && holdings->port_count < PORTS_MAX &&
	    parse_port_words(words, &port) == 0) {
		holdings->ports =
			mem_resize(holdings->ports, (holdings->port_count + 1) * sizeof(port));
		holdings->ports[holdings->port_count++] = port;
		return 0;
	}
	return -EBADMSG;
}

static int parse_line(char *line, struct holdings *holdings)
{
	char *words[WORDS_MAX];
	size_t count = 0;

	for (char *word = strsep(&line, " "); word; word = strsep(&line, " ")) {
		if (count == WORDS_MAX)
			return -EBADMSG;
		words[count++] = word;
	}
	return parse_words(words, count, holdings);
}

int holdings_parse(const char *text, struct holdings *ret)
{
	auto_holdings holdings = {0};
	auto_free char *copy = mem_strdup(text);
	char *line = copy, *end = strchr(copy, '\n');
	int r;

	/* Cut off even before the first line was whole: nothing was done yet. */
	if (!end)
		return 0;
	*end = '\0';
	if (!parse_is_hex(line, CONTAINER_ID_LEN))
		return -EBADMSG;
	for (line = end + 1; (end = strchr(line, '\n')); line = end + 1) {
		*end = '\0';
		r = parse_line(line, &holdings);
		if (r < 0)
			return r;
	}
	*ret = holdings;
	holdings = (struct holdings) {0};
	return 0;
}

int record_read(const struct record *record, struct holdings *ret, struct error *err)
{
	auto_free char *text = NULL;
	size_t len;
	int r;

	if (lseek(record->fd, 0, SEEK_SET) < 0)
		return error_errno(err, errno, "read the network record of container %.12s",
				   record->id);
	r = fd_read_all(record->fd, RECORD_MAX, &text, &len);
	if (r < 0)
		return error_errno(err, r, "read the network record of container %.12s",
				   record->id);
	if (strlen(text) != len || holdings_parse(text, ret) < 0)
		return error_set(err, ERROR_CORRUPT,
				 "read the network record of container %.12s: it is damaged",
				 record->id);
	return 0;
}
