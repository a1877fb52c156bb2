/*
 * What a process in a container sees: one fact a line, "name<TAB>value", then "end", and then it
 * waits to be looked at from outside. Compiled statically by golden.py and put into an image.
 *
 * It writes nothing anywhere: whether a file can be written to is asked of access(2).
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/ioprio.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

/* The value on one line. */
static void put(const char *name, const char *value)
{
	printf("%s\t", name);
	for (; *value; value++) {
		if (*value == '\n')
			fputs("\\n", stdout);
		else if (*value == '\t')
			fputc(' ', stdout);
		else
			fputc(*value, stdout);
	}
	fputc('\n', stdout);
}

static void put_number(const char *name, long value)
{
	char text[32];

	snprintf(text, sizeof(text), "%ld", value);
	put(name, text);
}

static char *slurp(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	size_t len = 0;
	ssize_t n;

	if (fd < 0) {
		snprintf(buf, size, "cannot be opened: %s", strerror(errno));
		return buf;
	}
	while (len < size - 1 && (n = read(fd, buf + len, size - 1 - len)) > 0)
		len += (size_t)n;
	close(fd);
	buf[len] = '\0';
	return buf;
}

static void put_status(void)
{
	static char text[65536];
	char *state = NULL;

	for (char *line = strtok_r(slurp("/proc/self/status", text, sizeof(text)), "\n", &state);
	     line; line = strtok_r(NULL, "\n", &state)) {
		static const char *const wanted[] = {
			"Umask",	"Uid",		"Gid",	    "Groups",
			"CapInh",	"CapPrm",	"CapEff",   "CapBnd",
			"CapAmb",	"NoNewPrivs",	"Seccomp",  "Seccomp_filters",
			"SigBlk",	"SigIgn",	"SigCgt",   "Speculation_Store_Bypass",
			"Cpus_allowed", "Mems_allowed", "TracerPid"};
		char *colon = strchr(line, ':');

		if (!colon)
			continue;
		*colon = '\0';
		for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
			char name[64];

			if (strcmp(line, wanted[i]) != 0)
				continue;
			snprintf(name, sizeof(name), "status %s", line);
			/* 32 and 33 are libc's own signals: as whoever started the engine left
			 * them. */
			if (strcmp(line, "SigIgn") == 0)
				snprintf(colon + 1, 18, "%016llx",
					 strtoull(colon + 1, NULL, 16) & ~0x180000000ULL);
			put(name, colon + 1 + strspn(colon + 1, "\t "));
		}
	}
}

static void put_process(void)
{
	static char text[65536];

	put_number("process pid", getpid());
	put_number("process leads its session", getsid(0) == getpid());
	put_number("process leads its group", getpgrp() == getpid());
	put_number("process dumpable", prctl(PR_GET_DUMPABLE));
	put_number("process securebits", prctl(PR_GET_SECUREBITS));
	put_number("process keeps capabilities", prctl(PR_GET_KEEPCAPS));
	put_number("process timer slack", prctl(PR_GET_TIMERSLACK));
	put_number("process scheduler", sched_getscheduler(0));
	put_number("process nice", getpriority(PRIO_PROCESS, 0));
	put_number("process io priority", syscall(SYS_ioprio_get, 1, 0));
	put_number("process personality", syscall(SYS_personality, 0xffffffff));
	put("process oom_score_adj", slurp("/proc/self/oom_score_adj", text, sizeof(text)));
	put("process coredump_filter", slurp("/proc/self/coredump_filter", text, sizeof(text)));
	put("process label", slurp("/proc/self/attr/current", text, sizeof(text)));
	put("process cgroup", slurp("/proc/self/cgroup", text, sizeof(text)));
	put("process cwd", getcwd(text, sizeof(text)) ? text : "?");
	put("process interfaces", slurp("/proc/net/dev", text, sizeof(text)));
}

static void put_limits(void)
{
	static const char *const names[] = {
		"cpu",	   "fsize", "data",  "stack",	   "core",     "rss",  "nproc",	 "nofile",
		"memlock", "as",    "locks", "sigpending", "msgqueue", "nice", "rtprio", "rttime"};

	for (int i = 0; i < RLIM_NLIMITS; i++) {
		char name[64], text[64];
		struct rlimit limit;

		getrlimit((__rlimit_resource_t)i, &limit);
		snprintf(name, sizeof(name), "limit %s", names[i]);
		snprintf(text, sizeof(text), "%lld:%lld", (long long)limit.rlim_cur,
			 (long long)limit.rlim_max);
		put(name, text);
	}
}

static void put_links(const char *what, const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		char name[512], target[512];
		ssize_t n = readlinkat(dirfd(dir), entry->d_name, target, sizeof(target) - 1);

		if (n < 0 || (strcmp(what, "fd") == 0 && atoi(entry->d_name) == dirfd(dir)))
			continue;
		target[n] = '\0';
		snprintf(name, sizeof(name), "%s %s", what, entry->d_name);
		put(name, target);
	}
	if (dir)
		closedir(dir);
}

static char type_of(mode_t mode)
{
	return S_ISDIR(mode)	? 'd'
	       : S_ISCHR(mode)	? 'c'
	       : S_ISBLK(mode)	? 'b'
	       : S_ISLNK(mode)	? 'l'
	       : S_ISFIFO(mode) ? 'p'
	       : S_ISSOCK(mode) ? 's'
				: '-';
}

/* "l -> target", "c 0666 0:0 1:3", "- 0644 0:0"; and whether we could write, however the bits are.
 */
static void put_entry(const char *what, const char *path, int writable)
{
	char name[PATH_MAX + 16], text[PATH_MAX + 64], target[PATH_MAX];
	struct stat st;
	ssize_t n;

	snprintf(name, sizeof(name), "%s %s", what, path);
	if (lstat(path, &st) < 0) {
		put(name, strerror(errno));
		return;
	}
	if (S_ISLNK(st.st_mode)) {
		n = readlink(path, target, sizeof(target) - 1);
		target[n < 0 ? 0 : n] = '\0';
		snprintf(text, sizeof(text), "l -> %s", target);
		put(name, text);
		return;
	}
	n = snprintf(text, sizeof(text), "%c %04o %u:%u", type_of(st.st_mode), st.st_mode & 07777,
		     st.st_uid, st.st_gid);
	if (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode))
		n += snprintf(text + n, sizeof(text) - (size_t)n, " %u:%u", major(st.st_rdev),
			      minor(st.st_rdev));
	if (writable)
		snprintf(text + n, sizeof(text) - (size_t)n, "%s%s",
			 access(path, W_OK) == 0 ? " writable" : "",
			 access(path, R_OK) == 0 ? "" : " unreadable");
	put(name, text);
}

static int is_number(const char *s)
{
	return *s && strspn(s, "0123456789") == strlen(s);
}

static void walk(const char *what, const char *path, unsigned depth, int writable)
{
	DIR *dir = opendir(path);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		char child[PATH_MAX];
		struct stat st;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (strcmp(path, "/proc") == 0 && is_number(entry->d_name))
			continue;
		if (snprintf(child, sizeof(child), "%s/%s", path, entry->d_name) >=
		    (int)sizeof(child))
			continue;
		put_entry(what, child, writable);
		if (depth > 0 && lstat(child, &st) == 0 && S_ISDIR(st.st_mode))
			walk(what, child, depth - 1, writable);
	}
	if (dir)
		closedir(dir);
}

static void put_mounts(void)
{
	FILE *file = fopen("/proc/self/mountinfo", "re");
	char *line = NULL;
	size_t size = 0;

	while (file && getline(&line, &size, file) > 0) {
		line[strcspn(line, "\n")] = '\0';
		put("mountinfo", line);
	}
	if (file)
		fclose(file);
	free(line);
}

static void put_files(void)
{
	static const char *const files[] = {"/etc/hosts",
					    "/etc/hostname",
					    "/etc/resolv.conf",
					    "/.dockerenv",
					    "/etc/mtab",
					    "/",
					    "/etc",
					    "/dev",
					    "/proc",
					    "/sys",
					    "/tmp",
					    "/run",
					    "/sbin",
					    "/scratch",
					    "/bound",
					    "/also",
					    "/made",
					    "/made/here",
					    "/dev/shm",
					    "/sbin/docker-init"};
	static const char *const contents[] = {"/etc/hosts", "/etc/hostname", "/etc/resolv.conf"};
	static const char *const sysctls[] = {"/proc/sys/net/ipv4/ip_unprivileged_port_start",
					      "/proc/sys/net/ipv4/ping_group_range",
					      "/proc/sys/net/ipv6/conf/all/disable_ipv6",
					      "/proc/sys/net/ipv6/conf/default/disable_ipv6",
					      "/proc/sys/net/ipv6/conf/lo/disable_ipv6",
					      "/proc/sys/net/ipv4/ip_forward",
					      "/proc/sys/kernel/shmmax",
					      "/proc/sys/kernel/msgmax",
					      "/proc/sys/fs/mqueue/queues_max",
					      "/proc/sys/kernel/domainname"};
	static char text[65536];

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		put_entry("file", files[i], 1);
	for (size_t i = 0; i < sizeof(contents) / sizeof(contents[0]); i++) {
		char name[128];

		snprintf(name, sizeof(name), "content %s", contents[i]);
		put(name, slurp(contents[i], text, sizeof(text)));
	}
	for (size_t i = 0; i < sizeof(sysctls) / sizeof(sysctls[0]); i++) {
		char name[128];

		snprintf(name, sizeof(name), "sysctl %s", sysctls[i] + strlen("/proc/sys/"));
		put(name, slurp(sysctls[i], text, sizeof(text)));
	}
}

int main(int argc, char **argv, char **env)
{
	struct utsname name;

	(void)argv;
	put_status();
	put_process();
	put_limits();
	put_links("namespace", "/proc/self/ns");
	put_links("fd", "/proc/self/fd");
	for (; *env; env++)
		put("environment", *env);
	put_number("argument count", argc);
	uname(&name);
	put("uts nodename", name.nodename);
	put_mounts();
	put_files();
	walk("dev", "/dev", 8, 0);
	walk("proc", "/proc", 16, 1);
	walk("sys", "/sys", 3, 1);
	puts("end");
	fflush(stdout);
	for (;;)
		pause();
}
