/* The compiled default profile, decided system call by system call in an interpreter of our own. */
#include "runtime/filter.h"

#include "base/mem.h"
#include "base/str.h"
#include "base/test.h"
#include "codec/json-write.h"
#include "io/root.h"
#include "spec/defaults.h"
#include "spec/seccomp-default.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ALLOW	     SECCOMP_RET_ALLOW
#define FAIL(errnum) (SECCOMP_RET_ERRNO | (errnum))
#define X32	     0x40000000

struct program {
	struct sock_filter *v;
	size_t n;
};

/* The subset of classic BPF that seccomp filters use. */
static uint32_t run(const struct program *p, const struct seccomp_data *data)
{
	uint32_t a = 0;

	for (size_t pc = 0; pc < p->n; pc++) {
		const struct sock_filter *f = &p->v[pc];
		bool taken = false;

		switch (f->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			assert_true(f->k + 4 <= sizeof(*data));
			memcpy(&a, (const char *)data + f->k, 4);
			continue;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= f->k;
			continue;
		case BPF_RET | BPF_K:
			return f->k;
		case BPF_JMP | BPF_JA:
			pc += f->k;
			continue;
		case BPF_JMP | BPF_JEQ | BPF_K:
			taken = a == f->k;
			break;
		case BPF_JMP | BPF_JGT | BPF_K:
			taken = a > f->k;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			taken = a >= f->k;
			break;
		case BPF_JMP | BPF_JSET | BPF_K:
			taken = a & f->k;
			break;
		default:
			fail_msg("instruction %zu is %#x", pc, f->code);
		}
		pc += taken ? f->jt : f->jf;
	}
	fail_msg("ran off the end");
	return 0;
}

static uint32_t decide(const struct program *p, uint32_t arch, int nr, uint64_t arg)
{
	struct seccomp_data data = {.nr = nr, .arch = arch, .args = {arg, arg, arg, arg, arg, arg}};

	return run(p, &data);
}

static char folder[] = "/tmp/kist-filter-XXXXXX";

static int open_folder(void)
{
	static bool made;
	int fd;

	if (!made)
		assert_non_null(mkdtemp(folder));
	made = true;
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

static void compile_text(const char *seccomp, struct program *ret)
{
	auto_free char *text = mem_printf("{\"ociVersion\":\"1.0.2\",\"root\":{\"path\":\"r\"},"
					  "\"linux\":{\"namespaces\":[{\"type\":\"mount\"}],"
					  "\"seccomp\":%s}}",
					  seccomp);
	auto_runtime_config config = {0};
	auto_error err = {0};
	void *program = NULL;
	size_t len = 0;
	int fd = open_folder();

	if (runtime_config_parse(text, strlen(text), &config, &err) < 0 ||
	    filter_prepare(fd, config.seccomp, &program, &len, &err) < 0)
		fail_msg("%s", err.message);
	*ret = (struct program) {program, len / sizeof(struct sock_filter)};
	(void)close(fd);
}

static void compile_default(uint64_t capabilities, struct program *ret)
{
	auto_str text = {0};
	struct json_writer w;

	json_writer_init(&w, &text, 0);
	seccomp_default_write(&w, NULL, capabilities);
	compile_text(str_text(&text), ret);
}

#if defined(__x86_64__)
TEST(the_default_profile_decides_as_dockers)
{
	static const struct {
		uint32_t arch;
		int nr;
		uint64_t arg;
		uint32_t want;
	} cases[] = {
		{AUDIT_ARCH_X86_64, 0, 0, ALLOW},	  /* read */
		{AUDIT_ARCH_X86_64, 41, 1, ALLOW},	  /* socket(AF_UNIX) */
		{AUDIT_ARCH_X86_64, 41, 38, FAIL(EPERM)}, /* AF_ALG */
		{AUDIT_ARCH_X86_64, 41, 0x100000026, FAIL(EPERM)},
		{AUDIT_ARCH_X86_64, 41, 0xffffffff00000028, FAIL(EPERM)}, /* AF_VSOCK */
		{AUDIT_ARCH_X86_64, 41, 46, FAIL(EPERM)},
		{AUDIT_ARCH_X86_64, 41 | X32, 38, FAIL(EPERM)},
		{AUDIT_ARCH_X86_64, 41 | X32, 2, ALLOW},
		{AUDIT_ARCH_I386, 359, 38, FAIL(EPERM)}, /* socket */
		{AUDIT_ARCH_I386, 359, 2, ALLOW},
		{AUDIT_ARCH_X86_64, 250, 0, FAIL(EPERM)}, /* keyctl */
		{AUDIT_ARCH_I386, 288, 0, FAIL(EPERM)},
		{AUDIT_ARCH_X86_64, 425, 0, FAIL(EPERM)}, /* io_uring_setup */
		{AUDIT_ARCH_I386, 425, 0, FAIL(EPERM)},
		{AUDIT_ARCH_X86_64, 321, 0, FAIL(EPERM)},	   /* bpf */
		{AUDIT_ARCH_X86_64, 165, 0, FAIL(EPERM)},	   /* mount */
		{AUDIT_ARCH_X86_64, 272, 0x10000000, FAIL(EPERM)}, /* unshare */
		{AUDIT_ARCH_X86_64, 308, 0, FAIL(EPERM)},	   /* setns */
		{AUDIT_ARCH_X86_64, 56, 17, ALLOW},		   /* clone */
		{AUDIT_ARCH_X86_64, 56, 0x10000000, FAIL(EPERM)},  /* CLONE_NEWUSER */
		{AUDIT_ARCH_X86_64, 56, 0x00020011, FAIL(EPERM)},  /* CLONE_NEWNS */
		{AUDIT_ARCH_X86_64, 435, 0, FAIL(ENOSYS)},	   /* clone3 */
		{AUDIT_ARCH_X86_64, 435 | X32, 0, FAIL(ENOSYS)},
		{AUDIT_ARCH_X86_64, 135, 0xffffffff, ALLOW},	  /* personality */
		{AUDIT_ARCH_X86_64, 135, 0x0040000, FAIL(EPERM)}, /* ADDR_NO_RANDOMIZE */
		{AUDIT_ARCH_X86_64, 101, 0, ALLOW},		  /* ptrace */
		{AUDIT_ARCH_X86_64, 323, 0, FAIL(EPERM)},	  /* userfaultfd */
		/* newer than libseccomp */
		{AUDIT_ARCH_X86_64, 335, 0, ALLOW}, /* uretprobe */
		{AUDIT_ARCH_X86_64, 451, 0, ALLOW}, /* cachestat */
		{AUDIT_ARCH_I386, 451, 0, ALLOW},
		{AUDIT_ARCH_X86_64, 451 | X32, 0, ALLOW},
		{AUDIT_ARCH_X86_64, 459, 0, FAIL(EPERM)}, /* lsm_get_self_attr */
		{AUDIT_ARCH_X86_64, 462, 0, ALLOW},	  /* mseal */
		{AUDIT_ARCH_X86_64, 466, 0, ALLOW},	  /* removexattrat */
		/* unknown to the profile */
		{AUDIT_ARCH_X86_64, 467, 0, FAIL(ENOSYS)},
		{AUDIT_ARCH_X86_64, 999, 0, FAIL(ENOSYS)},
		{AUDIT_ARCH_I386, 999, 0, FAIL(ENOSYS)},
		{AUDIT_ARCH_X86_64, 999 | X32, 0, FAIL(ENOSYS)},
		{AUDIT_ARCH_X86_64, 0x3fffffff, 0, FAIL(ENOSYS)},
		/* another architecture is no way round */
		{AUDIT_ARCH_AARCH64, 0, 0, SECCOMP_RET_KILL_THREAD},
		{AUDIT_ARCH_PPC64, 0, 0, SECCOMP_RET_KILL_THREAD},
	};
	struct program p;

	compile_default(DEFAULTS_CAPABILITIES, &p);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint32_t got = decide(&p, cases[i].arch, cases[i].nr, cases[i].arg);

		if (got != cases[i].want)
			fail_msg("arch %#x call %d(%#llx): %#x, not %#x", cases[i].arch,
				 cases[i].nr, (unsigned long long)cases[i].arg, got, cases[i].want);
	}
	free(p.v);
}

TEST(the_domain_of_socket_is_decided_by_its_lower_half_alone)
{
	struct program p;

	compile_default(DEFAULTS_CAPABILITIES, &p);
	for (uint64_t domain = 0; domain < 256; domain++)
		for (unsigned bit = 32; bit < 64; bit++)
			assert_int_equal(
				decide(&p, AUDIT_ARCH_X86_64, 41, domain),
				decide(&p, AUDIT_ARCH_X86_64, 41, domain | UINT64_C(1) << bit));
	free(p.v);
}

TEST(a_program_from_the_cache_is_the_one_that_was_compiled)
{
	struct program first, second, other;

	compile_default(DEFAULTS_CAPABILITIES, &first);
	compile_default(DEFAULTS_CAPABILITIES, &second);
	compile_default(DEFAULTS_CAPABILITIES | UINT64_C(1) << CAP_SYS_ADMIN, &other);
	assert_int_equal(first.n, second.n);
	assert_memory_equal(first.v, second.v, first.n * sizeof(*first.v));
	assert_int_equal(decide(&other, AUDIT_ARCH_X86_64, 165, 0), ALLOW);
	assert_int_equal(decide(&other, AUDIT_ARCH_X86_64, 435, 0), ALLOW);
	free(first.v);
	free(second.v);
	free(other.v);
}

TEST(a_profile_that_allows_by_default_does_not_hide_new_system_calls)
{
	struct program p;

	compile_text("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"mkdir\","
		     "\"cachestat\",\"of_no_kernel\"],\"action\":\"SCMP_ACT_ERRNO\"}]}",
		     &p);
	assert_int_equal(decide(&p, AUDIT_ARCH_X86_64, 83, 0), FAIL(EPERM));
	assert_int_equal(decide(&p, AUDIT_ARCH_X86_64, 451, 0), FAIL(EPERM));
	assert_int_equal(decide(&p, AUDIT_ARCH_X86_64, 999, 0), ALLOW);
	free(p.v);
}
#endif

/* Last: removes what the others left. */
TEST(zz_the_cache_is_ours_alone)
{
	int fd = open_folder();
	struct stat st;

	if (fstatat(fd, ".seccomp", &st, 0) == 0)
		assert_int_equal(st.st_mode & 0777, 0700);
	assert_int_equal(tree_empty(fd), 0);
	(void)close(fd);
	assert_int_equal(rmdir(folder), 0);
}
