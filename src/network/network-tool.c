/*
 * Attaches and detaches without an engine, for tests: not installed.
 *
 *   network-tool attach ID [-n NETWORK] [-p PORT]... [-- COMMAND [ARG...]]
 *       prints address, gateway, mac and ports as "name value" lines, runs COMMAND in the
 *       container's namespace and ends with it; detaches nothing
 *   network-tool detach ID
 *
 * $KIST_ROOT and $KIST_RUNROOT say where.
 */
#include "base/error.h"
#include "base/mem.h"
#include "base/time.h"
#include "network/network.h"
#include "network/port.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int fail(const struct error *err)
{
	(void)fprintf(stderr, "%s\n", err->message);
	return 125;
}

static void print(const struct network_attachment *attachment, int64_t took)
{
	char ip[INET_ADDRSTRLEN];

	(void)printf("address %s/%u\ngateway %s\nmac %s\ntook-us %lld\n", attachment->address,
		     attachment->prefix, attachment->gateway, attachment->mac,
		     (long long)(took / 1000));
	for (size_t i = 0; i < attachment->port_count; i++) {
		const struct port_mapping *port = &attachment->ports[i];

		(void)printf("port %s %s %u %u\n", port_protocol(port->protocol),
			     inet_ntop(AF_INET, &port->host_ip, ip, sizeof(ip)), port->host_port,
			     port->container_port);
	}
	(void)printf("ready\n");
	(void)fflush(stdout);
}

static int run(const struct network_attachment *attachment, char **argv)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		if (attachment->netns_fd >= 0 && setns(attachment->netns_fd, CLONE_NEWNET) < 0)
			_exit(126);
		(void)execvp(argv[0], argv);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return 125;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int attach(const struct root *root, int argc, char **argv)
{
	struct network_request request = {.network = "bridge", .container_id = argv[0]};
	struct network_attachment attachment = {.netns_fd = -EBADF};
	struct port_mapping *ports = NULL;
	auto_error err = {0};
	int64_t began;
	int i, status;

	for (i = 1; i + 1 < argc && !STREQ(argv[i], "--"); i += 2) {
		if (STREQ(argv[i], "-n"))
			request.network = argv[i + 1];
		else if (port_parse(argv[i + 1], &ports, &request.port_count, &err) < 0)
			return fail(&err);
	}
	request.ports = ports;
	began = time_monotonic();
	if (network_attach(root, &request, &attachment, &err) < 0) {
		mem_freep(&ports);
		return fail(&err);
	}
	print(&attachment, time_monotonic() - began);
	status = i + 1 < argc ? run(&attachment, argv + i + 1) : 0;
	network_attachment_release(&attachment);
	mem_freep(&ports);
	return status;
}

static int detach(const struct root *root, const char *id)
{
	auto_error err = {0};
	int64_t began = time_monotonic();

	if (network_detach(root, id, &err) < 0)
		return fail(&err);
	(void)printf("took-us %lld\n", (long long)((time_monotonic() - began) / 1000));
	return 0;
}

int main(int argc, char **argv)
{
	auto_root root = {.dir_fd = -EBADF, .run_fd = -EBADF};
	auto_error err = {0};

	if (argc < 3)
		return 125;
	if (root_open(NULL, NULL, &root, &err) < 0)
		return fail(&err);
	return STREQ(argv[1], "attach") ? attach(&root, argc - 2, argv + 2)
					: detach(&root, argv[2]);
}
