#include "base/test.h"
#include "cmd/kistd/quota.h"

TEST(a_user_has_half_and_root_the_rest)
{
	struct quota quota = {.connections_max = 10, .bytes_max = 100};
	struct quota_user *user = NULL, *root = NULL;

	for (int i = 0; i < 5; i++)
		assert_non_null(user = quota_connect(&quota, 1000));
	assert_null(quota_connect(&quota, 1000));
	for (int i = 0; i < 5; i++)
		assert_non_null(root = quota_connect(&quota, 0));
	assert_null(quota_connect(&quota, 0));
	assert_true(quota_charge(&quota, user, 50));
	assert_false(quota_charge(&quota, user, 1));
	assert_true(quota_charge(&quota, root, 50));
	assert_false(quota_charge(&quota, root, 1));
	quota_credit(&quota, user, 50);
	assert_true(quota_charge(&quota, root, 50));
}

TEST(what_is_given_back_can_be_had_again)
{
	struct quota quota = {.connections_max = 4, .bytes_max = 100};
	struct quota_user *user;

	for (int i = 0; i < 1000; i++) {
		assert_non_null(user = quota_connect(&quota, (uid_t)i + 1));
		assert_int_equal(user->uid, i + 1);
		assert_true(quota_charge(&quota, user, 50));
		assert_false(quota_charge(&quota, user, SIZE_MAX));
		quota_credit(&quota, user, 50);
		quota_disconnect(&quota, user);
	}
	assert_int_equal(quota.connections, 0);
	assert_int_equal(quota.bytes, 0);
}

TEST(users_are_bounded)
{
	struct quota quota = {.connections_max = 1000, .bytes_max = 100};

	for (int i = 0; i < QUOTA_USERS_MAX; i++)
		assert_non_null(quota_connect(&quota, (uid_t)i + 1));
	assert_null(quota_connect(&quota, 12345));
	assert_non_null(quota_connect(&quota, 1));
}
