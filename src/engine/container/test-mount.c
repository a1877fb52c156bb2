#include "base/mem.h"
#include "base/test.h"
#include "engine/container/mount.h"

#include <string.h>

TEST(paths_are_cleaned_as_filepath_clean_does)
{
	static const char *const rows[][2] = {
		{"/", "/"},	    {"//a///b/", "/a/b"},   {"/a/./b", "/a/b"}, {"/a/../b", "/b"},
		{"/../../x", "/x"}, {"/a/b/../../..", "/"}, {"/...", "/..."},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_free char *clean = path_clean(rows[i][0]);

		assert_string_equal(clean, rows[i][1]);
	}
	assert_null(path_clean("a/b"));
	assert_null(path_clean(""));
}

TEST(a_volume_argument_is_split_and_understood)
{
	struct container_mount mount;

	assert_int_equal(container_mount_parse_volume("/src/../s:/dst/:ro,rslave", &mount, NULL),
			 0);
	assert_int_equal(mount.kind, MOUNT_BIND);
	assert_string_equal(mount.source, "/s");
	assert_string_equal(mount.target, "/dst");
	assert_true(mount.read_only);
	assert_int_equal(mount.propagation, MOUNT_RSLAVE);
	container_mount_release(&mount);

	assert_int_equal(container_mount_parse_volume("data:/x:nocopy", &mount, NULL), 0);
	assert_int_equal(mount.kind, MOUNT_VOLUME);
	assert_string_equal(mount.source, "data");
	assert_true(mount.no_copy && !mount.anonymous);
	container_mount_release(&mount);

	assert_int_equal(container_mount_parse_volume("/x", &mount, NULL), 0);
	assert_int_equal(mount.kind, MOUNT_VOLUME);
	assert_true(mount.anonymous);
	assert_null(mount.source);
	container_mount_release(&mount);
}

TEST(malformed_volume_arguments_are_refused)
{
	static const char *const bad[] = {
		"",	      ":",	 "/a:",		 ":/a",
		"/a:/b:ro:x", "/a:b",	 "/a:/",	 "/a:/b:huge",
		"a/b:/c",     "../../:", "x:/c",	 "-x:/c",
		"na me:/c",   "/a:/b:,", "/a:/b:nocopy", "data:/x:rslave",
		"/a:/b/..",
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct container_mount mount = {.source = (char *)"untouched"};
		struct error err = {0};

		assert_true(container_mount_parse_volume(bad[i], &mount, &err) < 0);
		assert_int_equal(err.kind, ERROR_INVALID);
		assert_string_equal(mount.source, "untouched");
		error_release(&err);
	}
}

TEST(a_tmpfs_keeps_its_options)
{
	struct container_mount mount;

	assert_int_equal(container_mount_parse_tmpfs("/run:size=1m,mode=755", &mount, NULL), 0);
	assert_int_equal(mount.kind, MOUNT_TMPFS);
	assert_string_equal(mount.target, "/run");
	assert_string_equal(mount.options, "size=1m,mode=755");
	container_mount_release(&mount);
	assert_true(container_mount_parse_tmpfs("run", &mount, NULL) < 0);
	assert_true(container_mount_parse_tmpfs("/", &mount, NULL) < 0);
}

TEST(a_tmpfs_takes_only_options_of_a_tmpfs)
{
	static const char *const bad[] = {"/a:huge",	   "/a:size",	"/a:size=",
					  "/a:,ro",	   "/a:ro,",	"/a:bind",
					  "/a:rw,remount", "/a:shared", "/a:size=1m,lowerdir=/",
					  "/a:ro=1"};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct container_mount mount = {.source = (char *)"untouched"};
		struct error err = {0};

		assert_true(container_mount_parse_tmpfs(bad[i], &mount, &err) < 0);
		assert_int_equal(err.kind, ERROR_INVALID);
		assert_string_equal(mount.source, "untouched");
		error_release(&err);
	}
}
