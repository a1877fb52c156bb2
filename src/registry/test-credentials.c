#include "base/test.h"

#include "registry/credentials.h"

#include <errno.h>
#include <string.h>

static int parse(const char *text, const char *domain, struct credentials *ret)
{
	return credentials_parse(text, strlen(text), domain, ret, NULL);
}

static const char config[] =
	"{\"auths\":{"
	"\"https://index.docker.io/v1/\":{\"auth\":\"am9lOnNlOmNyZXQ=\"},"
	"\"https://old.example/v2/\":{\"username\":\"u\",\"password\":\"p\"},"
	"\"azure.example\":{\"auth\":\"MDAwOg==\",\"identitytoken\":\"refresh\"},"
	"\"r.example:5000\":{\"auth\":\"YTpi\"},"
	"\"empty.example\":{}},"
	"\"credHelpers\":{\"gcr.io\":\"gcloud\"}}";

TEST(passwords_and_tokens_are_found_by_registry)
{
	auto_credentials hub = {0}, old = {0}, azure = {0}, port = {0};

	assert_int_equal(parse(config, "docker.io", &hub), 0);
	assert_int_equal(hub.kind, CREDENTIALS_PASSWORD);
	assert_string_equal(hub.username, "joe");
	assert_string_equal(hub.secret, "se:cret");
	assert_int_equal(parse(config, "old.example", &old), 0);
	assert_string_equal(old.secret, "p");
	assert_int_equal(parse(config, "azure.example", &azure), 0);
	assert_int_equal(azure.kind, CREDENTIALS_TOKEN);
	assert_string_equal(azure.secret, "refresh");
	assert_int_equal(parse(config, "r.example:5000", &port), 0);
	assert_string_equal(port.username, "a");
}

TEST(other_registries_have_none)
{
	static const char *const others[] = {"r.example",	"example",	 "r.example:50",
					     "xr.example:5000", "empty.example", "index.docker.i"};

	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		auto_credentials none = {0};

		assert_int_equal(parse(config, others[i], &none), 0);
		assert_int_equal(none.kind, CREDENTIALS_NONE);
		assert_null(none.helper);
	}
}

TEST(a_helper_that_would_know_is_named)
{
	auto_credentials helped = {0}, stored = {0};

	assert_int_equal(parse(config, "gcr.io", &helped), 0);
	assert_int_equal(helped.kind, CREDENTIALS_NONE);
	assert_string_equal(helped.helper, "gcloud");
	assert_int_equal(parse("{\"auths\":{\"r.example\":{}},\"credsStore\":\"pass\"}",
			       "r.example", &stored),
			 0);
	assert_string_equal(stored.helper, "pass");
}

TEST(a_broken_file_is_an_error)
{
	auto_credentials none = {0};

	assert_true(parse("[", "docker.io", &none) < 0);
	assert_true(parse("{\"auths\":{\"docker.io\":{\"auth\":\"%\"}}}", "docker.io", &none) < 0);
	assert_true(parse("{\"auths\":{\"docker.io\":{\"auth\":\"YWI=\"}}}", "docker.io", &none) <
		    0);
}
