#include "api/docker/container-archive.h"

#include "api/docker/container-find.h"
#include "api/docker/container-request.h"
#include "api/docker/document.h"
#include "base/fd.h"
#include "base/mem.h"
#include "codec/base64.h"
#include "engine/container/copy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE_MAX (64u << 10)

/* Go's os.FileMode, which is what Docker's clients read. */
#define GO_DIRECTORY   (UINT32_C(1) << 31)
#define GO_SYMLINK     (UINT32_C(1) << 27)
#define GO_DEVICE      (UINT32_C(1) << 26)
#define GO_PIPE	       (UINT32_C(1) << 25)
#define GO_SOCKET      (UINT32_C(1) << 24)
#define GO_SETUID      (UINT32_C(1) << 23)
#define GO_SETGID      (UINT32_C(1) << 22)
#define GO_CHAR_DEVICE (UINT32_C(1) << 21)
#define GO_STICKY      (UINT32_C(1) << 20)

static uint32_t go_mode(mode_t mode)
{
	uint32_t go = mode & 0777;

	if (S_ISDIR(mode))
		go |= GO_DIRECTORY;
	else if (S_ISLNK(mode))
		go |= GO_SYMLINK;
	else if (S_ISCHR(mode))
		go |= GO_DEVICE | GO_CHAR_DEVICE;
	else if (S_ISBLK(mode))
		go |= GO_DEVICE;
	else if (S_ISFIFO(mode))
		go |= GO_PIPE;
	else if (S_ISSOCK(mode))
		go |= GO_SOCKET;
	if (mode & S_ISUID)
		go |= GO_SETUID;
	if (mode & S_ISGID)
		go |= GO_SETGID;
	return mode & S_ISVTX ? go | GO_STICKY : go;
}

/* X-Docker-Container-Path-Stat: JSON in base64. */
static void add_stat_header(struct response *response, const struct path_stat *stat)
{
	auto_free char *encoded = NULL;
	auto_str document = {0};
	struct json_writer w;

	json_writer_init(&w, &document, 0);
	json_object_begin(&w, NULL);
	json_write_string(&w, "name", stat->name);
	json_write_u64(&w, "size", stat->size);
	json_write_u64(&w, "mode", go_mode(stat->mode));
	document_time(&w, "mtime", stat->mtime);
	json_write_string(&w, "linkTarget", stat->link_target ? stat->link_target : "");
	json_end(&w);
	encoded = base64_encode(document.data, document.len);
	response_header(response, "X-Docker-Container-Path-Stat", encoded);
}

/* The container, a view of its files, and what is at the path. */
struct place {
	struct engine *engine;
	struct container container;
	struct container_view view;
	struct path_stat stat;
};

#define PLACE_NONE                          \
	{                                   \
		.view = CONTAINER_VIEW_NONE \
	}

static void place_release(struct place *place)
{
	path_stat_release(&place->stat);
	container_view_close(&place->view);
	container_release(&place->container);
}
#define auto_place CLEANUP(place_release) struct place

static int find(struct call *call, const struct container_archive_request *wanted,
		enum view_access access, struct place *place, struct error *err)
{
	int r;

	if (!wanted->path)
		return error_set(err, ERROR_INVALID, "bad parameter: path cannot be empty");
	r = call_container(call, wanted->name, &place->engine, &place->container, err);
	if (r == 0)
		r = container_view_open(place->engine, &place->container, access, &place->view,
					err);
	return r;
}

static int find_existing(struct call *call, const struct container_archive_request *wanted,
			 struct place *place, struct error *err)
{
	int r = find(call, wanted, VIEW_READ, place, err);

	if (r == 0)
		r = container_path_stat(&place->view, &place->container, wanted->path, &place->stat,
					err);
	if (r == 0)
		add_stat_header(&call->response, &place->stat);
	return r;
}

int container_call_stat(struct call *call, const void *values, struct error *err)
{
	auto_place place = PLACE_NONE;
	int r = find_existing(call, values, &place, err);

	return r < 0 ? r : response_empty(&call->response, 200, err);
}

static int relay(struct response *response, int from, struct error *err)
{
	auto_free char *piece = mem_alloc(PIECE_MAX);

	while (true) {
		ssize_t n = read(from, piece, PIECE_MAX);
		int r;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_errno(err, errno, "read the archive");
		if (n == 0)
			return 0;
		r = response_write(response, piece, (size_t)n, err);
		if (r < 0)
			return r;
	}
}

/* The archive is complete when its writer says so: only then the answer has an end. */
static int send_archive(struct call *call, const struct place *place, const char *path,
			struct error *err)
{
	auto_archive_writer writer = ARCHIVE_WRITER_NONE;
	auto_fd int from = -EBADF, to = -EBADF;
	int fds[2], r;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return error_errno(err, errno, "make a pipe");
	from = fds[0];
	to = fds[1];
	r = container_archive_begin(&place->view, &place->container, path, NULL, to, &writer, err);
	to = fd_close(to);
	if (r == 0)
		r = response_stream(&call->response, 200, "application/x-tar", err);
	if (r == 0)
		r = relay(&call->response, from, err);
	if (r == 0)
		r = archive_writer_end(&writer, NULL, err);
	return r < 0 ? r : response_end(&call->response, err);
}

int container_call_get(struct call *call, const void *values, struct error *err)
{
	const struct container_archive_request *wanted = values;
	auto_place place = PLACE_NONE;
	int r = find_existing(call, wanted, &place, err);

	return r < 0 ? r : send_archive(call, &place, wanted->path, err);
}

int container_call_export(struct call *call, const void *values, struct error *err)
{
	const struct container_request *wanted = values;
	char root[] = "/.";
	const struct container_archive_request whole = {.name = wanted->name, .path = root};
	auto_place place = PLACE_NONE;
	int r = find(call, &whole, VIEW_READ, &place, err);

	return r < 0 ? r : send_archive(call, &place, root, err);
}

int container_call_put(struct call *call, const void *values, struct error *err)
{
	const struct container_archive_request *wanted = values;
	unsigned flags = (wanted->no_overwrite ? 0 : ARCHIVE_OVERWRITE) |
			 (wanted->copy_owner ? ARCHIVE_CHOWN : 0);
	auto_place place = PLACE_NONE;
	auto_upload upload = UPLOAD_NONE;
	int r = find(call, wanted, VIEW_WRITE, &place, err);

	if (r == 0)
		r = call_upload(call, &upload, err);
	if (r == 0)
		r = container_archive_in(place.engine, &place.view, &place.container, wanted->path,
					 upload.fd, flags, err);
	if (r == 0)
		r = upload_finish(&upload, err);
	return r < 0 ? r : response_empty(&call->response, 200, err);
}
