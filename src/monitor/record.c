#include "monitor/record.h"

#include "base/fd.h"
#include "base/mem.h"
#include "codec/json-write.h"
#include "codec/json.h"
#include "io/atomic-file.h"
#include "kern/process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define EXIT_CODE_MAX 255
/* More than an exit record is long. */
#define EXIT_TEXT_MAX  128
#define STATE_TEXT_MAX 4096
#define EXIT_RESERVED  ".exit-reserved"

int record_monitor(int bundle_fd)
{
	auto_str text = {0};
	struct json_writer w;
	uint64_t ticks;
	int r;

	r = process_start(getpid(), &ticks, NULL);
	if (r < 0)
		return r;
	json_writer_init(&w, &text, 0);
	json_object_begin(&w, NULL);
	json_write_i64(&w, "pid", getpid());
	json_write_u64(&w, "start", ticks);
	json_end(&w);
	return atomic_write(bundle_fd, "monitor.json", text.data, text.len, 0600, 0);
}

int record_state(int bundle_fd, const struct wire_started *started)
{
	auto_str text = {0};
	struct json_writer w;

	json_writer_init(&w, &text, 0);
	json_object_begin(&w, NULL);
	json_write_i64(&w, "pid", started->pid);
	json_write_u64(&w, "start", started->start_ticks);
	json_write_i64(&w, "started", started->time);
	json_end(&w);
	return atomic_write(bundle_fd, "state.json", text.data, text.len, 0600, 0);
}

int record_read_state(int bundle_fd, struct wire_started *ret)
{
	auto_free char *text = NULL;
	auto_json *json = NULL;
	int64_t pid, time;
	uint64_t ticks;
	size_t len;
	int r;

	r = atomic_read(bundle_fd, "state.json", STATE_TEXT_MAX, &text, &len);
	if (r < 0)
		return r;
	if (json_parse(text, len, &json, NULL) < 0 || json_i64(json_get(json, "pid"), &pid) < 0 ||
	    json_u64(json_get(json, "start"), &ticks) < 0 ||
	    json_i64(json_get(json, "started"), &time) < 0 || pid <= 1 || pid > INT32_MAX)
		return -EBADMSG;
	*ret = (struct wire_started) {.pid = (int32_t)pid, .start_ticks = ticks, .time = time};
	return 0;
}

/* The folder of @path as a descriptor, and its last component. */
static int open_folder(const char *path, const char **ret_name)
{
	const char *slash = strrchr(path, '/');
	auto_free char *folder = NULL;
	int fd;

	if (!slash || !slash[1])
		return -EINVAL;
	folder = mem_strndup(path, (size_t)(slash - path) + 1);
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	*ret_name = slash + 1;
	return fd;
}

void record_reserve_exit(const char *path)
{
	char blank[EXIT_TEXT_MAX];
	const char *name;
	auto_fd int dir_fd = open_folder(path, &name);

	if (dir_fd < 0)
		return;
	memset(blank, ' ', sizeof(blank));
	(void)!atomic_write(dir_fd, EXIT_RESERVED, blank, sizeof(blank), 0600, 0);
}

static int place_reserved(int dir_fd, const char *name, const struct str *text, bool sync)
{
	auto_fd int fd = openat(dir_fd, EXIT_RESERVED, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	int r;

	if (fd < 0)
		return -errno;
	r = fd_write_full(fd, text->data, text->len);
	if (r < 0)
		return r;
	if (ftruncate(fd, (off_t)text->len) < 0 || (sync && fsync(fd) < 0) ||
	    renameat(dir_fd, EXIT_RESERVED, dir_fd, name) < 0 || (sync && fsync(dir_fd) < 0))
		return -errno;
	return 0;
}

int record_exit(const char *path, const struct wire_exit *exit, bool sync)
{
	const char *name;
	auto_fd int dir_fd = open_folder(path, &name);
	auto_str text = {0};
	struct json_writer w;
	int r;

	if (dir_fd < 0)
		return dir_fd;
	json_writer_init(&w, &text, 0);
	json_object_begin(&w, NULL);
	json_write_i64(&w, "code", exit->code);
	json_write_bool(&w, "oom", exit->oom_killed != 0);
	json_write_i64(&w, "time", exit->time);
	json_end(&w);
	r = atomic_write(dir_fd, name, text.data, text.len, 0600, sync ? ATOMIC_SYNC : 0);
	if (r < 0)
		return place_reserved(dir_fd, name, &text, sync) < 0 ? r : 0;
	(void)unlinkat(dir_fd, EXIT_RESERVED, 0);
	return 0;
}

int record_parse_exit(const char *text, size_t len, struct wire_exit *ret)
{
	auto_json *json = NULL;
	int64_t code, time;

	if (json_parse(text, len, &json, NULL) < 0 || json_i64(json_get(json, "code"), &code) < 0 ||
	    json_i64(json_get(json, "time"), &time) < 0 ||
	    !json_is(json_get(json, "oom"), JSON_BOOL) || code < -1 || code > EXIT_CODE_MAX)
		return -EBADMSG;
	*ret = (struct wire_exit) {
		.code = (int32_t)code,
		.oom_killed = json_get_bool(json, "oom", false),
		.time = time,
	};
	return 0;
}
