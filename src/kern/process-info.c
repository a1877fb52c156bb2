#include "kern/process-info.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/parse.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STAT_MAX    2048
#define STATUS_MAX  16384
#define CGROUP_MAX  65536
#define COMMAND_MAX (64 * 1024)

int process_folder(pid_t pid)
{
	char path[32];
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%d", pid);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd >= 0 ? fd : errno == ENOENT ? -ESRCH : -errno;
}

/* A file of the process, at most @size - 1 bytes of it, with a NUL behind. */
static ssize_t read_file(int folder_fd, const char *name, char *buf, size_t size)
{
	auto_fd int fd = openat(folder_fd, name, O_RDONLY | O_CLOEXEC);
	size_t len = 0;

	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	while (len < size - 1) {
		ssize_t n = read(fd, buf + len, size - 1 - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		len += (size_t)n;
	}
	buf[len] = '\0';
	return (ssize_t)len;
}

int process_in_cgroup(int folder_fd, const char *name)
{
	auto_free char *text = mem_alloc(CGROUP_MAX);
	ssize_t n = read_file(folder_fd, "cgroup", text, CGROUP_MAX);
	size_t len = strlen(name);

	if (n < 0)
		return (int)n;
	for (const char *p = strstr(text, name); p; p = strstr(p + 1, name))
		if (p > text && p[-1] == '/' && (p[len] == '/' || p[len] == '\n' || p[len] == '\0'))
			return 1;
	return 0;
}

/* proc(5): what stands behind the name in parentheses, from field 3 on. */
static int parse_stat(const char *text, struct process_info *info)
{
	long page = sysconf(_SC_PAGESIZE);
	const char *open = strchr(text, '('), *close = strrchr(text, ')');
	unsigned long long size, user, kernel, start;
	long long priority, nice, threads, resident;
	int n;

	if (!open || !close || close < open)
		return -EBADMSG;
	(void)snprintf(info->comm, sizeof(info->comm), "%.*s", (int)(close - open - 1), open + 1);
	n = sscanf(close + 1,
		   " %c %d %d %d %d %d %u %*u %*u %*u %*u %llu %llu %*d %*d %lld %lld %lld %*d "
		   "%llu %llu %lld %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %*d %d",
		   &info->state, &info->ppid, &info->pgrp, &info->session, &info->tty,
		   &info->terminal_group, &info->flags, &user, &kernel, &priority, &nice, &threads,
		   &start, &size, &resident, &info->processor);
	if (n != 16)
		return -EBADMSG;
	info->user_ticks = user;
	info->kernel_ticks = kernel;
	info->priority = priority;
	info->nice = nice;
	info->threads = threads;
	info->start_ticks = start;
	info->size = size;
	info->resident = resident > 0 ? (uint64_t)resident * (uint64_t)page : 0;
	return 0;
}

static const char *find_line(const char *text, const char *key)
{
	const char *p = strstr(text, key);

	return p && (p == text || p[-1] == '\n') ? p + strlen(key) : NULL;
}

static int parse_status(const char *text, struct process_info *info)
{
	const char *uid = find_line(text, "Uid:"), *gid = find_line(text, "Gid:");
	const char *locked = find_line(text, "VmLck:");
	unsigned long long kib;

	if (!uid || !gid || sscanf(uid, "%u %u", &info->uid, &info->euid) != 2 ||
	    sscanf(gid, "%u %u", &info->gid, &info->egid) != 2)
		return -EBADMSG;
	/* Kernel threads have no memory. */
	if (locked && sscanf(locked, "%llu", &kib) == 1)
		info->locked = kib * 1024;
	return 0;
}

/* The arguments end with a NUL byte each; their text is the process's own. */
static char *show_command(char *text, size_t len)
{
	while (len > 0 && text[len - 1] == '\0')
		len--;
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\0')
			text[i] = ' ';
		else if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			text[i] = '?';
	}
	return mem_strndup(text, len);
}

int process_info_read(int folder_fd, struct process_info *ret)
{
	auto_free char *text = mem_alloc(COMMAND_MAX);
	struct process_info info = {0};
	ssize_t n;
	int r;

	n = read_file(folder_fd, "stat", text, STAT_MAX);
	if (n < 0)
		return (int)n;
	info.pid = (pid_t)strtol(text, NULL, 10);
	r = parse_stat(text, &info);
	if (r < 0)
		return r;
	n = read_file(folder_fd, "status", text, STATUS_MAX);
	r = n < 0 ? (int)n : parse_status(text, &info);
	if (r < 0)
		return r;
	n = read_file(folder_fd, "cmdline", text, COMMAND_MAX);
	if (n < 0)
		return (int)n;
	for (char *p = info.comm; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = '?';
	info.command = show_command(text, (size_t)n);
	*ret = info;
	return 0;
}

void process_info_release(struct process_info *info)
{
	mem_freep(&info->command);
}
