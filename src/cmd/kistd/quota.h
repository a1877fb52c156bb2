/*
 * What clients may make the door hold: connections and bytes, in all and for each user.
 *
 * Everything is charged when it is taken and given back when it is let go. Root is not held to a
 * user's share, so that nobody can keep root out.
 */
#pragma once

#include "base/macro.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define QUOTA_USERS_MAX 64

struct quota_user {
	uid_t uid;
	size_t connections, bytes;
};

struct quota {
	size_t connections_max, bytes_max; /* in all; a user may have half of each */
	size_t connections, bytes;
	struct quota_user users[QUOTA_USERS_MAX]; /* free if without connections */
};

/* Charges a connection of @uid. NULL: it would be too many. */
struct quota_user *quota_connect(struct quota *quota, uid_t uid) MUST_CHECK;
/* Gives it back, when all its bytes have been. */
void quota_disconnect(struct quota *quota, struct quota_user *user);

/* Charges bytes; false: too many. */
bool quota_charge(struct quota *quota, struct quota_user *user, size_t bytes) MUST_CHECK;
void quota_credit(struct quota *quota, struct quota_user *user, size_t bytes);
