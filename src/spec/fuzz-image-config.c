/* Property: what is accepted from outside is accepted again, unchanged, from our own record. */
#include "spec/image-config.h"

#include "base/mem.h"
#include "base/str.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_record(struct str *text, const struct image_config *config)
{
	struct json_writer w;

	json_writer_init(&w, text, 0);
	json_object_begin(&w, NULL);
	image_config_write(&w, config);
	json_end(&w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *text = mem_strndup((const char *)data, size);
	auto_image_config config = {0}, again = {0};
	auto_str first = {0}, second = {0};
	auto_json *json = NULL;

	if (image_config_parse(text, size, &config, NULL) < 0)
		return 0;
	write_record(&first, &config);
	if (json_parse(first.data, first.len, &json, NULL) < 0 ||
	    image_config_read(json, &again, NULL) < 0)
		abort();
	write_record(&second, &again);
	if (first.len != second.len || memcmp(first.data, second.data, first.len) != 0)
		abort();
	return 0;
}
