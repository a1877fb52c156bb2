#include "engine/exec-record.h"

#include "base/mem.h"
#include "codec/json-write.h"
#include "codec/json.h"
#include "engine/exec-process.h"

#include <string.h>

void exec_record_write(const struct exec_config *config, struct str *out)
{
	struct json_writer w;

	json_writer_init(&w, out, 0);
	json_object_begin(&w, NULL);
	json_write_strings(&w, "command", strv_argv(&config->command));
	json_write_strings(&w, "env", strv_argv(&config->env));
	json_write_string(&w, "user", config->user);
	json_write_string(&w, "workingDir", config->working_dir);
	json_write_string(&w, "detachKeys", config->detach_keys);
	json_write_bool(&w, "privileged", config->privileged);
	json_write_bool(&w, "tty", config->tty);
	json_write_bool(&w, "openStdin", config->open_stdin);
	json_write_bool(&w, "attachOut", config->attach_out);
	json_write_bool(&w, "attachErr", config->attach_err);
	json_write_u64(&w, "rows", config->rows);
	json_write_u64(&w, "columns", config->columns);
	json_end(&w);
}

static bool read_list(const struct json *root, const char *key, struct strv *ret)
{
	const struct json *list = json_get(root, key);

	if (!json_is(list, JSON_ARRAY))
		return false;
	for (size_t i = 0; i < json_count(list); i++) {
		const char *text = json_string(json_at(list, i));

		if (!text)
			return false;
		strv_add(ret, text);
	}
	return true;
}

static bool read_text(const struct json *root, const char *key, char **ret)
{
	const struct json *value = json_get(root, key);

	*ret = mem_strdup(json_string(value));
	return json_has(root, key) && (*ret || json_kind(value) == JSON_NULL);
}

static bool read_flag(const struct json *root, const char *key, bool *ret)
{
	const struct json *value = json_get(root, key);

	*ret = json_boolean(value, false);
	return json_is(value, JSON_BOOL);
}

static bool read_size(const struct json *root, const char *key, unsigned *ret)
{
	uint64_t number;

	if (json_u64(json_get(root, key), &number) < 0 || number > EXEC_SIZE_MAX)
		return false;
	*ret = (unsigned)number;
	return true;
}

static bool read_config(const struct json *root, struct exec_config *ret)
{
	return read_list(root, "command", &ret->command) && ret->command.n > 0 &&
	       read_list(root, "env", &ret->env) && read_text(root, "user", &ret->user) &&
	       read_text(root, "workingDir", &ret->working_dir) &&
	       read_text(root, "detachKeys", &ret->detach_keys) &&
	       read_flag(root, "privileged", &ret->privileged) &&
	       read_flag(root, "tty", &ret->tty) &&
	       read_flag(root, "openStdin", &ret->open_stdin) &&
	       read_flag(root, "attachOut", &ret->attach_out) &&
	       read_flag(root, "attachErr", &ret->attach_err) &&
	       read_size(root, "rows", &ret->rows) && read_size(root, "columns", &ret->columns);
}

int exec_record_read(const char *text, size_t len, struct exec_config *ret, struct error *err)
{
	CLEANUP(exec_config_release) struct exec_config config = {0};
	auto_json *root = NULL;

	if (json_parse(text, len, &root, NULL) < 0 || !read_config(root, &config))
		return error_set(err, ERROR_CORRUPT, "the record of an exec is damaged");
	*ret = config;
	config = (struct exec_config) {0};
	return 0;
}
