#include "engine/top-column.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/parse.h"
#include "base/str.h"
#include "base/time.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/sysinfo.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#define NAMES_MAX	 (1024 * 1024)
#define TTY_PTS_FIRST	 136
#define TTY_PTS_LAST	 143
#define TTY_MAJOR	 4
#define TTY_SERIAL_FIRST 64
#define TTY_AUX_MAJOR	 5
#define MINUTE		 60
#define HOUR		 3600
#define DAY		 86400
#define YEAR_SECONDS	 (365 * DAY)

struct top_column {
	const char *name; /* as -o has it */
	const char *title;
	void (*show)(const struct top_view *view, const struct process_info *info, struct str *out);
};

/* ---- one cell each ---- */

static long ticks_per_second(void)
{
	return sysconf(_SC_CLK_TCK);
}

static int64_t cpu_seconds(const struct process_info *info)
{
	return (int64_t)((info->user_ticks + info->kernel_ticks) / (uint64_t)ticks_per_second());
}

static int64_t start_time(const struct top_view *view, const struct process_info *info)
{
	uint64_t ticks = (uint64_t)ticks_per_second();

	return view->boot + (int64_t)(info->start_ticks / ticks) * TIME_SECOND;
}

static int64_t elapsed_seconds(const struct top_view *view, const struct process_info *info)
{
	return MAX((view->now - start_time(view, info)) / TIME_SECOND, (int64_t)0);
}

/* Per mille of one CPU over its life. */
static int64_t cpu_per_mille(const struct top_view *view, const struct process_info *info)
{
	int64_t elapsed = MAX(elapsed_seconds(view, info), (int64_t)1);
	uint64_t used = info->user_ticks + info->kernel_ticks;

	return (int64_t)(used * 1000 / (uint64_t)ticks_per_second()) / elapsed;
}

#define SHOW(name)                                                                            \
	static void show_##name(const struct top_view *view, const struct process_info *info, \
				struct str *out)

#define SHOW_NUMBER(name, value)                                      \
	SHOW(name)                                                    \
	{                                                             \
		(void)view;                                           \
		str_append_format(out, "%" PRId64, (int64_t)(value)); \
	}

SHOW_NUMBER(pid, info->pid)
SHOW_NUMBER(ppid, info->ppid)
SHOW_NUMBER(pgrp, info->pgrp)
SHOW_NUMBER(session, info->session)
SHOW_NUMBER(uid, info->euid)
SHOW_NUMBER(ruid, info->uid)
SHOW_NUMBER(gid, info->egid)
SHOW_NUMBER(rgid, info->gid)
SHOW_NUMBER(rss, info->resident / 1024)
SHOW_NUMBER(vsz, info->size / 1024)
SHOW_NUMBER(pages, info->size / (uint64_t)sysconf(_SC_PAGESIZE))
SHOW_NUMBER(threads, info->threads)
SHOW_NUMBER(nice, info->nice)
SHOW_NUMBER(processor, info->processor)
/* As ps: 60 is the kernel's priority 20. */
SHOW_NUMBER(priority, 60 + info->priority)
SHOW_NUMBER(flags, (info->flags >> 6) & 7)
SHOW_NUMBER(elapsed_number, elapsed_seconds(view, info))
SHOW_NUMBER(cpu_time_number, cpu_seconds(info))
SHOW_NUMBER(cpu, MIN(cpu_per_mille(view, info) / 10, (int64_t)99))

static void show_name(const struct strv *names, uint32_t id, struct str *out)
{
	char prefix[16];

	(void)snprintf(prefix, sizeof(prefix), "%u:", id);
	for (size_t i = 0; i < names->n; i++) {
		if (str_starts(names->v[i], prefix)) {
			str_append(out, names->v[i] + strlen(prefix));
			return;
		}
	}
	str_append_format(out, "%u", id);
}

SHOW(user)
{
	show_name(&view->users, info->euid, out);
}

SHOW(real_user)
{
	show_name(&view->users, info->uid, out);
}

SHOW(group)
{
	show_name(&view->groups, info->egid, out);
}

SHOW(real_group)
{
	show_name(&view->groups, info->gid, out);
}

SHOW(tty)
{
	unsigned number = (unsigned)info->tty, line = minor(number), kind = major(number);

	(void)view;
	if (number == 0)
		str_append(out, "?");
	else if (kind >= TTY_PTS_FIRST && kind <= TTY_PTS_LAST)
		str_append_format(out, "pts/%u", line + (kind - TTY_PTS_FIRST) * 256);
	else if (kind == TTY_MAJOR && line < TTY_SERIAL_FIRST)
		str_append_format(out, "tty%u", line);
	else if (kind == TTY_MAJOR)
		str_append_format(out, "ttyS%u", line - TTY_SERIAL_FIRST);
	else if (kind == TTY_AUX_MAJOR && line == 1)
		str_append(out, "console");
	else
		str_append_format(out, "%u:%u", kind, line);
}

/* [days-]hours:minutes:seconds */
SHOW(cpu_time)
{
	int64_t s = cpu_seconds(info);

	(void)view;
	if (s >= DAY)
		str_append_format(out, "%" PRId64 "-", s / DAY);
	str_append_format(out, "%02d:%02d:%02d", (int)(s % DAY / HOUR), (int)(s % HOUR / MINUTE),
			  (int)(s % MINUTE));
}

/* BSD's: minutes:seconds */
SHOW(cpu_minutes)
{
	int64_t s = cpu_seconds(info);

	(void)view;
	str_append_format(out, "%" PRId64 ":%02d", s / MINUTE, (int)(s % MINUTE));
}

/* [[days-]hours:]minutes:seconds */
SHOW(elapsed)
{
	int64_t s = elapsed_seconds(view, info);

	if (s >= DAY)
		str_append_format(out, "%" PRId64 "-", s / DAY);
	if (s >= HOUR)
		str_append_format(out, "%02d:", (int)(s % DAY / HOUR));
	str_append_format(out, "%02d:%02d", (int)(s % HOUR / MINUTE), (int)(s % MINUTE));
}

/* The time of today, the day of this year, the year. */
SHOW(start)
{
	int64_t start = start_time(view, info);
	int64_t age = (view->now - start) / TIME_SECOND;
	time_t then = (time_t)(start / TIME_SECOND), now = (time_t)(view->now / TIME_SECOND);
	struct tm a = {0}, b = {0};
	char text[16] = "";

	(void)localtime_r(&then, &a);
	(void)localtime_r(&now, &b);
	if (age < DAY && a.tm_mday == b.tm_mday)
		(void)strftime(text, sizeof(text), "%H:%M", &a);
	else if (age < YEAR_SECONDS)
		(void)strftime(text, sizeof(text), "%b%d", &a);
	else
		(void)strftime(text, sizeof(text), "%Y", &a);
	str_append(out, text);
}

SHOW(start_long)
{
	time_t start = (time_t)(start_time(view, info) / TIME_SECOND);
	struct tm tm = {0};
	char text[32] = "";

	(void)localtime_r(&start, &tm);
	(void)strftime(text, sizeof(text), "%a %b %e %H:%M:%S %Y", &tm);
	str_append(out, text);
}

static void show_per_mille(int64_t value, struct str *out)
{
	str_append_format(out, "%" PRId64 ".%d", value / 10, (int)(value % 10));
}

SHOW(cpu_percent)
{
	show_per_mille(cpu_per_mille(view, info), out);
}

SHOW(memory_percent)
{
	show_per_mille(view->memory ? (int64_t)(info->resident / 1024 * 1000 /
						MAX(view->memory / 1024, UINT64_C(1)))
				    : 0,
		       out);
}

SHOW(state)
{
	(void)view;
	str_append_char(out, info->state);
}

SHOW(stat)
{
	(void)view;
	str_append_char(out, info->state);
	if (info->nice < 0)
		str_append_char(out, '<');
	if (info->nice > 0)
		str_append_char(out, 'N');
	if (info->locked > 0)
		str_append_char(out, 'L');
	if (info->session == info->pid)
		str_append_char(out, 's');
	if (info->threads > 1)
		str_append_char(out, 'l');
	if (info->terminal_group == info->pgrp)
		str_append_char(out, '+');
}

SHOW(comm)
{
	(void)view;
	str_append(out, info->comm);
	if (info->state == 'Z')
		str_append(out, " <defunct>");
}

SHOW(command)
{
	(void)view;
	if (info->command[0])
		str_append(out, info->command);
	else
		str_append_format(out, "[%s]%s", info->comm,
				  info->state == 'Z' ? " <defunct>" : "");
}

/* What is not told: where in the kernel it sleeps, and an address. */
SHOW(dash)
{
	(void)view;
	(void)info;
	str_append_char(out, '-');
}

static const struct top_column columns[] = {
	{"%cpu", "%CPU", show_cpu_percent},
	{"%mem", "%MEM", show_memory_percent},
	{"addr", "ADDR", show_dash},
	{"args", "COMMAND", show_command},
	{"bsdtime", "TIME", show_cpu_minutes},
	{"c", "C", show_cpu},
	{"cmd", "CMD", show_command},
	{"comm", "COMMAND", show_comm},
	{"command", "COMMAND", show_command},
	{"cputime", "TIME", show_cpu_time},
	{"cputimes", "TIME", show_cpu_time_number},
	{"egid", "EGID", show_gid},
	{"egroup", "EGROUP", show_group},
	{"etime", "ELAPSED", show_elapsed},
	{"etimes", "ELAPSED", show_elapsed_number},
	{"euid", "EUID", show_uid},
	{"euser", "EUSER", show_user},
	{"f", "F", show_flags},
	{"flags", "F", show_flags},
	{"gid", "GID", show_gid},
	{"group", "GROUP", show_group},
	{"lstart", "STARTED", show_start_long},
	{"ni", "NI", show_nice},
	{"nice", "NI", show_nice},
	{"nlwp", "NLWP", show_threads},
	{"pcpu", "%CPU", show_cpu_percent},
	{"pgid", "PGID", show_pgrp},
	{"pgrp", "PGRP", show_pgrp},
	{"pid", "PID", show_pid},
	{"pmem", "%MEM", show_memory_percent},
	{"ppid", "PPID", show_ppid},
	{"pri", "PRI", show_priority},
	{"psr", "PSR", show_processor},
	{"rgid", "RGID", show_rgid},
	{"rgroup", "RGROUP", show_real_group},
	{"rss", "RSS", show_rss},
	{"rssize", "RSS", show_rss},
	{"rsz", "RSZ", show_rss},
	{"ruid", "RUID", show_ruid},
	{"ruser", "RUSER", show_real_user},
	{"s", "S", show_state},
	{"sess", "SESS", show_session},
	{"session", "SESS", show_session},
	{"sid", "SID", show_session},
	{"start", "STARTED", show_start},
	{"start_time", "START", show_start},
	{"stat", "STAT", show_stat},
	{"state", "S", show_state},
	{"stime", "STIME", show_start},
	{"sz", "SZ", show_pages},
	{"tgid", "TGID", show_pid},
	{"thcount", "THCNT", show_threads},
	{"time", "TIME", show_cpu_time},
	{"tname", "TTY", show_tty},
	{"tt", "TT", show_tty},
	{"tty", "TT", show_tty},
	{"ucmd", "CMD", show_comm},
	{"ucomm", "COMMAND", show_comm},
	{"uid", "UID", show_uid},
	{"user", "USER", show_user},
	{"vsize", "VSZ", show_vsz},
	{"vsz", "VSZ", show_vsz},
	{"wchan", "WCHAN", show_dash},
};

/* Which processes, and how wide: all of the container's, and as wide as they are. */
#define SELECTING "Aaewx"

/* Which columns the letters of an argument stand for, "name=TITLE" where the title differs. */
static const struct form {
	const char *letters; /* besides those of SELECTING */
	bool dash;	     /* with a dash; else as BSD had it */
	const char *columns;
} forms[] = {
	{"f", true, "user=UID,pid,ppid,c,stime,tname,time,cmd"},
	{"F", true, "user=UID,pid,ppid,c,sz,rss,psr,stime,tname,time,cmd"},
	{"l", true, "f,s,uid,pid,ppid,c,pri,ni,addr,sz,wchan,tname,time,ucmd"},
	{"j", true, "pid,pgid,sid,tname,time,ucmd"},
	{"", true, "pid,tname,time,ucmd"},
	{"u", true, "user,pid,%cpu,%mem,vsz,rss,tname,stat,start_time,bsdtime,command"},
	{"u", false, "user,pid,%cpu,%mem,vsz,rss,tname,stat,start_time,bsdtime,command"},
	{"l", false, "f,uid,pid,ppid,pri,ni,vsz,rss,wchan,stat,tname,bsdtime,command"},
	{"j", false, "ppid,pid,pgid,sid,tname,stat,uid,bsdtime,command"},
	{"", false, "pid,tname,stat,bsdtime,command"},
};

/* ---- which columns ---- */

static const struct top_column *find_column(const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(columns); i++)
		if (strlen(columns[i].name) == len && strncasecmp(columns[i].name, name, len) == 0)
			return &columns[i];
	return NULL;
}

static void add_column(struct top_view *view, const struct top_column *column, const char *title,
		       size_t len)
{
	view->columns = mem_resize(view->columns, (view->count + 1) * sizeof(view->columns[0]));
	view->columns[view->count++] = (struct top_shown) {
		.column = column,
		.title = len > 0 ? mem_strndup(title, len) : mem_strdup(column->title),
	};
}

/* "pid,user=WHO": names with commas or blanks between them. A title given by the user goes to the
 * end of the argument, as in ps; those of our own @forms to the comma. */
static int add_columns(struct top_view *view, const char *list, bool own, struct error *err)
{
	while (*list) {
		size_t len = strcspn(list, ",= ");
		const struct top_column *column = find_column(list, len);
		size_t title = 0;

		if (!column)
			return error_set(err, ERROR_UNSUPPORTED,
					 "top: there is no column \"%.*s\": known are those of ps, "
					 "like pid, ppid, user, pcpu, rss, etime, stat, comm, args",
					 (int)len, list);
		list += len;
		if (*list == '=')
			title = own ? strcspn(++list, ",") : strlen(++list);
		add_column(view, column, list, title);
		list += title;
		list += *list != '\0';
	}
	return 0;
}

static int add_form(struct top_view *view, const char *letters, bool dash, struct error *err)
{
	auto_str rest = {0};

	for (const char *p = letters; *p; p++)
		if (!strchr(SELECTING, *p))
			str_append_char(&rest, *p);
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++)
		if (forms[i].dash == dash && STREQ(forms[i].letters, str_text(&rest)))
			return add_columns(view, forms[i].columns, true, err);
	return error_set(
		err, ERROR_UNSUPPORTED,
		"top: \"%s%s\" is not supported: known are -ef, -eF, -el, -ej, aux, and -o "
		"with columns",
		dash ? "-" : "", letters);
}

/* "-eo" and "-o" want columns behind them, "o" as well. */
static bool wants_columns(const char *letters)
{
	size_t len = strlen(letters);

	return len > 0 && letters[len - 1] == 'o' && strspn(letters, SELECTING) == len - 1;
}

static int parse_arguments(const struct strv *arguments, struct top_view *ret, struct error *err)
{
	auto_str letters = {0};
	bool dash = true, listed = false;
	int r = 0;

	for (size_t i = 0; r == 0 && i < arguments->n; i++) {
		const char *argument = arguments->v[i];
		bool dashed = argument[0] == '-';
		const char *list = NULL;

		if (str_starts(argument, "--format="))
			list = argument + strlen("--format=");
		else if (str_starts(argument, "-o") && argument[2])
			list = argument + 2;
		else if (wants_columns(argument + dashed) || STREQ(argument, "--format"))
			list = i + 1 < arguments->n ? arguments->v[++i] : "";
		if (list && !*list)
			return error_set(err, ERROR_INVALID, "top: \"%s\" needs columns", argument);
		listed |= list != NULL;
		if (list) {
			r = add_columns(ret, list, false, err);
			continue;
		}
		dash = dashed;
		str_append(&letters, argument + dashed);
	}
	if (r == 0 && !listed)
		r = arguments->n == 0 ? add_form(ret, "ef", true, err)
				      : add_form(ret, str_text(&letters), dash, err);
	else if (r == 0 && strspn(str_text(&letters), SELECTING) != letters.len)
		r = error_set(err, ERROR_UNSUPPORTED,
			      "top: \"%s\" and columns of your own do not go together",
			      letters.data);
	return r;
}

/* The first three fields of a line of passwd or group: "name:x:id". */
static void read_names(const char *path, struct strv *ret)
{
	auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	auto_free char *text = NULL;
	size_t len;

	if (fd < 0 || fd_read_all(fd, NAMES_MAX, &text, &len) < 0)
		return;
	for (char *line = text; *line;
	     line += strcspn(line, "\n") + (line[strcspn(line, "\n")] != 0)) {
		size_t name = strcspn(line, ":\n");
		const char *id = line + name;

		for (int colons = 0; *id == ':' && colons < 2; colons++)
			id += colons == 0 ? 1 + strcspn(id + 1, ":\n") : 1;
		if (name > 0 && isdigit((unsigned char)*id))
			strv_add_format(ret, "%.*s:%.*s", (int)strspn(id, "0123456789"), id,
					(int)name, line);
	}
}

static void read_machine(struct top_view *view)
{
	struct sysinfo info;
	struct timespec boot;

	view->now = time_now();
	if (clock_gettime(CLOCK_BOOTTIME, &boot) == 0)
		view->boot = view->now - boot.tv_sec * TIME_SECOND - boot.tv_nsec;
	if (sysinfo(&info) == 0)
		view->memory = (uint64_t)info.totalram * info.mem_unit;
	read_names("/etc/passwd", &view->users);
	read_names("/etc/group", &view->groups);
}

int top_view_parse(const struct strv *arguments, struct top_view *ret, struct error *err)
{
	struct top_view view = {0};
	int r = parse_arguments(arguments, &view, err);

	if (r < 0) {
		top_view_release(&view);
		return r;
	}
	read_machine(&view);
	*ret = view;
	return 0;
}

void top_view_titles(const struct top_view *view, struct strv *ret)
{
	for (size_t i = 0; i < view->count; i++)
		strv_add(ret, view->columns[i].title);
}

void top_view_show(const struct top_view *view, const struct process_info *info, struct strv *ret)
{
	for (size_t i = 0; i < view->count; i++) {
		auto_str cell = {0};

		view->columns[i].column->show(view, info, &cell);
		strv_take(ret, str_take(&cell));
	}
}

void top_view_release(struct top_view *view)
{
	for (size_t i = 0; i < view->count; i++)
		free(view->columns[i].title);
	free(view->columns);
	strv_release(&view->users);
	strv_release(&view->groups);
	*view = (struct top_view) {0};
}
