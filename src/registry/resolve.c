#include "registry/resolve.h"

#include "base/mem.h"
#include "codec/sha256.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define TRIES		 3
#define RETRY_MS	 250
#define DOCUMENT_SECONDS 60
#define INDEX_DEPTH_MAX	 3

/* What is asked for, and what has come of it. */
struct download {
	const char *what;   /* for errors: "manifest for a:b" */
	const char *path;   /* "manifests/latest", "blobs/sha256:…" */
	const char *accept; /* NULL: anything */
	const char *digest; /* NULL: any */
	struct str text;
	bool too_long;
	bool encoded;
};

static enum http_take take_document(const struct http_head *head, const void *data, size_t len,
				    void *arg)
{
	struct download *download = arg;

	download->encoded =
		head->content_encoding && strcasecmp(head->content_encoding, "identity") != 0;
	download->too_long = head->content_length > (int64_t)IMAGE_DOCUMENT_MAX ||
			     download->text.len + len > IMAGE_DOCUMENT_MAX;
	if (download->encoded || download->too_long)
		return HTTP_STOP;
	str_append_mem(&download->text, data, len);
	return HTTP_TAKEN;
}

static void pause_before(unsigned try)
{
	unsigned ms = RETRY_MS << try;
	struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};

	(void)nanosleep(&pause, NULL);
}

/* The final answer is in *@request, of whatever status. */
static int download_run(struct session *session, struct download *download, struct request *request,
			struct error *err)
{
	int r;

	for (unsigned try = 0;; try++) {
		request_release(request);
		*request = (struct request) {
			.session = session,
			.target = mem_printf("/v2/%s/%s", session->repository, download->path),
			.accept = mem_strdup(download->accept),
			.seconds = DOCUMENT_SECONDS,
			.body = take_document,
			.arg = download,
		};
		str_clear(&download->text);
		r = request_run(request, err);
		if (r < 0)
			return r;
		if (try + 1 == TRIES || !request_is_transient(request))
			return 0;
		pause_before(try);
	}
}

static int check_digest(const struct download *download, char ret[DIGEST_TEXT_SIZE],
			struct error *err)
{
	auto_sha256 hash = {0};
	int r;

	r = sha256_init(&hash);
	if (r < 0)
		return error_errno(err, r, "compute a digest");
	sha256_update(&hash, download->text.data, download->text.len);
	sha256_finish(&hash, ret);
	if (download->digest && !STREQ(download->digest, ret))
		return error_set(
			err, ERROR_CORRUPT,
			"%s: the registry's bytes have the digest %s, not %s as they should",
			download->what, ret, download->digest);
	return 0;
}

/* Fetches the document with its digest; its type is what Content-Type says. */
static int fetch(struct session *session, struct download *download, struct document *ret,
		 struct error *err)
{
	auto_request request = {0};
	const struct http_head *head;
	int r;

	r = download_run(session, download, &request, err);
	if (r < 0)
		return r;
	head = http_exchange_head(request.exchange);
	if (download->too_long)
		return error_set(err, ERROR_CORRUPT, "%s is larger than 4 MiB", download->what);
	if (download->encoded)
		return error_set(err, ERROR_CORRUPT,
				 "%s: the registry sends it compressed, unasked", download->what);
	if (http_exchange_result(request.exchange) != HTTP_DONE || head->status != 200)
		return request_refused(&request, download->what, err);
	r = check_digest(download, ret->digest, err);
	if (r < 0)
		return r;
	ret->type = media_type_parse(head->content_type);
	ret->text = download->text;
	download->text = (struct str) {0};
	return 0;
}

static int fetch_manifest(struct session *session, const char *reference, const char *digest,
			  struct document *ret, struct error *err)
{
	auto_free char *accept =
		mem_printf("%s, %s, %s, %s", media_type_name(MEDIA_OCI_INDEX),
			   media_type_name(MEDIA_OCI_MANIFEST), media_type_name(MEDIA_DOCKER_LIST),
			   media_type_name(MEDIA_DOCKER_MANIFEST));
	auto_free char *what = mem_printf("manifest for %s%s%s", session->name,
					  image_digest_valid(reference) ? "@" : ":", reference);
	auto_free char *path = mem_printf("manifests/%s", reference);
	struct download download = {.what = what, .path = path, .accept = accept, .digest = digest};
	int r;

	r = fetch(session, &download, ret, err);
	str_release(&download.text);
	return r;
}

/* Reads the document, which a descriptor announced as @announced, or only its own header. */
static int read_manifest(const struct session *session, struct document *document,
			 enum media_type announced, struct image_manifest *ret, struct error *err)
{
	int r;

	if (announced != MEDIA_UNKNOWN && document->type != MEDIA_UNKNOWN &&
	    announced != document->type)
		return error_set(
			err, ERROR_CORRUPT,
			"manifest for %s: the manifest is ambiguous: the registry sends it "
			"as another type than its index says",
			session->name);
	r = image_manifest_parse(str_text(&document->text), document->text.len,
				 announced != MEDIA_UNKNOWN ? announced : document->type, ret, err);
	if (r < 0)
		return error_prefix(err, "manifest for %s", session->name);
	document->type = ret->type;
	return 0;
}

/* From the index to the next document below it, which replaces both @document and @manifest. */
static int descend(struct session *session, const struct image_platform *platform,
		   struct document *document, struct image_manifest *manifest, struct error *err)
{
	const struct image_descriptor *entry = image_index_select(manifest, platform);
	auto_free char *wanted = image_platform_text(platform);
	struct image_descriptor next;
	int r;

	if (!entry)
		return error_set(err, ERROR_UNSUPPORTED,
				 "no matching manifest for %s in the manifest list entries of %s",
				 wanted, session->name);
	next = *entry;
	image_manifest_release(manifest);
	str_release(&document->text);
	r = fetch_manifest(session, next.digest, next.digest, document, err);
	if (r < 0)
		return r;
	return read_manifest(session, document, next.type, manifest, err);
}

static int fetch_config(struct session *session, const struct image_descriptor *config,
			struct document *ret, struct error *err)
{
	auto_free char *what = mem_printf("image config of %s", session->name);
	auto_free char *path = mem_printf("blobs/%s", config->digest);
	struct download download = {.what = what, .path = path, .digest = config->digest};
	int r;

	r = fetch(session, &download, ret, err);
	str_release(&download.text);
	if (r < 0)
		return r;
	ret->type = config->type;
	if (ret->text.len != config->size)
		return error_set(err, ERROR_CORRUPT, "%s has %zu bytes, not %llu as it should",
				 what, ret->text.len, (unsigned long long)config->size);
	return 0;
}

static int find_image(struct session *session, const char *reference,
		      const struct image_platform *platform, struct resolved *resolved,
		      struct error *err)
{
	const char *digest = image_digest_valid(reference) ? reference : NULL;
	struct document *document = &resolved->manifest;
	int r;

	r = fetch_manifest(session, reference, digest, document, err);
	if (r == 0)
		r = read_manifest(session, document, MEDIA_UNKNOWN, &resolved->image, err);
	if (r < 0)
		return r;
	resolved->named.type = document->type;
	memcpy(resolved->named.digest, document->digest, sizeof(resolved->named.digest));
	for (int depth = 0; media_type_is_index(document->type); depth++) {
		if (depth == INDEX_DEPTH_MAX)
			return error_set(err, ERROR_CORRUPT,
					 "manifest for %s: indexes in indexes, more than %d deep",
					 session->name, INDEX_DEPTH_MAX);
		r = descend(session, platform, document, &resolved->image, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int resolve(struct session *session, const char *reference, const struct image_platform *platform,
	    struct resolved *ret, struct error *err)
{
	auto_resolved resolved = {0};
	int r;

	r = find_image(session, reference, platform, &resolved, err);
	if (r == 0)
		r = fetch_config(session, &resolved.image.config, &resolved.config, err);
	if (r < 0)
		return r;
	*ret = resolved;
	resolved = (struct resolved) {0};
	return 0;
}

void resolved_release(struct resolved *resolved)
{
	str_release(&resolved->named.text);
	str_release(&resolved->manifest.text);
	str_release(&resolved->config.text);
	image_manifest_release(&resolved->image);
}
