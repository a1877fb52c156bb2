#include "cmd/kist/container-options.h"

#include "cmd/kist/kist.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/parse.h"
#include "base/str.h"
#include "network/network.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ENV_FILE_MAX (4 * 1024 * 1024)

static int invalid_value(struct error *err, const char *flag, const char *value, const char *why)
{
	return error_set(err, ERROR_INVALID, "invalid argument \"%s\" for \"%s\" flag: %s", value,
			 flag, why);
}

static int set_bytes(const char *text, const char *flag, uint64_t *ret, struct error *err)
{
	if (text && parse_bytes(text, ret) < 0)
		return invalid_value(err, flag, text, "it must be a size like 512m");
	return 0;
}

static int set_number(const char *text, const char *flag, int64_t min, int64_t max, int64_t *ret,
		      struct error *err)
{
	int64_t number;

	if (!text)
		return 0;
	if (parse_i64(text, &number) < 0 || number < min || number > max)
		return invalid_value(err, flag, text, "it must be a number");
	*ret = number;
	return 0;
}

static int set_resources(const struct container_options *options, struct container_config *config,
			 struct error *err)
{
	uint64_t swap = 0;
	int64_t shares = 0;
	int r;

	r = set_bytes(options->memory, "-m, --memory", &config->memory, err);
	if (r < 0)
		return r;
	if (options->memory_swap && STREQ(options->memory_swap, "-1")) {
		config->memory_swap = -1;
	} else {
		r = set_bytes(options->memory_swap, "--memory-swap", &swap, err);
		if (r == 0 && swap > INT64_MAX)
			r = invalid_value(err, "--memory-swap", options->memory_swap,
					  "it is too large");
		if (r < 0)
			return r;
		config->memory_swap = (int64_t)swap;
	}
	if (options->cpus && parse_nano_cpus(options->cpus, &config->nano_cpus) < 0)
		return invalid_value(err, "--cpus", options->cpus, "it must be a number of CPUs");
	r = set_number(options->cpu_shares, "-c, --cpu-shares", 0, INT64_MAX, &shares, err);
	if (r < 0)
		return r;
	config->cpu_shares = (uint64_t)shares;
	return set_number(options->pids_limit, "--pids-limit", INT64_MIN, INT64_MAX,
			  &config->pids_limit, err);
}

static int set_pull(const char *text, enum pull_policy *ret, struct error *err)
{
	static const char *const names[] = {
		[PULL_MISSING] = "missing", [PULL_ALWAYS] = "always", [PULL_NEVER] = "never"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (!text || STREQ(text, names[i])) {
			*ret = (enum pull_policy)i;
			return 0;
		}
	}
	return error_set(err, ERROR_INVALID,
			 "invalid pull option: '%s': must be one of \"always\", \"missing\" or "
			 "\"never\"",
			 text);
}

static int set_life(const struct container_options *options, struct container_config *config,
		    struct error *err)
{
	int64_t timeout = -1;
	int r = 0;

	if (options->stop_signal)
		r = container_signal_parse(options->stop_signal, &config->stop_signal, err);
	if (r == 0)
		r = set_number(options->stop_timeout, "--stop-timeout", -1, INT32_MAX / 1000,
			       &timeout, err);
	config->stop_timeout = (int)timeout;
	if (r == 0)
		r = set_pull(options->pull, &config->pull, err);
	if (r == 0 && options->restart)
		r = restart_policy_parse(options->restart, &config->restart, err);
	return r;
}

static int for_each(const struct strv *list, struct container_config *config,
		    int (*add)(struct container_config *config, const char *text,
			       struct error *err),
		    struct error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < list->n; i++)
		r = add(config, list->v[i], err);
	return r;
}

static int add_publish(struct container_config *config, const char *text, struct error *err)
{
	return port_parse(text, &config->ports, &config->port_count, err);
}

static int set_lists(const struct container_options *options, struct container_config *config,
		     struct error *err)
{
	auto_strv from_files = {0}, label_lines = {0};
	const struct {
		const struct strv *list;
		int (*add)(struct container_config *config, const char *text, struct error *err);
	} lists[] = {
		{&from_files, container_config_add_env},
		{&options->env, container_config_add_env},
		{&label_lines, container_config_add_label},
		{&options->labels, container_config_add_label},
		{&options->publish, add_publish},
		{&options->volumes, container_config_add_volume},
		{&options->tmpfs, container_config_add_tmpfs},
		{&options->hosts, container_config_add_host},
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < options->env_files.n; i++)
		r = env_file_read(options->env_files.v[i], &from_files, err);
	for (size_t i = 0; r == 0 && i < options->label_files.n; i++)
		r = env_file_read(options->label_files.v[i], &label_lines, err);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(lists); i++)
		r = for_each(lists[i].list, config, lists[i].add, err);
	strv_copy(&config->dns, &options->dns);
	strv_copy(&config->dns_search, &options->dns_search);
	strv_copy(&config->dns_options, &options->dns_options);
	return r;
}

static void set_texts(const struct container_options *options, struct container_config *config)
{
	const struct {
		const char *from;
		char **to;
	} texts[] = {
		{options->name, &config->name},
		{options->hostname, &config->hostname},
		{options->user, &config->user},
		{options->working_dir, &config->working_dir},
		{options->runtime, &config->runtime},
		{options->platform, &config->platform},
		{options->cgroup_parent, &config->cgroup_parent},
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (texts[i].from && *texts[i].from)
			*texts[i].to = mem_strdup(texts[i].from);
	config->network = mem_strdup(!options->network || STREQ(options->network, "default")
					     ? "bridge"
					     : options->network);
	if (options->entrypoint) {
		config->has_entrypoint = true;
		if (*options->entrypoint)
			strv_add(&config->entrypoint, options->entrypoint);
	}
	config->open_stdin = options->interactive;
	config->tty = options->tty;
	config->auto_remove = options->rm;
	config->read_only = options->read_only;
	config->publish_all = options->publish_all;
}

int container_options_config(const struct container_options *options, char **operands,
			     size_t operand_count, struct container_config *ret, struct error *err)
{
	int r;

	container_config_init(ret);
	ret->image = mem_strdup(operands[0]);
	for (size_t i = 1; i < operand_count; i++)
		strv_add(&ret->command, operands[i]);
	set_texts(options, ret);
	r = set_life(options, ret, err);
	if (r == 0)
		r = set_resources(options, ret, err);
	if (r == 0)
		r = set_lists(options, ret, err);
	if (r == 0)
		r = isolation_options_apply(options, ret, err);
	return r < 0 ? r : container_config_check(ret, err);
}

static int add_env_line(char *line, const char *path, struct strv *ret, struct error *err)
{
	char *equals;

	while (isspace((unsigned char)*line))
		line++;
	if (!*line || *line == '#')
		return 0;
	equals = strchr(line, '=');
	for (const char *p = line; *p && p != equals; p++)
		if (isspace((unsigned char)*p))
			return error_set(err, ERROR_INVALID,
					 "poorly formatted environment file %s: variable '%.*s' "
					 "contains whitespaces",
					 path, (int)(equals ? equals - line : 64), line);
	if (equals == line)
		return error_set(err, ERROR_INVALID,
				 "poorly formatted environment file %s: no variable name on line "
				 "'%.64s'",
				 path, line);
	strv_add(ret, line);
	return 0;
}

int env_file_read(const char *path, struct strv *ret, struct error *err)
{
	auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	auto_free char *text = NULL;
	char *state = NULL;
	size_t len;
	int r;

	r = fd < 0 ? -errno : fd_read_all(fd, ENV_FILE_MAX, &text, &len);
	if (r < 0)
		return error_errno(err, r, "read environment file %s", path);
	if (strlen(text) != len)
		return error_set(err, ERROR_INVALID, "environment file %s contains NUL bytes",
				 path);
	for (char *line = strtok_r(text, "\n", &state); line && r == 0;
	     line = strtok_r(NULL, "\n", &state)) {
		line[strcspn(line, "\r")] = '\0';
		r = add_env_line(line, path, ret, err);
	}
	return r;
}

int container_options_fail(const struct invocation *invocation, const struct error *err)
{
	(void)fflush(stdout);
	kist_say("kist: ", err->message ? err->message : "unknown failure");
	(void)fprintf(stderr, "\nRun '%s %s --help' for more information\n", invocation->program,
		      invocation->command->name);
	return error_exit_status(err);
}
