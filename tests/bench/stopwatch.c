/*
 * How long a command takes, from before its start to after its end, and if asked until a web server
 * answers.
 *
 *   stopwatch [-u ADDRESS PORT] COMMAND...
 *
 * Prints one line: wall nanoseconds, user and system microseconds, page faults, largest resident
 * size in KiB (the last three of the command and what it waited for), and exit status. The
 * command's stdout goes to stderr's place.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE 30000000000

static int64_t now(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* One request; 0 if an answer came. */
static int ask(const struct sockaddr_in *address)
{
	static const char request[] = "GET / HTTP/1.0\r\n\r\n";
	struct timeval patience = {.tv_usec = 500000};
	/* A first packet that came too early is sent again after a second only; we ask again. */
	struct timeval connecting = {.tv_usec = 20000};
	char answer[16];
	ssize_t n = -1;
	int fd;

	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &connecting, sizeof(connecting));
	if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 &&
	    send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL) > 0)
		n = recv(fd, answer, sizeof(answer), 0);
	(void)close(fd);
	return n > 0 ? 0 : -1;
}

static int until_answer(const struct sockaddr_in *address, int64_t start)
{
	struct timespec pause = {.tv_nsec = 100000};

	while (ask(address) < 0) {
		if (now() - start > PATIENCE)
			return -1;
		(void)nanosleep(&pause, NULL);
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	struct rusage usage;
	int status, code;
	int64_t start;
	pid_t pid;

	argv++;
	if (argc > 3 && strcmp(*argv, "-u") == 0) {
		(void)inet_pton(AF_INET, argv[1], &address.sin_addr);
		address.sin_port = htons((uint16_t)strtoul(argv[2], NULL, 10));
		argv += 3;
	}
	if (!*argv)
		return 2;
	start = now();
	pid = vfork();
	if (pid == 0) {
		(void)dup2(2, 1);
		(void)execvp(*argv, argv);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &usage) < 0)
		return 125;
	code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	if (code == 0 && address.sin_port && until_answer(&address, start) < 0)
		code = 124;
	(void)printf("%lld %lld %ld %ld %d\n", (long long)(now() - start),
		     (long long)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 +
			     usage.ru_utime.tv_usec + usage.ru_stime.tv_usec,
		     usage.ru_minflt + usage.ru_majflt, usage.ru_maxrss, code);
	return 0;
}
