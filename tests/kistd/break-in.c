/*
 * kistd with somebody else's code in the door's place: the spawner is the real one, and what it
 * starts as its door confines itself like the door, and then tries whatever could be of use to an
 * attacker. Each attempt is a line on stderr: "name: ok" or "name: why not".
 *
 * Called kistd-unconfined, it leaves the sandbox out: the control, in which the same attempts work.
 */
#include "base/fd.h"
#include "base/mem.h"
#include "base/parse.h"
#include "base/str.h"
#include "cmd/kistd/door.h"
#include "cmd/kistd/listen.h"
#include "cmd/kistd/spawner.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/io_uring.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static int try_open(void)
{
	return open("/etc/passwd", O_RDONLY | O_CLOEXEC);
}

static int try_open_root(void)
{
	return open("/", O_PATH | O_CLOEXEC);
}

static int try_stat(void)
{
	struct stat st;

	return stat("/proc", &st);
}

static int try_proc(void)
{
	return open("/proc/self/status", O_RDONLY | O_CLOEXEC);
}

static int try_create(void)
{
	return mkdir("/tmp/break-in", 0700) == 0 ? rmdir("/tmp/break-in") : -1;
}

static int try_unix_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static int try_internet_socket(void)
{
	return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static int try_netlink(void)
{
	return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0);
}

static int try_socketpair(void)
{
	int pair[2];

	return socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
}

static int try_bind(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	return fd < 0 ? -1 : bind(fd, (struct sockaddr *)&address, sizeof(sa_family_t));
}

static int try_fork(void)
{
	pid_t pid = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);

	if (pid == 0)
		_exit(0);
	return pid < 0 ? -1 : waitpid(pid, NULL, 0);
}

static int execute(const char *path, int fd)
{
	static char *const argv[] = {(char *)"true", NULL};
	int status;
	pid_t pid = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);

	/* Where there is no other process to do it in, this one would be lost: that is an answer.
	 */
	if (pid < 0)
		return (int)syscall(SYS_execveat, fd, path, argv, NULL, AT_EMPTY_PATH);
	if (pid == 0) {
		(void)syscall(SYS_execveat, fd, path, argv, NULL, AT_EMPTY_PATH);
		_exit(100);
	}
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0
		       ? 0
		       : -1;
}

static int try_exec(void)
{
	return execute("/bin/true", AT_FDCWD);
}

static int try_kill(void)
{
	return kill(getpid(), 0);
}

static int try_kill_all(void)
{
	int r = kill(-1, 0);

	/* Its own pid namespace has nobody else, with and without the sandbox. */
	return r < 0 && errno == ESRCH ? 0 : r;
}

static int try_pidfd(void)
{
	return (int)syscall(SYS_pidfd_open, getpid(), 0);
}

static int try_ptrace(void)
{
	return (int)ptrace(PTRACE_TRACEME, 0, NULL, NULL);
}

static int try_read_memory(void)
{
	char from = 1, to;
	struct iovec local = {&to, 1}, remote = {&from, 1};

	return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == 1 ? 0 : -1;
}

static int try_user_namespace(void)
{
	return unshare(CLONE_NEWUSER);
}

static int try_mount_namespace(void)
{
	return unshare(CLONE_NEWNS);
}

static int try_mount(void)
{
	return (int)syscall(SYS_fsopen, "tmpfs", 1);
}

static int try_chroot(void)
{
	return chroot("/");
}

static int try_setuid(void)
{
	return setresuid(0, 0, 0);
}

static int try_capability(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {{.effective = 1, .permitted = 1}};

	return (int)syscall(SYS_capset, &header, data);
}

static int try_uring(void)
{
	struct io_uring_params params = {0};

	return (int)syscall(SYS_io_uring_setup, 1, &params);
}

static int try_descriptor_of_stderr(void)
{
	return fchmod(STDERR_FILENO, 0600);
}

static int try_listen_elsewhere(void)
{
	return listen(DOOR_LISTENER, 1);
}

static int try_steal_options(void)
{
	int on = 1;

	return setsockopt(DOOR_LISTENER, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on));
}

static int try_handle(void)
{
	struct {
		struct file_handle handle;
		unsigned char room[MAX_HANDLE_SZ];
	} name = {.handle.handle_bytes = MAX_HANDLE_SZ};
	int id;

	return name_to_handle_at(AT_FDCWD, "/", &name.handle, &id, 0);
}

static int try_personality(void)
{
	return (int)syscall(SYS_personality, 0xffffffff);
}

static int try_keyring(void)
{
	return (int)syscall(SYS_keyctl, 0 /* KEYCTL_GET_KEYRING_ID */, -2, 1);
}

static int try_key(void)
{
	return (int)syscall(SYS_add_key, "user", "break-in", "x", 1, -2);
}

/* Not stopped by the list: its own memory may be executable. What it can call stays the same. */
static const struct {
	const char *name;
	int (*run)(void);
} attempts[] = {
	{"open a file", try_open},
	{"open the root", try_open_root},
	{"look at a path", try_stat},
	{"open /proc", try_proc},
	{"make a folder", try_create},
	{"make a unix socket", try_unix_socket},
	{"make an internet socket", try_internet_socket},
	{"make a netlink socket", try_netlink},
	{"make a socket pair", try_socketpair},
	{"bind a socket", try_bind},
	{"listen again", try_listen_elsewhere},
	{"change a socket", try_steal_options},
	{"change a descriptor's file", try_descriptor_of_stderr},
	{"name a file by handle", try_handle},
	{"make a process", try_fork},
	{"execute a program", try_exec},
	{"signal a process", try_kill},
	{"signal every process", try_kill_all},
	{"hold a process", try_pidfd},
	{"be traced", try_ptrace},
	{"read another memory", try_read_memory},
	{"make a file system", try_mount},
	{"change the root", try_chroot},
	{"become root", try_setuid},
	{"open a ring", try_uring},
	{"change personality", try_personality},
	{"find a keyring", try_keyring},
	{"add a key", try_key},
	/* last: it changes what the others mean */
	{"make a mount namespace", try_mount_namespace},
	{"make a user namespace", try_user_namespace},
	{"change capabilities", try_capability},
};

/* ------------------------------------------------------------------- what the spawner is told */

static void send_descriptors(const void *data, size_t len, const int *fds, size_t count)
{
	struct iovec part = {(void *)(uintptr_t)data, len};
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(64 * sizeof(int))];
	} control = {0};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

	if (count > 0) {
		control.header = (struct cmsghdr) {.cmsg_len = CMSG_LEN(count * sizeof(int)),
						   .cmsg_level = SOL_SOCKET,
						   .cmsg_type = SCM_RIGHTS};
		(void)memcpy(CMSG_DATA(&control.header), fds, count * sizeof(int));
		message.msg_control = &control;
		message.msg_controllen = CMSG_SPACE(count * sizeof(int));
	}
	(void)sendmsg(DOOR_CONTROL, &message, MSG_NOSIGNAL);
}

/* Records that say nothing, in the hands of real operation processes; then a lie to the spawner,
 * another one for each door. */
static void lie(int round)
{
	static const char garbage[] = "\1\0\10\0\0\0\377\377\377\377\377\377\377\177and more";
	static const char big[100 << 10];
	uint64_t id = 7;
	int record = memfd_create("request", MFD_CLOEXEC), many[64];

	(void)!pwrite(record, garbage, sizeof(garbage), 0);
	send_descriptors(&id, sizeof(id), (int[]) {record, record}, 2);
	send_descriptors(&id, sizeof(id), (int[]) {DOOR_LISTENER, record}, 2);
	send_descriptors(&id, sizeof(id), (int[]) {record, DOOR_CONTROL}, 2);
	for (int i = 0; i < 64; i++)
		many[i] = record;
	switch (round % 5) {
	case 0:
		send_descriptors("", 0, NULL, 0);
		break;
	case 1:
		send_descriptors(&id, sizeof(id), NULL, 0);
		break;
	case 2:
		send_descriptors(&id, sizeof(id), &record, 1);
		break;
	case 3:
		send_descriptors(&id, sizeof(id), many, 64);
		break;
	default:
		send_descriptors(big, sizeof(big), many, 2);
		break;
	}
}

/* Waits for a client of the listener; returns the first byte that it says. */
static int next_client(int epoll)
{
	struct epoll_event event;
	char answer[4] = "";
	int client;

	(void)epoll_wait(epoll, &event, 1, -1);
	client = accept4(DOOR_LISTENER, NULL, NULL, SOCK_CLOEXEC);
	if (client < 0 || recv(client, answer, sizeof(answer), 0) <= 0)
		answer[0] = -1;
	(void)fd_close(client);
	return answer[0];
}

static int break_in(bool confined)
{
	struct epoll_event event = {.events = EPOLLIN};
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	auto_error err = {0};

	if (confined && door_confine(&err) < 0) {
		(void)fprintf(stderr, "confine: %s\n", err.message);
		return 1;
	}
	for (size_t i = 0; i < ARRAY_SIZE(attempts); i++) {
		errno = 0;
		if (attempts[i].run() >= 0)
			(void)fprintf(stderr, "%s: ok\n", attempts[i].name);
		else
			(void)fprintf(stderr, "%s: error %d\n", attempts[i].name, errno);
	}
	(void)fprintf(stderr, "done\n");
	/* A client says when to go on: until then we are looked at from outside. */
	(void)epoll_ctl(epoll, EPOLL_CTL_ADD, DOOR_LISTENER, &event);
	for (;;) {
		int round = next_client(epoll);

		if (round >= 0)
			lie(round);
	}
}

int main(int argc, char **argv)
{
	struct listeners listeners = {0};
	struct spawner_config config = {.listeners = &listeners};
	auto_error err = {0};
	char self[4096] = "";

	(void)!readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (argc == 3 && STREQ(argv[1], "door"))
		return break_in(!str_ends(self, "kistd-unconfined"));
	if (argc != 2 || listeners_open(&listeners, argv[1], NULL, &err) < 0 ||
	    spawner_run(&config, &err) < 0)
		(void)fprintf(stderr, "break-in: %s\n", err.message ? err.message : "SOCKET");
	listeners_release(&listeners);
	return err.message ? 1 : 0;
}
