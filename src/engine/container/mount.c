#include "engine/container/mount.h"

#include "base/mem.h"
#include "base/str.h"
#include "base/strv.h"
#include "volume/volume.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

static const char *const propagation_names[] = {
	[MOUNT_RPRIVATE] = "rprivate", [MOUNT_PRIVATE] = "private", [MOUNT_RSLAVE] = "rslave",
	[MOUNT_SLAVE] = "slave",       [MOUNT_RSHARED] = "rshared", [MOUNT_SHARED] = "shared",
};

void container_mount_release(struct container_mount *mount)
{
	mem_freep(&mount->source);
	mem_freep(&mount->target);
	mem_freep(&mount->options);
}

static char *copy_text(const char *text)
{
	return text ? mem_strdup(text) : NULL;
}

void container_mount_copy(struct container_mount *to, const struct container_mount *from)
{
	*to = *from;
	to->source = copy_text(from->source);
	to->target = copy_text(from->target);
	to->options = copy_text(from->options);
}

const char *mount_propagation_name(enum mount_propagation propagation)
{
	return propagation_names[propagation];
}

char *path_clean(const char *path)
{
	auto_str out = {0};

	if (path[0] != '/')
		return NULL;
	while (*path) {
		size_t len;

		path += strspn(path, "/");
		len = strcspn(path, "/");
		if (len == 2 && memcmp(path, "..", 2) == 0) {
			while (out.len > 0 && out.data[--out.len] != '/')
				;
			if (out.data)
				out.data[out.len] = '\0';
		} else if (len > 0 && !(len == 1 && *path == '.')) {
			str_append_char(&out, '/');
			str_append_mem(&out, path, len);
		}
		path += len;
	}
	if (out.len == 0)
		str_append_char(&out, '/');
	return str_take(&out);
}

/* Mounting over the root would hide everything; a line break would forge a line of mountinfo's
 * readers. */
int container_mount_set_target(struct container_mount *mount, const char *what, const char *text,
			       const char *path, struct error *err)
{
	mount->target = path_clean(path);
	if (!mount->target)
		return error_set(err, ERROR_INVALID,
				 "invalid %s '%s': invalid mount path: '%s' mount path must be "
				 "absolute",
				 what, text, path);
	if (STREQ(mount->target, "/"))
		return error_set(err, ERROR_INVALID, "invalid %s '%s': destination can't be '/'",
				 what, text);
	if (strlen(mount->target) >= PATH_MAX)
		return error_set(err, ERROR_INVALID, "invalid %s: the mount path is too long",
				 what);
	return 0;
}

int container_mount_set_volume(struct container_mount *mount, const char *name, struct error *err)
{
	if (!volume_name_valid(name))
		return error_set(err, ERROR_INVALID,
				 "%s includes invalid characters for a local volume name, only "
				 "\"[a-zA-Z0-9][a-zA-Z0-9_.-]\" are allowed. If you intended to "
				 "pass a host directory, use absolute path",
				 name);
	mount->source = mem_strdup(name);
	return 0;
}

/* A source with a slash at the beginning, or a dot, is a path of the host; anything else is the
 * name of a volume. */
static int set_source(const char *source, struct container_mount *mount, struct error *err)
{
	auto_free char *joined = NULL;
	char cwd[PATH_MAX];

	if (source[0] == '/') {
		mount->kind = MOUNT_BIND;
		mount->source = path_clean(source);
		return 0;
	}
	if (STREQ(source, ".") || STREQ(source, "..") || str_starts(source, "./") ||
	    str_starts(source, "../")) {
		if (!getcwd(cwd, sizeof(cwd)))
			return error_errno(err, errno, "find the current folder for -v %s", source);
		joined = mem_printf("%s/%s", cwd, source);
		mount->kind = MOUNT_BIND;
		mount->source = path_clean(joined);
		return 0;
	}
	mount->kind = MOUNT_VOLUME;
	return container_mount_set_volume(mount, source, err);
}

static int apply_option(const char *option, struct container_mount *mount)
{
	/* SELinux labels mean nothing where there is no SELinux; Docker accepts them too. */
	if (STREQ(option, "rw") || STREQ(option, "z") || STREQ(option, "Z")) {
		return 0;
	} else if (STREQ(option, "ro")) {
		mount->read_only = true;
		return 0;
	} else if (STREQ(option, "nocopy") && mount->kind == MOUNT_VOLUME) {
		mount->no_copy = true;
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(propagation_names); i++) {
		if (mount->kind == MOUNT_BIND && STREQ(option, propagation_names[i])) {
			mount->propagation = (enum mount_propagation)i;
			return 0;
		}
	}
	return -EINVAL;
}

static int apply_options(const char *options, struct container_mount *mount, struct error *err)
{
	while (true) {
		size_t len = strcspn(options, ",");
		auto_free char *option = mem_strndup(options, len);

		if (apply_option(option, mount) < 0)
			return error_set(err, ERROR_INVALID, "invalid mode: %s", options);
		if (!options[len])
			return 0;
		options += len + 1;
	}
}

int container_mount_parse_volume(const char *text, struct container_mount *ret, struct error *err)
{
	CLEANUP(container_mount_release) struct container_mount mount = {.kind = MOUNT_VOLUME};
	auto_free char *copy = mem_strdup(text);
	char *parts[3] = {copy, NULL, NULL};
	size_t n = 1;
	int r;

	for (char *p = copy; (p = strchr(p, ':')); n++) {
		if (n == ARRAY_SIZE(parts))
			return error_set(err, ERROR_INVALID, "invalid volume specification: '%s'",
					 text);
		*p++ = '\0';
		parts[n] = p;
	}
	for (size_t i = 0; i < n; i++)
		if (!*parts[i])
			return error_set(err, ERROR_INVALID, "invalid volume specification: '%s'",
					 text);
	/* "target:ro" names no source: Docker takes two parts as source and target always. */
	if (n == 1) {
		mount.anonymous = true;
	} else {
		r = set_source(parts[0], &mount, err);
		if (r < 0)
			return r;
	}
	r = container_mount_set_target(&mount, "volume specification:", text, parts[n == 1 ? 0 : 1],
				       err);
	if (r < 0)
		return r;
	if (n == 3) {
		r = apply_options(parts[2], &mount, err);
		if (r < 0)
			return r;
	}
	*ret = mount;
	mount = (struct container_mount) {0};
	return 0;
}

/* Docker's list, without what would make another mount of it (bind, remount, propagation). */
static bool tmpfs_option_valid(const char *option)
{
	static const char *const flags[] = {
		"async",  "atime",	 "defaults",	  "dev",    "diratime", "dirsync",
		"exec",	  "mand",	 "noatime",	  "nodev",  "noexec",	"nodiratime",
		"nomand", "norelatime",	 "nostrictatime", "nosuid", "relatime", "ro",
		"rw",	  "strictatime", "suid",	  "sync",
	};
	static const char *const values[] = {
		"gid=", "mode=", "mpol=", "nr_blocks=", "nr_inodes=", "size=", "uid="};

	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		if (STREQ(option, flags[i]))
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		if (str_starts(option, values[i]) && option[strlen(values[i])])
			return true;
	return false;
}

static int check_tmpfs_options(const char *options, struct error *err)
{
	auto_free char *copy = mem_strdup(options);

	for (char *next = copy, *option; (option = strsep(&next, ","));)
		if (!tmpfs_option_valid(option))
			return error_set(err, ERROR_INVALID, "invalid tmpfs option [\"%s\"]",
					 option);
	return 0;
}

int container_mount_parse_tmpfs(const char *text, struct container_mount *ret, struct error *err)
{
	CLEANUP(container_mount_release) struct container_mount mount = {.kind = MOUNT_TMPFS};
	const char *colon = strchr(text, ':');
	auto_free char *path = colon ? mem_strndup(text, (size_t)(colon - text)) : mem_strdup(text);
	int r;

	r = container_mount_set_target(&mount, "tmpfs specification:", text, path, err);
	if (r < 0)
		return r;
	if (colon && colon[1]) {
		r = check_tmpfs_options(colon + 1, err);
		if (r < 0)
			return r;
		mount.options = mem_strdup(colon + 1);
	}
	*ret = mount;
	mount = (struct container_mount) {0};
	return 0;
}
