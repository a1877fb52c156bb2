#include "engine/user.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/parse.h"
#include "kern/resolve.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define ID_MAX	    2147483647u
#define LINE_SIZE   4096
#define BUFFER_SIZE 4096
#define FIELDS_MAX  7

/* A file line by line in fixed memory; a line that does not fit is skipped whole. */
struct lines {
	int fd;
	size_t total; /* bytes read so far */
	size_t pos, end;
	char buffer[BUFFER_SIZE];
	char line[LINE_SIZE];
};

static bool fill(struct lines *lines)
{
	ssize_t n;

	if (lines->fd < 0 || lines->total >= USER_FILE_MAX)
		return false;
	n = read(lines->fd, lines->buffer, sizeof(lines->buffer));
	if (n <= 0)
		return false;
	lines->total += (size_t)n;
	lines->pos = 0;
	lines->end = (size_t)n;
	return true;
}

static bool next_line(struct lines *lines)
{
	size_t len = 0;
	bool any = false;

	while (lines->pos < lines->end || fill(lines)) {
		char c = lines->buffer[lines->pos++];

		any = true;
		if (c == '\n') {
			if (len < LINE_SIZE) {
				lines->line[len] = '\0';
				return true;
			}
			len = 0;
			any = false;
		} else if (len < LINE_SIZE - 1) {
			lines->line[len++] = c;
		} else {
			len = LINE_SIZE; /* too long: forget it at its end */
		}
	}
	if (!any || len >= LINE_SIZE)
		return false;
	lines->line[len] = '\0';
	return true;
}

/* Splits at colons, in place; absent fields are "". */
static void split(char *line, char **fields)
{
	static char empty[1];

	for (size_t i = 0; i < FIELDS_MAX; i++) {
		fields[i] = line ? line : empty;
		line = line ? strchr(line, ':') : NULL;
		if (line)
			*line++ = '\0';
	}
}

/* Written out, because it runs where only read() and write() are allowed. */
static bool parse_id(const char *s, uint32_t *ret)
{
	return parse_u32(s, 0, ID_MAX, ret) == 0;
}

static bool home_usable(const char *home)
{
	if (home[0] != '/')
		return false;
	for (; *home; home++)
		if ((unsigned char)*home < 0x20 || *home == 0x7f)
			return false;
	return true;
}

/* Whether there is a line of that user; fills in uid, gid and home, and @ret_name. */
static bool find_user(int fd, const char *user, struct user *ret, char *ret_name)
{
	struct lines lines = {.fd = fd};
	uint32_t wanted = 0, uid, gid;
	bool numeric = !*user || parse_id(user, &wanted);
	char *fields[FIELDS_MAX];

	while (next_line(&lines)) {
		split(lines.line, fields);
		if (!parse_id(fields[2], &uid) || !parse_id(fields[3], &gid))
			continue;
		if (numeric ? uid != wanted : !STREQ(fields[0], user))
			continue;
		ret->uid = uid;
		ret->gid = gid;
		if (home_usable(fields[5]) && strlen(fields[5]) < sizeof(ret->home))
			memcpy(ret->home, fields[5], strlen(fields[5]) + 1);
		if (strlen(fields[0]) < USER_NAME_MAX)
			memcpy(ret_name, fields[0], strlen(fields[0]) + 1);
		return true;
	}
	return false;
}

static bool is_member(char *members, const char *name)
{
	while (*members) {
		size_t len = strcspn(members, ",");

		if (len == strlen(name) && memcmp(members, name, len) == 0)
			return true;
		members += len + (members[len] == ',');
	}
	return false;
}

static int add_group(struct user *user, uint32_t gid)
{
	for (uint32_t i = 0; i < user->group_count; i++)
		if (user->groups[i] == gid)
			return 0;
	if (user->group_count == USER_GROUPS_MAX)
		return -E2BIG;
	user->groups[user->group_count++] = gid;
	return 0;
}

static bool find_group(int fd, const char *group, uint32_t *ret)
{
	struct lines lines = {.fd = fd};
	char *fields[FIELDS_MAX];

	while (next_line(&lines)) {
		split(lines.line, fields);
		if (STREQ(fields[0], group) && parse_id(fields[2], ret))
			return true;
	}
	return false;
}

static int add_memberships(int fd, const char *name, struct user *user)
{
	struct lines lines = {.fd = fd};
	char *fields[FIELDS_MAX];
	uint32_t gid;
	int r = 0;

	while (r == 0 && next_line(&lines)) {
		split(lines.line, fields);
		if (is_member(fields[3], name) && parse_id(fields[2], &gid))
			r = add_group(user, gid);
	}
	return r;
}

int user_lookup(int passwd_fd, int group_fd, const char *user, const char *group, struct user *ret)
{
	char name[USER_NAME_MAX] = "";
	int r;

	*ret = (struct user) {.home = "/"};
	if (!find_user(passwd_fd, user, ret, name) && *user && !parse_id(user, &ret->uid))
		return -ENOENT;
	if (*group) {
		if (!parse_id(group, &ret->gid) && !find_group(group_fd, group, &ret->gid))
			return -ESRCH;
		return add_group(ret, ret->gid);
	}
	r = add_group(ret, ret->gid);
	return r == 0 && *name ? add_memberships(group_fd, name, ret) : r;
}

/* What comes back from the child. */
struct answer {
	int32_t result;
	struct user user;
};

static NORETURN void child_main(int passwd_fd, int group_fd, const char *user, const char *group,
				int pipe_fd)
{
	struct answer answer;

	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT, 0, 0, 0) < 0)
		_exit(1);
	answer.result = user_lookup(passwd_fd, group_fd, user, group, &answer.user);
	(void)!write(pipe_fd, &answer, sizeof(answer));
	/* exit_group is not among the four calls that strict mode allows. */
	(void)syscall(SYS_exit, 0);
	__builtin_unreachable();
}

static int ask_child(int root_fd, const char *user, const char *group, struct answer *ret)
{
	auto_fd int passwd_fd = resolve_regular(root_fd, "etc/passwd");
	auto_fd int group_fd = resolve_regular(root_fd, "etc/group");
	auto_fd int read_fd = -EBADF, write_fd = -EBADF;
	int fds[2], r;
	pid_t pid;

	/* Nothing of the image's to read: nothing to be careful with. */
	if (passwd_fd < 0 && group_fd < 0) {
		ret->result = user_lookup(passwd_fd, group_fd, user, group, &ret->user);
		return 0;
	}
	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	read_fd = fds[0];
	write_fd = fds[1];
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0)
		child_main(passwd_fd, group_fd, user, group, write_fd);
	write_fd = fd_close(write_fd);
	r = fd_read_full(read_fd, ret, sizeof(*ret));
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	if (r == 0 && (ret->user.group_count > USER_GROUPS_MAX ||
		       !memchr(ret->user.home, '\0', sizeof(ret->user.home))))
		r = -EBADMSG;
	return r;
}

static bool out_of_range(const char *s)
{
	uint32_t id;

	return strspn(s, "0123456789") == strlen(s) && *s && !parse_id(s, &id);
}

int user_resolve(int root_fd, const char *spec, struct user *ret, struct error *err)
{
	auto_free char *user = mem_strdup(spec ? spec : "");
	char *colon = strchr(user, ':');
	const char *group = colon ? colon + 1 : "";
	struct answer answer = {0};
	int r;

	if (colon)
		*colon = '\0';
	if (strlen(user) >= USER_NAME_MAX || strlen(group) >= USER_NAME_MAX || strchr(group, ':'))
		return error_set(err, ERROR_INVALID, "invalid user \"%s\"", spec);
	if (out_of_range(user) || out_of_range(group))
		return error_set(err, ERROR_INVALID,
				 "user \"%s\": uids and gids must be in range 0-%u", spec, ID_MAX);
	r = ask_child(root_fd, user, group, &answer);
	if (r < 0)
		return error_errno(err, r, "read the users of the container");
	switch (answer.result) {
	case 0:
		*ret = answer.user;
		return 0;
	case -ENOENT:
		return error_set(err, ERROR_INVALID,
				 "unable to find user %s: no matching entries in passwd file",
				 user);
	case -ESRCH:
		return error_set(err, ERROR_INVALID,
				 "unable to find group %s: no matching entries in group file",
				 group);
	default:
		return error_set(err, ERROR_INVALID,
				 "user \"%s\" is in more than %d groups of the image", user,
				 USER_GROUPS_MAX);
	}
}
