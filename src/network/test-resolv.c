#include "base/mem.h"
#include "base/test.h"
#include "network/resolv.h"

#include <string.h>

static char *make(const char *host, const struct resolv_options *options)
{
	char *text = NULL;

	assert_int_equal(resolv_make(host, options, &text, NULL), 0);
	return text;
}

TEST(servers_that_a_container_cannot_reach_are_left_out)
{
	struct resolv_options options = {0};
	auto_free char *text =
		make("# comment\nnameserver 127.0.0.1\nnameserver 10.0.0.2\nnameserver ::1\n"
		     "nameserver fe80::1%eth0\nnameserver 2001:db8::1\n"
		     "search a.example b.example\noptions ndots:2 rotate\n",
		     &options);

	assert_string_equal(text, "nameserver 10.0.0.2\nsearch a.example b.example\n"
				  "options ndots:2 rotate\n");
}

TEST(a_host_with_loopback_servers_only_gets_public_ones)
{
	struct resolv_options options = {0};
	auto_free char *text = make("nameserver 127.0.0.11\nsearch x\n", &options);
	auto_free char *none = make("", &options);

	assert_string_equal(text, "nameserver 8.8.8.8\nnameserver 8.8.4.4\nsearch x\n");
	assert_string_equal(none, "nameserver 8.8.8.8\nnameserver 8.8.4.4\n");
}

TEST(the_hosts_own_network_keeps_all_servers)
{
	struct resolv_options options = {.host_network = true};
	auto_free char *text = make("nameserver 127.0.0.53\nnameserver ::1\n", &options);

	assert_string_equal(text, "nameserver 127.0.0.53\nnameserver ::1\n");
}

TEST(wishes_replace_what_the_host_has_one_by_one)
{
	auto_strv servers = {0}, search = {0}, none = {0};
	struct resolv_options options = {.servers = &servers, .search = &search};
	auto_free char *text = NULL, *without = NULL;

	strv_add(&servers, "127.0.0.1");
	strv_add(&servers, "2001:db8::1");
	strv_add(&search, "c.example");
	text = make("nameserver 10.0.0.2\nsearch a\noptions x\n", &options);
	assert_string_equal(text, "nameserver 127.0.0.1\nnameserver 2001:db8::1\n"
				  "search c.example\noptions x\n");
	strv_add(&none, ".");
	options.search = &none;
	without = make("search a\n", &options);
	assert_string_equal(without, "nameserver 127.0.0.1\nnameserver 2001:db8::1\n");
}

TEST(the_last_search_line_counts)
{
	struct resolv_options options = {0};
	auto_free char *text =
		make("domain a\nsearch b c\n nameserver\t10.0.0.2 trailing", &options);

	assert_string_equal(text, "nameserver 10.0.0.2\nsearch b c\n");
}

TEST(wrong_wishes_are_refused_in_dockers_words)
{
	auto_strv server = {0}, search = {0}, option = {0};
	struct {
		struct resolv_options options;
		const char *message;
	} cases[] = {
		{{.servers = &server}, "1.2.3.4\nsearch evil is not an ip address"},
		{{.search = &search}, "a\nb is not a valid domain"},
		{{.options = &option}, "dns option \"a\nb\": blanks and line ends cannot be in it"},
	};

	strv_add(&server, "1.2.3.4\nsearch evil");
	strv_add(&search, "a\nb");
	strv_add(&option, "a\nb");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		auto_error err = {0};
		char *text = NULL;

		assert_true(resolv_make("", &cases[i].options, &text, &err) < 0);
		assert_int_equal(err.kind, ERROR_INVALID);
		assert_string_equal(err.message, cases[i].message);
	}
}

TEST(domains_are_names)
{
	static const struct {
		const char *name;
		bool good;
	} cases[] = {
		{"a", true},	{"a.b", true},	{"a.b.", true},	 {"a-b.c1", true}, {"1a", true},
		{"-a", false},	{"a-", false},	{"a..b", false}, {".a", false},	   {"1.2", false},
		{"a_b", false}, {"a b", false}, {"", false},	 {"a-.b", false},  {"x.-b", false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		auto_strv search = {0};
		struct resolv_options options = {.search = &search};
		auto_free char *text = NULL;

		strv_add(&search, cases[i].name);
		assert_int_equal(resolv_make("", &options, &text, NULL) == 0, cases[i].good);
	}
}
