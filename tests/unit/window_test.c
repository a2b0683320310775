/* base/window: a time of day. */
#include "base/window.h"
#include "tap.h"

static int
wait_at(const char *text, int h, int m, int s, int margin)
{
	struct tm local = {.tm_hour = h, .tm_min = m, .tm_sec = s};
	struct window w;

	return window_parse(text, &w, NULL) ? window_wait(&w, &local, margin)
					    : -1;
}

int
main(void)
{
	static const char *const wrong[] = {"", "02:00", "02:00-", "2:00-4:00",
	    "02:00-04:00 ", "24:00-01:00", "02:60-04:00", "02:00-02:00",
	    "02-00:04:00", "-1:00-04:00", "02:00~04:00"};
	struct window w;
	bson_error_t error;

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		OK(!window_parse(wrong[i], &w, &error) &&
			error_status(&error) == MM_EXIT_USAGE,
		    "no window: \"%s\"", wrong[i]);
	OK(window_parse("02:00-04:00", &w, &error) && w.from == 7200 &&
		w.to == 14400 && window_length(&w) == 7200,
	    "a window");
	OK(window_parse("23:30-00:15", &w, &error) && window_length(&w) == 2700,
	    "over midnight");
	OK(wait_at("02:00-04:00", 2, 0, 0, 30) == 0, "its first second");
	OK(wait_at("02:00-04:00", 1, 59, 59, 30) == 1, "the second before");
	OK(wait_at("02:00-04:00", 3, 59, 29, 30) == 0, "before the margin");
	OK(wait_at("02:00-04:00", 3, 59, 30, 30) == 22 * 3600 + 30,
	    "in the margin: tomorrow");
	OK(wait_at("02:00-04:00", 4, 0, 0, 0) == 22 * 3600, "its end");
	OK(wait_at("23:30-00:15", 23, 59, 0, 60) == 0, "before midnight");
	OK(wait_at("23:30-00:15", 0, 1, 0, 60) == 0, "after midnight");
	OK(wait_at("23:30-00:15", 0, 14, 0, 60) == (23 * 60 + 30 - 14) * 60,
	    "after midnight, in the margin");
	OK(wait_at("00:00-23:59", 23, 59, 60, 0) == 0, "a leap second");
	return tap_done();
}
