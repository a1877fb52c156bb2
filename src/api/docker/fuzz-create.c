/*
 * Bodies of POST /containers/create: what is accepted can be written to a container's record and
 * read again, as the same text; it has an image, a network, and mounts that leave neither the
 * container nor the folder of volumes.
 */
#include "api/docker/create.h"
#include "base/mem.h"
#include "base/str.h"
#include "engine/container/record.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_mount(const struct container_mount *mount)
{
	auto_free char *clean = path_clean(mount->target);

	if (!clean || strcmp(clean, mount->target) != 0 || strcmp(clean, "/") == 0)
		abort();
	if (mount->kind == MOUNT_BIND && (!mount->source || mount->source[0] != '/'))
		abort();
	if (mount->kind == MOUNT_VOLUME && mount->source &&
	    (strchr(mount->source, '/') || mount->source[0] == '.'))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_container container = {0}, again = {0};
	auto_str text = {0}, text_again = {0};
	auto_json *body = NULL;

	if (json_parse((const char *)data, size, &body, NULL) < 0 || !json_is(body, JSON_OBJECT) ||
	    create_decode(body, "/name", NULL, &container.config, NULL) < 0)
		return 0;
	if (container_config_check(&container.config, NULL) < 0)
		return 0;
	if (!container.config.image || !container.config.network)
		abort();
	for (size_t i = 0; i < container.config.mount_count; i++)
		check_mount(&container.config.mounts[i]);
	(void)memset(container.id, 'a', CONTAINER_ID_SIZE - 1);
	container.name = mem_strdup(container.config.name);
	container.image_id = mem_strdup("sha256:0");
	container_record_write(&container, &text);
	if (container_record_read(text.data, text.len, &again, NULL) < 0)
		abort();
	container_record_write(&again, &text_again);
	if (strcmp(text.data, text_again.data) != 0)
		abort();
	return 0;
}
