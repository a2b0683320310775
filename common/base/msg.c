#include "base/msg.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *tool_name = "mm";
static enum msg_level shown = MSG_INFO;
static bool as_json, drawn;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void
msg_init(const char *tool)
{
	tool_name = tool;
}

const char *
msg_tool(void)
{
	return tool_name;
}

void
msg_set_level(enum msg_level highest_shown)
{
	shown = highest_shown;
}

void
msg_set_json(bool json)
{
	as_json = json;
}

/* stderr is where failures are told: a failing write has nowhere to go. */
static void
put(const char *line, size_t len)
{
	while (len > 0) {
		ssize_t n = write(STDERR_FILENO, line, len);

		if (n <= 0)
			return;
		line += n;
		len -= (size_t)n;
	}
}

/* With the lock held. */
static void
erase_line(void)
{
	static const char erase[] = "\r\033[K";

	if (drawn)
		put(erase, sizeof erase - 1);
	drawn = false;
}

void
msg_line(const char *text)
{
	char line[300];
	int n;

	pthread_mutex_lock(&lock);
	erase_line();
	if (text && shown >= MSG_INFO) {
		n = snprintf(line, sizeof line, "%s: %s", tool_name, text);
		put(line, n < (int)sizeof line ? (size_t)n : sizeof line - 1);
		drawn = true;
	}
	pthread_mutex_unlock(&lock);
}

bool
msg_on_terminal(void)
{
	return !as_json && isatty(STDERR_FILENO);
}

static void emit(const char *level, const char *format, va_list ap)
    BSON_GNUC_PRINTF(2, 0);

static void
emit(const char *level, const char *format, va_list ap)
{
	char text[4096], line[9000];
	struct timespec now;
	char *quoted;
	int n;

	vsnprintf(text, sizeof text, format, ap);
	pthread_mutex_lock(&lock);
	if (as_json) {
		clock_gettime(CLOCK_REALTIME, &now);
		quoted = bson_utf8_escape_for_json(text, -1);
		n = snprintf(line, sizeof line,
		    "{\"ts\":%lld.%03ld,\"level\":\"%s\",\"tool\":\"%s\","
		    "\"msg\":\"%s\"}\n",
		    (long long)now.tv_sec, now.tv_nsec / 1000000, level,
		    tool_name, quoted ? quoted : "");
		bson_free(quoted);
	} else {
		n = snprintf(
		    line, sizeof line, "%s: %s: %s\n", tool_name, level, text);
	}
	if (n >= (int)sizeof line)
		n = (int)sizeof line - 1;
	erase_line();
	put(line, (size_t)n);
	pthread_mutex_unlock(&lock);
}

#define MSG_FUNCTION(name, minimum, label)                                     \
	void name(const char *format, ...)                                     \
	{                                                                      \
		va_list ap;                                                    \
                                                                               \
		if (shown < (minimum))                                         \
			return;                                                \
		va_start(ap, format);                                          \
		emit(label, format, ap);                                       \
		va_end(ap);                                                    \
	}

MSG_FUNCTION(msg_error, MSG_ERROR, "error")
MSG_FUNCTION(msg_hint, MSG_ERROR, "hint")
MSG_FUNCTION(msg_warn, MSG_WARNING, "warning")
MSG_FUNCTION(msg_info, MSG_INFO, "info")
MSG_FUNCTION(msg_verbose, MSG_VERBOSE, "verbose")
