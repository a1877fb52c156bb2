/*
 * /etc/passwd and /etc/group of an image: the first byte says where one ends and the other begins.
 * Whatever they say, ids stay in range, the groups are bounded and include the primary one, and
 * HOME is an absolute path without control bytes.
 */
#include "base/fd.h"
#include "engine/user.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define ID_MAX 2147483647u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int file(const uint8_t *data, size_t size)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (fd < 0 || fd_write_full(fd, data, size) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		abort();
	return fd;
}

static void check(const struct user *user)
{
	int primary = 0;

	if (user->uid > ID_MAX || user->gid > ID_MAX || user->group_count > USER_GROUPS_MAX)
		abort();
	for (uint32_t i = 0; i < user->group_count; i++)
		primary += user->groups[i] == user->gid;
	if (primary != 1 || user->home[0] != '/' || strpbrk(user->home, "\n\t\x7f"))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct user_query users[] = {
		{"", "", {NULL}},  {"bob", "", {NULL}},	 {"bob", "g", {NULL}},
		{"7", "", {NULL}}, {"", "", {"g", "8"}}, {"bob", "7", {"audio"}},
	};
	struct user user;
	uint32_t missing = UINT32_MAX;

	if (size == 0)
		return 0;
	for (size_t i = 0; i < sizeof(users) / sizeof(users[0]); i++) {
		size_t split = data[0] < size ? data[0] : size - 1;
		auto_fd int passwd = file(data + 1, split);
		auto_fd int group = file(data + 1 + split, size - 1 - split);

		int r = user_lookup(passwd, group, &users[i], &user, &missing);

		if (r == 0)
			check(&user);
		if (r == -ENXIO && (missing >= USER_EXTRA_MAX || !users[i].extra[missing]))
			abort();
	}
	return 0;
}
