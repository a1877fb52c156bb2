#include "base/test.h"

#include "base/mem.h"
#include "registry/auth.h"

#include <errno.h>
#include <string.h>

enum verdict { NEVER, ANONYMOUSLY, WITH_CREDENTIALS };

TEST(the_realm_matrix_holds)
{
	static const struct {
		const char *registry, *realm;
		enum verdict verdict;
	} cases[] = {
		{"https://registry-1.docker.io", "https://auth.docker.io/token", WITH_CREDENTIALS},
		{"https://r.example", "https://r.example:8443/token", WITH_CREDENTIALS},
		{"https://r.example", "https://evil.test/token", ANONYMOUSLY},
		{"https://good.co.uk", "https://evil.co.uk/token", ANONYMOUSLY},
		{"https://r.example", "http://r.example/token", NEVER},
		{"https://r.example", "http://auth.r.example/token", NEVER},
		{"https://r.example", "https://127.0.0.1/token", NEVER},
		{"https://r.example", "http://127.0.0.1/token", NEVER},
		{"https://r.example", "https://localhost/token", NEVER},
		{"https://r.example", "http://169.254.169.254/latest/meta-data", NEVER},
		{"https://r.example", "https://169.254.169.254/x", NEVER},
		{"https://r.example", "https://10.0.0.1/x", NEVER},
		{"https://r.example", "https://192.168.1.1/x", NEVER},
		{"https://r.example", "https://[fd00::1]/x", NEVER},
		{"https://r.example", "https://[::1]/x", NEVER},
		{"https://10.0.0.5:5000", "https://10.0.0.5:5001/token", WITH_CREDENTIALS},
		{"https://10.0.0.5:5000", "https://10.0.0.6:5001/token", NEVER},
		{"http://127.0.0.1:5000", "http://127.0.0.1:5001/token", WITH_CREDENTIALS},
		{"http://127.0.0.1:5000", "http://127.0.0.2:5001/token", ANONYMOUSLY},
		{"https://127.0.0.1:5000", "http://127.0.0.1:5001/token", NEVER},
		{"http://127.0.0.1:5000", "http://auth.example/token", NEVER},
		{"http://127.0.0.1:5000", "https://auth.example/token", ANONYMOUSLY},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		auto_url registry = {0}, realm = {0};

		assert_int_equal(url_parse(cases[i].registry, &registry), 0);
		assert_int_equal(url_parse(cases[i].realm, &realm), 0);
		if ((auth_realm_check(&registry, &realm, false, NULL) == 0) !=
			    (cases[i].verdict >= ANONYMOUSLY) ||
		    (auth_realm_check(&registry, &realm, true, NULL) == 0) !=
			    (cases[i].verdict >= WITH_CREDENTIALS))
			fail_msg("%s and %s", cases[i].registry, cases[i].realm);
	}
}

TEST(redirects_lead_to_https_servers_with_names)
{
	static const struct {
		const char *registry, *to;
		bool follow;
	} cases[] = {
		{"https://r.example", "https://cdn.test/blob?sig=1", true},
		{"https://r.example", "http://cdn.test/blob", false},
		{"https://r.example", "http://r.example/blob", false},
		{"https://r.example", "https://127.0.0.1/blob", false},
		{"https://r.example", "https://169.254.169.254/", false},
		{"http://127.0.0.1:5000", "http://127.0.0.1:9000/blob", true},
		{"http://127.0.0.1:5000", "http://cdn.test/blob", false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		auto_url registry = {0}, to = {0};

		assert_int_equal(url_parse(cases[i].registry, &registry), 0);
		assert_int_equal(url_parse(cases[i].to, &to), 0);
		if ((auth_redirect_check(&registry, &to, NULL) == 0) != cases[i].follow)
			fail_msg("%s to %s", cases[i].registry, cases[i].to);
	}
}

TEST(refusals_name_hosts_and_no_secrets)
{
	auto_url registry = {0}, to = {0};
	auto_error err = {0};

	assert_int_equal(url_parse("https://r.example/", &registry), 0);
	assert_int_equal(url_parse("http://cdn.test/blob?sig=CANARY", &to), 0);
	assert_int_equal(auth_redirect_check(&registry, &to, &err), -EPERM);
	assert_null(strstr(err.message, "CANARY"));
	assert_non_null(strstr(err.message, "cdn.test"));
}

TEST(queries_are_percent_encoded)
{
	auto_free char *query = auth_token_query("a b&c=d", "library/busybox");

	assert_string_equal(query, "service=a%20b%26c%3Dd&scope=repository:library/busybox:pull");
}

static int token_of(const char *text, char **ret)
{
	return auth_token_parse(text, strlen(text), ret, NULL);
}

TEST(tokens_come_under_either_name)
{
	auto_free char *a = NULL, *b = NULL, *c = NULL;

	assert_int_equal(token_of("{\"token\":\"abc\",\"expires_in\":300}", &a), 0);
	assert_string_equal(a, "abc");
	assert_int_equal(token_of("{\"access_token\":\"def\"}", &b), 0);
	assert_string_equal(b, "def");
	assert_int_equal(token_of("{\"token\":\"\",\"access_token\":\"def\"}", &c), 0);
	assert_string_equal(c, "def");
}

TEST(what_cannot_stand_in_a_header_is_no_token)
{
	static const char *const bad[] = {
		"",
		"[]",
		"{}",
		"{\"token\":1}",
		"{\"token\":\"\"}",
		"{\"token\":\"a\\r\\nX: y\"}",
		"{\"token\":\"a b\"}",
		"{\"token\":\"\\u00e9\"}",
		"{\"token\":\"a\",\"token\":\"b\"}",
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		char *token;

		if (token_of(bad[i], &token) >= 0)
			fail_msg("accepted: %s", bad[i]);
	}
}
