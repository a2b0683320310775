#include "base/window.h"

#include <ctype.h>

enum { DAY = 24 * 3600 };

/* HH:MM at *text, which is moved on; -1: it is not. */
static int
time_of_day(const char **text)
{
	const char *t = *text;
	int h, m;

	for (int i = 0; i < 5; i++)
		if (i == 2 ? t[i] != ':' : !isdigit((unsigned char)t[i]))
			return -1;
	h = (t[0] - '0') * 10 + t[1] - '0';
	m = (t[3] - '0') * 10 + t[4] - '0';
	*text = t + 5;
	return h < 24 && m < 60 ? h * 3600 + m * 60 : -1;
}

bool
window_parse(const char *text, struct window *w, bson_error_t *error)
{
	const char *at = text;

	w->from = time_of_day(&at);
	if (w->from >= 0 && *at++ == '-')
		w->to = time_of_day(&at);
	else
		w->to = -1;
	return (w->from >= 0 && w->to >= 0 && *at == '\0' &&
		   w->from != w->to) ||
	    error_set(error, MM_EXIT_USAGE, 0,
		"\"%s\" is no window: HH:MM-HH:MM, as 02:00-04:00", text);
}

int
window_length(const struct window *w)
{
	return (w->to - w->from + DAY) % DAY;
}

int
window_wait(const struct window *w, const struct tm *local, int margin)
{
	int now = local->tm_hour * 3600 + local->tm_min * 60 + local->tm_sec;
	int since = (now % DAY - w->from + DAY) % DAY;

	return since + margin < window_length(w) ? 0 : DAY - since;
}
