/*
 * Isolation options: one that is accepted has what the readers of its structure rely on, and a
 * record of it is read back as it was. The first byte chooses the option.
 */
#include "base/mem.h"
#include "codec/json-write.h"
#include "codec/json.h"
#include "engine/container/config.h"
#include "spec/capability.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int add(struct container_isolation *isolation, unsigned option, const char *text)
{
	switch (option % 9) {
	case 0:
		return container_add_security_option(isolation, text, NULL);
	case 1:
		return container_add_device(isolation, text, NULL);
	case 2:
		return container_add_device_rule(isolation, text, NULL);
	case 3:
		return container_add_ulimit(isolation, text, NULL);
	case 4:
		return container_add_sysctl(isolation, text, NULL);
	case 5:
		return container_add_capability(&isolation->cap_add, "CapAdd", text, NULL);
	case 6:
		return container_add_bps(&isolation->device_read_bps, text, NULL);
	case 7:
		return container_add_weight(&isolation->blkio_weight_devices, text, NULL);
	default:
		return container_add_annotation(isolation, text, NULL);
	}
}

static void check(const struct container_isolation *isolation)
{
	const struct container_device *devices = isolation->devices.v;
	const struct container_ulimit *limits = isolation->ulimits.v;

	for (size_t i = 0; i < isolation->devices.n; i++)
		if (devices[i].target[0] != '/' || !*devices[i].access ||
		    strspn(devices[i].access, "rwm") != strlen(devices[i].access))
			abort();
	for (size_t i = 0; i < isolation->ulimits.n; i++)
		if (limits[i].hard != -1 &&
		    (limits[i].soft == -1 || limits[i].soft > limits[i].hard))
			abort();
	for (size_t i = 0; i < isolation->sysctls.n; i++)
		if (!strchr(isolation->sysctls.v[i], '='))
			abort();
	for (size_t i = 0; i < isolation->cap_add.n; i++)
		if (!STREQ(isolation->cap_add.v[i], "ALL") &&
		    capability_parse(isolation->cap_add.v[i]) < 0)
			abort();
}

static void write(const struct container_config *config, struct str *out)
{
	struct json_writer w;

	json_writer_init(&w, out, 0);
	json_object_begin(&w, NULL);
	fields_write(&container_config_fields, config, &w);
	json_end(&w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const extra[] = {NULL};
	auto_container_config config, again;
	auto_str text = {0}, text_again = {0};
	auto_free char *option = NULL;
	auto_json *object = NULL;

	container_config_init(&config);
	container_config_init(&again);
	if (size == 0)
		return 0;
	option = mem_strndup((const char *)data + 1, size - 1);
	if (add(&config.isolation, data[0], option) < 0)
		return 0;
	check(&config.isolation);
	write(&config, &text);
	/* What is not UTF-8 is no JSON and no record. */
	if (json_parse(text.data, text.len, &object, NULL) < 0)
		return 0;
	if (fields_read(&container_config_fields, object, "config", extra, &again, NULL) < 0)
		abort();
	write(&again, &text_again);
	if (strcmp(text.data, text_again.data) != 0)
		abort();
	return 0;
}
