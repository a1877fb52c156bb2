#include "kern/caps.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BIT(n) (UINT64_C(1) << (n))

uint64_t caps_bounded(uint64_t mask)
{
	uint64_t bounded = 0;

	for (unsigned n = 0; n < 64; n++)
		if (mask & BIT(n) && prctl(PR_CAPBSET_READ, n, 0, 0, 0) == 1)
			bounded |= BIT(n);
	return bounded;
}

int caps_set_bounding(uint64_t mask)
{
	for (unsigned n = 0; n < 64; n++) {
		if (mask & BIT(n))
			continue;
		if (prctl(PR_CAPBSET_DROP, n, 0, 0, 0) < 0)
			/* beyond the last capability of this kernel */
			return errno == EINVAL && n > CAP_AUDIT_READ ? 0 : -errno;
	}
	return 0;
}

int caps_set(const struct caps *caps)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];

	for (unsigned i = 0; i < 2; i++) {
		data[i].effective = (uint32_t)(caps->effective >> 32 * i);
		data[i].permitted = (uint32_t)(caps->permitted >> 32 * i);
		data[i].inheritable = (uint32_t)(caps->inheritable >> 32 * i);
	}
	if (syscall(SYS_capset, &header, data) < 0)
		return -errno;
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return -errno;
	for (unsigned n = 0; n < 64; n++)
		if (caps->ambient & BIT(n) &&
		    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, n, 0, 0) < 0)
			return -errno;
	return 0;
}
