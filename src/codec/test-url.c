#include "base/test.h"

#include "base/mem.h"
#include "codec/url.h"

#include <errno.h>

static void assert_url(const char *text, const char *again)
{
	auto_url url = {0};
	auto_free char *out = NULL;

	assert_int_equal(url_parse(text, &url), 0);
	out = url_text(&url);
	assert_string_equal(out, again);
}

TEST(urls_are_written_in_one_form)
{
	assert_url("HTTPS://Registry.Example.COM", "https://registry.example.com/");
	assert_url("https://a:443/v2/?x=%20&y", "https://a/v2/?x=%20&y");
	assert_url("http://127.0.0.1:5000/v2/", "http://127.0.0.1:5000/v2/");
	assert_url("http://[::1]:5000?n=1", "http://[::1]:5000/?n=1");
	assert_url("http://a:443/", "http://a:443/");
}

TEST(what_is_no_plain_url_is_refused)
{
	static const char *const bad[] = {
		"",
		"a",
		"ftp://a/",
		"https:/a",
		"https://",
		"https:///x",
		"https://:443/",
		"https://user@host/",
		"https://user:pw@host/",
		"https://host:/",
		"https://host:0/",
		"https://host:65536/",
		"https://host:-1/",
		"https://host:+1/",
		"https://host/a b",
		"https://host/\r\nX: y",
		"https://host/#frag",
		"https://host/\x80",
		"https://h\xc3\xb6st/",
		"https://ho st/",
		"https://-host/",
		"https://host./",
		"https://a..b/",
		"https://a%2eb/",
		"https://127.1/",
		"https://0x7f.0.0.1/",
		"https://127.0.0.01/",
		"https://2130706433/",
		"https://1.2.3.0x4/",
		"https://[::1/",
		"https://[1.2.3.4]/",
		"https://[::1]x/",
		"https://[fe80::1%25eth0]/",
		"https://::1/",
		"https://host\\@evil/",
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct url url;

		if (url_parse(bad[i], &url) != -EINVAL)
			fail_msg("accepted: %s", bad[i]);
	}
}

TEST(a_location_is_read_in_the_light_of_its_request)
{
	static const struct {
		const char *location, *meant;
	} cases[] = {
		{"https://cdn.example/x?sig=1", "https://cdn.example/x?sig=1"},
		{"//cdn.example/x", "https://cdn.example/x"},
		{"/v2/y", "https://a:5000/v2/y"},
		{"z", "https://a:5000/v2/z"},
		{"z?u=https://b/", "https://a:5000/v2/z?u=https://b/"},
	};
	auto_url base = {0};

	assert_int_equal(url_parse("https://a:5000/v2/x?a/b", &base), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		auto_url url = {0};
		auto_free char *text = NULL;

		assert_int_equal(url_resolve(&base, cases[i].location, &url), 0);
		text = url_text(&url);
		assert_string_equal(text, cases[i].meant);
	}
}

TEST(locations_of_other_schemes_are_refused)
{
	static const char *const bad[] = {
		"",	  "file:///etc/passwd", "gopher://a/", "javascript:1",
		"?query", "https:relative",	"/a b"};
	auto_url base = {0};

	assert_int_equal(url_parse("https://a/v2/", &base), 0);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct url url;

		assert_int_equal(url_resolve(&base, bad[i], &url), -EINVAL);
	}
}

TEST(an_origin_is_scheme_and_host_and_port)
{
	auto_url a = {0}, same = {0}, scheme = {0}, host = {0}, port = {0};

	assert_int_equal(url_parse("https://a/x", &a), 0);
	assert_int_equal(url_parse("https://A:443/y", &same), 0);
	assert_int_equal(url_parse("http://a:443/x", &scheme), 0);
	assert_int_equal(url_parse("https://b/x", &host), 0);
	assert_int_equal(url_parse("https://a:444/x", &port), 0);
	assert_true(url_same_origin(&a, &same));
	assert_false(url_same_origin(&a, &scheme));
	assert_false(url_same_origin(&a, &host));
	assert_false(url_same_origin(&a, &port));
}

TEST(loopback_is_literal)
{
	static const struct {
		const char *authority;
		bool loopback;
	} cases[] = {
		{"127.0.0.1:5000", true},      {"127.255.255.254", true},
		{"[::1]:5000", true},	       {"localhost:5000", true},
		{"128.0.0.1", false},	       {"127.0.0.1.example.com", false},
		{"localhost.example", false},  {"a.localhost", false},
		{"[::ffff:127.0.0.1]", false}, {"10.0.0.1", false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		auto_url url = {0};

		assert_int_equal(url_from_authority(cases[i].authority, true, &url), 0);
		assert_int_equal(url_is_loopback(&url), cases[i].loopback);
	}
}
