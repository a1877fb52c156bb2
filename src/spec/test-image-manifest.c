#include "base/test.h"

#include "base/mem.h"
#include "spec/image-manifest.h"

#include <errno.h>
#include <string.h>

#define D1	 "sha256:1111111111111111111111111111111111111111111111111111111111111111"
#define D2	 "sha256:2222222222222222222222222222222222222222222222222222222222222222"
#define OCI	 "application/vnd.oci.image."
#define MANIFEST OCI "manifest.v1+json"
#define INDEX	 OCI "index.v1+json"

/* In these documents ' stands for ". */
static int parse(const char *text, enum media_type announced, struct image_manifest *ret,
		 struct error *err)
{
	auto_free char *json = mem_strdup(text);

	for (char *p = json; *p; p++)
		if (*p == '\'')
			*p = '"';
	return image_manifest_parse(json, strlen(json), announced, ret, err);
}

static void assert_refused(const char *text, enum media_type announced, enum error_kind kind)
{
	auto_image_manifest manifest = {0};
	auto_error err = {0};

	if (parse(text, announced, &manifest, &err) >= 0)
		fail_msg("accepted: %s", text);
	if (err.kind != kind)
		fail_msg("%s: %s", text, err.message);
}

#define CONFIG "'config':{'mediaType':'" OCI "config.v1+json','digest':'" D1 "','size':7}"
#define LAYER  "{'mediaType':'" OCI "layer.v1.tar+zstd','digest':'" D2 "','size':9}"
#define IMAGE(x) \
	"{'schemaVersion':2,'mediaType':'" MANIFEST "'," CONFIG ",'layers':[" LAYER "]" x "}"

TEST(an_image_has_a_config_and_layers)
{
	auto_image_manifest manifest = {0};

	assert_int_equal(parse(IMAGE(), MEDIA_OCI_MANIFEST, &manifest, NULL), 0);
	assert_int_equal(manifest.type, MEDIA_OCI_MANIFEST);
	assert_string_equal(manifest.config.digest, D1);
	assert_int_equal(manifest.config.size, 7);
	assert_int_equal(manifest.part_count, 1);
	assert_int_equal(manifest.parts[0].type, MEDIA_OCI_LAYER_ZSTD);
	assert_string_equal(manifest.parts[0].digest, D2);
}

TEST(a_document_without_type_is_what_it_was_announced_as)
{
	auto_image_manifest manifest = {0};

	assert_int_equal(parse("{'schemaVersion':2," CONFIG ",'layers':[]}", MEDIA_OCI_MANIFEST,
			       &manifest, NULL),
			 0);
	assert_int_equal(manifest.part_count, 0);
	assert_refused("{'schemaVersion':2," CONFIG ",'layers':[]}", MEDIA_UNKNOWN,
		       ERROR_UNSUPPORTED);
}

#define ENTRY(os, arch)                                                                \
	"{'mediaType':'" MANIFEST "','digest':'" D1 "','size':7,'platform':{'os':'" os \
	"','architecture':'" arch "'}}"

TEST(an_index_gives_the_entry_for_a_platform)
{
	auto_image_manifest index = {0};
	struct image_platform arm = {.os = "linux", .architecture = "arm64"};
	struct image_platform other = {.os = "linux", .architecture = "s390x"};
	const struct image_descriptor *entry;

	assert_int_equal(
		parse("{'schemaVersion':2,'mediaType':'" INDEX "','manifests':[" ENTRY(
			      "unknown",
			      "unknown") ","
					 "{'mediaType':'text/plain'}," ENTRY(
						 "linux", "amd64") "," ENTRY("linux", "arm64") "]}",
		      MEDIA_OCI_INDEX, &index, NULL),
		0);
	assert_int_equal(index.part_count, 3);
	entry = image_index_select(&index, &arm);
	assert_ptr_equal(entry, &index.parts[2]);
	assert_null(image_index_select(&index, &other));
}

TEST(an_entry_that_names_no_platform_is_the_last_resort)
{
	auto_image_manifest index = {0};
	struct image_platform platform = {.os = "linux", .architecture = "amd64"};

	assert_int_equal(parse("{'schemaVersion':2,'manifests':[{'mediaType':'" MANIFEST
			       "','digest':'" D1 "','size':7}]}",
			       MEDIA_OCI_INDEX, &index, NULL),
			 0);
	assert_ptr_equal(image_index_select(&index, &platform), &index.parts[0]);
}

TEST(ambiguous_documents_are_refused)
{
	assert_refused(IMAGE(",'manifests':[]"), MEDIA_OCI_MANIFEST, ERROR_CORRUPT);
	assert_refused("{'schemaVersion':2,'manifests':[]," CONFIG "}", MEDIA_OCI_INDEX,
		       ERROR_CORRUPT);
	assert_refused(IMAGE(), MEDIA_OCI_INDEX, ERROR_CORRUPT);
	assert_refused(IMAGE(), MEDIA_DOCKER_MANIFEST, ERROR_CORRUPT);
	assert_refused("{'schemaVersion':2,'mediaType':'" INDEX "'," CONFIG ",'layers':[]}",
		       MEDIA_UNKNOWN, ERROR_CORRUPT);
	assert_refused(IMAGE(",'layers':[]"), MEDIA_OCI_MANIFEST, ERROR_CORRUPT);
	assert_refused(IMAGE(",'lay\\u0065rs':[]"), MEDIA_OCI_MANIFEST, ERROR_CORRUPT);
	assert_refused(IMAGE(",'x':{'a':1,'a':2}"), MEDIA_OCI_MANIFEST, ERROR_CORRUPT);
}

TEST(schema_1_and_artifacts_are_not_supported)
{
	assert_refused("{'schemaVersion':1,'fsLayers':[]}", MEDIA_UNKNOWN, ERROR_UNSUPPORTED);
	assert_refused("{'schemaVersion':1}", MEDIA_DOCKER_SCHEMA1_SIGNED, ERROR_UNSUPPORTED);
	assert_refused(
		"{'schemaVersion':2,'config':{'mediaType':'application/vnd.cncf.helm.config.v1"
		"+json','digest':'" D1 "','size':7},'layers':[]}",
		MEDIA_OCI_MANIFEST, ERROR_UNSUPPORTED);
}

TEST(malformed_documents_are_refused)
{
	static const char *const bad[] = {
		"",
		"[]",
		"{}",
		"{'schemaVersion':'2'}",
		"{'schemaVersion':3," CONFIG ",'layers':[]}",
		"{'schemaVersion':2,'layers':[]}",
		"{'schemaVersion':2," CONFIG "}",
		"{'schemaVersion':2," CONFIG ",'layers':{}}",
		"{'schemaVersion':2," CONFIG ",'layers':[1]}",
		"{'schemaVersion':2," CONFIG ",'layers':[{'mediaType':'" OCI
		"layer.v1.tar','digest':'sha256:../../x','size':9}]}",
		"{'schemaVersion':2," CONFIG ",'layers':[{'mediaType':'" OCI
		"layer.v1.tar','digest':'" D1 "','size':-9}]}",
		"{'schemaVersion':2," CONFIG ",'layers':[{'mediaType':'" OCI
		"layer.v1.tar','digest':'" D1 "'}]}",
		"{'schemaVersion':2,'config':{'mediaType':'" OCI "config.v1+json','digest':'" D1
		"','size':99999999},'layers':[]}",
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_refused(bad[i], MEDIA_OCI_MANIFEST, ERROR_CORRUPT);
}

TEST(types_are_known_with_parameters_and_in_any_case)
{
	assert_int_equal(media_type_parse(MANIFEST "; charset=utf-8"), MEDIA_OCI_MANIFEST);
	assert_int_equal(media_type_parse("Application/vnd.OCI.image.index.v1+json"),
			 MEDIA_OCI_INDEX);
	assert_int_equal(media_type_parse("application/json"), MEDIA_UNKNOWN);
	assert_int_equal(media_type_parse(NULL), MEDIA_UNKNOWN);
	assert_int_equal(media_type_parse(""), MEDIA_UNKNOWN);
}
