#include "base/test.h"

#include "codec/domain.h"

TEST(names_below_one_registrable_domain_have_one_owner)
{
	assert_true(domain_same_owner("registry-1.docker.io", "auth.docker.io"));
	assert_true(domain_same_owner("registry.gitlab.com", "gitlab.com"));
	assert_true(domain_same_owner("10.0.0.1", "10.0.0.1"));
	assert_true(domain_same_owner("localhost", "localhost"));
}

TEST(a_public_suffix_makes_no_common_owner)
{
	assert_false(domain_same_owner("registry.example.com", "registry.example.org"));
	assert_false(domain_same_owner("good.co.uk", "evil.co.uk"));
	assert_false(domain_same_owner("good.github.io", "evil.github.io"));
	assert_false(domain_same_owner("good.corp", "evil.corp"));
	assert_false(domain_same_owner("docker.io", "notdocker.io"));
	assert_false(domain_same_owner("10.0.0.1", "11.0.0.1"));
	assert_false(domain_same_owner("::1", "::2"));
}
