#include "base/mem.h"
#include "base/test.h"
#include "engine/event-filter.h"
#include "engine/event.h"
#include "io/event-log.h"

#include <string.h>

static void make(struct event *ret, const char *type, const char *action, const char *attributes)
{
	auto_str line = {0};

	event_line(&line, type, action, "4f66ad", attributes, "", 1500000000);
	assert_int_equal(line.data[line.len - 1], '\n');
	assert_int_equal(event_parse(line.data, line.len - 1, ret, NULL), 0);
}

TEST(what_is_written_down_is_read_back)
{
	auto_event event = {0};
	auto_str document = {0};

	make(&event, "container", "exec_create: sh -c \"x\"", "\"name\":\"web\",\"image\":\"a:1\"");
	assert_string_equal(event.action, "exec_create: sh -c \"x\"");
	assert_string_equal(event_attribute(&event, "name"), "web");
	assert_null(event_attribute(&event, "nam"));
	assert_true(event.time == 1500000000);
	event_write(&event, true, &document);
	assert_string_equal(
		document.data,
		"{\"status\":\"exec_create: sh -c \\\"x\\\"\",\"id\":\"4f66ad\",\"from\":\"a:1\","
		"\"Type\":\"container\",\"Action\":\"exec_create: sh -c \\\"x\\\"\",\"Actor\":{\"ID\":"
		"\"4f66ad\",\"Attributes\":{\"image\":\"a:1\",\"name\":\"web\"}},\"scope\":\"local\","
		"\"time\":1,\"timeNano\":1500000000}");
}

TEST(a_line_that_is_torn_or_strange_is_no_event)
{
	static const char *const lines[] = {
		"",
		"{",
		"[]",
		"{\"Type\":\"container\"}",
		"{\"Type\":1,\"Action\":\"a\",\"Actor\":{\"ID\":\"x\",\"Attributes\":{}},\"timeNano\":1}",
		"{\"Type\":\"c\",\"Action\":\"a\",\"Actor\":{\"ID\":\"x\",\"Attributes\":{\"a\":1}},"
		"\"timeNano\":1}",
		"{\"Type\":\"c\",\"Action\":\"a\",\"Actor\":{\"ID\":\"x\",\"Attributes\":{}},"
		"\"timeNano\":\"1\"}",
	};

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		auto_event event = {0};
		auto_error err = {0};

		assert_true(event_parse(lines[i], strlen(lines[i]), &event, &err) < 0);
		assert_int_equal(err.kind, ERROR_CORRUPT);
	}
}

static bool matches(const struct event *event, const char *first, const char *second)
{
	auto_strv filters = {0};

	strv_add(&filters, first);
	if (second)
		strv_add(&filters, second);
	assert_int_equal(event_filters_check(&filters, NULL), 0);
	return event_matches(event, &filters);
}

TEST(filters_of_one_name_are_alternatives_but_for_labels)
{
	auto_event event = {0};

	make(&event, "container", "health_status: healthy",
	     "\"name\":\"web\",\"image\":\"busybox:1\",\"tier\":\"front\"");
	assert_true(matches(&event, "event=start", "event=health_status"));
	assert_false(matches(&event, "event=health", NULL));
	assert_true(matches(&event, "label=tier", "label=tier=front"));
	assert_false(matches(&event, "label=tier", "label=other"));
	assert_true(matches(&event, "container=/web", "type=container"));
	assert_true(matches(&event, "container=4f", NULL));
	assert_false(matches(&event, "container=we", NULL));
	assert_false(matches(&event, "container=web", "type=image"));
	assert_true(matches(&event, "image=busybox", NULL));
	assert_false(matches(&event, "image=busy", NULL));
	assert_false(matches(&event, "daemon=x", NULL));
}

TEST(a_filter_that_nobody_knows_is_refused)
{
	static const char *const wrong[] = {"soup=1", "event", "=x"};

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		auto_strv filters = {0};
		auto_error err = {0};

		strv_add(&filters, wrong[i]);
		assert_true(event_filters_check(&filters, &err) < 0);
		assert_int_equal(err.kind, ERROR_INVALID);
	}
}
