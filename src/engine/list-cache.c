#include "engine/list-cache.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/time.h"
#include "engine/container/record.h"
#include "engine/fields-pack.h"
#include "io/atomic-file.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define FILE_NAME  "list"
#define SIZE_LIMIT (64 << 20)
/* So many missing or superfluous entries make it worth to write the file anew. */
#define WORTH 16
/* How old a folder's time must be for the next change to show: some ticks of the slowest clock. */
#define SETTLED	  (TIME_SECOND / 10)

#define ID_DIGITS (CONTAINER_ID_SIZE - 1)

struct stamp {
	uint64_t device, inode;
	int64_t modified, changed; /* wall clock, ns */
};

struct entry {
	char id[ID_DIGITS];
	struct stamp stamp;
	uint32_t len; /* of the packed container behind it */
};

static int64_t nanoseconds(const struct timespec *ts)
{
	return ts->tv_sec * TIME_SECOND + ts->tv_nsec;
}

/* 0; negative: it has to be loaded. */
static int read_stamp(const struct list_cache *cache, const char *id, struct stamp *ret)
{
	struct stat st;

	if (fstatat(cache->folder, id, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -1;
	*ret = (struct stamp) {st.st_dev, st.st_ino, nanoseconds(&st.st_mtim),
			       nanoseconds(&st.st_ctim)};
	return 0;
}

void list_cache_pack(const struct container *container, struct str *out)
{
	container_pack(container, out);
	pack_bytes(out, &container->state, sizeof(container->state));
	pack_bytes(out, &container->exit_code, sizeof(container->exit_code));
	pack_bytes(out, &container->oom_killed, sizeof(container->oom_killed));
	pack_bytes(out, &container->finished, sizeof(container->finished));
}

bool list_cache_unpack(const char *data, size_t len, struct container *ret)
{
	struct unpacker in = {data, len, false};
	auto_container container = {0};
	uint8_t oom_killed;

	container_unpack(&in, &container);
	unpack_bytes(&in, &container.state, sizeof(container.state));
	unpack_bytes(&in, &container.exit_code, sizeof(container.exit_code));
	unpack_bytes(&in, &oom_killed, sizeof(oom_killed));
	unpack_bytes(&in, &container.finished, sizeof(container.finished));
	container.oom_killed = oom_killed != 0;
	if (in.bad || in.left > 0 || container.state > CONTAINER_EXITED)
		return false;
	*ret = container;
	container = (struct container) {0};
	return true;
}

void list_cache_open(const struct engine *engine, const struct strv *started,
		     struct list_cache *ret)
{
	uint64_t seen;

	*ret = (struct list_cache) {.engine = engine, .started = started};
	ret->folder = openat(engine->root.dir_fd, "containers", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (atomic_read(engine->root.run_fd, FILE_NAME, SIZE_LIMIT, &ret->data, &ret->len) < 0)
		return;
	if (ret->len >= sizeof(seen))
		memcpy(&seen, ret->data, sizeof(seen));
	if (ret->len < sizeof(seen) || seen != container_pack_layout())
		ret->len = 0;
	else
		ret->at = sizeof(seen);
}

/* The entry of @id, past those of containers that are gone; NULL. */
static const char *next_entry(struct list_cache *cache, const char *id, struct entry *ret)
{
	while (cache->len - cache->at >= sizeof(*ret)) {
		const char *data = cache->data + cache->at;
		int order;

		memcpy(ret, data, sizeof(*ret));
		order = memcmp(ret->id, id, ID_DIGITS);
		if (order > 0)
			return NULL;
		if (ret->len > cache->len - cache->at - sizeof(*ret)) {
			cache->at = cache->len;
			return NULL;
		}
		cache->at += sizeof(*ret) + ret->len;
		if (order == 0)
			return data;
		cache->missed++;
	}
	return NULL;
}

static void flush_kept(struct list_cache *cache)
{
	if (cache->kept_end > cache->kept_begin)
		str_append_mem(&cache->next, cache->data + cache->kept_begin,
			       cache->kept_end - cache->kept_begin);
	cache->kept_begin = cache->kept_end = 0;
}

/* Whether it has a run folder: then the kernel has to be asked. */
static bool is_started(struct list_cache *cache, const char *id)
{
	int order = -1;

	while (cache->started_at < cache->started->n &&
	       (order = strcmp(cache->started->v[cache->started_at], id)) < 0)
		cache->started_at++;
	return cache->started_at < cache->started->n && order == 0;
}

/* What stays is neighbours mostly: ranges of the old file. */
static void keep(struct list_cache *cache, const char *data, size_t len)
{
	size_t from = (size_t)(data - cache->data);

	if (cache->kept_end == from && cache->kept_end > cache->kept_begin) {
		cache->kept_end += len;
		return;
	}
	flush_kept(cache);
	cache->kept_begin = from;
	cache->kept_end = from + len;
}

int list_cache_find(struct list_cache *cache, const char *id, struct container *ret)
{
	struct entry entry;
	const char *data = next_entry(cache, id, &entry);
	struct stamp now;

	cache->started_now = is_started(cache, id);
	if (!data)
		return 0;
	if (read_stamp(cache, id, &now) < 0 || memcmp(&now, &entry.stamp, sizeof(now)) != 0 ||
	    !list_cache_unpack(data + sizeof(entry), entry.len, ret)) {
		cache->missed++;
		return 0;
	}
	/* How it ended, what is known of it then does not say. */
	if (ret->state == CONTAINER_RUNNING && !cache->started_now) {
		container_release(ret);
		*ret = (struct container) {0};
		cache->missed++;
		return 0;
	}
	keep(cache, data, sizeof(entry) + entry.len);
	return cache->started_now ? 2 : 1;
}

void list_cache_add(struct list_cache *cache, const struct container *container)
{
	struct entry entry = {0};
	auto_str packed = {0};

	/* The record of one that is removed at its end is in the run folder. */
	if (container->damage || container->config.auto_remove ||
	    read_stamp(cache, container->id, &entry.stamp) < 0 ||
	    MAX(entry.stamp.modified, entry.stamp.changed) + SETTLED > time_now())
		return;
	flush_kept(cache);
	list_cache_pack(container, &packed);
	memcpy(entry.id, container->id, ID_DIGITS);
	entry.len = (uint32_t)packed.len;
	str_append_mem(&cache->next, &entry, sizeof(entry));
	str_append_mem(&cache->next, packed.data, packed.len);
	cache->missed++;
}

void list_cache_close(struct list_cache *cache)
{
	uint64_t layout = container_pack_layout();
	auto_str text = {0};

	if (cache->missed >= WORTH) {
		flush_kept(cache);
		str_append_mem(&text, &layout, sizeof(layout));
		if (cache->next.len > 0)
			str_append_mem(&text, cache->next.data, cache->next.len);
		if (text.len <= SIZE_LIMIT)
			(void)!atomic_write(cache->engine->root.run_fd, FILE_NAME, text.data,
					    text.len, 0600, 0);
	}
	cache->folder = fd_close(cache->folder);
	mem_freep(&cache->data);
	str_release(&cache->next);
}
