#include "store/layer-wire.h"

#include "base/str.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

bool layer_record_check(const struct layer_record *record)
{
	bool link = record->type == LAYER_SYMLINK || record->type == LAYER_HARDLINK;
	bool device = record->type == LAYER_CHARACTER || record->type == LAYER_BLOCK;
	bool root = record->type == LAYER_DIRECTORY || record->type == LAYER_OPAQUE ||
		    record->type == LAYER_END;

	if (record->magic != LAYER_MAGIC || record->type >= LAYER_TYPE_COUNT || record->unused)
		return false;
	if (record->path_len > LAYER_PATH_MAX || (record->path_len == 0) > root)
		return false;
	if (record->link_len > LAYER_PATH_MAX || (record->link_len > 0) != link)
		return false;
	if (record->xattr_len > LAYER_XATTRS_BYTES ||
	    (record->xattr_len > 0 && record->type != LAYER_FILE &&
	     record->type != LAYER_DIRECTORY))
		return false;
	if (record->mode > 07777 || record->uid == UINT32_MAX || record->gid == UINT32_MAX)
		return false;
	if (record->mtime_ns >= 1000000000 || record->size > INT64_MAX)
		return false;
	if ((record->major || record->minor) && !device)
		return false;
	return record->major <= 0xfff && record->minor <= 0xfffff;
}

bool layer_path_valid(const char *path, size_t len)
{
	size_t depth = 0;

	if (len == 0 || len > LAYER_PATH_MAX || strnlen(path, len) != len)
		return false;
	while (len > 0) {
		const char *slash = memchr(path, '/', len);
		size_t part = slash ? (size_t)(slash - path) : len;

		if (part == 0 || part > NAME_MAX || (part == 1 && path[0] == '.') ||
		    (part == 2 && path[0] == '.' && path[1] == '.') || ++depth > LAYER_DEPTH_MAX)
			return false;
		if (slash && part + 1 == len)
			return false;
		path += slash ? part + 1 : part;
		len -= slash ? part + 1 : part;
	}
	return true;
}

static int refuse(const char **why, const char *text)
{
	*why = text;
	return -EINVAL;
}

int layer_path_clean(const char *name, char *ret, const char **why)
{
	bool absolute = name[0] == '/';
	size_t len = 0, depth = 0;

	while (*name) {
		size_t part = strcspn(name, "/");

		if (part == 2 && name[0] == '.' && name[1] == '.') {
			if (depth > 0) {
				depth--;
				while (len > 0 && ret[len - 1] != '/')
					len--;
				len -= len > 0;
			} else if (!absolute) {
				return refuse(why, "leads out of the layer");
			}
		} else if (part > 0 && !(part == 1 && name[0] == '.')) {
			if (part > NAME_MAX)
				return refuse(why, "has a component longer than 255 bytes");
			if (len + (len > 0) + part > LAYER_PATH_MAX)
				return refuse(why, "is longer than 4095 bytes");
			if (++depth > LAYER_DEPTH_MAX)
				return refuse(why, "is nested deeper than 512 directories");
			if (len > 0)
				ret[len++] = '/';
			(void)memcpy(ret + len, name, part);
			len += part;
		}
		name += part;
		name += *name == '/';
	}
	ret[len] = '\0';
	return 0;
}

int layer_xattr_allowed(const char *name)
{
	size_t len = strlen(name);

	if (len > NAME_MAX)
		return -EPERM;
	if (STREQ(name, "security.capability"))
		return 1;
	if (STREQ(name, "security.selinux") || STREQ(name, "security.ima") ||
	    STREQ(name, "security.evm"))
		return 0;
	if (str_starts(name, "user.overlay.") || !str_starts(name, "user.") || len == 5)
		return -EPERM;
	return 1;
}
