#include "runtime/sysctl.h"

#include "base/str.h"

#include <errno.h>
#include <string.h>

#define PREFIX "sys/"

int sysctl_path(const char *key, char *buf, size_t size)
{
	const char *first = strpbrk(key, "./");
	bool dots = first && *first == '.';
	size_t n = strlen(PREFIX), part = n;

	if (!first || strlen(key) + n + 1 > size)
		return -EINVAL;
	memcpy(buf, PREFIX, n);
	for (;; key++) {
		char c = dots && *key == '.' ? '/' : dots && *key == '/' ? '.' : *key;

		if (c == '/' || c == '\0') {
			size_t len = n - part;

			if (len == 0 || (len == 1 && buf[part] == '.') ||
			    (len == 2 && buf[part] == '.' && buf[part + 1] == '.'))
				return -EINVAL;
			part = n + 1;
		}
		buf[n++] = c;
		if (c == '\0')
			return 0;
	}
}

/* Whether the container has a namespace of @kind that is not the caller's. One that it joins is
 * somebody's who gave it away. */
static bool is_private(const struct runtime_config *config, enum runtime_namespace_kind kind)
{
	return config->namespaces[kind].present;
}

static int check_one(const struct runtime_config *config, const char *path)
{
	static const char *const ipc[] = {"kernel/msgmax", "kernel/msgmnb",	    "kernel/msgmni",
					  "kernel/sem",	   "kernel/shmall",	    "kernel/shmmax",
					  "kernel/shmmni", "kernel/shm_rmid_forced"};

	path += strlen(PREFIX);
	for (size_t i = 0; i < ARRAY_SIZE(ipc); i++)
		if (STREQ(ipc[i], path))
			return is_private(config, RUNTIME_NAMESPACE_IPC) ? 0 : -EPERM;
	if (str_starts(path, "fs/mqueue/"))
		return is_private(config, RUNTIME_NAMESPACE_IPC) ? 0 : -EPERM;
	if (str_starts(path, "net/"))
		return is_private(config, RUNTIME_NAMESPACE_NETWORK) ? 0 : -EPERM;
	if (STREQ(path, "kernel/domainname") || STREQ(path, "kernel/hostname"))
		return is_private(config, RUNTIME_NAMESPACE_UTS) ? 0 : -EPERM;
	return -EINVAL;
}

/* The names have members of their own in config.json. The host's is for that one alone, as in runc.
 */
static bool is_contradiction(const struct runtime_config *config,
			     const struct runtime_sysctl *sysctl, const char *path)
{
	path += strlen(PREFIX);
	if (STREQ(path, "kernel/hostname"))
		return true;
	return STREQ(path, "kernel/domainname") && config->domainname && *config->domainname &&
	       !STREQ(config->domainname, sysctl->value);
}

int sysctl_check(const struct runtime_config *config, struct error *err)
{
	char path[256];

	for (size_t i = 0; i < config->sysctl_count; i++) {
		const char *key = config->sysctls[i].key;
		int r = sysctl_path(key, path, sizeof(path));

		if (r == 0)
			r = check_one(config, path);
		if (r == 0 && is_contradiction(config, &config->sysctls[i], path))
			return error_set(err, ERROR_INVALID,
					 "sysctl %s is not allowed: it conflicts with hostname or "
					 "domainname of config.json",
					 key);
		if (r == -EPERM)
			return error_set(err, ERROR_INVALID,
					 "sysctl %s is not allowed: the container shares that "
					 "namespace with the host",
					 key);
		if (r < 0)
			return error_set(err, ERROR_INVALID,
					 "sysctl %s is not allowed: it does not belong to a "
					 "namespace, so it would change the host",
					 key);
	}
	return 0;
}
