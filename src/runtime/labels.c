#include "runtime/labels.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static bool has_apparmor(void)
{
	auto_fd int fd = open("/sys/module/apparmor/parameters/enabled", O_RDONLY | O_CLOEXEC);
	char answer;

	return fd >= 0 && read(fd, &answer, 1) == 1 && answer == 'Y';
}

static bool has_selinux(void)
{
	return access("/sys/fs/selinux/enforce", F_OK) == 0;
}

int labels_check(const struct runtime_process *process, struct error *err)
{
	if (process->apparmor_profile && !has_apparmor())
		return error_set(err, ERROR_UNSUPPORTED,
				 "config: process.apparmorProfile is %s, and this kernel has no "
				 "AppArmor, or has it disabled",
				 process->apparmor_profile);
	if (process->selinux_label && !has_selinux())
		return error_set(err, ERROR_UNSUPPORTED,
				 "config: process.selinuxLabel is %s, and this kernel has no "
				 "SELinux, or has it disabled",
				 process->selinux_label);
	return 0;
}

int labels_check_config(const struct runtime_config *config, struct error *err)
{
	const struct runtime_rdt *rdt = &config->rdt;

	if (rdt->set && (rdt->clos_id || rdt->l3_schema || rdt->bandwidth_schema ||
			 (rdt->schemata && rdt->schemata[0]) || rdt->monitoring))
		return error_set(err, ERROR_UNSUPPORTED,
				 "config: linux.intelRdt is not supported by this runtime");
	/* Without SELinux there is nothing to label. */
	if (config->mount_label && has_selinux())
		return error_set(err, ERROR_UNSUPPORTED,
				 "config: linux.mountLabel is not supported by this runtime");
	return labels_check(&config->process, err);
}
