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

/* What the one pass through the group file looks for. */
struct group_search {
	const char *member; /* groups that have it; "": none */
	const char *group;  /* the one group; "": none */
	bool group_found;
	uint32_t gid;
	const char *const *extra;
	uint32_t extra_gids[USER_EXTRA_MAX];
	bool extra_found[USER_EXTRA_MAX];
};

static int scan_groups(int fd, struct group_search *search, struct user *user)
{
	struct lines lines = {.fd = fd};
	char *fields[FIELDS_MAX];
	uint32_t gid;
	int r = 0;

	while (r == 0 && next_line(&lines)) {
		split(lines.line, fields);
		if (!parse_id(fields[2], &gid))
			continue;
		if (!search->group_found && *search->group && STREQ(fields[0], search->group)) {
			search->group_found = true;
			search->gid = gid;
		}
		for (size_t i = 0; i < USER_EXTRA_MAX && search->extra[i]; i++) {
			if (search->extra_found[i] || !STREQ(fields[0], search->extra[i]))
				continue;
			search->extra_found[i] = true;
			search->extra_gids[i] = gid;
		}
		if (*search->member && is_member(fields[3], search->member))
			r = add_group(user, gid);
	}
	return r;
}

static int add_extra(const struct group_search *search, struct user *user, uint32_t *ret_missing)
{
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < USER_EXTRA_MAX && search->extra[i]; i++) {
		if (!search->extra_found[i]) {
			*ret_missing = i;
			return -ENXIO;
		}
		r = add_group(user, search->extra_gids[i]);
	}
	return r;
}

int user_lookup(int passwd_fd, int group_fd, const struct user_query *query, struct user *ret,
		uint32_t *ret_missing)
{
	struct group_search search = {.group = "", .extra = query->extra};
	char name[USER_NAME_MAX] = "";
	bool numeric = parse_id(query->group, &search.gid);
	int r;

	*ret = (struct user) {.home = "/"};
	if (!find_user(passwd_fd, query->user, ret, name) && *query->user &&
	    !parse_id(query->user, &ret->uid))
		return -ENOENT;
	for (size_t i = 0; i < USER_EXTRA_MAX && query->extra[i]; i++)
		search.extra_found[i] = parse_id(query->extra[i], &search.extra_gids[i]);
	/* Who names a group is in no other. */
	search.member = *query->group ? "" : name;
	if (!*query->group) {
		r = add_group(ret, ret->gid);
		if (r < 0)
			return r;
	} else if (!numeric) {
		search.group = query->group;
	}
	r = scan_groups(group_fd, &search, ret);
	if (r < 0)
		return r;
	if (*query->group) {
		if (!numeric && !search.group_found)
			return -ESRCH;
		ret->gid = search.gid;
		r = add_group(ret, ret->gid);
	}
	return r < 0 ? r : add_extra(&search, ret, ret_missing);
}

/* What comes back from the child. */
struct answer {
	int32_t result;
	uint32_t missing;
	struct user user;
};

static NORETURN void child_main(int passwd_fd, int group_fd, const struct user_query *query,
				int pipe_fd)
{
	struct answer answer = {0};

	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT, 0, 0, 0) < 0)
		_exit(1);
	answer.result = user_lookup(passwd_fd, group_fd, query, &answer.user, &answer.missing);
	(void)!write(pipe_fd, &answer, sizeof(answer));
	/* exit_group is not among the four calls that strict mode allows. */
	(void)syscall(SYS_exit, 0);
	__builtin_unreachable();
}

static int ask_child(int root_fd, const struct user_query *query, struct answer *ret)
{
	auto_fd int passwd_fd = resolve_regular(root_fd, "etc/passwd");
	auto_fd int group_fd = resolve_regular(root_fd, "etc/group");
	auto_fd int read_fd = -EBADF, write_fd = -EBADF;
	int fds[2], r;
	pid_t pid;

	/* Nothing of the image's to read: nothing to be careful with. */
	if (passwd_fd < 0 && group_fd < 0) {
		ret->result = user_lookup(passwd_fd, group_fd, query, &ret->user, &ret->missing);
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
		child_main(passwd_fd, group_fd, query, write_fd);
	write_fd = fd_close(write_fd);
	r = fd_read_full(read_fd, ret, sizeof(*ret));
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	if (r == 0 && (ret->user.group_count > USER_GROUPS_MAX || ret->missing >= USER_EXTRA_MAX ||
		       !memchr(ret->user.home, '\0', sizeof(ret->user.home))))
		r = -EBADMSG;
	return r;
}

static bool out_of_range(const char *s)
{
	uint32_t id;

	return strspn(s, "0123456789") == strlen(s) && *s && !parse_id(s, &id);
}

static int check_names(const struct user_query *query, const char *spec, struct error *err)
{
	if (strlen(query->user) >= USER_NAME_MAX || strlen(query->group) >= USER_NAME_MAX ||
	    strchr(query->group, ':'))
		return error_set(err, ERROR_INVALID, "invalid user \"%s\"", spec);
	if (out_of_range(query->user) || out_of_range(query->group))
		return error_set(err, ERROR_INVALID,
				 "user \"%s\": uids and gids must be in range 0-%u", spec, ID_MAX);
	for (size_t i = 0; i < USER_EXTRA_MAX && query->extra[i]; i++)
		if (out_of_range(query->extra[i]))
			return error_set(err, ERROR_INVALID,
					 "group \"%s\": uids and gids must be in range 0-%u",
					 query->extra[i], ID_MAX);
	return 0;
}

static int explain_lookup(const struct answer *answer, const struct user_query *query,
			  struct error *err)
{
	switch (answer->result) {
	case -ENOENT:
		return error_set(err, ERROR_INVALID,
				 "unable to find user %s: no matching entries in passwd file",
				 query->user);
	case -ESRCH:
		return error_set(err, ERROR_INVALID,
				 "unable to find group %s: no matching entries in group file",
				 query->group);
	case -ENXIO:
		return error_set(err, ERROR_INVALID, "Unable to find group %s",
				 query->extra[answer->missing]);
	default:
		return error_set(err, ERROR_INVALID,
				 "user \"%s\" is in more than %d groups of the image", query->user,
				 USER_GROUPS_MAX);
	}
}

int user_resolve(int root_fd, const char *spec, const struct strv *extra, struct user *ret,
		 struct error *err)
{
	auto_free char *user = mem_strdup(spec ? spec : "");
	char *colon = strchr(user, ':');
	struct user_query query = {.user = user, .group = colon ? colon + 1 : ""};
	struct answer answer = {0};
	int r;

	if (colon)
		*colon = '\0';
	if (extra && extra->n > USER_EXTRA_MAX)
		return error_set(err, ERROR_INVALID, "more than %d groups to add", USER_EXTRA_MAX);
	for (size_t i = 0; extra && i < extra->n; i++)
		query.extra[i] = extra->v[i];
	r = check_names(&query, spec, err);
	if (r < 0)
		return r;
	r = ask_child(root_fd, &query, &answer);
	if (r < 0)
		return error_errno(err, r, "read the users of the container");
	if (answer.result < 0)
		return explain_lookup(&answer, &query, err);
	*ret = answer.user;
	return 0;
}
