/*
 * step: does something at the n-th system call of an operation.
 *
 *     step --list FILE -- kist run --rm busybox true       number its calls
 *     step --at 0.1:37 --kill tree -- kist run ...         everybody dies before that call is made
 *     step --at 0.1:37 --kill one -- ...                   only the process that makes it
 *     step --at 0.1:37 --fail 28 -- ...                    it returns ENOSPC
 *     step --at 0.1:37 --swap 0:2 --decoy DIR -- ...       component 2 of path 0 becomes a symlink
 *
 * An operation is a command and all it starts, until the command ends (--whole: until the last of
 * them ends), except what a container executes. Calls are counted from the command's exec on, in
 * each process by itself (tracee.h). Reports, as one line of JSON to --report, what was done and
 * how it ended; its own exit status is 0 unless step itself failed. Operations that hang are
 * killed after --timeout seconds, and the report says where they hung.
 */
#include "calls.h"
#include "swap.h"
#include "tracee.h"

#include "base/fd.h"
#include "base/macro.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum action {
	ACTION_NONE,
	ACTION_LIST,
	ACTION_KILL_TREE,
	ACTION_KILL_ONE,
	ACTION_FAIL,
	ACTION_SWAP,
};

struct step {
	enum action action;
	char at_path[64];
	unsigned long at_call;
	int error;
	unsigned swap_path, swap_component;
	const char *below, *decoy;
	bool whole;
	unsigned timeout;
	FILE *list, *report;

	struct tracees tracees;
	struct swap swap;
	pid_t root;
	bool executed; /* the command is; what came before was step's own */
	bool root_ended;
	int root_status;
	bool reached;
	int act_error;
	bool killing; /* whoever stops now dies */
	bool timed_out;
	char call[32], program[32];
	char stuck[1024];
};

static volatile sig_atomic_t time_is_up;

static void on_alarm(int number UNUSED)
{
	time_is_up = 1;
}

static void NORETURN PRINTF(1, 2) die(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fputs("step: ", stderr);
	vfprintf(stderr, fmt, args);
	fputc('\n', stderr);
	va_end(args);
	exit(2);
}

/* ------------------------------------------------------------------------------- the command ---
 */

enum {
	TRACE_OPTIONS = PTRACE_O_EXITKILL | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC |
			PTRACE_O_TRACEFORK | PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEVFORK,
};

static void start(struct step *step, char **command)
{
	struct tracee *root;
	int go[2];
	char byte;

	if (pipe2(go, O_CLOEXEC) < 0)
		die("cannot make a pipe: %s", strerror(errno));
	step->root = fork();
	if (step->root < 0)
		die("cannot fork: %s", strerror(errno));
	if (step->root == 0) {
		close(go[1]);
		if (read(go[0], &byte, 1) == 1)
			execvp(command[0], command);
		_exit(127);
	}
	close(go[0]);
	if (ptrace(PTRACE_SEIZE, step->root, 0, TRACE_OPTIONS) < 0)
		die("cannot trace: %s", strerror(errno));
	root = tracee_get(&step->tracees, step->root);
	snprintf(root->path, sizeof(root->path), "0");
	if (write(go[1], "", 1) != 1)
		die("cannot start the command");
	close(go[1]);
}

/* -------------------------------------------------------------------------------- system calls ---
 */

/* Whether to stop it at its system calls. Events of its life are seen in any case. */
static bool wants_calls(const struct step *step, const struct tracee *tracee)
{
	if (!step->executed)
		return false;
	if (step->action == ACTION_LIST)
		return true;
	if (step->reached)
		return tracee->failing || step->action == ACTION_SWAP;
	return STREQ(tracee->path, step->at_path);
}

static void resume(struct step *step, struct tracee *tracee, int number)
{
	if (step->killing) {
		kill(tracee->pid, SIGKILL);
		number = 0;
	}
	/* It may be dead already; its end will be reported. */
	(void)ptrace(wants_calls(step, tracee) ? PTRACE_SYSCALL : PTRACE_CONT, tracee->pid, 0,
		     (long)number);
}

static void kill_all(struct step *step)
{
	step->killing = true;
	for (size_t i = 0; i < TRACEES_MAX; i++)
		if (step->tracees.all[i].pid)
			kill(step->tracees.all[i].pid, SIGKILL);
}

/* In a field of the list: no tab, no newline, no byte beyond ASCII. */
static void put_text(FILE *file, const char *s)
{
	for (; *s; s++)
		fputc(*s < ' ' || *s > '~' ? '?' : *s, file);
}

/* What the call is about, for people: its paths, or the file behind its descriptor. */
static void put_subject(FILE *file, const struct tracee *tracee, const struct call *call,
			const uint64_t *args)
{
	char link[64], text[PATH_MAX];
	ssize_t n;

	for (unsigned i = 0; i < call->path_count; i++) {
		if (call_read_string(tracee->pid, args[call->paths[i].path], text, sizeof(text)) <
		    0)
			continue;
		if (i)
			fputc(' ', file);
		put_text(file, text);
	}
	if (!call->takes_descriptor)
		return;
	snprintf(link, sizeof(link), "/proc/%d/fd/%d", tracee->pid, (int)args[0]);
	n = readlink(link, text, sizeof(text) - 1);
	text[n < 0 ? 0 : n] = 0;
	put_text(file, text);
}

/* process, number, program, call, its arguments, subject, what can be swapped */
static void list_call(struct step *step, const struct tracee *tracee, const struct call *call,
		      const uint64_t *args)
{
	char swaps[256] = "";

	fprintf(step->list, "%s\t%lu\t%s\t%s\t", tracee->path, tracee->calls, tracee->program,
		call->name);
	for (int i = 0; i < 6; i++)
		fprintf(step->list, "%s%llx", i ? " " : "", (unsigned long long)args[i]);
	fputc('\t', step->list);
	put_subject(step->list, tracee, call, args);
	if (step->decoy)
		swap_candidates(&step->swap, tracee->pid, call, args, swaps, sizeof(swaps));
	fprintf(step->list, "\t%s\n", swaps);
}

/* An error of close() comes with the descriptor closed, and so does this one; brk() has no errors.
 */
static int make_fail(struct tracee *tracee, const struct call *call)
{
	if (STREQ(call->name, "brk"))
		return call_refuse_break(tracee->pid);
	tracee->failing = true;
	return STREQ(call->name, "close") ? 0 : call_skip(tracee->pid);
}

static void act(struct step *step, struct tracee *tracee, const struct call *call,
		const uint64_t *args)
{
	step->reached = true;
	memcpy(step->call, call->name, sizeof(step->call));
	memcpy(step->program, tracee->program, sizeof(step->program));
	if (step->action == ACTION_KILL_TREE)
		kill_all(step);
	else if (step->action == ACTION_KILL_ONE)
		step->act_error = kill(tracee->pid, SIGKILL) < 0 ? -errno : 0;
	else if (step->action == ACTION_FAIL)
		step->act_error = make_fail(tracee, call);
	else if (step->action == ACTION_SWAP)
		step->act_error = swap_do(&step->swap, tracee->pid, call, args, step->swap_path,
					  step->swap_component);
}

static void at_call(struct step *step, struct tracee *tracee)
{
	struct __ptrace_syscall_info info;
	const struct call *call;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, tracee->pid, sizeof(info), &info) < 0)
		return;
	if (info.op == PTRACE_SYSCALL_INFO_EXIT) {
		if (tracee->failing)
			(void)call_set_result(tracee->pid, -step->error);
		tracee->failing = false;
		if (step->action == ACTION_SWAP && step->reached && call_of(tracee->number)->mounts)
			swap_check_mounts(&step->swap, tracee->pid);
		return;
	}
	if (info.op != PTRACE_SYSCALL_INFO_ENTRY)
		return;
	tracee->number = info.entry.nr;
	if (step->reached)
		return;
	tracee->calls++;
	call = call_of(info.entry.nr);
	if (step->action == ACTION_LIST)
		list_call(step, tracee, call, (const uint64_t *)info.entry.args);
	else if (tracee->calls == step->at_call && STREQ(tracee->path, step->at_path))
		act(step, tracee, call, (const uint64_t *)info.entry.args);
}

/* -------------------------------------------------------------------------- life and death --- */

static void at_birth(struct step *step, struct tracee *parent)
{
	unsigned long pid;
	struct tracee *child;

	if (ptrace(PTRACE_GETEVENTMSG, parent->pid, 0, &pid) < 0)
		return;
	child = tracee_get(&step->tracees, (pid_t)pid);
	if (!child)
		die("the operation has more than %d processes", TRACEES_MAX);
	tracee_name(parent, child);
	if (child->stopped)
		resume(step, child, 0);
}

/* False if it is none of ours any more. */
static bool at_exec(struct step *step, struct tracee *tracee)
{
	bool ours = tracee_executes_ours(tracee);

	if (tracee->pid == step->root) {
		step->executed = true;
		return true;
	}
	if (ours)
		return true;
	if (ptrace(PTRACE_DETACH, tracee->pid, 0, 0) < 0)
		return true;
	tracee_forget(&step->tracees, tracee);
	return false;
}

static bool stops_group(int number)
{
	return number == SIGSTOP || number == SIGTSTP || number == SIGTTIN || number == SIGTTOU;
}

static void at_stop(struct step *step, struct tracee *tracee, int status)
{
	int number = WSTOPSIG(status);
	int event = status >> 16;

	if (!tracee->path[0]) {
		tracee->stopped = true; /* until its parent's stop is seen */
		return;
	}
	if (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK ||
	    event == PTRACE_EVENT_CLONE)
		at_birth(step, tracee);
	else if (event == PTRACE_EVENT_EXEC && !at_exec(step, tracee))
		return;
	else if (number == (SIGTRAP | 0x80))
		at_call(step, tracee);
	else if (event == PTRACE_EVENT_STOP && stops_group(number) && !step->killing) {
		(void)ptrace(PTRACE_LISTEN, tracee->pid, 0, 0);
		return;
	}
	resume(step, tracee, event || number == (SIGTRAP | 0x80) ? 0 : number);
}

static void at_end(struct step *step, pid_t pid, int status)
{
	struct tracee *tracee = tracee_find(&step->tracees, pid);

	if (tracee)
		tracee_forget(&step->tracees, tracee);
	if (pid == step->root) {
		step->root_ended = true;
		step->root_status = status;
	}
}

/* Where everybody is, before they die. */
static void note_stuck(struct step *step)
{
	size_t len = 0;

	step->timed_out = true;
	for (size_t i = 0; i < TRACEES_MAX && len + 128 < sizeof(step->stuck); i++) {
		const struct tracee *tracee = &step->tracees.all[i];
		char path[64], text[32] = "";
		FILE *file;

		if (!tracee->pid)
			continue;
		snprintf(path, sizeof(path), "/proc/%d/syscall", tracee->pid);
		file = fopen(path, "re");
		if (file) {
			if (!fgets(text, sizeof(text), file))
				text[0] = 0;
			fclose(file);
		}
		len += (size_t)snprintf(
			step->stuck + len, sizeof(step->stuck) - len, "%s%s %s in %s",
			len ? ", " : "", tracee->path, tracee->program,
			text[0] >= '0' && text[0] <= '9' ? call_of(strtoull(text, NULL, 10))->name
							 : "no call");
	}
}

static void run(struct step *step)
{
	while (step->tracees.count > 0 && (!step->root_ended || step->whole || step->killing)) {
		int status;
		pid_t pid = waitpid(-1, &status, __WALL);

		if (time_is_up && !step->timed_out) {
			note_stuck(step);
			kill_all(step);
		}
		if (pid < 0 && errno == EINTR)
			continue;
		if (pid < 0)
			return;
		if (WIFSTOPPED(status)) {
			struct tracee *tracee = tracee_get(&step->tracees, pid);

			if (!tracee)
				die("the operation has more than %d processes", TRACEES_MAX);
			at_stop(step, tracee, status);
		} else {
			at_end(step, pid, status);
		}
	}
}

static void release_one(struct tracee *tracee)
{
	int signal_of_its = 0;

	if (!tracee->stopped && ptrace(PTRACE_INTERRUPT, tracee->pid, 0, 0) == 0) {
		int status;
		pid_t pid;

		do
			pid = waitpid(tracee->pid, &status, __WALL);
		while (pid < 0 && errno == EINTR);
		if (pid != tracee->pid || !WIFSTOPPED(status))
			return;
		if (status >> 16 == 0 && WSTOPSIG(status) != (SIGTRAP | 0x80))
			signal_of_its = WSTOPSIG(status);
	}
	(void)ptrace(PTRACE_DETACH, tracee->pid, 0, (long)signal_of_its);
}

/* Lets those who outlive the operation go. They must be stopped for it. */
static void release(struct step *step)
{
	for (size_t i = 0; i < TRACEES_MAX; i++)
		if (step->tracees.all[i].pid)
			release_one(&step->tracees.all[i]);
}

/* ------------------------------------------------------------------------------------ outside ---
 */

static void put_string(FILE *file, const char *key, const char *s)
{
	fprintf(file, ",\"%s\":\"", key);
	for (; *s; s++)
		if (*s == '"' || *s == '\\')
			fprintf(file, "\\%c", *s);
		else
			fputc(*s < ' ' || *s > '~' ? '?' : *s, file);
	fputc('"', file);
}

static void report(struct step *step)
{
	char events[1024];
	int status = step->root_status;

	swap_events(&step->swap, events, sizeof(events));
	fprintf(step->report, "{\"reached\":%s,\"done\":%s,\"status\":%d,\"timeout\":%s",
		step->reached ? "true" : "false", step->act_error < 0 ? "false" : "true",
		WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status),
		step->timed_out ? "true" : "false");
	put_string(step->report, "call", step->call);
	put_string(step->report, "program", step->program);
	put_string(step->report, "stuck", step->stuck);
	put_string(step->report, "decoy", events);
	put_string(step->report, "error", step->act_error < 0 ? strerror(-step->act_error) : "");
	fputs("}\n", step->report);
	if (fclose(step->report) != 0)
		die("cannot write the report");
}

static FILE *open_for_writing(const char *path)
{
	FILE *file = fopen(path, "we");

	if (!file)
		die("cannot open %s: %s", path, strerror(errno));
	return file;
}

static void parse_point(struct step *step, const char *text)
{
	if (sscanf(text, "%63[0-9.]:%lu", step->at_path, &step->at_call) != 2 || !step->at_call)
		die("a point is PROCESS:CALL, as --list numbers them, not %s", text);
}

static void parse_option(struct step *step, int option, const char *value)
{
	switch (option) {
	case 'l':
		step->action = ACTION_LIST;
		step->list = open_for_writing(value);
		break;
	case 'a':
		parse_point(step, value);
		break;
	case 'k':
		step->action = STREQ(value, "tree") ? ACTION_KILL_TREE : ACTION_KILL_ONE;
		break;
	case 'f':
		step->action = ACTION_FAIL;
		step->error = (int)strtol(value, NULL, 10);
		break;
	case 's':
		step->action = ACTION_SWAP;
		if (sscanf(value, "%u:%u", &step->swap_path, &step->swap_component) != 2)
			die("a component is PATH:NUMBER, not %s", value);
		break;
	case 'b':
		step->below = value;
		break;
	case 'd':
		step->decoy = value;
		break;
	case 'w':
		step->whole = true;
		break;
	case 't':
		step->timeout = (unsigned)strtoul(value, NULL, 10);
		break;
	case 'r':
		step->report = open_for_writing(value);
		break;
	default:
		die("see the beginning of tests/step/step.c");
	}
}

int main(int argc, char **argv)
{
	static const struct option OPTIONS[] = {
		{"list", required_argument, NULL, 'l'},
		{"at", required_argument, NULL, 'a'},
		{"kill", required_argument, NULL, 'k'},
		{"fail", required_argument, NULL, 'f'},
		{"swap", required_argument, NULL, 's'},
		{"below", required_argument, NULL, 'b'},
		{"decoy", required_argument, NULL, 'd'},
		{"whole", no_argument, NULL, 'w'},
		{"timeout", required_argument, NULL, 't'},
		{"report", required_argument, NULL, 'r'},
		{NULL, 0, NULL, 0},
	};
	static struct step step = {.timeout = 30,
				   .swap = {.below_fd = -EBADF, .inotify_fd = -EBADF}};
	int option;

	while ((option = getopt_long(argc, argv, "+", OPTIONS, NULL)) != -1)
		parse_option(&step, option, optarg);
	if (!argv[optind] || (step.action != ACTION_LIST && !step.at_call))
		die("see the beginning of tests/step/step.c");
	if (step.decoy && swap_init(&step.swap, step.below, step.decoy) < 0)
		die("cannot make the decoy %s: %s", step.decoy, strerror(errno));
	if (!step.report)
		step.report = open_for_writing("/dev/stderr");
	(void)sigaction(SIGALRM, &(struct sigaction) {.sa_handler = on_alarm}, NULL);
	/* again and again: one may come before the wait that it shall end */
	(void)setitimer(ITIMER_REAL,
			&(struct itimerval) {.it_value.tv_sec = step.timeout,
					     .it_interval.tv_usec = 100000},
			NULL);
	start(&step, argv + optind);
	run(&step);
	release(&step);
	report(&step);
	if (step.list && fclose(step.list) != 0)
		die("cannot write the list");
	swap_release(&step.swap);
	return 0;
}
