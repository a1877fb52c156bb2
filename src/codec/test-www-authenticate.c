#include "base/test.h"

#include "codec/www-authenticate.h"

#include <errno.h>
#include <string.h>

struct seen {
	struct challenge all[4];
	size_t n;
};

static void take(struct challenge *challenge, void *arg)
{
	struct seen *seen = arg;

	assert_true(seen->n < ARRAY_SIZE(seen->all));
	seen->all[seen->n++] = *challenge;
	*challenge = (struct challenge) {0};
}

static void seen_release(struct seen *seen)
{
	while (seen->n > 0)
		challenge_release(&seen->all[--seen->n]);
}

TEST(a_bearer_challenge_gives_realm_service_and_scope)
{
	CLEANUP(seen_release) struct seen seen = {0};

	assert_int_equal(
		www_authenticate_parse("Bearer realm=\"https://auth.docker.io/token\","
				       "service=\"registry.docker.io\", "
				       "scope=\"repository:a/b:pull,push\",error=\"invalid_token\"",
				       take, &seen),
		0);
	assert_int_equal(seen.n, 1);
	assert_int_equal(seen.all[0].scheme, CHALLENGE_BEARER);
	assert_string_equal(seen.all[0].realm, "https://auth.docker.io/token");
	assert_string_equal(seen.all[0].service, "registry.docker.io");
	assert_string_equal(seen.all[0].scope, "repository:a/b:pull,push");
	assert_string_equal(seen.all[0].error, "invalid_token");
}

TEST(several_challenges_stand_in_one_header)
{
	CLEANUP(seen_release) struct seen seen = {0};

	assert_int_equal(www_authenticate_parse("Negotiate YWJj==, bearer REALM = \"x\" , "
						"charset=utf-8,, basic realm=\"a \\\"q\\\" b\"",
						take, &seen),
			 0);
	assert_int_equal(seen.n, 3);
	assert_int_equal(seen.all[0].scheme, CHALLENGE_OTHER);
	assert_int_equal(seen.all[1].scheme, CHALLENGE_BEARER);
	assert_string_equal(seen.all[1].realm, "x");
	assert_int_equal(seen.all[2].scheme, CHALLENGE_BASIC);
	assert_string_equal(seen.all[2].realm, "a \"q\" b");
}

TEST(a_scheme_may_stand_alone)
{
	CLEANUP(seen_release) struct seen seen = {0};

	assert_int_equal(www_authenticate_parse("Basic", take, &seen), 0);
	assert_int_equal(seen.n, 1);
	assert_null(seen.all[0].realm);
}

TEST(what_breaks_the_grammar_is_refused)
{
	static const char *const bad[] = {
		"Bearer realm=\"open",
		"Bearer realm=\"a\\",
		"Bearer realm=\"a\"b",
		"Bearer realm=\"a\" service=\"b\"",
		"Bearer realm=",
		"Bearer =x",
		"Bearer realm=\"a\",realm=\"b\"",
		"Bearer realm=\"a\x01\"",
		"Bearer\"x\"",
		"\"Bearer\"",
		"(Bearer)",
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		CLEANUP(seen_release) struct seen seen = {0};

		if (www_authenticate_parse(bad[i], take, &seen) != -EINVAL)
			fail_msg("accepted: %s", bad[i]);
	}
}
