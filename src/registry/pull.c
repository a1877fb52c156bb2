#include "registry/pull.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "io/worker.h"
#include "registry/credentials.h"
#include "registry/fetch-wire.h"
#include "store/ingest.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* As Docker: enough to fill a line, few enough to be a good guest. */
#define LAYERS_AT_ONCE 3
#define REPORT_MS      100
#define PIPE_SIZE      (1 << 20)

enum layer_state {
	LAYER_WAITING,
	LAYER_RUNNING,
	LAYER_DONE,
};

struct pull_layer {
	struct fetch_layer wire;
	const char *diff_id; /* of the image's list */
	struct ingest_layer *ingest;
	uint64_t reported;
	enum layer_state state;
};

struct pull {
	const struct pull_request *request;
	const struct pull_progress *progress;
	struct reference reference;
	char *familiar; /* "busybox", without tag: how errors call it */
	struct image_platform platform;
	struct credentials credentials;
	struct worker worker; /* kist-worker fetch */
	struct imsg *message;

	struct fetch_document manifest, config;
	struct str manifest_text, config_text;
	char named[DIGEST_TEXT_SIZE]; /* digest of what the reference names */
	struct pull_layer *layers;
	size_t layer_count;

	struct ingest *ingest;
	struct image image;
};

static void pull_release(struct pull *pull)
{
	worker_release(&pull->worker);
	ingest_free(pull->ingest);
	image_release(&pull->image);
	credentials_release(&pull->credentials);
	reference_release(&pull->reference);
	str_release(&pull->manifest_text);
	str_release(&pull->config_text);
	mem_freep(&pull->layers);
	mem_freep(&pull->message);
	mem_freep(&pull->familiar);
}

static void report(const struct pull *pull, const struct pull_layer *layer, const char *status,
		   uint64_t current)
{
	char digits[13] = "";

	if (!pull->progress || !pull->progress->report)
		return;
	if (layer)
		memcpy(digits, layer->wire.digest + strlen("sha256:"), sizeof(digits) - 1);
	pull->progress->report(layer ? digits : NULL, status, current, layer ? layer->wire.size : 0,
			       pull->progress->arg);
}

/* ---------------------------------------------------------------------------------- asking for it
 */

static int copy_word(char *to, size_t size, const char *what, const char *from, struct error *err)
{
	if (!from)
		return 0;
	if (strlen(from) >= size)
		return error_set(err, ERROR_INVALID, "the %s is too long", what);
	memcpy(to, from, strlen(from) + 1);
	return 0;
}

/* As curl and Go read it: the lower-case name first. */
static const char *environment(const char *lower, const char *upper)
{
	const char *value = secure_getenv(lower);

	return value && *value ? value : secure_getenv(upper);
}

static int fill_job(const struct pull *pull, struct fetch_job *job, struct error *err)
{
	const struct reference *ref = &pull->reference;
	const struct credentials *as = &pull->credentials;
	const char *password = as->kind == CREDENTIALS_PASSWORD ? as->secret : NULL;
	const char *token = as->kind == CREDENTIALS_TOKEN ? as->secret : NULL;
	const struct {
		char *to;
		size_t size;
		const char *what, *from;
	} words[] = {
		{job->domain, sizeof(job->domain), "registry's name", ref->domain},
		{job->repository, sizeof(job->repository), "repository's name", ref->repository},
		{job->reference, sizeof(job->reference), "tag",
		 ref->digest ? ref->digest : ref->tag},
		{job->name, sizeof(job->name), "repository's name", pull->familiar},
		{job->proxy, sizeof(job->proxy), "address of the proxy",
		 environment("https_proxy", "HTTPS_PROXY")},
		{job->no_proxy, sizeof(job->no_proxy), "list in $NO_PROXY",
		 environment("no_proxy", "NO_PROXY")},
		{job->username, sizeof(job->username), "user name", as->username},
		{job->password, sizeof(job->password), "password", password},
		{job->refresh_token, sizeof(job->refresh_token), "login token", token},
	};
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		r = copy_word(words[i].to, words[i].size, words[i].what, words[i].from, err);
		if (r < 0)
			return r;
	}
	job->platform = pull->platform;
	return 0;
}

static int start_worker(struct pull *pull, struct error *err)
{
	char *certificates = secure_getenv("SSL_CERT_FILE");
	char *args[] = {certificates && *certificates ? certificates : NULL, NULL};
	auto_free struct fetch_job *job = mem_new(struct fetch_job);
	int r;

	r = fill_job(pull, job, err);
	if (r == 0)
		r = worker_start(WORKER_FETCH, args, NULL, 0, &pull->worker, err);
	if (r < 0)
		return r;
	r = imsg_send(pull->worker.control, FETCH_JOB, job, sizeof(*job));
	explicit_bzero(job, sizeof(*job));
	/* A worker that is gone has said why. */
	if (r < 0 && r != -EPIPE && r != -ECONNRESET)
		return error_errno(err, r, "give kist-worker its job");
	return 0;
}

static int read_request(struct pull *pull, struct error *err)
{
	struct reference repository;
	int r;

	r = reference_parse(pull->request->name, &pull->reference, err);
	if (r < 0)
		return r;
	repository = pull->reference;
	repository.tag = repository.digest = NULL;
	pull->familiar = reference_familiar(&repository);
	image_platform_host(&pull->platform);
	if (pull->request->platform)
		r = image_platform_parse(pull->request->platform, &pull->platform, err);
	if (r < 0)
		return r;
	if (!pull->request->credentials)
		return credentials_find(pull->reference.domain, &pull->credentials, err);
	credentials_copy(&pull->credentials, pull->request->credentials);
	return 0;
}

/* -------------------------------------------------------------------------- what the worker found
 */

static int broke_rules(struct error *err)
{
	return error_set(err, ERROR_SYSTEM, "kist-worker fetch sent a message that makes no sense");
}

/* The bytes that a FETCH_DOCUMENT announced. */
static int receive_text(struct pull *pull, uint64_t size, struct str *ret, struct error *err)
{
	int r;

	while (ret->len < size) {
		r = worker_receive(&pull->worker, true, pull->message, err);
		if (r < 0)
			return r;
		if (pull->message->type != WORKER_DATA || pull->message->len == 0 ||
		    pull->message->len > size - ret->len)
			return broke_rules(err);
		str_append_mem(ret, pull->message->data, pull->message->len);
	}
	return 0;
}

static int receive_document(struct pull *pull, enum fetch_document_role role,
			    struct fetch_document *ret, struct str *text, struct error *err)
{
	int r;

	r = worker_receive(&pull->worker, true, pull->message, err);
	if (r < 0)
		return r;
	if (!fetch_document_valid(pull->message))
		return broke_rules(err);
	memcpy(ret, pull->message->data, sizeof(*ret));
	return ret->role == role ? receive_text(pull, ret->size, text, err) : broke_rules(err);
}

/* Layers until FETCH_RESOLVED. */
static int receive_layers(struct pull *pull, struct error *err)
{
	struct fetch_resolved resolved;
	int r;

	pull->layers = mem_zero(IMAGE_LAYERS_MAX, sizeof(*pull->layers));
	for (;;) {
		r = worker_receive(&pull->worker, true, pull->message, err);
		if (r < 0)
			return r;
		if (fetch_resolved_valid(pull->message))
			break;
		if (!fetch_layer_valid(pull->message) || pull->layer_count == IMAGE_LAYERS_MAX)
			return broke_rules(err);
		memcpy(&pull->layers[pull->layer_count++].wire, pull->message->data,
		       sizeof(struct fetch_layer));
	}
	memcpy(&resolved, pull->message->data, sizeof(resolved));
	memcpy(pull->named, resolved.named, sizeof(pull->named));
	return 0;
}

/* Docker would have asked a helper for credentials; say so where it may be what is missing. */
static int explain_denial(const struct pull *pull, struct error *err)
{
	auto_error old = {0};

	if (err->kind != ERROR_DENIED || !pull->credentials.helper)
		return -(err->errnum ? err->errnum : EIO);
	(void)error_move(&old, err);
	return error_set(
		err, ERROR_DENIED,
		"%s (credentials are kept by docker-credential-%s, which kist does not ask: "
		"put them under \"auths\" in ~/.docker/config.json)",
		old.message, pull->credentials.helper);
}

static int ask_registry(struct pull *pull, struct error *err)
{
	auto_error failure = {0};
	int r;

	r = start_worker(pull, &failure);
	if (r == 0)
		r = receive_document(pull, FETCH_MANIFEST, &pull->manifest, &pull->manifest_text,
				     &failure);
	if (r == 0)
		r = receive_document(pull, FETCH_CONFIG, &pull->config, &pull->config_text,
				     &failure);
	if (r == 0)
		r = receive_layers(pull, &failure);
	if (r == 0)
		return 0;
	(void)explain_denial(pull, &failure);
	return error_move(err, &failure);
}

/* --------------------------------------------------------------------------------- taking it in */

static int check_platform(const struct pull *pull, struct error *err)
{
	const struct image *image = &pull->image;
	auto_free char *wanted = image_platform_text(&pull->platform);
	struct image_platform have = {0};

	(void)strncpy(have.os, image->os ? image->os : "", IMAGE_PLATFORM_SIZE - 1);
	(void)strncpy(have.architecture, image->architecture ? image->architecture : "",
		      IMAGE_PLATFORM_SIZE - 1);
	(void)strncpy(have.variant, image->variant ? image->variant : "", IMAGE_PLATFORM_SIZE - 1);
	if (image_platform_fit(&pull->platform, &have) > 0)
		return 0;
	return error_set(
		err, ERROR_UNSUPPORTED,
		"no matching manifest for %s: the image %s is for %s/%s only; add --platform "
		"%s/%s if that is what you want",
		wanted, pull->familiar, have.os, have.architecture, have.os, have.architecture);
}

/* One layer twice in an image is fetched once, and must then be the same whole. */
static int check_layers(struct pull *pull, struct error *err)
{
	const struct strv *diff_ids = &pull->image.diff_ids;

	if (diff_ids->n != pull->layer_count)
		return error_set(
			err, ERROR_CORRUPT,
			"the image %s is malformed: its manifest has %zu layers, its config %zu",
			pull->familiar, pull->layer_count, diff_ids->n);
	if (pull->layer_count == 0)
		return error_set(err, ERROR_UNSUPPORTED,
				 "the image %s has no layers, so there is nothing in it to run",
				 pull->familiar);
	for (size_t i = 0; i < pull->layer_count; i++) {
		pull->layers[i].diff_id = diff_ids->v[i];
		for (size_t k = 0; k < i; k++) {
			if (!STREQ(pull->layers[k].wire.digest, pull->layers[i].wire.digest))
				continue;
			if (!STREQ(pull->layers[k].diff_id, pull->layers[i].diff_id))
				return error_set(
					err, ERROR_CORRUPT,
					"the image %s is malformed: it gives one layer two "
					"contents",
					pull->familiar);
			pull->layers[i].state = LAYER_DONE;
		}
	}
	return 0;
}

static int read_config(struct pull *pull, struct error *err)
{
	int r;

	r = ingest_config(pull->ingest, str_text(&pull->config_text), pull->config_text.len,
			  pull->config.digest, &pull->image, err);
	if (r < 0)
		return r;
	r = check_platform(pull, err);
	return r < 0 ? r : check_layers(pull, err);
}

/* A pipe between the two workers; large, so that neither waits for the other often. */
static int make_pipe(int ret[2])
{
	if (pipe2(ret, O_CLOEXEC) < 0)
		return -errno;
	/* Users have a bound on the pages of their pipes; a small one works as well. */
	(void)fcntl(ret[1], F_SETPIPE_SZ, PIPE_SIZE);
	return 0;
}

static int start_layer(struct pull *pull, struct pull_layer *layer, struct error *err)
{
	struct fetch_blob blob = {.layer = (uint32_t)(layer - pull->layers)};
	struct ingest_layer_request request = {
		.media_type = media_type_name(layer->wire.type),
		.digest = layer->wire.digest,
		.diff_id = layer->diff_id,
		.size = layer->wire.size,
	};
	auto_fd int reader = -EBADF, writer = -EBADF;
	int ends[2], r;

	r = make_pipe(ends);
	if (r < 0)
		return error_errno(err, r, "make a pipe for a layer");
	reader = ends[0];
	writer = ends[1];
	request.source_fd = reader;
	r = ingest_layer_start(pull->ingest, &request, &layer->ingest, err);
	if (r < 0)
		return r;
	layer->state = LAYER_RUNNING;
	r = imsg_send_fd(pull->worker.control, FETCH_BLOB, &blob, sizeof(blob), writer);
	/* A worker that is gone will be heard of in a moment, with its reason. */
	if (r < 0 && r != -EPIPE && r != -ECONNRESET)
		return error_errno(err, r, "give kist-worker a pipe");
	return 0;
}

/* Finds the next layers something to do, up to @free of them. */
static int start_layers(struct pull *pull, size_t free_slots, struct error *err)
{
	int r;

	for (size_t i = 0; i < pull->layer_count && free_slots > 0; i++) {
		struct pull_layer *layer = &pull->layers[i];

		if (layer->state != LAYER_WAITING)
			continue;
		r = ingest_layer_present(pull->ingest, layer->wire.digest, layer->diff_id, err);
		if (r < 0)
			return r;
		if (r > 0) {
			layer->state = LAYER_DONE;
			report(pull, layer, "Already exists", 0);
			continue;
		}
		r = start_layer(pull, layer, err);
		if (r < 0)
			return r;
		free_slots--;
	}
	return 0;
}

static void report_layer(struct pull *pull, struct pull_layer *layer)
{
	uint64_t now = ingest_layer_progress(layer->ingest);

	if (now == layer->reported)
		return;
	layer->reported = now;
	report(pull, layer, now < layer->wire.size ? "Downloading" : "Extracting", now);
}

/* Takes in what has happened to the running layers. */
static int advance_layers(struct pull *pull, bool report_now, struct error *err)
{
	int r;

	for (size_t i = 0; i < pull->layer_count; i++) {
		struct pull_layer *layer = &pull->layers[i];

		if (layer->state != LAYER_RUNNING)
			continue;
		r = ingest_layer_advance(layer->ingest, err);
		if (r < 0)
			return r;
		if (r == 1) {
			layer->state = LAYER_DONE;
			report(pull, layer, "Pull complete", layer->wire.size);
		} else if (report_now) {
			report_layer(pull, layer);
		}
	}
	return 0;
}

/* The fetch worker has nothing to say now but an error. */
static int hear_worker(struct pull *pull, struct error *err)
{
	int r;

	r = worker_receive(&pull->worker, false, pull->message, err);
	return r > 0 ? broke_rules(err) : r;
}

static size_t count_layers(const struct pull *pull, enum layer_state state)
{
	size_t n = 0;

	for (size_t i = 0; i < pull->layer_count; i++)
		n += pull->layers[i].state == state;
	return n;
}

/* Until a worker says something, at most until the next report is due. */
static void wait_for_workers(const struct pull *pull)
{
	struct pollfd fds[LAYERS_AT_ONCE + 1] = {{.fd = pull->worker.control, .events = POLLIN}};
	size_t n = 1;

	for (size_t i = 0; i < pull->layer_count; i++)
		if (pull->layers[i].state == LAYER_RUNNING)
			fds[n++] = (struct pollfd) {.fd = ingest_layer_fd(pull->layers[i].ingest),
						    .events = POLLIN};
	(void)poll(fds, n, REPORT_MS);
}

static int run_layers(struct pull *pull, struct error *err)
{
	int64_t due = 0, now;
	size_t running;
	int r;

	for (;;) {
		running = count_layers(pull, LAYER_RUNNING);
		r = start_layers(pull, LAYERS_AT_ONCE - running, err);
		if (r < 0 || count_layers(pull, LAYER_RUNNING) == 0)
			return r;
		wait_for_workers(pull);
		now = time_monotonic();
		r = advance_layers(pull, now >= due, err);
		if (r == 0)
			r = hear_worker(pull, err);
		if (r < 0)
			return r;
		if (now >= due)
			due = now + REPORT_MS * INT64_C(1000000);
	}
}

/* A layer that ends early does so because its source did: the fetch worker, asked first, knows. */
static int fetch_layers(struct pull *pull, struct error *err)
{
	auto_error layer_error = {0}, fetch_error = {0};
	int r;

	for (size_t i = 0; i < pull->layer_count; i++)
		if (pull->layers[i].state == LAYER_WAITING)
			report(pull, &pull->layers[i], "Pulling fs layer", 0);
	r = run_layers(pull, &layer_error);
	if (r == 0)
		return 0;
	if (pull->worker.child.pid_fd >= 0 && hear_worker(pull, &fetch_error) < 0)
		return error_move(err, &fetch_error);
	return error_move(err, &layer_error);
}

static int publish(struct pull *pull, bool *ret_new, struct error *err)
{
	auto_free char *full = reference_full(&pull->reference);
	char digest[DIGEST_TEXT_SIZE];
	auto_strv layers = {0};
	struct ingest_image image = {
		.image = &pull->image,
		.reference = full,
		.manifest = digest,
		.manifest_type = media_type_name(pull->manifest.type),
		.manifest_size = pull->manifest_text.len,
		.layers = &layers,
	};
	int r;

	r = ingest_blob(pull->ingest, str_text(&pull->manifest_text), pull->manifest_text.len,
			pull->manifest.digest, digest, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < pull->layer_count; i++)
		strv_add(&layers, pull->layers[i].wire.digest);
	return ingest_commit(pull->ingest, &image, ret_new, err);
}

static int take_in(struct pull *pull, const struct root *root, bool *ret_new, struct error *err)
{
	int r;

	r = ingest_begin(root, "pull", &pull->ingest, err);
	if (r == 0)
		r = read_config(pull, err);
	if (r == 0)
		r = fetch_layers(pull, err);
	if (r == 0)
		r = publish(pull, ret_new, err);
	return r;
}

int registry_pull(const struct root *root, const struct pull_request *request,
		  const struct pull_progress *progress, char **ret_digest, bool *ret_new,
		  struct error *err)
{
	CLEANUP(pull_release)
	struct pull pull = {
		.request = request,
		.progress = progress,
		.worker = WORKER_NONE,
		.message = mem_alloc(sizeof(struct imsg)),
	};
	bool is_new = false;
	int r;

	r = read_request(&pull, err);
	if (r == 0)
		r = ask_registry(&pull, err);
	if (r == 0)
		r = take_in(&pull, root, &is_new, err);
	if (r < 0)
		return r;
	*ret_digest = mem_strdup(pull.named);
	*ret_new = is_new;
	return 0;
}
