#include "base/test.h"
#include "base/time.h"

#include <time.h>

TEST(times_survive_the_way_through_their_text)
{
	static const int64_t times[] = {0, 1, 1700000000000000000, 1763806271500000000, 999999999};
	char text[TIME_TEXT_SIZE];
	int64_t back;

	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		assert_int_equal(time_parse(time_format(times[i], text), &back), 0);
		assert_true(back == times[i]);
	}
	assert_string_equal(time_format(1763806271500000000, text), "2025-11-22T10:11:11.5Z");
	assert_string_equal(time_format_fixed(1, text), "1970-01-01T00:00:00.000000001Z");
}

TEST(the_calendar_is_the_c_library_s)
{
	for (int64_t seconds = -9223372036; seconds < 9223372036; seconds += 7654321) {
		char expected[TIME_TEXT_SIZE], text[TIME_TEXT_SIZE];
		time_t t = (time_t)seconds;
		struct tm tm;

		(void)gmtime_r(&t, &tm);
		(void)strftime(expected, sizeof(expected), "%Y-%m-%dT%H:%M:%SZ", &tm);
		assert_string_equal(time_format(seconds * TIME_SECOND, text), expected);
	}
}

TEST(offsets_are_applied)
{
	int64_t a, b;

	assert_int_equal(time_parse("2025-11-22T10:11:11+02:00", &a), 0);
	assert_int_equal(time_parse("2025-11-22T08:11:11Z", &b), 0);
	assert_true(a == b);
	assert_true(time_parse("2025-11-22 08:11:11Z", &a) < 0);
	assert_true(time_parse("2025-11-22T08:11:11", &a) < 0);
	assert_true(time_parse("2025-11-22T08:11:11+-1:-2", &a) < 0);
	assert_true(time_parse("2025-11-22T08:11:11+1:000", &a) < 0);
}

TEST(durations_and_sizes_read_as_dockers)
{
	static const struct {
		int64_t seconds;
		const char *text;
	} rows[] = {{0, "Less than a second"}, {1, "1 second"},	      {45, "45 seconds"},
		    {60, "About a minute"},    {600, "10 minutes"},   {3600, "About an hour"},
		    {5 * 3600, "5 hours"},     {3 * 86400, "3 days"}, {21 * 86400, "3 weeks"}};
	char text[TIME_HUMAN_SIZE];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_string_equal(time_human(rows[i].seconds * TIME_SECOND, text), rows[i].text);
	assert_string_equal(size_human(0, 4, text), "0B");
	assert_string_equal(size_human(4261550, 4, text), "4.262MB");
	assert_string_equal(size_human(4261550, 3, text), "4.26MB");
	assert_string_equal(size_human(72800000, 3, text), "72.8MB");
}
