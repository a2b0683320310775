/* What is kept of red lines, and how long it has been quiet. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "engine/switch_red.h"
#include "tap.h"

static char dir[] = "/tmp/mm-red.XXXXXX";
static char path[64];

/* Lines `what`, so many seconds ago. */
static void
lines(const char *what, int from, int to, int every)
{
	FILE *f = fopen(path, "a");

	for (int s = from; f && s >= to; s -= every)
		fprintf(f, "{\"at\": %lld, \"what\": \"%s\"}\n",
		    (long long)clock_wall_ms() - s * 1000, what);
	if (!f || fclose(f) != 0)
		abort();
}

static const char *
quiet(int seconds)
{
	static bson_error_t why;

	if (red_quiet(dir, seconds * 1000, &why))
		return "";
	if (error_status(&why) != MM_EXIT_NO)
		return "another status";
	return why.message;
}

static void
test_quiet(void)
{
	OK(*quiet(0) == '\0', "no time: quiet");
	OK(strstr(quiet(600), "nobody has looked"), "no file: not looked");
	lines("ok", 900, 0, 10);
	OK(*quiet(600) == '\0', "looked at all the time: quiet");
	unlink(path);
	lines("ok", 900, 400, 10);
	OK(strstr(quiet(600), "nobody has looked"), "not until now");
	lines("ok", 300, 0, 10);
	OK(strstr(quiet(600), "nobody has looked"), "a gap in between");
	OK(*quiet(290) == '\0', "none since then");
	unlink(path);
	lines("ok", 200, 0, 10);
	OK(strstr(quiet(600), "nobody has looked"), "not from the beginning");
	unlink(path);
	lines("ok", 900, 500, 10);
	lines("back-lag", 490, 490, 1);
	lines("ok", 480, 0, 10);
	OK(strstr(quiet(600), "red 490 s ago: back-lag") ||
		strstr(quiet(600), "red 491 s ago: back-lag"),
	    "one was seen: %s", quiet(600));
	OK(*quiet(400) == '\0', "it is long ago");
}

static size_t
count(const char *what)
{
	char line[512];
	size_t n = 0;
	FILE *f = fopen(path, "r");

	while (f && fgets(line, sizeof line, f))
		n += strstr(line, what) != NULL;
	if (f)
		fclose(f);
	return n;
}

static void
test_notes(void)
{
	struct red_opts o = {.back_job = "j"};
	struct red_lines none = {.n = 0},
			 two = {.item = {{"back-lag", "12 s"},
				    {"old-reads", "a \"b\"\n\xff"}},
			     .n = 2};
	struct red *r = red_new(&o);
	bson_error_t error;

	unlink(path);
	OK(red_note(r, dir, &none, &error) && count("\"ok\"") == 1, "noted");
	OK(red_note(r, dir, &none, &error) && count("\"ok\"") == 1,
	    "not every time");
	OK(red_note(r, dir, &two, &error) && count("\"12 s\"") == 1 &&
		count("old-reads") == 1,
	    "red lines at once, whatever is in them");
	OK(red_note(r, dir, &two, &error) && count("back-lag") == 1,
	    "nor are they every time");
	OK(strstr(quiet(20), "red 0 s ago"), "and are read: %s", quiet(20));
	red_free(r);
}

int
main(void)
{
	if (!mkdtemp(dir))
		abort();
	snprintf(path, sizeof path, "%s/red", dir);
	test_quiet();
	test_notes();
	unlink(path);
	rmdir(dir);
	return tap_done();
}
