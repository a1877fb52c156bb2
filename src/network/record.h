/*
 * What one container holds of a network, as a file: the intent of an attachment and, once that is
 * complete, its record.
 *
 *   run/network/attachments/<id>             lines, appended before what they name is done:
 *                                              <id>
 *                                              network bridge
 *                                              address 172.17.0.2
 *                                              port tcp 0.0.0.0 8080 80
 *   run/network/bridge/addresses/<address>   a hard link to it
 *   run/network/ports/<proto>-<port>/<ip>    likewise
 *
 * A reservation is thus made exclusively, shows its owner to whoever reads it, and belongs to a
 * container exactly if it is the same file as the container's record. Whoever was killed in the
 * middle, the lines name all that can be there, and the links say what is.
 */
#pragma once

#include "base/error.h"
#include "io/root.h"
#include "network/network.h"

#define RECORDS_FOLDER	 "network/attachments"
#define CONTAINER_ID_LEN 64

struct record {
	char id[CONTAINER_ID_LEN + 1];
	int dir_fd; /* owned: attachments/ */
	int fd;	    /* owned: the file, opened for appending or reading */
};

#define RECORD_CLOSED ((struct record) {.dir_fd = -EBADF, .fd = -EBADF})
#define auto_record   CLEANUP(record_release) struct record

/* Creates the record of a container that has none; ERROR_CONFLICT if it has one, ERROR_INVALID if
 * @id is none. */
int record_create(const struct root *root, const char *id, const char *network, struct record *ret,
		  struct error *err) MUST_CHECK;

/* Opens the record. 1, or 0 if the container has none. */
int record_open(const struct root *root, const char *id, struct record *ret,
		struct error *err) MUST_CHECK;
void record_release(struct record *record);

/* Removes the record itself, last of all. */
int record_remove(struct record *record, struct error *err) MUST_CHECK;

int record_add_address(struct record *record, struct in_addr address, struct error *err) MUST_CHECK;
int record_add_ports(struct record *record, const struct port_mapping *ports, size_t count,
		     struct error *err) MUST_CHECK;

/* Makes @name in @dir_fd the record's. 0, -EEXIST if it is somebody's, or another -errno. */
int record_link(const struct record *record, int dir_fd, const char *name) MUST_CHECK;
/* Whether @name in @dir_fd is the record's: 1, 0, or -errno if that cannot be told. */
int record_owns(const struct record *record, int dir_fd, const char *name) MUST_CHECK;
/* Removes @name if it is the record's. 0 or -errno. */
int record_unlink(const struct record *record, int dir_fd, const char *name) MUST_CHECK;
/* The id of the container that holds @name; "" if nobody does. */
void record_owner(int dir_fd, const char *name, char ret[CONTAINER_ID_LEN + 1]);

/* What the lines say. */
struct holdings {
	char network[32];
	struct in_addr *addresses; /* owned; the last is the one that was kept */
	size_t address_count;
	struct port_mapping *ports; /* owned */
	size_t port_count;
};

void holdings_release(struct holdings *holdings);
#define auto_holdings CLEANUP(holdings_release) struct holdings

/* Reads the text of a record. The newest line may be cut short by a full disk: what it names was
 * never begun. 0, or -EBADMSG if anything else is wrong. */
int holdings_parse(const char *text, struct holdings *ret) MUST_CHECK;
int record_read(const struct record *record, struct holdings *ret, struct error *err) MUST_CHECK;
