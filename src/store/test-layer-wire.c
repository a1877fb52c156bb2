#include "store/layer-wire.h"

#include "base/test.h"

#include <errno.h>
#include <string.h>

TEST(names_become_paths_below_the_root)
{
	static const struct {
		const char *name, *path;
	} names[] = {
		{"a", "a"},	   {"./a/b", "a/b"},   {"/a//b/", "a/b"}, {"", ""},
		{".", ""},	   {"/", ""},	       {"a/..", ""},	  {"a/b/../c", "a/c"},
		{"/../../a", "a"}, {"a/./b/.", "a/b"}, {"...", "..."},	  {"a/.b", "a/.b"},
	};
	char path[LAYER_PATH_MAX + 1];
	const char *why;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		assert_int_equal(layer_path_clean(names[i].name, path, &why), 0);
		assert_string_equal(path, names[i].path);
		if (path[0])
			assert_true(layer_path_valid(path, strlen(path)));
	}
}

TEST(names_that_lead_out_are_refused)
{
	static const char *const names[] = {"..", "../a", "a/../../b", "./.."};
	char path[LAYER_PATH_MAX + 1];
	const char *why = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		assert_int_equal(layer_path_clean(names[i], path, &why), -EINVAL);
		assert_string_equal(why, "leads out of the layer");
	}
}

TEST(the_other_end_accepts_clean_paths_only)
{
	static const char *const paths[] = {"",	  "/",	 "/a",	 "a/",	 "a//b",  ".",
					    "..", "a/.", "../a", "a/..", "a/../b"};

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		assert_false(layer_path_valid(paths[i], strlen(paths[i])));
	assert_false(layer_path_valid("a\0b", 3));
	assert_true(layer_path_valid("a/b", 3));
}

TEST(records_that_make_no_sense_are_refused)
{
	struct layer_record good = {.magic = LAYER_MAGIC, .type = LAYER_FILE, .path_len = 1};
	struct layer_record bad;

	assert_true(layer_record_check(&good));
#define WRONG(member, value)  \
	bad = good;           \
	bad.member = (value); \
	assert_false(layer_record_check(&bad))
	WRONG(magic, 1);
	WRONG(type, LAYER_TYPE_COUNT);
	WRONG(path_len, 0);
	WRONG(path_len, LAYER_PATH_MAX + 1);
	WRONG(link_len, 1);
	WRONG(xattr_len, LAYER_XATTRS_BYTES + 1);
	WRONG(mode, 010000);
	WRONG(uid, UINT32_MAX);
	WRONG(mtime_ns, 1000000000);
	WRONG(size, UINT64_MAX);
	WRONG(major, 1);
	WRONG(unused, 1);
#undef WRONG
}

TEST(images_set_capabilities_and_user_attributes_only)
{
	assert_int_equal(layer_xattr_allowed("security.capability"), 1);
	assert_int_equal(layer_xattr_allowed("user.x"), 1);
	assert_int_equal(layer_xattr_allowed("security.selinux"), 0);
	assert_int_equal(layer_xattr_allowed("user."), -EPERM);
	assert_int_equal(layer_xattr_allowed("user.overlay.opaque"), -EPERM);
	assert_int_equal(layer_xattr_allowed("trusted.overlay.redirect"), -EPERM);
	assert_int_equal(layer_xattr_allowed("system.posix_acl_access"), -EPERM);
	assert_int_equal(layer_xattr_allowed("security.apparmor"), -EPERM);
}
