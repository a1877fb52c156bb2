#include "api/docker/since.h"

#include "base/test.h"
#include "base/time.h"

#include <errno.h>
#include <stdlib.h>

#define NOW (INT64_C(1795342272) * TIME_SECOND) /* 2026-11-22T10:11:12Z */

TEST(points_and_spans_of_time_are_understood)
{
	static const struct {
		const char *text;
		int64_t wanted;
	} table[] = {
		{"2026-11-22T10:11:12Z", NOW},
		{"2026-11-22T11:11:12.5+01:00", NOW + TIME_SECOND / 2},
		{"2026-11-22T10:11:12", NOW},
		{"2026-11-22T10:11:12.25", NOW + TIME_SECOND / 4},
		{"2026-11-22T10:11", NOW - 12 * TIME_SECOND},
		{"2026-11-22", NOW - (10 * 3600 + 11 * 60 + 12) * TIME_SECOND},
		{"1795342272", NOW},
		{"1795342272.000000001", NOW + 1},
		{"0", 0},
		{"10s", NOW - 10 * TIME_SECOND},
		{"1h30m", NOW - 5400 * TIME_SECOND},
		{"1.5h", NOW - 5400 * TIME_SECOND},
		{"250ms", NOW - TIME_SECOND / 4},
	};

	assert_int_equal(setenv("TZ", "UTC", 1), 0);
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		int64_t time = -1;

		if (since_parse(table[i].text, NOW, &time) < 0 || time != table[i].wanted)
			fail_msg("%s: %lld", table[i].text, (long long)time);
	}
}

TEST(what_is_no_time_is_refused)
{
	static const char *const bad[] = {"",
					  "x",
					  "1h30",
					  "h",
					  "-5s",
					  "5 s",
					  "1d",
					  "1..5s",
					  "1.",
					  "1.s",
					  ".5",
					  "2026-13-01",
					  "99999999999999999999",
					  "9999999999h"};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		int64_t time;

		if (since_parse(bad[i], NOW, &time) == 0)
			fail_msg("accepted: %s", bad[i]);
	}
}
