/*
 * Theory of operation. The head of the answer is sent with the first message. A failure before that
 * has a status of its own, 404 for an image that does not exist; one behind it is a message too,
 * since the status 200 is out. A client that is gone is not written to any more, and what it asked
 * for is completed all the same.
 */
#include "api/docker/image-pull.h"

#include "api/docker/image-request.h"
#include "base/mem.h"
#include "base/str.h"
#include "codec/json-write.h"
#include "engine/event.h"
#include "registry/pull.h"
#include "store/store.h"

#include <string.h>

struct messages {
	struct response *response;
	const char *heading, *id; /* of the message that comes first; NULL: none */
	bool gone;		  /* nobody reads */
};

static void begin(struct json_writer *w, struct str *line)
{
	json_writer_init(w, line, 0);
	json_object_begin(w, NULL);
}

static void finish(struct messages *messages, struct json_writer *w, struct str *line)
{
	json_end(w);
	str_append(line, "\r\n");
	if (messages->response->state == RESPONSE_NONE &&
	    response_stream(messages->response, 200, "application/json", NULL) < 0)
		messages->gone = true;
	if (!messages->gone && response_write(messages->response, line->data, line->len, NULL) < 0)
		messages->gone = true;
}

static void say(struct messages *messages, const char *key, const char *text, const char *id)
{
	auto_str line = {0};
	struct json_writer w;

	begin(&w, &line);
	json_write_string(&w, key, text);
	if (id)
		json_write_string(&w, "id", id);
	finish(messages, &w, &line);
}

/* Those that show how far it has come. */
static bool has_bar(const char *status)
{
	return STREQ(status, "Downloading") || STREQ(status, "Extracting");
}

static void report(const char *layer, const char *status, uint64_t current, uint64_t total,
		   void *arg)
{
	struct messages *messages = arg;
	auto_str line = {0};
	struct json_writer w;

	if (messages->heading) {
		say(messages, "status", messages->heading, messages->id);
		messages->heading = NULL;
	}
	begin(&w, &line);
	json_write_string(&w, "status", status);
	json_object_begin(&w, "progressDetail");
	if (has_bar(status) && total > 0) {
		json_write_u64(&w, "current", current);
		json_write_u64(&w, "total", total);
	}
	json_end(&w);
	if (layer)
		json_write_string(&w, "id", layer);
	finish(messages, &w, &line);
}

/* A failure in the middle of the stream; before it, it is the frame's to answer. */
static int conclude(struct messages *messages, int r, struct error *err)
{
	const char *text = err->message ? err->message : "unknown failure";
	auto_str line = {0};
	struct json_writer w;

	if (messages->response->state == RESPONSE_NONE)
		return r;
	if (r < 0) {
		begin(&w, &line);
		json_object_begin(&w, "errorDetail");
		json_write_string(&w, "message", text);
		json_end(&w);
		json_write_string(&w, "error", text);
		finish(messages, &w, &line);
		error_release(err);
	}
	return messages->gone ? 0 : response_end(messages->response, err);
}

/* ---- pull ---- */

static int pull(struct engine *engine, const struct image_create_request *wanted,
		struct messages *messages, struct error *err)
{
	struct credentials credentials = {
		.kind = wanted->username ? CREDENTIALS_PASSWORD
			: wanted->secret ? CREDENTIALS_TOKEN
					 : CREDENTIALS_NONE,
		.username = wanted->username,
		.secret = wanted->secret,
	};
	struct pull_request request = {wanted->name, wanted->platform, &credentials};
	struct pull_progress progress = {report, messages};
	auto_free char *digest = NULL, *familiar = NULL, *heading = NULL, *status = NULL;
	auto_reference reference = {0};
	bool is_new = false;
	int r;

	r = reference_parse(wanted->name, &reference, err);
	if (r < 0)
		return r;
	familiar = reference_familiar(&reference);
	messages->id = reference.digest ? reference.digest : reference.tag;
	messages->heading = heading = mem_printf("Pulling from %s", reference.repository);
	r = registry_pull(&engine->root, &request, &progress, &digest, &is_new, err);
	if (r < 0)
		return r;
	event_image(engine, "pull", wanted->name, wanted->name);
	if (messages->heading)
		say(messages, "status", messages->heading, messages->id);
	status = mem_printf("Digest: %s", digest);
	say(messages, "status", status, NULL);
	mem_freep(&status);
	status = mem_printf("Status: %s for %s",
			    is_new ? "Downloaded newer image" : "Image is up to date", familiar);
	say(messages, "status", status, NULL);
	return 0;
}

/* ---- import, load ---- */

static int import(struct call *call, struct engine *engine,
		  const struct image_create_request *wanted, struct messages *messages,
		  struct error *err)
{
	auto_upload upload = UPLOAD_NONE;
	auto_image image = {0};
	int r;

	r = call_upload(call, &upload, err);
	if (r == 0)
		r = store_import(&engine->root, upload.fd, &wanted->changes, wanted->message,
				 wanted->name, &image, err);
	if (r == 0)
		r = upload_finish(&upload, err);
	if (r == 0)
		event_image(engine, "import", image.id, wanted->name);
	if (r == 0)
		say(messages, "status", image.id, NULL);
	return r;
}

int image_call_create(struct call *call, const void *values, struct error *err)
{
	const struct image_create_request *wanted = values;
	struct messages messages = {.response = &call->response};
	struct engine *engine;
	int r;

	r = call_engine(call, &engine, err);
	if (r == 0 && !wanted->import && !wanted->name)
		r = error_set(err, ERROR_INVALID, "no image specified");
	if (r == 0)
		r = wanted->import ? import(call, engine, wanted, &messages, err)
				   : pull(engine, wanted, &messages, err);
	return conclude(&messages, r, err);
}

int image_call_load(struct call *call, const void *values, struct error *err)
{
	struct messages messages = {.response = &call->response};
	auto_upload upload = UPLOAD_NONE;
	auto_strv lines = {0};
	struct engine *engine;
	int r;

	(void)values;
	r = call_engine(call, &engine, err);
	if (r == 0)
		r = call_upload(call, &upload, err);
	if (r == 0)
		r = store_load(&engine->root, upload.fd, &lines, err);
	if (r == 0)
		event_image_lines(engine, &lines);
	for (size_t i = 0; r == 0 && i < lines.n; i++) {
		auto_free char *line = mem_printf("%s\n", lines.v[i]);

		say(&messages, "stream", line, NULL);
	}
	return conclude(&messages, r, err);
}
