/* config.json: "mounts", and the words of mount options. */
#include "spec/runtime-read.h"

#include "base/mem.h"
#include "base/str.h"

#include <errno.h>
#include <string.h>
#include <sys/mount.h>

enum effect {
	EFFECT_SET,   /* attribute on */
	EFFECT_CLEAR, /* attribute off */
	EFFECT_BIND,
	EFFECT_COPY_UP,
	EFFECT_COPY_SYMLINK,
	EFFECT_NOFOLLOW_SOURCE,
	EFFECT_NOFOLLOW_DESTINATION,
	EFFECT_IDMAP,
	EFFECT_NOTHING,	   /* the default of the kernel, or of no consequence any more */
	EFFECT_FILESYSTEM, /* a flag of the super block: fsconfig takes it as it is */
};

struct word {
	const char *name;
	enum effect effect;
	bool recursive;
	uint64_t attributes;
};

/* mount(8)'s words (OCI runtime 1.2, config.md, "Linux mount options"). */
static const struct word words[] = {
	{"ro", EFFECT_SET, false, MOUNT_ATTR_RDONLY},
	{"rw", EFFECT_CLEAR, false, MOUNT_ATTR_RDONLY},
	{"nosuid", EFFECT_SET, false, MOUNT_ATTR_NOSUID},
	{"suid", EFFECT_CLEAR, false, MOUNT_ATTR_NOSUID},
	{"nodev", EFFECT_SET, false, MOUNT_ATTR_NODEV},
	{"dev", EFFECT_CLEAR, false, MOUNT_ATTR_NODEV},
	{"noexec", EFFECT_SET, false, MOUNT_ATTR_NOEXEC},
	{"exec", EFFECT_CLEAR, false, MOUNT_ATTR_NOEXEC},
	{"nosymfollow", EFFECT_SET, false, MOUNT_ATTR_NOSYMFOLLOW},
	{"symfollow", EFFECT_CLEAR, false, MOUNT_ATTR_NOSYMFOLLOW},
	{"nodiratime", EFFECT_SET, false, MOUNT_ATTR_NODIRATIME},
	{"diratime", EFFECT_CLEAR, false, MOUNT_ATTR_NODIRATIME},
	{"noatime", EFFECT_SET, false, MOUNT_ATTR_NOATIME},
	{"atime", EFFECT_CLEAR, false, MOUNT_ATTR_NOATIME},
	{"strictatime", EFFECT_SET, false, MOUNT_ATTR_STRICTATIME},
	{"nostrictatime", EFFECT_CLEAR, false, MOUNT_ATTR_STRICTATIME},
	{"relatime", EFFECT_SET, false, MOUNT_ATTR_RELATIME},
	{"norelatime", EFFECT_CLEAR, false, MOUNT_ATTR_RELATIME},
	{"rro", EFFECT_SET, true, MOUNT_ATTR_RDONLY},
	{"rrw", EFFECT_CLEAR, true, MOUNT_ATTR_RDONLY},
	{"rnosuid", EFFECT_SET, true, MOUNT_ATTR_NOSUID},
	{"rsuid", EFFECT_CLEAR, true, MOUNT_ATTR_NOSUID},
	{"rnodev", EFFECT_SET, true, MOUNT_ATTR_NODEV},
	{"rdev", EFFECT_CLEAR, true, MOUNT_ATTR_NODEV},
	{"rnoexec", EFFECT_SET, true, MOUNT_ATTR_NOEXEC},
	{"rexec", EFFECT_CLEAR, true, MOUNT_ATTR_NOEXEC},
	{"rnosymfollow", EFFECT_SET, true, MOUNT_ATTR_NOSYMFOLLOW},
	{"rsymfollow", EFFECT_CLEAR, true, MOUNT_ATTR_NOSYMFOLLOW},
	{"rnodiratime", EFFECT_SET, true, MOUNT_ATTR_NODIRATIME},
	{"rdiratime", EFFECT_CLEAR, true, MOUNT_ATTR_NODIRATIME},
	{"rnoatime", EFFECT_SET, true, MOUNT_ATTR_NOATIME},
	{"ratime", EFFECT_CLEAR, true, MOUNT_ATTR_NOATIME},
	{"rstrictatime", EFFECT_SET, true, MOUNT_ATTR_STRICTATIME},
	{"rnostrictatime", EFFECT_CLEAR, true, MOUNT_ATTR_STRICTATIME},
	{"rrelatime", EFFECT_SET, true, MOUNT_ATTR_RELATIME},
	{"rnorelatime", EFFECT_CLEAR, true, MOUNT_ATTR_RELATIME},
	{"bind", EFFECT_BIND, false, 0},
	{"rbind", EFFECT_BIND, true, 0},
	{"tmpcopyup", EFFECT_COPY_UP, false, 0},
	{"copy-symlink", EFFECT_COPY_SYMLINK, false, 0},
	{"src-nofollow", EFFECT_NOFOLLOW_SOURCE, false, 0},
	{"dest-nofollow", EFFECT_NOFOLLOW_DESTINATION, false, 0},
	{"idmap", EFFECT_IDMAP, false, 0},
	{"ridmap", EFFECT_IDMAP, true, 0},
	{"defaults", EFFECT_NOTHING, false, 0},
	{"async", EFFECT_NOTHING, false, 0},
	{"nolazytime", EFFECT_NOTHING, false, 0},
	{"noiversion", EFFECT_NOTHING, false, 0},
	{"nomand", EFFECT_NOTHING, false, 0},
	{"loud", EFFECT_NOTHING, false, 0},
	{"remount", EFFECT_NOTHING, false, 0},
	{"sync", EFFECT_FILESYSTEM, false, 0},
	{"dirsync", EFFECT_FILESYSTEM, false, 0},
	{"lazytime", EFFECT_FILESYSTEM, false, 0},
	{"mand", EFFECT_FILESYSTEM, false, 0},
	{"silent", EFFECT_NOTHING, false, 0},
	{"iversion", EFFECT_NOTHING, false, 0},
};

uint64_t read_propagation(const char *word, bool *ret_recursive)
{
	static const struct {
		const char *name;
		uint64_t flag;
	} kinds[] = {
		{"shared", MS_SHARED},
		{"slave", MS_SLAVE},
		{"private", MS_PRIVATE},
		{"unbindable", MS_UNBINDABLE},
	};
	bool recursive = word[0] == 'r';

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (STREQ(word + recursive, kinds[i].name)) {
			*ret_recursive = recursive;
			return kinds[i].flag;
		}
	return 0;
}

const char *runtime_mount_word(size_t number)
{
	static const char *const propagations[] = {"shared",  "slave",	"private",  "unbindable",
						   "rshared", "rslave", "rprivate", "runbindable"};

	if (number < ARRAY_SIZE(words))
		return words[number].name;
	number -= ARRAY_SIZE(words);
	return number < ARRAY_SIZE(propagations) ? propagations[number] : NULL;
}

static const struct word *find_word(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (STREQ(words[i].name, name))
			return &words[i];
	return NULL;
}

/* The access times are one field of the kernel's, not bits: choosing one takes the others away,
 * and taking one away leaves the default, relatime. */
static void apply_attributes(uint64_t attributes, bool on, uint64_t *set, uint64_t *clear)
{
	bool access_time = attributes & MOUNT_ATTR__ATIME || attributes == MOUNT_ATTR_RELATIME;

	if (access_time) {
		*set &= ~(uint64_t)MOUNT_ATTR__ATIME;
		*clear |= MOUNT_ATTR__ATIME;
		if (on)
			*set |= attributes;
		return;
	}
	if (on) {
		*set |= attributes;
		*clear &= ~attributes;
	} else {
		*set &= ~attributes;
		*clear |= attributes;
	}
}

static void apply_word(const struct word *word, struct runtime_mount *mount)
{
	switch (word->effect) {
	case EFFECT_BIND:
		mount->bind = true;
		mount->recursive = word->recursive;
		break;
	case EFFECT_COPY_UP:
		mount->copy_up = true;
		break;
	case EFFECT_COPY_SYMLINK:
		mount->copy_symlink = true;
		break;
	case EFFECT_NOFOLLOW_SOURCE:
		mount->nofollow_source = true;
		break;
	case EFFECT_NOFOLLOW_DESTINATION:
		mount->nofollow_destination = true;
		break;
	case EFFECT_IDMAP:
		mount->idmap = true;
		mount->idmap_recursive |= word->recursive;
		break;
	case EFFECT_SET:
	case EFFECT_CLEAR:
		apply_attributes(word->attributes, word->effect == EFFECT_SET,
				 word->recursive ? &mount->set_recursive : &mount->set,
				 word->recursive ? &mount->clear_recursive : &mount->clear);
		break;
	case EFFECT_NOTHING:
	case EFFECT_FILESYSTEM:
		break;
	}
}

static int apply_option(char *option, struct runtime_mount *mount, char **data, size_t *data_count,
			struct error *err)
{
	const struct word *word = find_word(option);
	uint64_t propagation;
	bool recursive;

	propagation = read_propagation(option, &recursive);
	if (propagation) {
		mount->propagation = propagation;
		mount->propagation_recursive = recursive;
		return 0;
	}
	if (!word || word->effect == EFFECT_FILESYSTEM) {
		data[(*data_count)++] = option;
		return 0;
	}
	apply_word(word, mount);
	return 0;
}

static int read_options(const struct json *object, struct runtime_mount *mount, struct error *err)
{
	auto_free char **options = NULL;
	size_t n = 0, data_count = 0;
	char **data;
	int r = 0;

	r = read_strings(object, "mounts", "options", &options, err);
	if (r < 0 || !options)
		return r;
	while (options[n])
		n++;
	data = mem_zero(n + 1, sizeof(*data));
	mount->data = data;
	for (size_t i = 0; r >= 0 && i < n; i++)
		r = apply_option(options[i], mount, data, &data_count, err);
	return r;
}

static int read_mount(const struct json *object, struct runtime_mount *mount, struct error *err)
{
	int r;

	r = read_string(object, "mounts", "destination", &mount->destination, err);
	if (r >= 0)
		r = read_string(object, "mounts", "type", &mount->type, err);
	if (r >= 0)
		r = read_string(object, "mounts", "source", &mount->source, err);
	if (r < 0)
		return r;
	if (!mount->destination || !*mount->destination)
		return error_set(err, ERROR_INVALID, "config: a mount has no destination");
	r = read_options(object, mount, err);
	if (r < 0)
		return r;
	if (mount->type && STREQ(mount->type, "bind"))
		mount->bind = true;
	r = read_id_maps(object, "mounts", "uidMappings", &mount->uid_maps, err);
	if (r >= 0)
		r = read_id_maps(object, "mounts", "gidMappings", &mount->gid_maps, err);
	if (r < 0)
		return r;
	if ((mount->uid_maps.n > 0) != (mount->gid_maps.n > 0))
		return error_set(err, ERROR_INVALID,
				 "config: mount %s: uidMappings and gidMappings go together",
				 mount->destination);
	mount->idmap |= mount->uid_maps.n > 0;
	if (mount->bind && (!mount->source || !*mount->source))
		return error_set(err, ERROR_INVALID, "config: bind mount %s has no source",
				 mount->destination);
	if (mount->idmap && !mount->bind)
		return error_set(err, ERROR_INVALID,
				 "config: mount %s: only bind mounts can map ids (idmap)",
				 mount->destination);
	if (!mount->bind && (!mount->type || !*mount->type))
		return error_set(err, ERROR_INVALID, "config: mount %s has no type",
				 mount->destination);
	return 0;
}

int read_mounts(const struct json *root, struct runtime_config *config, struct error *err)
{
	const struct json *array;
	int r;

	r = read_container(root, "", "mounts", JSON_ARRAY, &array, err);
	if (r < 0)
		return r;
	config->mounts = mem_zero(json_count(array), sizeof(*config->mounts));
	config->mount_count = json_count(array);
	for (size_t i = 0; r >= 0 && i < config->mount_count; i++)
		r = read_mount(json_at(array, i), &config->mounts[i], err);
	return r;
}
