#include "base/status.h"

#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/msg.h"
#include "base/thread.h"

enum { MAX_FIELDS = 64 };

struct field {
	const char *name;
	char *text; /* NULL: a number */
	bool word;  /* text is true, false or null */
	bool real;
	int64_t number;
	double decimal;
};

static struct field fields[MAX_FIELDS];
static size_t n_fields;
static const char *path;
static char *temp;
static char started[CLOCK_TEXT];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t tick = PTHREAD_COND_INITIALIZER;
static pthread_t thread;
static bool running, ending, asked;

/* With the lock held. Names are literals of the callers. */
static struct field *
field_of(const char *name)
{
	for (size_t i = 0; i < n_fields; i++)
		if (strcmp(fields[i].name, name) == 0)
			return &fields[i];
	if (n_fields == MAX_FIELDS)
		return &fields[MAX_FIELDS - 1];
	fields[n_fields].name = name;
	return &fields[n_fields++];
}

static void
add(struct buf *b, const char *text)
{
	buf_add(b, text, strlen(text));
}

static void
add_field(struct buf *b, const struct field *f)
{
	char number[64], *quoted;

	add(b, ",\"");
	add(b, f->name);
	add(b, "\":");
	if (f->text && f->word) {
		add(b, f->text);
		return;
	}
	if (f->text) {
		quoted = bson_utf8_escape_for_json(f->text, -1);
		add(b, "\"");
		add(b, quoted ? quoted : "");
		add(b, "\"");
		bson_free(quoted);
		return;
	}
	if (f->real)
		snprintf(number, sizeof number, "%.3f", f->decimal);
	else
		snprintf(number, sizeof number, "%" PRId64, f->number);
	add(b, number);
}

/* With the lock held. Temporary file in the same directory, then rename: a
 * reader never sees half a file. Not fsynced: it is a view, not a record. */
static bool
write_file(bson_error_t *error)
{
	struct buf b = BUF_INIT;
	char head[256], updated[CLOCK_TEXT];
	bool ok = false;
	int fd;

	clock_text(clock_wall_ms() / 1000, updated);
	snprintf(head, sizeof head,
	    "{\"tool\":\"%s\",\"pid\":%ld,\"started\":\"%s\","
	    "\"updated\":\"%s\"",
	    msg_tool(), (long)getpid(), started, updated);
	add(&b, head);
	for (size_t i = 0; i < n_fields; i++)
		add_field(&b, &fields[i]);
	add(&b, "}\n");
	fd = open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd >= 0) {
		ok = write(fd, b.data, b.len) == (ssize_t)b.len;
		ok = close(fd) == 0 && ok && rename(temp, path) == 0;
	}
	buf_release(&b);
	return ok ||
	    error_errno(
		error, MM_EXIT_IO, "could not write status file \"%s\"", path);
}

static void *
run(void *unused)
{
	bson_error_t error;
	bool told = false;

	pthread_mutex_lock(&lock);
	while (!ending) {
		struct timespec until = clock_after(CLOCK_REALTIME, 1000);

		if (!asked)
			pthread_cond_timedwait(&tick, &lock, &until);
		asked = false;
		if (!ending && !write_file(&error) && !told) {
			told = true;
			msg_warn("%s", error.message);
		}
	}
	pthread_mutex_unlock(&lock);
	return unused;
}

bool
status_start(const char *file, bson_error_t *error)
{
	bool ok;

	clock_text(clock_wall_ms() / 1000, started);
	if (!file)
		return true;
	path = file;
	temp = bson_strdup_printf("%s.%ld.tmp", file, (long)getpid());
	pthread_mutex_lock(&lock);
	ok = write_file(error);
	pthread_mutex_unlock(&lock);
	if (!ok)
		return false;
	running = thread_start(&thread, run, NULL, error);
	return running;
}

static void
set_text(const char *name, const char *value, bool word)
{
	struct field *f;

	pthread_mutex_lock(&lock);
	f = field_of(name);
	bson_free(f->text);
	f->text = bson_strdup(value);
	f->word = word;
	pthread_mutex_unlock(&lock);
}

void
status_text(const char *name, const char *value)
{
	set_text(name, value, false);
}

void
status_bool(const char *name, bool value)
{
	set_text(name, value ? "true" : "false", true);
}

void
status_null(const char *name)
{
	set_text(name, "null", true);
}

void
status_int(const char *name, int64_t value)
{
	pthread_mutex_lock(&lock);
	field_of(name)->number = value;
	pthread_mutex_unlock(&lock);
}

void
status_add(const char *name, int64_t more)
{
	pthread_mutex_lock(&lock);
	field_of(name)->number += more;
	pthread_mutex_unlock(&lock);
}

void
status_double(const char *name, double value)
{
	struct field *f;

	pthread_mutex_lock(&lock);
	f = field_of(name);
	f->real = true;
	f->decimal = value;
	pthread_mutex_unlock(&lock);
}

/* With the lock held; NULL: never set. */
static const struct field *
known(const char *name)
{
	for (size_t i = 0; i < n_fields; i++)
		if (strcmp(fields[i].name, name) == 0)
			return &fields[i];
	return NULL;
}

int64_t
status_read(const char *name)
{
	const struct field *f;
	int64_t n;

	pthread_mutex_lock(&lock);
	f = known(name);
	n = f ? f->number : 0;
	pthread_mutex_unlock(&lock);
	return n;
}

void
status_read_text(const char *name, char *text, size_t size)
{
	const struct field *f;

	pthread_mutex_lock(&lock);
	f = known(name);
	bson_strncpy(text, f && f->text ? f->text : "", size);
	pthread_mutex_unlock(&lock);
}

void
status_position(const char *name, struct optime o)
{
	char text[OPTIME_TEXT];

	status_text(name, optime_text(o, text));
}

void
status_now(void)
{
	pthread_mutex_lock(&lock);
	asked = true;
	pthread_cond_signal(&tick);
	pthread_mutex_unlock(&lock);
}

void
status_state(const char *state)
{
	status_text("state", state);
}

void
status_end(enum mm_exit status, const bson_error_t *error)
{
	status_state(status == MM_EXIT_OK || status == MM_EXIT_NO ? "done"
		: status == MM_EXIT_STOPPED                       ? "stopped"
								  : "failed");
	status_int("exit_status", status);
	if (error)
		status_text("last_error", error->message);
	if (!running)
		return;
	pthread_mutex_lock(&lock);
	ending = true;
	pthread_cond_signal(&tick);
	pthread_mutex_unlock(&lock);
	pthread_join(thread, NULL);
	running = false;
	/* Here and not in the thread, which may not have begun to wait. */
	pthread_mutex_lock(&lock);
	(void)write_file(NULL);
	pthread_mutex_unlock(&lock);
	unlink(temp);
	bson_free(temp);
	temp = NULL;
}
