/*
 * The limit: what the kernel itself needs for one container, and nothing else. No JSON, no records,
 * no seccomp, no checks, one process; the same namespaces, cgroups, mounts and devices as `kist
 * run`.
 *
 *   floor none ROOTFS STATE PROGRAM [ARG...]        waits for the program; exits as it does
 *   floor port ROOTFS STATE PORT PROGRAM [ARG...]   veth, address and port map too; prints the pid
 * and leaves
 *
 * For `port`, tests/bench/run has made what an engine makes once: the bridge floor0 (10.99.0.1/24)
 * and the nftables map "ports" in the table "floor".
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/rtnetlink.h>
#include <linux/sched.h>
#include <linux/veth.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#define IPV4_TABLE    2 /* NFPROTO_IPV4; its header quarrels with netinet/in.h */
#define CGROUP_ROOT   "/sys/fs/cgroup"
#define CGROUP2_MAGIC 0x63677270

#define CHECK(call)                                                                       \
	do {                                                                              \
		if ((long)(call) < 0) {                                                   \
			(void)fprintf(stderr, "floor: %s: %s\n", #call, strerror(errno)); \
			_exit(125);                                                       \
		}                                                                         \
	} while (0)

struct container {
	const char *rootfs, *state;
	unsigned port; /* 0: no network but an empty namespace */
	char **argv;
	char name[32];
	int go[2]; /* a socket pair: the parent says that the veth is there, the child that it is up
		    */
};

/* ---------------------------------------------------------------------------------- netlink */

struct message {
	union {
		char buf[4096];
		struct nlmsghdr header; /* of the first message; aligns the buffer */
	};
	size_t len;
	struct nlmsghdr *current;
};

static void *append(struct message *m, const void *data, size_t len)
{
	void *at = m->buf + m->len;

	if (m->len + NLMSG_ALIGN(len) > sizeof(m->buf))
		abort();
	memset(at, 0, NLMSG_ALIGN(len));
	if (data)
		memcpy(at, data, len);
	m->len += NLMSG_ALIGN(len);
	if (m->current)
		m->current->nlmsg_len = (uint32_t)(m->buf + m->len - (char *)m->current);
	return at;
}

static void begin(struct message *m, unsigned type, unsigned flags, const void *body, size_t len)
{
	struct nlmsghdr header = {.nlmsg_type = (uint16_t)type,
				  .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags)};

	m->current = NULL;
	m->current = append(m, &header, sizeof(header));
	(void)append(m, body, len);
}

static void put(struct message *m, unsigned type, const void *data, size_t len)
{
	struct rtattr attr = {.rta_len = (uint16_t)RTA_LENGTH(len), .rta_type = (uint16_t)type};

	(void)append(m, &attr, sizeof(attr));
	(void)append(m, data, len);
}

static struct rtattr *nest(struct message *m, unsigned type)
{
	struct rtattr attr = {.rta_type = (uint16_t)type};

	return append(m, &attr, sizeof(attr));
}

static void end(struct message *m, struct rtattr *attr)
{
	attr->rta_len = (uint16_t)(m->buf + m->len - (char *)attr);
}

/* Sends all messages at once and waits for @acks of them to be acknowledged. */
static void talk(int family, struct message *m, unsigned acks)
{
	char answer[4096] __attribute__((aligned(NLMSG_ALIGNTO)));
	int fd;

	CHECK(fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, family));
	CHECK(send(fd, m->buf, m->len, 0));
	while (acks) {
		ssize_t n;

		CHECK(n = recv(fd, answer, sizeof(answer), 0));
		for (struct nlmsghdr *h = (struct nlmsghdr *)answer; NLMSG_OK(h, (size_t)n);
		     h = NLMSG_NEXT(h, n)) {
			struct nlmsgerr *error = NLMSG_DATA(h);

			if (h->nlmsg_type != NLMSG_ERROR)
				continue;
			errno = -error->error;
			CHECK(error->error);
			acks--;
		}
	}
	(void)close(fd);
}

static uint32_t address_of(unsigned port)
{
	return htonl(0x0a630002u + port % 250);
}

/* In the host: a veth on the bridge, whose peer is eth0 of the child. */
static void make_veth(const struct container *c, pid_t pid)
{
	struct ifinfomsg up = {.ifi_flags = IFF_UP, .ifi_change = IFF_UP}, peer = {0};
	struct message m = {.len = 0};
	struct rtattr *info, *data, *other;
	unsigned bridge = if_nametoindex("floor0");

	begin(&m, RTM_NEWLINK, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, &up, sizeof(up));
	put(&m, IFLA_IFNAME, c->name, strlen(c->name) + 1);
	put(&m, IFLA_MASTER, &bridge, sizeof(bridge));
	info = nest(&m, IFLA_LINKINFO);
	put(&m, IFLA_INFO_KIND, "veth", 4);
	data = nest(&m, IFLA_INFO_DATA);
	other = nest(&m, VETH_INFO_PEER);
	(void)append(&m, &peer, sizeof(peer));
	put(&m, IFLA_IFNAME, "eth0", 5);
	put(&m, IFLA_NET_NS_PID, &pid, sizeof(pid));
	end(&m, other);
	end(&m, data);
	end(&m, info);
	talk(NETLINK_ROUTE, &m, 1);
}

/* One element of the port map: the port, and where it goes. */
static void map_port(const struct container *c)
{
	struct nfgenmsg batch = {.res_id = htons(NFNL_SUBSYS_NFTABLES)};
	struct nfgenmsg table = {.nfgen_family = IPV4_TABLE};
	struct {
		uint32_t address;
		uint16_t port, padding;
	} target = {address_of(c->port), htons(80), 0};
	uint16_t key = htons((uint16_t)c->port);
	struct message m = {.len = 0};
	struct rtattr *list, *element, *part;

	begin(&m, NFNL_MSG_BATCH_BEGIN, 0, &batch, sizeof(batch));
	begin(&m, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWSETELEM, NLM_F_ACK | NLM_F_CREATE, &table,
	      sizeof(table));
	put(&m, NFTA_SET_ELEM_LIST_TABLE, "floor", 6);
	put(&m, NFTA_SET_ELEM_LIST_SET, "ports", 6);
	list = nest(&m, NFTA_SET_ELEM_LIST_ELEMENTS | NLA_F_NESTED);
	element = nest(&m, NFTA_LIST_ELEM | NLA_F_NESTED);
	part = nest(&m, NFTA_SET_ELEM_KEY | NLA_F_NESTED);
	put(&m, NFTA_DATA_VALUE, &key, sizeof(key));
	end(&m, part);
	part = nest(&m, NFTA_SET_ELEM_DATA | NLA_F_NESTED);
	put(&m, NFTA_DATA_VALUE, &target, sizeof(target));
	end(&m, part);
	end(&m, element);
	end(&m, list);
	begin(&m, NFNL_MSG_BATCH_END, 0, &batch, sizeof(batch));
	talk(NETLINK_NETFILTER, &m, 1);
}

/* In the child's namespace: loopback and eth0 up, address, default route; one send. */
static void configure_network(const struct container *c)
{
	struct ifinfomsg lo = {.ifi_index = 1, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};
	struct message m = {.len = 0};
	unsigned acks = 1;

	begin(&m, RTM_NEWLINK, NLM_F_ACK, &lo, sizeof(lo));
	if (c->port) {
		uint32_t address = address_of(c->port), gateway = htonl(0x0a630001);
		struct ifinfomsg eth = {.ifi_index = (int)if_nametoindex("eth0"),
					.ifi_flags = IFF_UP,
					.ifi_change = IFF_UP};
		struct ifaddrmsg ifa = {.ifa_family = AF_INET,
					.ifa_prefixlen = 24,
					.ifa_index = (unsigned)eth.ifi_index};
		struct rtmsg route = {.rtm_family = AF_INET,
				      .rtm_table = RT_TABLE_MAIN,
				      .rtm_protocol = RTPROT_BOOT,
				      .rtm_type = RTN_UNICAST};

		begin(&m, RTM_NEWLINK, NLM_F_ACK, &eth, sizeof(eth));
		begin(&m, RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE, &ifa, sizeof(ifa));
		put(&m, IFA_LOCAL, &address, sizeof(address));
		put(&m, IFA_ADDRESS, &address, sizeof(address));
		begin(&m, RTM_NEWROUTE, NLM_F_ACK | NLM_F_CREATE, &route, sizeof(route));
		put(&m, RTA_GATEWAY, &gateway, sizeof(gateway));
		acks = 4;
	}
	talk(NETLINK_ROUTE, &m, acks);
}

/* ---------------------------------------------------------------------------------- cgroups */

static const char *const hierarchies[] = {"cpu",     "cpuacct", "cpuset", "memory", "devices",
					  "freezer", "blkio",	"pids",	  "systemd"};

static bool is_v2(void)
{
	struct statfs fs;

	return statfs(CGROUP_ROOT, &fs) == 0 && fs.f_type == CGROUP2_MAGIC;
}

static int cgroup_v2(const struct container *c)
{
	char path[128];
	int fd;

	(void)snprintf(path, sizeof(path), CGROUP_ROOT "/%s", c->name);
	CHECK(mkdir(path, 0755));
	CHECK(fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	return fd;
}

/* Writes one file of a cgroup; with @text NULL what its parent has there (cpuset begins empty). */
static void cgroup_write(const char *hierarchy, const char *name, const char *file,
			 const char *text)
{
	char path[160], copy[256];
	ssize_t n;
	int fd;

	if (!text) {
		(void)snprintf(path, sizeof(path), CGROUP_ROOT "/%s/%s", hierarchy, file);
		CHECK(fd = open(path, O_RDONLY | O_CLOEXEC));
		CHECK(n = read(fd, copy, sizeof(copy) - 1));
		copy[n] = '\0';
		(void)close(fd);
		text = copy;
	}
	(void)snprintf(path, sizeof(path), CGROUP_ROOT "/%s/%s/%s", hierarchy, name, file);
	CHECK(fd = open(path, O_WRONLY | O_CLOEXEC));
	CHECK(write(fd, text, strlen(text)));
	(void)close(fd);
}

static void cgroup_v1(const struct container *c, pid_t pid)
{
	char text[16];

	(void)snprintf(text, sizeof(text), "%d", pid);
	for (size_t i = 0; i < sizeof(hierarchies) / sizeof(*hierarchies); i++) {
		char path[128];

		(void)snprintf(path, sizeof(path), CGROUP_ROOT "/%s/%s", hierarchies[i], c->name);
		if (mkdir(path, 0755) < 0)
			continue;
		if (strcmp(hierarchies[i], "cpuset") == 0) {
			cgroup_write(hierarchies[i], c->name, "cpuset.cpus", NULL);
			cgroup_write(hierarchies[i], c->name, "cpuset.mems", NULL);
		}
		cgroup_write(hierarchies[i], c->name, "cgroup.procs", text);
	}
}

static void cgroup_remove(const struct container *c)
{
	char path[128];

	(void)snprintf(path, sizeof(path), CGROUP_ROOT "/%s", c->name);
	(void)rmdir(path);
	for (size_t i = 0; i < sizeof(hierarchies) / sizeof(*hierarchies); i++) {
		(void)snprintf(path, sizeof(path), CGROUP_ROOT "/%s/%s", hierarchies[i], c->name);
		(void)rmdir(path);
	}
}

/* ------------------------------------------------------------------------------------ child */

static void make_mounts(const struct container *c)
{
	char options[768], where[256];

	(void)snprintf(where, sizeof(where), "%s/%s", c->state, c->name);
	CHECK(mkdir(where, 0700));
	CHECK(chdir(where));
	CHECK(mkdir("upper", 0755));
	CHECK(mkdir("work", 0755));
	CHECK(mkdir("merged", 0755));
	(void)snprintf(options, sizeof(options),
		       "lowerdir=%s,upperdir=%s/upper,workdir=%s/work,volatile", c->rootfs, where,
		       where);
	CHECK(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	CHECK(mount("overlay", "merged", "overlay", 0, options));
	CHECK(chdir("merged"));
	CHECK(mount("proc", "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL));
	CHECK(mount("sysfs", "sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY, NULL));
	CHECK(mount("tmpfs", "dev", "tmpfs", MS_NOSUID, "mode=755,size=65536k"));
	CHECK(mkdir("dev/pts", 0755));
	CHECK(mkdir("dev/shm", 01777));
	CHECK(mkdir("dev/mqueue", 0755));
	CHECK(mount("devpts", "dev/pts", "devpts", MS_NOSUID | MS_NOEXEC,
		    "newinstance,ptmxmode=0666,mode=620,gid=5"));
	CHECK(mount("shm", "dev/shm", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "size=65536k"));
	CHECK(mount("mqueue", "dev/mqueue", "mqueue", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL));
}

static void make_devices(void)
{
	static const struct {
		const char *path;
		unsigned minor, major;
	} devices[] = {{"dev/null", 3, 1},   {"dev/zero", 5, 1},    {"dev/full", 7, 1},
		       {"dev/random", 8, 1}, {"dev/urandom", 9, 1}, {"dev/tty", 0, 5}};

	for (size_t i = 0; i < sizeof(devices) / sizeof(*devices); i++)
		CHECK(mknod(devices[i].path, S_IFCHR | 0666,
			    makedev(devices[i].major, devices[i].minor)));
}

static _Noreturn void child(const struct container *c)
{
	char *env[] = {"PATH=/bin", NULL};
	char byte;

	make_mounts(c);
	make_devices();
	CHECK(sethostname(c->name, strlen(c->name)));
	CHECK(syscall(SYS_pivot_root, ".", "."));
	CHECK(umount2(".", MNT_DETACH));
	CHECK(chdir("/"));
	(void)close(c->go[1]);
	if (read(c->go[0], &byte, 1) != 1)
		_exit(125);
	configure_network(c);
	CHECK(write(c->go[0], "", 1));
	if (c->port) { /* it stays: nobody must wait for the end of our stdio */
		int null;

		CHECK(null = open("/dev/null", O_RDWR | O_CLOEXEC));
		for (int fd = 0; fd < 3; fd++)
			CHECK(dup2(null, fd));
	}
	(void)execve(c->argv[0], c->argv, env);
	_exit(127);
}

int main(int argc, char **argv)
{
	bool port = argc > 1 && strcmp(argv[1], "port") == 0;
	struct container c = {0};
	struct clone_args args = {.flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS |
					   CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWCGROUP,
				  .exit_signal = SIGCHLD};
	bool v2 = is_v2();
	int status = 0;
	pid_t pid;

	if (argc < (port ? 6 : 5))
		return 2;
	c.rootfs = argv[2];
	c.state = argv[3];
	c.port = port ? (unsigned)strtoul(argv[4], NULL, 10) : 0;
	c.argv = argv + (port ? 5 : 4);
	(void)snprintf(c.name, sizeof(c.name), "floor%d", getpid());
	CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, c.go));
	if (v2) {
		args.cgroup = (uint64_t)cgroup_v2(&c);
		args.flags |= CLONE_INTO_CGROUP;
	}
	CHECK(pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args)));
	if (pid == 0)
		child(&c);
	if (!v2)
		cgroup_v1(&c, pid);
	if (port) {
		make_veth(&c, pid);
		map_port(&c);
	}
	CHECK(write(c.go[1], "", 1));
	if (port) {
		/* Whoever asks before eth0 is up has his ARP request answered a second later. */
		CHECK(read(c.go[1], &status, 1));
		(void)printf("%d %s\n", pid, c.name);
		return 0;
	}
	CHECK(waitpid(pid, &status, 0));
	cgroup_remove(&c);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
