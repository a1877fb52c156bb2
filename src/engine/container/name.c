#include "engine/container/name.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/parse.h"
#include "engine/container/load.h"
#include "io/atomic-file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_ATTEMPTS 64

static const char *const adjectives[] = {
	"amber",  "ample",  "bold",   "brave",	"brisk",  "calm",   "candid", "clear",	"clever",
	"cosy",	  "crisp",  "curly",  "daring", "deft",	  "eager",  "early",  "fair",	"fancy",
	"fleet",  "fond",   "frank",  "fresh",	"gentle", "glad",   "golden", "grand",	"hardy",
	"hazel",  "honest", "humble", "ivory",	"jolly",  "keen",   "kind",   "lively", "loyal",
	"lucid",  "lucky",  "mellow", "merry",	"mild",	  "modest", "neat",   "nimble", "noble",
	"placid", "plain",  "polite", "proud",	"quick",  "quiet",  "rapid",  "ready",	"robust",
	"rosy",	  "rustic", "serene", "sharp",	"shiny",  "silent", "silver", "sleek",	"snug",
	"solid",  "spry",   "steady", "sturdy", "sunny",  "swift",  "tender", "tidy",	"tranquil",
	"trusty", "vivid",  "warm",   "wise",	"witty",  "zesty",
};

static const char *const nouns[] = {
	"acorn",   "anchor",  "apple",	 "barrel",  "basket", "beacon",	 "birch",  "bobbin",
	"box",	   "brook",   "bucket",	 "button",  "cabin",  "candle",	 "canoe",  "casket",
	"cedar",   "chest",   "clover",	 "comet",   "copper", "coral",	 "crate",  "creek",
	"drawer",  "ember",   "falcon",	 "feather", "fern",   "finch",	 "flint",  "garnet",
	"harbor",  "hazel",   "heron",	 "hinge",   "island", "jar",	 "kettle", "lantern",
	"larch",   "ledge",   "locker",	 "lupin",   "maple",  "marble",	 "meadow", "nest",
	"oak",	   "oar",     "orchard", "otter",   "paddle", "pebble",	 "pine",   "plover",
	"pouch",   "quartz",  "quill",	 "reed",    "ridge",  "river",	 "robin",  "rowan",
	"saddle",  "satchel", "shell",	 "shelf",   "slate",  "sparrow", "spruce", "stone",
	"thimble", "trunk",   "urn",	 "valley",  "vessel", "willow",	 "wren",
};

static int random_bytes(void *ret, size_t len, struct error *err)
{
	ssize_t n;

	do
		n = getrandom(ret, len, 0);
	while (n < 0 && errno == EINTR);
	if (n != (ssize_t)len)
		return error_errno(err, n < 0 ? errno : EIO, "get random bytes from the kernel");
	return 0;
}

int container_id_make(char *ret, struct error *err)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char bytes[(CONTAINER_ID_SIZE - 1) / 2];
	int r;

	r = random_bytes(bytes, sizeof(bytes), err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < sizeof(bytes); i++) {
		ret[2 * i] = digits[bytes[i] >> 4];
		ret[2 * i + 1] = digits[bytes[i] & 15];
	}
	ret[CONTAINER_ID_SIZE - 1] = '\0';
	return 0;
}

/* 1, 0 if the file does not say, or -errno. */
static int read_holder(int names_fd, const char *name, char *ret_id)
{
	auto_free char *text = NULL;
	size_t len;
	int r;

	r = atomic_read(names_fd, name, CONTAINER_ID_SIZE, &text, &len);
	if (r == -ELOOP || r == -EINVAL || r == -EFBIG)
		return 0;
	if (r < 0)
		return r;
	if (!parse_is_hex(text, CONTAINER_ID_SIZE - 1))
		return 0;
	memcpy(ret_id, text, CONTAINER_ID_SIZE);
	return 1;
}

bool container_name_lookup(const struct engine *engine, const char *name, char *ret_id)
{
	auto_fd int names_fd = -EBADF;

	if (!*name || *name == '.' || strchr(name, '/') || strlen(name) > NAME_MAX)
		return false;
	names_fd = openat(engine->root.dir_fd, "names", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return names_fd >= 0 && read_holder(names_fd, name, ret_id) > 0;
}

/* Adds the names that are reserved for @id, until there are @max. */
static void names_of(const struct engine *engine, const char *id, size_t max, struct strv *ret)
{
	char holder[CONTAINER_ID_SIZE];
	struct dirent *entry;
	DIR *dir;
	int fd;

	fd = openat(engine->root.dir_fd, "names", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = fd >= 0 ? fdopendir(fd) : NULL;
	if (!dir) {
		(void)fd_close(fd);
		return;
	}
	while (ret->n < max && (entry = readdir(dir)))
		if (entry->d_name[0] != '.' && read_holder(fd, entry->d_name, holder) > 0 &&
		    STREQ(holder, id))
			strv_add(ret, entry->d_name);
	(void)closedir(dir);
}

char *container_name_of(const struct engine *engine, const char *id)
{
	auto_strv names = {0};

	names_of(engine, id, 1, &names);
	return names.n > 0 ? mem_strdup(names.v[0]) : NULL;
}

/* In this order: an operation ends its intent only when the container is there. */
static bool holder_exists(struct engine *engine, const char *id)
{
	auto_free char *intent = mem_printf("intents/container-%s", id);
	auto_container container = {0};

	if (faccessat(engine->root.dir_fd, intent, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return true;
	return container_load(engine, id, &container, NULL) != 0;
}

/* Removes the name if it is still @id's. The lock keeps two from doing so at once: the second would
 * remove what the first has meanwhile reserved. */
static int remove_held_by(int names_fd, const char *name, const char *id)
{
	char holder[CONTAINER_ID_SIZE];
	int r;

	if (flock(names_fd, LOCK_EX) < 0)
		return -errno;
	r = read_holder(names_fd, name, holder);
	if (r > 0 && STREQ(holder, id) && unlinkat(names_fd, name, 0) < 0)
		r = -errno;
	(void)flock(names_fd, LOCK_UN);
	return r < 0 && r != -ENOENT ? r : 0;
}

/* 0, -EEXIST with @ret_holder, or -errno. */
static int reserve(struct engine *engine, int names_fd, const char *name, const char *id,
		   char *ret_holder)
{
	int r = -EEXIST;

	for (int attempt = 0; r == -EEXIST && attempt < NAME_ATTEMPTS; attempt++) {
		r = atomic_write(names_fd, name, id, CONTAINER_ID_SIZE - 1, 0600, ATOMIC_EXCLUSIVE);
		if (r != -EEXIST || read_holder(names_fd, name, ret_holder) <= 0)
			continue;
		if (holder_exists(engine, ret_holder))
			return -EEXIST;
		(void)!remove_held_by(names_fd, name, ret_holder);
	}
	return r;
}

static int open_names(struct engine *engine, struct error *err)
{
	return root_dir_open(&engine->root, "names", err);
}

int container_name_reserve(struct engine *engine, const char *name, const char *id,
			   struct error *err)
{
	auto_fd int names_fd = open_names(engine, err);
	char holder[CONTAINER_ID_SIZE] = "";
	int r;

	if (names_fd < 0)
		return names_fd;
	r = reserve(engine, names_fd, name, id, holder);
	if (r == -EEXIST)
		return error_set(err, ERROR_CONFLICT,
				 "Conflict. The container name \"/%s\" is already in use by "
				 "container \"%s\". You have to remove (or rename) that container "
				 "to be able to reuse that name.",
				 name, holder);
	return r < 0 ? error_errno(err, r, "reserve the container name %s", name) : 0;
}

int container_name_invent(unsigned attempt, char **ret, struct error *err)
{
	uint16_t dice[3];
	const char *adjective, *noun;
	int r;

	r = random_bytes(dice, sizeof(dice), err);
	if (r < 0)
		return r;
	adjective = adjectives[dice[0] % ARRAY_SIZE(adjectives)];
	noun = nouns[dice[1] % ARRAY_SIZE(nouns)];
	if (attempt == 0)
		*ret = mem_printf("%s_%s", adjective, noun);
	else
		*ret = mem_printf("%s_%s%u", adjective, noun, dice[2] % (10u * attempt));
	return 0;
}

int container_name_release(struct engine *engine, const char *name, const char *id,
			   struct error *err)
{
	auto_fd int names_fd = open_names(engine, err);
	int r;

	if (names_fd < 0)
		return names_fd;
	r = remove_held_by(names_fd, name, id);
	return r < 0 ? error_errno(err, r, "give back the container name %s", name) : 0;
}

void container_name_settle(struct engine *engine, const char *id)
{
	auto_container container = {0};
	auto_strv names = {0};

	/* Of one whose record cannot be read it is not known which of them is its own. */
	if (container_load(engine, id, &container, NULL) <= 0)
		return;
	names_of(engine, id, SIZE_MAX, &names);
	for (size_t i = 0; i < names.n; i++)
		if (!STREQ(names.v[i], container.name))
			(void)!container_name_release(engine, names.v[i], id, NULL);
	(void)!container_name_reserve(engine, container.name, id, NULL);
}
