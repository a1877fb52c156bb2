#include "monitor/monitor.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/parse.h"
#include "base/time.h"
#include "io/loop.h"
#include "io/spawn.h"
#include "kern/cgroup.h"
#include "kern/children.h"
#include "kern/process.h"
#include "monitor/announce.h"
#include "monitor/launch.h"
#include "monitor/peer.h"
#include "monitor/record.h"
#include "monitor/rootfs.h"
#include "monitor/stdio.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define EXIT_FAILED 125

/* What the container's end may wait for others. */
#define DRAIN_TIME (2 * TIME_SECOND)
#define TELL_TIME  (5 * TIME_SECOND)
/* Output that an owner has not read yet: while the container runs it holds the container back at
 * once; at the end the FIFOs are emptied into memory up to the second bound. */
#define OWNER_KEPT_RUNNING  0
#define OWNER_KEPT_DRAINING (1024 * 1024)
/* After the start, and after output, memory is given back when this has passed. */
#define SETTLE_TIME	    TIME_SECOND

#define OOM_SCORE_PROTECTED (-999)
#define CGROUP_REMOVE_MS    1000

enum phase {
	PHASE_PREPARED,
	PHASE_STARTING,
	PHASE_RUNNING,
	PHASE_DRAINING,
	PHASE_TELLING,
	PHASE_ENDED,
};

struct monitor {
	const struct monitor_options *options;
	enum phase phase;
	int bundle_fd;
	struct loop loop;
	struct loop_source signals;
	struct loop_source process; /* the runtime's pidfd, then the container's */
	struct loop_timer settle;
	struct loop_timer deadline; /* of draining, then of telling */
	struct child runtime;
	struct rootfs rootfs;
	struct stdio stdio;
	struct peers peers;
	pid_t pid;	 /* the container's; 0: not known yet */
	uint64_t ticks;	 /* its start time */
	int64_t started; /* wall clock, ns */
	struct wire_exit exit;
	int oom_score;	/* as inherited */
	bool committed; /* WIRE_COMMIT has been acted upon */
	bool cleaned;	/* the cleanup command has been started */
	/* What callbacks have seen. */
	bool process_ready, terminated, expired, process_ended;
	bool output_seen, settled;
};

/* The cgroup is made for this run. */
static int count_oom(const struct monitor_options *options, uint64_t *ret)
{
	auto_cgroup cgroup = {0};
	int r;

	if (!options->cgroup)
		return -ENOENT;
	r = cgroup_open(options->cgroup, &cgroup);
	return r < 0 ? r : cgroup_oom_count(&cgroup, ret);
}

static void signals_ready(void *arg, uint32_t events)
{
	struct monitor *monitor = arg;
	struct signalfd_siginfo info;

	(void)events;
	while (read(monitor->signals.fd, &info, sizeof(info)) == sizeof(info))
		monitor->terminated |= info.ssi_signo == SIGTERM;
}

static void process_ready(void *arg, uint32_t events)
{
	(void)events;
	((struct monitor *)arg)->process_ready = true;
}

static void take_output(void *arg, int stream, const char *data, size_t len)
{
	struct monitor *monitor = arg;

	peers_send_output(&monitor->peers, stream, data, len);
	monitor->output_seen = true;
}

static void expire(void *arg)
{
	((struct monitor *)arg)->expired = true;
}

static int get_oom_score(void)
{
	auto_fd int fd = open("/proc/self/oom_score_adj", O_RDONLY | O_CLOEXEC);
	char text[16];
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	int64_t score;

	if (n <= 0)
		return 0;
	text[n - (text[n - 1] == '\n')] = '\0';
	return parse_i64(text, &score) == 0 ? (int)score : 0;
}

/* Lower only with CAP_SYS_RESOURCE: otherwise it stays as it is. */
static void set_oom_score(int score)
{
	auto_fd int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd >= 0)
		(void)dprintf(fd, "%d", score);
}

/* The quiet after a start or after output. The monitor is to be the last of its container's
 * processes to be killed for memory; not earlier, because the score is inherited. */
static void settle(void *arg)
{
	struct monitor *monitor = arg;

	if (!monitor->settled) {
		monitor->settled = true;
		set_oom_score(OOM_SCORE_PROTECTED);
		rootfs_leave(&monitor->rootfs);
		if (monitor->options->exit)
			record_reserve_exit(monitor->options->exit);
	}
	stdio_trim(&monitor->stdio);
	(void)malloc_trim(0);
}

/* Every blockable signal waits in the mask; of those only two are looked at. */
static int open_signals(struct monitor *monitor)
{
	const struct sigaction normal = {.sa_handler = SIG_DFL};
	sigset_t set;

	(void)sigfillset(&set);
	(void)sigprocmask(SIG_SETMASK, &set, NULL);
	(void)sigaction(SIGCHLD, &normal, NULL);
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGCHLD);
	(void)sigaddset(&set, SIGTERM);
	monitor->signals.fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (monitor->signals.fd < 0)
		return -errno;
	return loop_watch(&monitor->loop, &monitor->signals, EPOLLIN);
}

static int watch_process(struct monitor *monitor, int pid_fd)
{
	if (monitor->process.fd >= 0)
		loop_forget(&monitor->loop, &monitor->process);
	monitor->process.fd = pid_fd;
	monitor->process_ready = false;
	return loop_watch(&monitor->loop, &monitor->process, EPOLLIN);
}

/* From now on the end of the owner is noticed rather than died of: there is more than ourselves to
 * end, and what it said before is read. It cannot have ended unnoticed: SIGKILL would have come. */
static int notice_owner_end(struct error *err)
{
	if (prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0) < 0)
		return error_errno(err, errno, "set the parent's death signal");
	return 0;
}

/* What the runtime needs and the bundle does not say. */
static int prepare(struct monitor *monitor, struct error *err)
{
	const struct monitor_options *options = monitor->options;
	int r;

	r = record_monitor(monitor->bundle_fd);
	if (r < 0)
		return error_errno(err, r, "write %s/monitor.json", options->bundle);
	r = rootfs_mount(&monitor->rootfs, options, err);
	if (r < 0)
		return r;
	r = peers_listen(&monitor->peers, monitor->bundle_fd, err);
	if (r < 0)
		return r;
	return notice_owner_end(err);
}

static int launch(struct monitor *monitor, struct error *err)
{
	const struct monitor_options *options = monitor->options;
	auto_free char *console = NULL;
	int r;

	if (options->terminal)
		console = console_path(&monitor->stdio.console);
	r = launch_start(options, monitor->bundle_fd, monitor->stdio.container, console,
			 &monitor->runtime, err);
	if (r < 0)
		return r;
	monitor->phase = PHASE_STARTING;
	stdio_started(&monitor->stdio);
	r = watch_process(monitor, monitor->runtime.pid_fd);
	return r < 0 ? error_errno(err, r, "watch the runtime") : 0;
}

/* In place of start(): everything is there but us. */
static int take_over(struct monitor *monitor, struct error *err)
{
	const struct monitor_options *options = monitor->options;
	struct wire_started started;
	int r, pid_fd;

	r = notice_owner_end(err);
	if (r < 0)
		return r;
	r = record_read_state(monitor->bundle_fd, &started);
	if (r < 0)
		return error_errno(err, r, "read %s/state.json", options->bundle);
	pid_fd = process_open(started.pid, started.start_ticks);
	if (pid_fd < 0)
		return error_errno(err, pid_fd, "open the container's process %d", started.pid);
	monitor->pid = started.pid;
	monitor->ticks = started.start_ticks;
	monitor->started = started.time;
	r = watch_process(monitor, pid_fd);
	if (r == 0)
		r = record_monitor(monitor->bundle_fd);
	if (r < 0)
		return error_errno(err, r, "take container %s over", options->id);
	r = peers_listen(&monitor->peers, monitor->bundle_fd, err);
	if (r < 0)
		return r;
	/* Whoever wants to attach is told so. */
	if (options->terminal)
		(void)mknodat(monitor->bundle_fd, WIRE_TERMINAL_LOST, S_IFREG | 0600, 0);
	monitor->phase = PHASE_RUNNING;
	peers_send_started(&monitor->peers, &started);
	loop_arm(&monitor->loop, &monitor->settle, SETTLE_TIME);
	return 0;
}

/* A runtime that was killed early does not know what it has made. */
static void remove_cgroup(const struct monitor_options *options)
{
	auto_cgroup cgroup = {0};

	if (!options->cgroup || cgroup_open(options->cgroup, &cgroup) < 0)
		return;
	(void)!cgroup_kill_all(&cgroup);
	(void)!cgroup_remove(&cgroup, CGROUP_REMOVE_MS);
}

/* Ends whatever came of the start. All of it is ours: orphans of the runtime are our children, and
 * processes in the container's pid namespace go with its first. */
static void undo_start(struct monitor *monitor)
{
	if (monitor->runtime.pid <= 0)
		return;
	loop_forget(&monitor->loop, &monitor->process);
	child_kill(&monitor->runtime);
	for (;;) {
		siginfo_t info;

		/* Without the list of children the runtime's "delete --force" has to do. */
		if (children_signal(SIGKILL) <= 0 ||
		    (waitid(P_ALL, 0, &info, WEXITED | __WALL) < 0 && errno != EINTR))
			break;
	}
	if (monitor->options->process)
		return;
	launch_undo(monitor->options);
	remove_cgroup(monitor->options);
}

/* The runtime has ended. */
static int become_running(struct monitor *monitor, struct error *err)
{
	struct wire_started started = {.time = time_now()};
	int status, pid_fd, r;

	loop_forget(&monitor->loop, &monitor->process);
	monitor->process.fd = -EBADF;
	r = child_wait(&monitor->runtime, &status);
	if (r < 0)
		return error_errno(err, r, "wait for the runtime");
	r = launch_result(monitor->options, monitor->bundle_fd, status, &monitor->pid, err);
	if (r == 0)
		r = stdio_take_terminal(&monitor->stdio, err);
	if (r < 0)
		return r;
	pid_fd = (int)syscall(SYS_pidfd_open, monitor->pid, 0);
	if (pid_fd < 0)
		return error_errno(err, errno, "open the container's process %d", monitor->pid);
	r = watch_process(monitor, pid_fd);
	if (r == 0)
		r = process_start(monitor->pid, &started.start_ticks, NULL);
	if (r < 0)
		return error_errno(err, r, "watch the container's process %d", monitor->pid);
	started.pid = monitor->pid;
	monitor->ticks = started.start_ticks;
	monitor->started = started.time;
	r = record_state(monitor->bundle_fd, &started);
	if (r < 0)
		return error_errno(err, r, "write %s/state.json", monitor->options->bundle);
	monitor->phase = PHASE_RUNNING;
	peers_send_started(&monitor->peers, &started);
	loop_arm(&monitor->loop, &monitor->settle, SETTLE_TIME);
	return 0;
}

static void set_ended(struct monitor *monitor, const siginfo_t *info)
{
	/* Its pidfd stays readable, and an owner may take its time to commit. */
	loop_forget(&monitor->loop, &monitor->process);
	monitor->process_ended = true;
	monitor->exit.time = time_now();
	monitor->exit.code = info->si_code == CLD_EXITED ? info->si_status : 128 + info->si_status;
}

/* The process has ended, but is not there to be reaped. Either it is no child of ours (a runtime
 * may give such a one, and one that was taken over is none); or a debugger has it for the moment,
 * and SIGCHLD comes when it lets go. */
static void end_stranger(struct monitor *monitor)
{
	siginfo_t info = {0};
	int r;

	loop_forget(&monitor->loop, &monitor->process);
	monitor->process_ready = false;
	if (waitid(P_PID, (id_t)monitor->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0)
		return;
	r = process_exit_status(monitor->process.fd, monitor->pid, monitor->ticks);
	monitor->process_ended = true;
	monitor->exit.time = time_now();
	monitor->exit.code = MAX(r, -1);
}

/* Reaps all that have ended, the container's process and strangers inherited from it. Not before
 * the container's process is known: it may be among them. */
static void reap(struct monitor *monitor)
{
	for (;;) {
		siginfo_t info = {0};

		if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | __WALL) < 0 || info.si_pid == 0)
			break;
		if (info.si_pid == monitor->pid)
			set_ended(monitor, &info);
	}
	if (monitor->process_ready && !monitor->process_ended)
		end_stranger(monitor);
}

static void begin_draining(struct monitor *monitor)
{
	monitor->process.fd = fd_close(monitor->process.fd);
	stdio_process_ended(&monitor->stdio);
	monitor->phase = PHASE_DRAINING;
	monitor->expired = false;
	loop_arm(&monitor->loop, &monitor->deadline, DRAIN_TIME);
}

/* From here on the container's end can be known. */
static void begin_telling(struct monitor *monitor)
{
	const struct monitor_options *options = monitor->options;
	uint64_t oom;

	stdio_finish(&monitor->stdio);
	if (count_oom(options, &oom) == 0)
		monitor->exit.oom_killed = oom > 0;
	/* A folder that is gone was removed on purpose; a disk that is full leaves the exit
	 * unknown to all but those who are connected. */
	if (options->exit)
		(void)!record_exit(options->exit, &monitor->exit, options->sync);
	announce_end(options, monitor->bundle_fd, monitor->started, &monitor->exit);
	monitor->phase = PHASE_TELLING;
	monitor->expired = false;
	loop_arm(&monitor->loop, &monitor->deadline, TELL_TIME);
	peers_send_exited(&monitor->peers, &monitor->exit);
}

static void act_on_commit(struct monitor *monitor)
{
	if (monitor->committed || !monitor->peers.committed)
		return;
	(void)prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0);
	/* Nor does the end of the service that the owner is part of end us. */
	(void)!cgroup_leave_unit();
	monitor->committed = true;
	stdio_read(&monitor->stdio);
}

static void fill_cleanup(const struct monitor_options *options, struct strv *argv)
{
	strv_add(argv, options->cleanup);
	for (size_t i = 0; i < options->cleanup_args.n; i++)
		strv_add(argv, options->cleanup_args.v[i]);
}

/* Somebody who must not miss any of the output takes his time to read the last of it: the cleanup
 * does not wait for him. It finds no monitor on record, and does not care for one. */
static void clean_beside(struct monitor *monitor)
{
	struct spawn spawn_options = {.path = monitor->options->cleanup};
	auto_strv argv = {0};
	struct child child;

	fill_cleanup(monitor->options, &argv);
	spawn_options.argv = strv_argv(&argv);
	(void)unlinkat(monitor->bundle_fd, "monitor.json", 0);
	(void)unlinkat(monitor->bundle_fd, "control", 0);
	if (spawn(&spawn_options, &child) == 0)
		(void)fd_close(child.pid_fd);
	monitor->cleaned = true;
}

static bool is_told(struct monitor *monitor)
{
	if (monitor->expired && !monitor->peers.owner && peers_any_exact(&monitor->peers)) {
		if (monitor->options->cleanup && !monitor->cleaned)
			clean_beside(monitor);
		return false;
	}
	if (!monitor->peers.first || (monitor->peers.owner_told && monitor->peers.count == 1))
		return true;
	return monitor->expired && !(monitor->peers.owner && monitor->peers.owner_cleans);
}

static void manage_flow(struct monitor *monitor)
{
	size_t bound = monitor->phase == PHASE_RUNNING ? OWNER_KEPT_RUNNING : OWNER_KEPT_DRAINING;
	bool behind;

	behind = peers_behind(&monitor->peers, bound);
	if (!behind)
		stdio_arrived(&monitor->stdio);
	stdio_hold(&monitor->stdio, behind);
	if (!stdio_input_full(&monitor->stdio))
		peers_resume_input(&monitor->peers);
	if (monitor->output_seen && !monitor->settle.due)
		loop_arm(&monitor->loop, &monitor->settle, SETTLE_TIME);
	monitor->output_seen = false;
}

/* What follows from what has happened. Negative: the start has failed. */
static int monitor_advance(struct monitor *monitor, struct error *err)
{
	int r;

	/* The death signal may be ahead of what the owner said before it died. */
	if (!monitor->committed && monitor->terminated)
		peers_read_owner(&monitor->peers);
	act_on_commit(monitor);
	if (!monitor->committed && (monitor->terminated || !monitor->peers.owner))
		return error_set(err, ERROR_UNAVAILABLE, "the owner has ended");
	if (monitor->phase == PHASE_PREPARED && monitor->peers.launch) {
		r = launch(monitor, err);
		if (r < 0)
			return r;
	}
	if (monitor->phase == PHASE_STARTING && monitor->process_ready) {
		r = become_running(monitor, err);
		if (r < 0)
			return r;
	}
	if (monitor->phase == PHASE_RUNNING) {
		reap(monitor);
		if (monitor->process_ended && monitor->committed)
			begin_draining(monitor);
	}
	manage_flow(monitor);
	if (monitor->phase == PHASE_DRAINING &&
	    (stdio_is_ended(&monitor->stdio) || monitor->expired))
		begin_telling(monitor);
	if (monitor->phase == PHASE_TELLING && is_told(monitor))
		monitor->phase = PHASE_ENDED;
	return 0;
}

/* Lets the owner read why, as far as it does so in time. */
static void report_failure(struct monitor *monitor, const struct error *error)
{
	monitor->expired = false;
	loop_arm(&monitor->loop, &monitor->deadline, TELL_TIME);
	peers_send_failed(&monitor->peers, error);
	while (monitor->peers.owner && !monitor->expired)
		if (loop_step(&monitor->loop) < 0)
			return;
}

static void exec_cleanup(const struct monitor_options *options, int oom_score)
{
	static char *const env[] = {
		(char *)"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", NULL};
	const struct sigaction ignore = {.sa_handler = SIG_IGN}, normal = {.sa_handler = SIG_DFL};
	auto_strv argv = {0};
	sigset_t none;

	fill_cleanup(options, &argv);
	if (oom_score != OOM_SCORE_PROTECTED)
		set_oom_score(oom_score);
	/* To ignore a signal is to forget that it waits; none may end us on the way. */
	for (int sig = 1; sig < _NSIG; sig++) {
		(void)sigaction(sig, &ignore, NULL);
		(void)sigaction(sig, &normal, NULL);
	}
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)execve(options->cleanup, strv_argv(&argv), env);
}

static unsigned stdio_flags(const struct monitor_options *options)
{
	return (options->with_stdin ? STDIO_INPUT : 0) | (options->terminal ? STDIO_TERMINAL : 0) |
	       (options->take_over ? STDIO_RESUME : 0);
}

static int open_monitor(struct monitor *monitor, int owner_fd, struct error *err)
{
	int r;

	r = loop_init(&monitor->loop);
	if (r == 0)
		r = open_signals(monitor);
	if (r < 0)
		return error_errno(err, r, "set up the monitor");
	r = peers_add_owner(&monitor->peers, owner_fd, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < monitor->options->peer_count; i++)
		peers_add_early(&monitor->peers, monitor->options->peer_fds[i]);
	monitor->bundle_fd = open(monitor->options->bundle, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (monitor->bundle_fd < 0)
		return error_errno(err, errno, "open bundle %s", monitor->options->bundle);
	return stdio_open(&monitor->stdio, monitor->bundle_fd, stdio_flags(monitor->options),
			  monitor->options->log, err);
}

static void monitor_release(struct monitor *monitor)
{
	peers_release(&monitor->peers);
	stdio_release(&monitor->stdio);
	/* Whoever looks now finds no monitor, and the exit record; or what came after us. */
	if (monitor->bundle_fd >= 0 && !monitor->cleaned) {
		(void)unlinkat(monitor->bundle_fd, "control", 0);
		(void)unlinkat(monitor->bundle_fd, "monitor.json", 0);
	}
	monitor->bundle_fd = fd_close(monitor->bundle_fd);
	rootfs_leave(&monitor->rootfs);
	monitor->signals.fd = fd_close(monitor->signals.fd);
	loop_release(&monitor->loop);
}

static int run_loop(struct monitor *monitor, struct error *err)
{
	int r = 0;

	while (r == 0 && monitor->phase != PHASE_ENDED) {
		r = loop_step(&monitor->loop);
		if (r < 0)
			return error_errno(err, r, "wait for events");
		r = monitor_advance(monitor, err);
	}
	return r;
}

int monitor_run(const struct monitor_options *options, int owner_fd)
{
	struct monitor monitor = {
		.options = options,
		.bundle_fd = -EBADF,
		.signals = {.fd = -EBADF, .ready = signals_ready},
		.process = {.fd = -EBADF, .ready = process_ready},
		.settle = {.expired = settle},
		.deadline = {.expired = expire},
		.runtime = {.pid_fd = -EBADF},
		.oom_score = get_oom_score(),
		.rootfs = {.namespace_fd = -EBADF, .root_fd = -EBADF},
	};
	auto_error error = {0};
	bool alone;
	int r;

	monitor.signals.arg = monitor.process.arg = &monitor;
	monitor.settle.arg = monitor.deadline.arg = &monitor;
	stdio_init(&monitor.stdio, &monitor.loop, take_output, &monitor);
	peers_init(&monitor.peers, &monitor.loop, &monitor.stdio);
	r = open_monitor(&monitor, owner_fd, &error);
	if (r == 0)
		r = options->take_over ? take_over(&monitor, &error) : prepare(&monitor, &error);
	if (r == 0 && !options->prepare && !options->take_over)
		r = launch(&monitor, &error);
	if (r == 0)
		r = run_loop(&monitor, &error);
	alone = r == 0 ? !monitor.peers.owner_told : monitor.committed && !monitor.peers.owner;
	if (r < 0) {
		undo_start(&monitor);
		report_failure(&monitor, &error);
	}
	monitor_release(&monitor);
	if (!alone || !options->cleanup || monitor.cleaned)
		return r < 0 ? EXIT_FAILED : 0;
	exec_cleanup(options, monitor.oom_score);
	return EXIT_FAILED;
}
