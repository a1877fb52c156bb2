/*
 * Role unpack: nobody, with nothing but descriptors; its jobs are in files of their own.
 */
#include "cmd/worker/worker.h"
#include "codec/sha256.h"
#include "codec/zstd.h"
#include "io/worker.h"

#include <sys/syscall.h>

/* What reading, hashing and decompressing between open descriptors needs, and memory. */
static const int system_calls[] = {
	SYS_read,	   SYS_pread64, SYS_write,	    SYS_writev,
	SYS_lseek,	   SYS_close,	SYS_fstat,	    SYS_brk,
	SYS_mmap,	   SYS_munmap,	SYS_mremap,	    SYS_mprotect,
	SYS_madvise,	   SYS_futex,	SYS_getrandom,	    SYS_sendmsg,
	SYS_clock_gettime, SYS_exit,	SYS_exit_group,	    SYS_rt_sigreturn,
	SYS_getpid,	   SYS_gettid,	SYS_rt_sigprocmask, SYS_tgkill,
};

static const struct {
	const char *name;
	int (*run)(char **args, struct error *err);
} jobs[] = {
	{"archive", unpack_archive}, {"layer", unpack_layer},	{"copy", unpack_copy},
	{"blob", unpack_blob},	     {"config", unpack_config},
};

/* The library reads its configuration when it is first asked. */
static int prepare(char **args UNUSED, struct sandbox *sandbox UNUSED, struct error *err)
{
	auto_sha256 hash = {0};
	int r = sha256_init(&hash);

	return r < 0 ? error_errno(err, r, "prepare SHA-256") : 0;
}

static int run(char **args, struct error *err)
{
	for (size_t i = 0; args[0] && i < ARRAY_SIZE(jobs); i++)
		if (STREQ(jobs[i].name, args[0]))
			return jobs[i].run(args + 1, err);
	return error_set(err, ERROR_UNSUPPORTED, "kist-worker unpack knows no such job");
}

const struct role role_unpack = {
	.name = "unpack",
	.sandbox =
		{
			.memory = (64u << 20) + ZSTD_WINDOW_MAX,
			.system_calls = system_calls,
			.system_call_count = ARRAY_SIZE(system_calls),
		},
	.prepare = prepare,
	.run = run,
};
