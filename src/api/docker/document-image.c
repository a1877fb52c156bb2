/*
 * The document of an image, GET /images/{name}/json, and its names.
 */
#include "api/docker/document.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

void document_image_names(const struct image *image, struct strv *ret_tags,
			  struct strv *ret_digests)
{
	for (size_t i = 0; i < image->references.n; i++) {
		auto_reference reference = {0};
		auto_free char *tagged = NULL;

		if (reference_parse(image->references.v[i], &reference, NULL) < 0)
			continue;
		if (reference.tag) {
			free(TAKE_PTR(reference.digest));
			tagged = reference_familiar(&reference);
			strv_add(ret_tags, tagged);
			free(TAKE_PTR(reference.tag));
		}
		if (*image->manifest) {
			auto_free char *name = NULL, *digest = NULL;

			free(TAKE_PTR(reference.digest));
			name = reference_familiar(&reference);
			digest = mem_printf("%s@%s", name, image->manifest);
			if (!strv_contains(ret_digests, digest))
				strv_add(ret_digests, digest);
		}
	}
}

static void write_config(struct json_writer *w, const char *key, const struct image *image)
{
	json_object_begin(w, key);
	json_write_string(w, "User", image->user ? image->user : "");
	document_set(w, "ExposedPorts", &image->exposed_ports);
	document_list(w, "Env", &image->env);
	document_list(w, "Cmd", &image->cmd);
	document_set(w, "Volumes", &image->volumes);
	json_write_string(w, "WorkingDir", image->working_dir ? image->working_dir : "");
	document_list(w, "Entrypoint", &image->entrypoint);
	document_map(w, "Labels", &image->labels);
	if (image->stop_signal && *image->stop_signal)
		json_write_string(w, "StopSignal", image->stop_signal);
	json_end(w);
}

void document_image(struct json_writer *w, const struct image *image, unsigned version)
{
	auto_strv tags = {0}, digests = {0};

	document_image_names(image, &tags, &digests);
	json_object_begin(w, NULL);
	json_write_string(w, "Id", image->id);
	json_write_strings(w, "RepoTags", strv_argv(&tags));
	json_write_strings(w, "RepoDigests", strv_argv(&digests));
	json_write_string(w, "Parent", "");
	json_write_string(w, "Comment", "");
	document_time(w, "Created", image->created);
	json_write_string(w, "DockerVersion", "");
	json_write_string(w, "Author", image->author ? image->author : "");
	if (version < 45)
		write_config(w, "ContainerConfig", image);
	write_config(w, "Config", image);
	json_write_string(w, "Architecture", image->architecture ? image->architecture : "");
	if (image->variant && *image->variant)
		json_write_string(w, "Variant", image->variant);
	json_write_string(w, "Os", image->os ? image->os : "");
	json_write_u64(w, "Size", image->size);
	if (version < 44)
		json_write_u64(w, "VirtualSize", image->size);
	json_object_begin(w, "GraphDriver");
	json_write_null(w, "Data");
	json_write_string(w, "Name", "overlay");
	json_end(w);
	json_object_begin(w, "RootFS");
	json_write_string(w, "Type", "layers");
	json_write_strings(w, "Layers", strv_argv(&image->diff_ids));
	json_end(w);
	json_object_begin(w, "Metadata");
	document_time(w, "LastTagTime", 0);
	json_end(w);
	json_end(w);
}
