#include "network/port.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/parse.h"
#include "io/atomic-file.h"
#include "network/cursor.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* What IANA leaves to everybody, less its first as Docker had it. */
#define DYNAMIC_FIRST 49153
#define DYNAMIC_LAST  65535
#define FOLDER_SIZE   16

/* Names of the reservation: folder "tcp-8080", file "0.0.0.0". */
static void name_folder(const struct port_mapping *port, char ret[FOLDER_SIZE])
{
	(void)snprintf(ret, FOLDER_SIZE, "%s-%u", port_protocol(port->protocol), port->host_port);
}

static const char *name_file(const struct port_mapping *port, char ret[INET_ADDRSTRLEN])
{
	return inet_ntop(AF_INET, &port->host_ip, ret, INET_ADDRSTRLEN);
}

/*
 * A socket that has the port and takes nothing: what is not for the container (its rules may be
 * gone) is dropped by a filter rather than left in a queue that nobody reads.
 */
static int hold(const struct port_mapping *port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr = port->host_ip,
				      .sin_port = htons(port->host_port)};
	struct sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog filter = {.len = 1, .filter = &nothing};
	bool tcp = port->protocol == IPPROTO_TCP;
	auto_fd int fd = -EBADF;
	int on = 1;

	fd = socket(AF_INET, (tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC, port->protocol);
	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)) < 0)
		return -errno;
	/* Past connections of another program (TIME_WAIT) must not be in the way. Of two that
	 * listen, one still loses; two that only bound UDP would not, hence not there. */
	if (tcp && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	if (tcp && listen(fd, 0) < 0)
		return -errno;
	return TAKE_FD(fd);
}

/*
 * Looks for a reservation of ours that the port collides with: the same address, or one of both is
 * "all". 1 with @owner if there is one, else 0 or -errno.
 */
static int find_owner(int ports_fd, const struct port_mapping *port,
		      char owner[CONTAINER_ID_LEN + 1])
{
	char folder[FOLDER_SIZE], file[INET_ADDRSTRLEN], any[] = "0.0.0.0";
	struct dirent *entry;
	int fd, found = 0;
	DIR *dir;

	name_folder(port, folder);
	(void)name_file(port, file);
	fd = openat(ports_fd, folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	dir = fdopendir(fd);
	if (!dir) {
		(void)fd_close(fd);
		return -ENOMEM;
	}
	while (!found && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		if (!STREQ(entry->d_name, file) && !STREQ(entry->d_name, any) && !STREQ(file, any))
			continue;
		record_owner(fd, entry->d_name, owner);
		found = 1;
	}
	(void)closedir(dir);
	return found;
}

static int refuse(int ports_fd, const struct port_mapping *port, int errnum, struct error *err)
{
	char owner[CONTAINER_ID_LEN + 1] = "", file[INET_ADDRSTRLEN];
	const char *protocol = port_protocol(port->protocol);

	(void)name_file(port, file);
	switch (errnum) {
	case EADDRINUSE:
		if (find_owner(ports_fd, port, owner) > 0 && owner[0])
			return error_set(err, ERROR_CONFLICT,
					 "publish %s:%u/%s: port is already allocated to container "
					 "%.12s",
					 file, port->host_port, protocol, owner);
		return error_set(err, ERROR_CONFLICT,
				 "publish %s:%u/%s: port is already in use by another program",
				 file, port->host_port, protocol);
	case EADDRNOTAVAIL:
		return error_set(err, ERROR_INVALID,
				 "publish %s:%u/%s: the address belongs to no interface of this "
				 "host",
				 file, port->host_port, protocol);
	default:
		return error_errno(err, errnum, "publish %s:%u/%s", file, port->host_port,
				   protocol);
	}
}

/* Takes the port from everybody: a socket, and no reservation of a container whose socket died. */
static int try_port(int ports_fd, const struct port_mapping *port)
{
	char owner[CONTAINER_ID_LEN + 1];
	auto_fd int fd = -EBADF;
	int r;

	fd = hold(port);
	if (fd < 0)
		return fd;
	r = find_owner(ports_fd, port, owner);
	if (r != 0)
		return r < 0 ? r : -EADDRINUSE;
	return TAKE_FD(fd);
}

/* One port of a range; starts behind the one that was given out last, so that the cost does not
 * grow with what is taken. */
static int choose_port(int ports_fd, struct port_mapping *port, struct error *err)
{
	uint32_t first = port->host_port ? port->host_port : DYNAMIC_FIRST;
	uint32_t last = port->host_port ? port->host_port_last : DYNAMIC_LAST;
	uint32_t at = cursor_read(ports_fd, PORT_CURSOR, first, last);
	char file[INET_ADDRSTRLEN];

	for (uint32_t left = last - first + 1; left > 0; left--) {
		int fd;

		port->host_port = (uint16_t)at;
		at = at == last ? first : at + 1;
		fd = try_port(ports_fd, port);
		if (fd == -EADDRINUSE)
			continue;
		if (fd < 0)
			return refuse(ports_fd, port, -fd, err);
		port->host_port_last = 0;
		cursor_write(ports_fd, PORT_CURSOR, at);
		return fd;
	}
	return error_set(err, ERROR_EXHAUSTED,
			 "publish a free port on %s: all of %u-%u/%s are taken",
			 name_file(port, file), first, last, port_protocol(port->protocol));
}

static int take_socket(int ports_fd, struct port_mapping *port, struct error *err)
{
	int fd;

	if (port->host_port == 0 || port->host_port_last > port->host_port)
		return choose_port(ports_fd, port, err);
	port->host_port_last = 0;
	fd = try_port(ports_fd, port);
	return fd < 0 ? refuse(ports_fd, port, -fd, err) : fd;
}

/* The folder may be removed by whoever gives back the last address in it: once more, then. */
static int make_link(int ports_fd, const struct record *record, const struct port_mapping *port)
{
	char folder[FOLDER_SIZE], file[INET_ADDRSTRLEN];
	int r = -ENOENT;

	name_folder(port, folder);
	(void)name_file(port, file);
	for (int tries = 0; r == -ENOENT && tries < 100; tries++) {
		auto_fd int fd = directory_open(ports_fd, folder, 0700);

		r = fd < 0 ? fd : record_link(record, fd, file);
	}
	return r;
}

static int take_sockets(int ports_fd, struct port_mapping *ports, size_t count, struct hold *hold,
			struct error *err)
{
	int r = hold_init(hold, count);

	for (size_t i = 0; r == 0 && i < count; i++) {
		int fd = take_socket(ports_fd, &ports[i], err);

		if (fd < 0)
			return fd;
		r = hold_add(hold, fd);
	}
	if (r == 0)
		r = hold_finish(hold);
	return r < 0 ? error_errno(err, r, "hold %zu published ports", count) : 0;
}

int port_reserve(const struct root *root, struct record *record, struct port_mapping *ports,
		 size_t count, struct hold *ret, struct error *err)
{
	auto_hold hold = HOLD_EMPTY;
	auto_fd int ports_fd = -EBADF;
	int r;

	if (count == 0)
		return 0;
	ports_fd = root_run_open(root, PORTS_FOLDER, err);
	if (ports_fd < 0)
		return ports_fd;
	r = take_sockets(ports_fd, ports, count, &hold, err);
	if (r == 0)
		r = record_add_ports(record, ports, count, err);
	for (size_t i = 0; r == 0 && i < count; i++) {
		r = make_link(ports_fd, record, &ports[i]);
		if (r < 0)
			return refuse(ports_fd, &ports[i], r == -EEXIST ? EADDRINUSE : -r, err);
	}
	if (r < 0)
		return r;
	*ret = hold;
	hold = HOLD_EMPTY;
	return 0;
}

int port_is_reserved(int ports_fd, const struct record *record, const struct port_mapping *port)
{
	char path[FOLDER_SIZE + INET_ADDRSTRLEN], folder[FOLDER_SIZE], file[INET_ADDRSTRLEN];

	name_folder(port, folder);
	(void)snprintf(path, sizeof(path), "%s/%s", folder, name_file(port, file));
	return record_owns(record, ports_fd, path);
}

static int give_back(int ports_fd, const struct record *record, const struct port_mapping *port)
{
	char folder[FOLDER_SIZE], file[INET_ADDRSTRLEN];
	auto_fd int fd = -EBADF;
	int r;

	name_folder(port, folder);
	fd = openat(ports_fd, folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	r = record_unlink(record, fd, name_file(port, file));
	/* Not empty, or somebody was faster. */
	(void)unlinkat(ports_fd, folder, AT_REMOVEDIR);
	return r;
}

int port_release(const struct root *root, const struct record *record,
		 const struct port_mapping *ports, size_t count, struct error *err)
{
	auto_fd int ports_fd = -EBADF;
	int r = 0;

	if (count == 0)
		return 0;
	ports_fd = root_run_open(root, PORTS_FOLDER, err);
	if (ports_fd < 0)
		return ports_fd;
	for (size_t i = 0; i < count; i++) {
		int one = give_back(ports_fd, record, &ports[i]);

		if (one < 0)
			r = error_errno(err, one, "give back port %u/%s", ports[i].host_port,
					port_protocol(ports[i].protocol));
	}
	return r;
}
