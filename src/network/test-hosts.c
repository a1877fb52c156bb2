#include "base/mem.h"
#include "base/test.h"
#include "network/hosts.h"

#include <string.h>

#define LOCALHOST                                                                       \
	"127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\nfe00::\tip6-" \
	"localnet\nff00::\tip6-mcastprefix\nff02::1\tip6-allnodes\nff02::2\tip6-allrouters\n"

TEST(the_container_is_found_by_its_name_and_its_short_name)
{
	struct hosts_options options = {.hostname = "web.example", .address = "172.17.0.2"};
	auto_free char *text = NULL;

	assert_int_equal(hosts_make(&options, &text, NULL), 0);
	assert_string_equal(text, LOCALHOST "172.17.0.2\tweb.example web\n");
}

TEST(a_container_without_address_has_localhost_only)
{
	struct hosts_options options = {.hostname = "web", .address = ""};
	auto_free char *text = NULL;

	assert_int_equal(hosts_make(&options, &text, NULL), 0);
	assert_string_equal(text, LOCALHOST);
}

TEST(extra_hosts_stand_before_the_container)
{
	auto_strv extra = {0};
	struct hosts_options options = {.hostname = "web",
					.address = "172.17.0.2",
					.gateway = "172.17.0.1",
					.extra = &extra};
	auto_free char *text = NULL;

	strv_add(&extra, "db:10.0.0.1");
	strv_add(&extra, "six=2001:db8::1");
	strv_add(&extra, "seven:[2001:db8::2]");
	strv_add(&extra, "host.docker.internal:host-gateway");
	assert_int_equal(hosts_make(&options, &text, NULL), 0);
	assert_string_equal(text, LOCALHOST "10.0.0.1\tdb\n2001:db8::1\tsix\n2001:db8::2\tseven\n"
					    "172.17.0.1\thost.docker.internal\n172.17.0.2\tweb\n");
}

TEST(a_line_end_in_a_value_never_becomes_a_line)
{
	static const char *const hostile[] = {
		"db:10.0.0.1\n6.6.6.6 bank",
		"d\nb:10.0.0.1",
		"d b:10.0.0.1",
		"db",
		"db:",
		":10.0.0.1",
		"db:10.0.0",
		"db:[::1",
	};

	for (size_t i = 0; i < ARRAY_SIZE(hostile); i++) {
		auto_strv extra = {0};
		struct hosts_options options = {.hostname = "web", .extra = &extra};
		auto_error err = {0};
		char *text = NULL;

		strv_add(&extra, hostile[i]);
		assert_true(hosts_make(&options, &text, &err) < 0);
		assert_int_equal(err.kind, ERROR_INVALID);
		assert_null(text);
	}
	assert_false(hosts_name_valid("web\n6.6.6.6 bank"));
	assert_false(hosts_name_valid(""));
}

TEST(host_gateway_needs_a_gateway)
{
	auto_strv extra = {0};
	struct hosts_options options = {.hostname = "web", .extra = &extra};
	auto_error err = {0};
	char *text = NULL;

	strv_add(&extra, "h:host-gateway");
	assert_true(hosts_make(&options, &text, &err) < 0);
	assert_string_equal(err.message,
			    "add-host h:host-gateway: this network has no gateway to the host");
}

TEST(the_hostname_file_is_one_line)
{
	auto_free char *text = NULL;
	char *refused = NULL;

	assert_int_equal(hostname_make("web", &text, NULL), 0);
	assert_string_equal(text, "web\n");
	assert_true(hostname_make("we\nb", &refused, NULL) < 0);
}
