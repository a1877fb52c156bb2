#include "cmd/kist/image-pull.h"

#include "base/mem.h"
#include "cmd/kist/progress.h"
#include "engine/event.h"
#include "store/reference.h"

#include <stdlib.h>
#include <string.h>

/* Whether the user gave neither tag nor digest. */
static bool has_default_tag(const char *name)
{
	const char *slash = strrchr(name, '/');

	return !strpbrk(slash ? slash : name, ":@");
}

static void announce(FILE *out, const char *name, const struct reference *reference)
{
	if (has_default_tag(name))
		(void)fprintf(out, "Using default tag: latest\n");
	(void)fprintf(out, "%s: Pulling from %s\n",
		      reference->digest ? reference->digest : reference->tag,
		      reference->repository);
	/* The progress goes round the stream. */
	(void)fflush(out);
}

static void conclude(FILE *out, const struct reference *reference, const char *digest, bool is_new)
{
	auto_free char *familiar = reference_familiar(reference);

	(void)fprintf(out, "Digest: %s\nStatus: %s for %s\n", digest,
		      is_new ? "Downloaded newer image" : "Image is up to date", familiar);
}

int image_pull(struct engine *engine, const struct pull_request *request, FILE *out,
	       char **ret_name, struct error *err)
{
	auto_reference reference = {0};
	auto_progress progress = {0};
	struct pull_progress report = {progress_report, &progress};
	auto_free char *digest = NULL;
	bool is_new = false;
	int r = reference_parse(request->name, &reference, err);

	if (r < 0)
		return r;
	if (out) {
		announce(out, request->name, &reference);
		progress_init(&progress, fileno(out));
	}
	r = registry_pull(&engine->root, request, out ? &report : NULL, &digest, &is_new, err);
	if (out)
		progress_finish(&progress);
	if (r < 0)
		return r;
	event_image(engine, "pull", request->name, request->name);
	if (out)
		conclude(out, &reference, digest, is_new);
	if (ret_name)
		*ret_name = reference_full(&reference);
	return 0;
}
