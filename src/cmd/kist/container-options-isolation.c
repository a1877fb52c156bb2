/* The options of engine/container/isolation.h: what a container may do, see and share. */
#include "cmd/kist/container-options.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/parse.h"
#include "spec/seccomp-profile.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

static int invalid_value(struct error *err, const char *flag, const char *value, const char *why)
{
	return error_set(err, ERROR_INVALID, "invalid argument \"%s\" for \"--%s\" flag: %s", value,
			 flag, why);
}

static int set_size(const char *text, const char *flag, uint64_t *ret, struct error *err)
{
	if (text && (parse_bytes(text, ret) < 0 || *ret > INT64_MAX))
		return invalid_value(err, flag, text, "it must be a size like 512m");
	return 0;
}

static int set_number(const char *text, const char *flag, int64_t min, int64_t *ret,
		      struct error *err)
{
	if (text && (parse_i64(text, ret) < 0 || *ret < min))
		return invalid_value(err, flag, text, "it must be a number");
	return 0;
}

static int set_limits(const struct container_options *options, struct container_config *config,
		      struct error *err)
{
	struct container_isolation *isolation = &config->isolation;
	int64_t period = 0, weight = 0;
	int r;

	r = set_size(options->memory_reservation, "memory-reservation", &config->memory_reservation,
		     err);
	if (r == 0)
		r = set_size(options->shm_size, "shm-size", &isolation->shm_size, err);
	if (r == 0)
		r = set_number(options->cpu_period, "cpu-period", 0, &period, err);
	if (r == 0)
		r = set_number(options->cpu_quota, "cpu-quota", -1, &config->cpu_quota, err);
	if (r == 0)
		r = set_number(options->blkio_weight, "blkio-weight", 0, &weight, err);
	if (r == 0)
		r = set_number(options->memory_swappiness, "memory-swappiness", INT64_MIN,
			       &isolation->memory_swappiness, err);
	if (r == 0)
		r = set_number(options->oom_score_adj, "oom-score-adj", INT64_MIN,
			       &isolation->oom_score_adj, err);
	config->cpu_period = (uint64_t)period;
	isolation->blkio_weight = (uint64_t)weight;
	isolation->oom_kill_disable = options->oom_kill_disable;
	return r;
}

/* In the words of the docker command, which looks at these itself. */
static int set_modes(const struct container_options *options, struct container_config *config,
		     struct error *err)
{
	struct container_isolation *isolation = &config->isolation;
	const struct {
		const char *from;
		char **to;
	} texts[] = {
		{options->ipc, &isolation->ipc},
		{options->pid, &isolation->pid},
		{options->uts, &isolation->uts},
		{options->userns, &isolation->userns},
		{options->cgroupns, &isolation->cgroupns},
		{options->domainname, &isolation->domainname},
		{options->mac_address, &isolation->mac_address},
		{options->cpuset_cpus, &config->cpuset_cpus},
		{options->cpuset_mems, &config->cpuset_mems},
	};
	const char *peer = container_mode_peer(options->pid);

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (texts[i].from && *texts[i].from)
			*texts[i].to = mem_strdup(texts[i].from);
	if (isolation->pid && !STREQ(isolation->pid, "host") && !(peer && *peer))
		return error_set(err, ERROR_INVALID, "--pid: invalid PID mode");
	if (isolation->uts && !STREQ(isolation->uts, "host"))
		return error_set(err, ERROR_INVALID, "--uts: invalid UTS mode");
	if (isolation->userns && !STREQ(isolation->userns, "host"))
		return error_set(err, ERROR_INVALID, "--userns: invalid USER mode");
	if (isolation->cgroupns && !STREQ(isolation->cgroupns, "host") &&
	    !STREQ(isolation->cgroupns, "private"))
		return error_set(err, ERROR_INVALID, "--cgroupns: invalid CGROUP mode");
	return 0;
}

static int read_profile(const char *path, char **ret, struct error *err)
{
	auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	auto_free char *text = NULL;
	size_t len;
	int r = fd < 0 ? -errno : fd_read_all(fd, SECCOMP_PROFILE_MAX, &text, &len);

	if (r < 0)
		return error_set(err, ERROR_INVALID, "opening seccomp profile (%s) failed: %s",
				 path, strerror(-r));
	if (strlen(text) != len)
		return error_set(err, ERROR_INVALID,
				 "compacting json for seccomp profile (%s) failed: it contains NUL "
				 "bytes",
				 path);
	*ret = mem_printf("seccomp=%s", text);
	return 0;
}

/* The file of a profile is ours to read, and systempaths is for us to know. */
static int add_security_option(struct container_isolation *isolation, const char *text,
			       struct error *err)
{
	size_t len = strchr(text, '=') ? strcspn(text, "=") : strcspn(text, ":");
	const char *value = text + len + 1;
	auto_free char *profile = NULL;
	int r;

	if (!text[len] && !STREQ(text, "no-new-privileges"))
		return error_set(err, ERROR_INVALID, "invalid --security-opt: \"%s\"", text);
	if (STREQ(text, "systempaths=unconfined")) {
		isolation->has_masked_paths = isolation->has_readonly_paths = true;
		return 0;
	}
	if (len != strlen("seccomp") || strncmp(text, "seccomp", len) != 0 ||
	    STREQ(value, "unconfined") || STREQ(value, "builtin"))
		return container_add_security_option(isolation, text, err);
	r = read_profile(value, &profile, err);
	return r < 0 ? r : container_add_security_option(isolation, profile, err);
}

static int add_capabilities(const struct container_options *options,
			    struct container_isolation *isolation, struct error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < options->cap_add.n; i++)
		r = container_add_capability(&isolation->cap_add, "CapAdd", options->cap_add.v[i],
					     err);
	for (size_t i = 0; r == 0 && i < options->cap_drop.n; i++)
		r = container_add_capability(&isolation->cap_drop, "CapDrop",
					     options->cap_drop.v[i], err);
	return r;
}

/* Docker puts the flag before what is wrong with its value, if the flag itself has looked at it. */
static int add_all(const struct strv *list, const char *flag, struct container_isolation *isolation,
		   int (*add)(struct container_isolation *isolation, const char *text,
			      struct error *err),
		   struct error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < list->n; i++) {
		r = add(isolation, list->v[i], err);
		if (r < 0 && flag)
			r = error_prefix(err, "invalid argument \"%s\" for \"--%s\" flag",
					 list->v[i], flag);
	}
	return r;
}

static int add_rates(const struct strv *list, const char *flag, struct field_array *rates,
		     int (*add)(struct field_array *rates, const char *text, struct error *err),
		     struct error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < list->n; i++) {
		r = add(rates, list->v[i], err);
		if (r < 0)
			r = error_prefix(err, "invalid argument \"%s\" for \"--%s\" flag",
					 list->v[i], flag);
	}
	return r;
}

static int set_lists(const struct container_options *options, struct container_isolation *isolation,
		     struct error *err)
{
	const struct {
		const struct strv *list;
		const char *flag;
		int (*add)(struct container_isolation *isolation, const char *text,
			   struct error *err);
	} lists[] = {
		{&options->security_options, NULL, add_security_option},
		{&options->devices, NULL, container_add_device},
		{&options->device_rules, "device-cgroup-rule", container_add_device_rule},
		{&options->ulimits, "ulimit", container_add_ulimit},
		{&options->sysctls, "sysctl", container_add_sysctl},
		{&options->annotations, NULL, container_add_annotation},
	};
	const struct {
		const struct strv *list;
		const char *flag;
		struct field_array *rates;
		int (*add)(struct field_array *rates, const char *text, struct error *err);
	} rates[] = {
		{&options->blkio_weight_devices, "blkio-weight-device",
		 &isolation->blkio_weight_devices, container_add_weight},
		{&options->device_read_bps, "device-read-bps", &isolation->device_read_bps,
		 container_add_bps},
		{&options->device_write_bps, "device-write-bps", &isolation->device_write_bps,
		 container_add_bps},
		{&options->device_read_iops, "device-read-iops", &isolation->device_read_iops,
		 container_add_iops},
		{&options->device_write_iops, "device-write-iops", &isolation->device_write_iops,
		 container_add_iops},
	};
	int r = add_capabilities(options, isolation, err);

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(lists); i++)
		r = add_all(lists[i].list, lists[i].flag, isolation, lists[i].add, err);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(rates); i++)
		r = add_rates(rates[i].list, rates[i].flag, rates[i].rates, rates[i].add, err);
	strv_copy(&isolation->group_add, &options->group_add);
	return r;
}

static int refuse(const struct container_options *options, struct error *err)
{
	if (options->gpus.n > 0)
		return error_set(err, ERROR_UNSUPPORTED,
				 "could not select device driver \"\" with capabilities: [[gpu]]: "
				 "--gpus is not supported; give the devices with --device");
	if (options->ip)
		return error_set(err, ERROR_INVALID,
				 "user specified IP address is supported on user defined networks "
				 "only");
	return 0;
}

int isolation_options_apply(const struct container_options *options,
			    struct container_config *config, struct error *err)
{
	int r = refuse(options, err);

	config->isolation.privileged = options->privileged;
	config->isolation.init = options->init;
	if (r == 0)
		r = set_limits(options, config, err);
	if (r == 0)
		r = set_modes(options, config, err);
	if (r == 0)
		r = set_lists(options, &config->isolation, err);
	for (size_t i = 0; r == 0 && i < options->mounts.n; i++) {
		r = container_config_add_long_mount(config, options->mounts.v[i], err);
		if (r < 0)
			r = error_prefix(err, "invalid argument \"%s\" for \"--mount\" flag",
					 options->mounts.v[i]);
	}
	return r;
}
