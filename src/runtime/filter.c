#include "runtime/filter.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "io/atomic-file.h"
#include "kern/seccomp.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/filter.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CACHE_FOLDER ".seccomp"
#define CACHE_MAX    (4 * 1024 * 1024)

/* Changes whenever the compiler would make another program of the same policy. */
static const char cache_magic[] = "kist-seccomp 2 " KIST_VERSION;

static void add_number(struct str *key, uint64_t number)
{
	str_append_mem(key, &number, sizeof(number));
}

static void add_rule(struct str *key, const struct runtime_seccomp_rule *rule)
{
	add_number(key, rule->action);
	add_number(key, rule->arg_count);
	for (size_t i = 0; i < rule->arg_count; i++) {
		add_number(key, (uint64_t)rule->args[i].index << 32 | rule->args[i].op);
		add_number(key, rule->args[i].value);
		add_number(key, rule->args[i].value_two);
	}
	for (size_t i = 0; rule->names[i]; i++) {
		str_append_char(key, 1);
		str_append_mem(key, rule->names[i], strlen(rule->names[i]) + 1);
	}
	str_append_char(key, 0);
}

/* The policy as bytes, two policies never the same: every count and every text is delimited. */
static void make_key(const struct runtime_seccomp *seccomp, struct str *key)
{
	str_append_mem(key, cache_magic, sizeof(cache_magic));
	add_number(key, seccomp->default_action);
	add_number(key, seccomp->architecture_count);
	for (size_t i = 0; i < seccomp->architecture_count; i++)
		add_number(key, seccomp->architectures[i]);
	add_number(key, seccomp->rule_count);
	for (size_t i = 0; i < seccomp->rule_count; i++)
		add_rule(key, &seccomp->rules[i]);
}

/* FNV-1a */
static void make_name(const struct str *key, char *name, size_t size)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < key->len; i++)
		hash = (hash ^ (unsigned char)key->data[i]) * UINT64_C(0x100000001b3);
	(void)snprintf(name, size, "%016" PRIx64, hash);
}

/* The file is the key's length, the key, the program. */
static int read_cached(int cache_fd, const char *name, const struct str *key, void **ret,
		       size_t *ret_len)
{
	auto_free char *data = NULL;
	auto_fd int fd = -EBADF;
	uint64_t key_len;
	struct stat st;
	size_t len;
	int r;

	fd = openat(cache_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || st.st_mode & 077)
		return -EPERM;
	r = fd_read_all(fd, CACHE_MAX, &data, &len);
	if (r < 0)
		return r;
	if (len < sizeof(key_len))
		return -EBADMSG;
	memcpy(&key_len, data, sizeof(key_len));
	if (key_len != key->len || len - sizeof(key_len) <= key->len ||
	    memcmp(data + sizeof(key_len), key->data, key->len) != 0)
		return -EBADMSG;
	len -= sizeof(key_len) + key->len;
	if (len % sizeof(struct sock_filter) != 0)
		return -EBADMSG;
	*ret = mem_copy(data + sizeof(key_len) + key->len, len);
	*ret_len = len;
	return 0;
}

/* A cache that cannot be written is no reason not to run. */
static void write_cached(int cache_fd, const char *name, const struct str *key, const void *program,
			 size_t len)
{
	uint64_t key_len = key->len;
	auto_str data = {0};

	str_append_mem(&data, &key_len, sizeof(key_len));
	str_append_mem(&data, key->data, key->len);
	str_append_mem(&data, program, len);
	(void)!atomic_write(cache_fd, name, data.data, data.len, 0600, 0);
}

static int compile(const struct runtime_seccomp *seccomp, void **ret, size_t *ret_len,
		   struct error *err)
{
	auto_free struct seccomp_rule *rules = mem_zero(seccomp->rule_count, sizeof(*rules));
	auto_free struct seccomp_condition *conditions =
		mem_zero(seccomp->rule_count * 6, sizeof(*conditions));
	struct seccomp_policy policy = {
		.default_action = seccomp->default_action,
		.architectures = seccomp->architectures,
		.architecture_count = seccomp->architecture_count,
		.rules = rules,
		.rule_count = seccomp->rule_count,
	};
	const char *name;
	int r;

	for (size_t i = 0; i < seccomp->rule_count; i++) {
		const struct runtime_seccomp_rule *from = &seccomp->rules[i];

		rules[i] = (struct seccomp_rule) {.names = from->names,
						  .action = from->action,
						  .conditions = &conditions[i * 6],
						  .condition_count = from->arg_count};
		for (size_t k = 0; k < from->arg_count; k++)
			conditions[i * 6 + k] = (struct seccomp_condition) {
				.index = from->args[k].index,
				.op = from->args[k].op,
				.value = from->args[k].value,
				.value_two = from->args[k].value_two,
			};
	}
	r = seccomp_compile(&policy, ret, ret_len, &name);
	if (r == -EOPNOTSUPP)
		return error_set(err, ERROR_UNSUPPORTED,
				 "seccomp: the rule for %s has two conditions on one argument, or "
				 "conditions on a system call too new for this build",
				 name ? name : "a system call");
	return r < 0 ? error_errno(err, r, "seccomp: compile the rule for %s",
				   name ? name : "all system calls")
		     : 0;
}

int filter_prepare(int dir_fd, const struct runtime_seccomp *seccomp, void **ret, size_t *ret_len,
		   struct error *err)
{
	auto_fd int cache_fd = -EBADF;
	auto_str key = {0};
	char name[20];
	int r;

	make_key(seccomp, &key);
	make_name(&key, name, sizeof(name));
	cache_fd = openat(dir_fd, CACHE_FOLDER, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (cache_fd >= 0 && read_cached(cache_fd, name, &key, ret, ret_len) == 0)
		return 0;
	r = compile(seccomp, ret, ret_len, err);
	if (r < 0)
		return r;
	if (cache_fd < 0)
		cache_fd = directory_open(dir_fd, CACHE_FOLDER, 0700);
	if (cache_fd >= 0)
		write_cached(cache_fd, name, &key, *ret, *ret_len);
	return 0;
}
