#include "spec/image-config.h"

#include "base/str.h"
#include "base/test.h"

#include <string.h>

#define DIFF "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define ROOT "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"" DIFF "\"]}"

static int parse(const char *text, struct image_config *ret, struct error *err)
{
	return image_config_parse(text, strlen(text), ret, err);
}

TEST(a_config_is_read_and_carried_by_our_record)
{
	const char *text =
		"{\"created\":\"2026-01-02T03:04:05.6Z\",\"architecture\":\"arm64\",\"os\":"
		"\"linux\",\"variant\":\"v8\",\"config\":{\"User\":\"u\",\"Env\":[\"A=b\"],\"Cmd\":"
		"null,\"Entrypoint\":[\"/x\"],\"ExposedPorts\":{\"80/tcp\":{}},\"Volumes\":{\"/v\":{}"
		"},\"Labels\":{\"k\":\"v=w\"},\"StopSignal\":\"SIGINT\",\"WorkingDir\":\"/w\"}," ROOT
		"}";
	auto_image_config config = {0}, again = {0};
	auto_json *json = NULL;
	auto_str record = {0};
	struct json_writer w;

	assert_int_equal(parse(text, &config, NULL), 0);
	json_writer_init(&w, &record, 0);
	json_object_begin(&w, NULL);
	image_config_write(&w, &config);
	json_end(&w);
	assert_int_equal(json_parse(record.data, record.len, &json, NULL), 0);
	assert_int_equal(image_config_read(json, &again, NULL), 0);
	assert_int_equal(again.created, config.created);
	assert_string_equal(again.variant, "v8");
	assert_string_equal(again.labels.v[0], "k=v=w");
	assert_string_equal(again.exposed_ports.v[0], "80/tcp");
	assert_string_equal(again.diff_ids.v[0], DIFF);
	assert_string_equal(again.stop_signal, "SIGINT");
	assert_int_equal(again.cmd.n, 0);
}

TEST(an_image_may_say_almost_nothing)
{
	auto_image_config config = {0};

	assert_int_equal(parse("{" ROOT "}", &config, NULL), 0);
	assert_string_equal(config.os, "linux");
	assert_string_equal(config.user, "");
}

TEST(what_is_of_another_type_is_refused_by_name)
{
	static const struct {
		const char *text, *why;
	} bad[] = {
		{"[]", "object"},
		{"{", "JSON"},
		{"{" ROOT "," ROOT "}", "JSON"},
		{"{\"os\":1," ROOT "}", "os"},
		{"{\"config\":{\"Env\":[1]}," ROOT "}", "Env"},
		{"{\"config\":{\"Cmd\":\"x\"}," ROOT "}", "Cmd"},
		{"{\"config\":{\"Labels\":{\"a\":1}}," ROOT "}", "Labels"},
		{"{\"config\":[]," ROOT "}", "config"},
		{"{\"created\":\"yesterday\"," ROOT "}", "created"},
		{"{}", "rootfs"},
		{"{\"rootfs\":{\"type\":\"tar\",\"diff_ids\":[]}}", "rootfs"},
		{"{\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha256:../../x\"]}}",
		 "diff_ids"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		auto_image_config config = {0};
		auto_error err = {0};

		if (parse(bad[i].text, &config, &err) == 0)
			fail_msg("accepted: %s", bad[i].text);
		if (!strstr(err.message, bad[i].why))
			fail_msg("%s: %s", bad[i].text, err.message);
	}
}
