/*
 * The control of the tests of sysctls: runtime/sysctl.h without its guard. A sysctl is what stands
 * between /proc/sys and the value, whosoever it is (CVE-2022-0811).
 */
#include "runtime/sysctl.h"

#include <errno.h>
#include <stdio.h>

int sysctl_check(const struct runtime_config *config, struct error *err)
{
	return 0;
}

int sysctl_path(const char *key, char *buf, size_t size)
{
	size_t n = (size_t)snprintf(buf, size, "sys/%s", key);

	if (n >= size)
		return -EINVAL;
	for (char *c = buf; *c; c++)
		*c = *c == '.' ? '/' : *c;
	return 0;
}
