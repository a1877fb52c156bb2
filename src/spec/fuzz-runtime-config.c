/* config.json: whatever is read keeps the promises of the header. */
#include "spec/runtime-config.h"

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static void check_seccomp(const struct runtime_seccomp *seccomp)
{
	assert(seccomp->architecture_count <= RUNTIME_SECCOMP_ARCHITECTURES_MAX);
	for (size_t i = 0; i < seccomp->rule_count; i++) {
		assert(seccomp->rules[i].names && seccomp->rules[i].names[0]);
		assert(seccomp->rules[i].arg_count <= 6);
		for (size_t k = 0; k < seccomp->rules[i].arg_count; k++) {
			assert(seccomp->rules[i].args[k].index < 6);
			assert(seccomp->rules[i].args[k].op >= RUNTIME_SECCOMP_NE &&
			       seccomp->rules[i].args[k].op <= RUNTIME_SECCOMP_MASKED_EQ);
		}
	}
}

static void check_process(const struct runtime_process *process)
{
	assert(process->args && process->args[0] && process->env);
	assert(process->cwd[0] == '/');
	assert(process->user.uid != UINT32_MAX && process->user.gid != UINT32_MAX);
	for (size_t i = 0; i < process->rlimit_count; i++)
		assert(process->rlimits[i].soft <= process->rlimits[i].hard);
	for (size_t i = 0; i < process->user.group_count; i++)
		assert(process->user.groups[i] != UINT32_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_runtime_config config = {0};
	auto_error err = {0};
	int r;

	r = runtime_config_parse((const char *)data, size, &config, &err);
	assert(r == 0 || (r < 0 && err.message && strlen(err.message) > 8));
	if (r < 0) {
		assert(!config.root && !config.mounts);
		return 0;
	}
	assert(config.rootfs && *config.rootfs);
	assert(config.namespaces[RUNTIME_NAMESPACE_MOUNT].present);
	if (config.has_process)
		check_process(&config.process);
	for (size_t i = 0; i < config.mount_count; i++) {
		assert(*config.mounts[i].destination);
		assert(config.mounts[i].bind ? *config.mounts[i].source : *config.mounts[i].type);
		assert(!(config.mounts[i].set & config.mounts[i].clear & ~UINT64_C(0x70)));
	}
	for (size_t i = 0; i < config.device_count; i++)
		assert(config.devices[i].path[0] == '/' && config.devices[i].mode <= 07777);
	for (size_t i = 0; i < config.resources.device_count; i++)
		assert(config.resources.devices[i].access <= 7);
	if (config.seccomp)
		check_seccomp(config.seccomp);
	return 0;
}
