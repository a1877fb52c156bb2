#include "cmd/kistd/quota.h"

#include <assert.h>

static struct quota_user *find(struct quota *quota, uid_t uid)
{
	struct quota_user *unused = NULL;

	for (size_t i = 0; i < QUOTA_USERS_MAX; i++) {
		struct quota_user *user = &quota->users[i];

		if (user->connections > 0 && user->uid == uid)
			return user;
		if (user->connections == 0 && !unused)
			unused = user;
	}
	if (unused)
		*unused = (struct quota_user) {.uid = uid};
	return unused;
}

static bool is_within(const struct quota_user *user, size_t held, size_t all)
{
	return user->uid == 0 || held <= all / 2;
}

struct quota_user *quota_connect(struct quota *quota, uid_t uid)
{
	struct quota_user *user;

	if (quota->connections >= quota->connections_max)
		return NULL;
	user = find(quota, uid);
	if (!user || !is_within(user, user->connections + 1, quota->connections_max))
		return NULL;
	user->connections++;
	quota->connections++;
	return user;
}

void quota_disconnect(struct quota *quota, struct quota_user *user)
{
	assert(user->connections > 0 && quota->connections > 0);
	assert(user->connections > 1 || user->bytes == 0);
	user->connections--;
	quota->connections--;
}

bool quota_charge(struct quota *quota, struct quota_user *user, size_t bytes)
{
	if (bytes > quota->bytes_max - quota->bytes ||
	    !is_within(user, user->bytes + bytes, quota->bytes_max))
		return false;
	user->bytes += bytes;
	quota->bytes += bytes;
	return true;
}

void quota_credit(struct quota *quota, struct quota_user *user, size_t bytes)
{
	assert(user->bytes >= bytes && quota->bytes >= bytes);
	user->bytes -= bytes;
	quota->bytes -= bytes;
}
