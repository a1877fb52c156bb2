/* --mount: type=bind,source=/a,target=/b,readonly. Docker's long form, and its words. */
#include "engine/container/mount.h"

#include "base/mem.h"
#include "base/parse.h"
#include "base/str.h"
#include "base/strv.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* What the fields say, before it is known whether they go together. */
struct request {
	char *type, *source, *target, *recursive;
	bool read_only, no_copy, create_source;
	bool any_bind, any_volume, any_tmpfs; /* options of that kind are there */
	bool has_propagation;
	enum mount_propagation propagation;
	uint64_t size;
	uint32_t mode;
};

static void request_release(struct request *request)
{
	mem_freep(&request->type);
	mem_freep(&request->source);
	mem_freep(&request->target);
	mem_freep(&request->recursive);
}

static void set_text(char **to, const char *text)
{
	mem_freep(to);
	*to = mem_strdup(text);
}

static int set_flag(const char *key, const char *value, bool *ret, struct error *err)
{
	if (!value || STREQ(value, "1") || STREQ(value, "true")) {
		*ret = true;
		return 0;
	}
	if (STREQ(value, "0") || STREQ(value, "false")) {
		*ret = false;
		return 0;
	}
	return error_set(err, ERROR_INVALID,
			 "invalid value for '%s': invalid boolean value (\"%s\"): must be one of "
			 "\"true\", \"1\", \"false\", or \"0\" (default \"true\")",
			 key, value);
}

static int set_propagation(struct request *request, const char *value, struct error *err)
{
	request->any_bind = request->has_propagation = true;
	for (int i = MOUNT_RPRIVATE; i <= MOUNT_SHARED; i++) {
		if (strcasecmp(value, mount_propagation_name((enum mount_propagation)i)) == 0) {
			request->propagation = (enum mount_propagation)i;
			return 0;
		}
	}
	return error_set(err, ERROR_INVALID,
			 "invalid mount config for type \"bind\": invalid propagation mode: %s",
			 value);
}

static int set_source(struct request *request, const char *value, struct error *err)
{
	char cwd[PATH_MAX];

	mem_freep(&request->source);
	if (value[0] != '.') {
		request->source = mem_strdup(value);
		return 0;
	}
	if (!getcwd(cwd, sizeof(cwd)))
		return error_errno(err, errno, "find the current folder for --mount source=%s",
				   value);
	request->source = mem_printf("%s/%s", cwd, value);
	return 0;
}

static int set_recursive(struct request *request, const char *value, struct error *err)
{
	static const char *const words[] = {"enabled", "disabled", "writable", "readonly"};

	request->any_bind = true;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (STREQ(value, words[i])) {
			set_text(&request->recursive, value);
			return 0;
		}
	}
	return error_set(err, ERROR_INVALID,
			 "invalid value for bind-recursive: %s (must be \"enabled\", \"disabled\", "
			 "\"writable\", or \"readonly\")",
			 value);
}

static int set_tmpfs(struct request *request, const char *key, const char *value, struct error *err)
{
	const char *p = value;
	uint32_t mode = 0;

	request->any_tmpfs = true;
	if (STREQ(key, "tmpfs-size")) {
		if (parse_bytes(value, &request->size) == 0 && request->size <= INT64_MAX)
			return 0;
		return error_set(err, ERROR_INVALID, "invalid value for %s: %s", key, value);
	}
	for (; *p >= '0' && *p <= '7' && p - value < 6; p++)
		mode = mode * 8 + (uint32_t)(*p - '0');
	if (*p || p == value || mode > 07777)
		return error_set(err, ERROR_INVALID, "invalid value for %s: %s", key, value);
	request->mode = mode;
	return 0;
}

/* Known, but for what there is not here. */
static int refuse(const char *field, struct error *err)
{
	return error_set(err, ERROR_UNSUPPORTED, "--mount: \"%s\" is not supported", field);
}

static int set_value(struct request *request, const char *key, const char *value, const char *field,
		     struct error *err)
{
	static const char *const unsupported[] = {"volume-subpath", "volume-label", "volume-opt",
						  "image-subpath"};

	if (STREQ(key, "type"))
		set_text(&request->type, value);
	else if (STREQ(key, "source") || STREQ(key, "src"))
		return set_source(request, value, err);
	else if (STREQ(key, "target") || STREQ(key, "dst") || STREQ(key, "destination"))
		set_text(&request->target, value);
	else if (STREQ(key, "bind-propagation"))
		return set_propagation(request, value, err);
	else if (STREQ(key, "bind-recursive"))
		return set_recursive(request, value, err);
	else if (STREQ(key, "tmpfs-size") || STREQ(key, "tmpfs-mode"))
		return set_tmpfs(request, key, value, err);
	else if (STREQ(key, "consistency"))
		return 0; /* of file systems on other machines */
	else if (STREQ(key, "volume-driver") && STREQ(value, "local"))
		request->any_volume = true;
	else if (STREQ(key, "volume-driver"))
		return refuse(field, err);
	else {
		for (size_t i = 0; i < ARRAY_SIZE(unsupported); i++)
			if (STREQ(key, unsupported[i]))
				return refuse(field, err);
		return error_set(err, ERROR_INVALID, "unknown option '%s' in '%s'", key, field);
	}
	return 0;
}

static bool has_blanks(const char *text)
{
	size_t len = strlen(text);

	return len > 0 &&
	       (isspace((unsigned char)text[0]) || isspace((unsigned char)text[len - 1]));
}

static int set_field(struct request *request, const char *field, struct error *err)
{
	auto_free char *key = mem_strdup(field);
	char *equals = strchr(key, '=');
	const char *value = equals ? equals + 1 : NULL;

	if (equals)
		*equals = '\0';
	if (has_blanks(key))
		return error_set(err, ERROR_INVALID,
				 "invalid option '%s' in '%s': option should not have whitespace",
				 key, field);
	if (value && !*value)
		return error_set(err, ERROR_INVALID, "invalid value for '%s': value is empty", key);
	if (value && has_blanks(value))
		return error_set(err, ERROR_INVALID,
				 "invalid value for '%s' in '%s': value should not have whitespace",
				 key, field);
	for (char *p = key; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	if (STREQ(key, "readonly") || STREQ(key, "ro"))
		return set_flag(key, value, &request->read_only, err);
	if (STREQ(key, "volume-nocopy")) {
		request->any_volume = true;
		return set_flag(key, value, &request->no_copy, err);
	}
	if (STREQ(key, "bind-create-src")) {
		request->any_bind = true;
		return set_flag(key, value, &request->create_source, err);
	}
	if (STREQ(key, "bind-nonrecursive"))
		return error_set(err, ERROR_INVALID,
				 "bind-nonrecursive is deprecated, use bind-recursive=disabled "
				 "instead");
	if (!value)
		return error_set(err, ERROR_INVALID, "invalid field '%s' must be a key=value pair",
				 field);
	return set_value(request, key, value, field, err);
}

/* One line of CSV: a field may be in quotes, and a quote in it is two. */
static int split_fields(const char *text, struct strv *ret, struct error *err)
{
	const char *p = text;

	for (;;) {
		auto_str field = {0};

		if (*p == '"') {
			for (p++; *p && (*p != '"' || p[1] == '"'); p++) {
				p += *p == '"';
				str_append_char(&field, *p);
			}
			if (*p != '"' || (p[1] && p[1] != ','))
				return error_set(err, ERROR_INVALID,
						 "extraneous or missing \" in quoted-field");
			p++;
		} else {
			size_t len = strcspn(p, ",");

			if (memchr(p, '"', len))
				return error_set(err, ERROR_INVALID, "bare \" in non-quoted-field");
			str_append_mem(&field, p, len);
			p += len;
		}
		strv_add(ret, str_text(&field));
		if (!*p++)
			return 0;
	}
}

static int check_kind(const struct request *request, enum mount_kind *ret, struct error *err)
{
	static const char *const kinds[] = {
		[MOUNT_BIND] = "bind", [MOUNT_VOLUME] = "volume", [MOUNT_TMPFS] = "tmpfs"};
	const bool any[] = {
		[MOUNT_BIND] = request->any_bind,
		[MOUNT_VOLUME] = request->any_volume,
		[MOUNT_TMPFS] = request->any_tmpfs,
	};
	const char *type = request->type ? request->type : "volume";

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (strcasecmp(type, kinds[i]) != 0)
			continue;
		*ret = (enum mount_kind)i;
		for (size_t k = 0; k < ARRAY_SIZE(kinds); k++)
			if (k != i && any[k])
				return error_set(err, ERROR_INVALID,
						 "cannot mix '%s-*' options with mount type '%s'",
						 kinds[k], kinds[i]);
		return 0;
	}
	return error_set(err, ERROR_INVALID,
			 "invalid mount config for type \"%s\": mount type unknown", type);
}

static int check_recursive(const struct request *request, struct error *err)
{
	const char *word = request->recursive;

	if (!word || STREQ(word, "enabled") || STREQ(word, "disabled"))
		return 0;
	if (!request->read_only)
		return error_set(err, ERROR_INVALID,
				 "option 'bind-recursive=%s' requires 'readonly' to be specified "
				 "in conjunction",
				 word);
	if (STREQ(word, "readonly") &&
	    (!request->has_propagation || request->propagation != MOUNT_RPRIVATE))
		return error_set(err, ERROR_INVALID,
				 "option 'bind-recursive=readonly' requires "
				 "'bind-propagation=rprivate' to be specified in conjunction");
	return 0;
}

static int fill_bind(const struct request *request, struct container_mount *mount,
		     struct error *err)
{
	if (!request->source)
		return error_set(err, ERROR_INVALID,
				 "invalid mount config for type \"bind\": field Source must not be "
				 "empty");
	mount->source = path_clean(request->source);
	if (!mount->source)
		return error_set(err, ERROR_INVALID,
				 "invalid mount config for type \"bind\": invalid mount path: '%s' "
				 "mount path must be absolute",
				 request->source);
	mount->must_exist = !request->create_source;
	mount->propagation = request->propagation;
	if (request->recursive && STREQ(request->recursive, "disabled"))
		mount->recursion = MOUNT_NOT_RECURSIVE;
	else if (request->recursive && STREQ(request->recursive, "writable"))
		mount->recursion = MOUNT_WRITABLE_BELOW;
	return check_recursive(request, err);
}

static int fill_tmpfs(const struct request *request, struct container_mount *mount,
		      struct error *err)
{
	auto_str options = {0};

	if (request->source)
		return error_set(err, ERROR_INVALID,
				 "invalid mount config for type \"tmpfs\": field Source must not "
				 "be specified");
	str_append(&options, request->read_only ? "ro" : "rw");
	if (request->mode)
		str_append_format(&options, ",mode=%o", request->mode);
	if (request->size)
		str_append_format(&options, ",size=%" PRIu64, request->size);
	mount->options = str_take(&options);
	return 0;
}

static int fill(const struct request *request, struct container_mount *mount, struct error *err)
{
	int r = check_kind(request, &mount->kind, err);

	if (r < 0)
		return r;
	if (!request->target)
		return error_set(err, ERROR_INVALID,
				 "invalid mount config for type \"%s\": field Target must not be "
				 "empty",
				 request->type ? request->type : "volume");
	mount->read_only = request->read_only;
	mount->no_copy = request->no_copy;
	switch (mount->kind) {
	case MOUNT_BIND:
		r = fill_bind(request, mount, err);
		break;
	case MOUNT_TMPFS:
		r = fill_tmpfs(request, mount, err);
		break;
	case MOUNT_VOLUME:
		mount->anonymous = !request->source;
		r = request->source ? container_mount_set_volume(mount, request->source, err) : 0;
		break;
	}
	return r < 0 ? r
		     : container_mount_set_target(mount, "mount config:", request->target,
						  request->target, err);
}

int container_mount_parse_long(const char *text, struct container_mount *ret, struct error *err)
{
	CLEANUP(container_mount_release) struct container_mount mount = {0};
	CLEANUP(request_release) struct request request = {0};
	auto_strv fields = {0};
	int r;

	if (!*text)
		return error_set(err, ERROR_INVALID, "value is empty");
	r = split_fields(text, &fields, err);
	for (size_t i = 0; r == 0 && i < fields.n; i++)
		r = set_field(&request, fields.v[i], err);
	if (r == 0)
		r = fill(&request, &mount, err);
	if (r < 0)
		return r;
	*ret = mount;
	mount = (struct container_mount) {0};
	return 0;
}
