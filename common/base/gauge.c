#include "base/gauge.h"

#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/msg.h"
#include "base/sig.h"
#include "base/stage.h"
#include "base/status.h"
#include "base/thread.h"

enum { TICK_MS = 200, SECOND_MS = 1000 };

static const char *progress = "auto", *metrics_file;
static int64_t interval_ms = 10000;

static const struct opt rows[] = {
    {0, "progress", "WHEN", OPT_CHOICE, &progress,
	"one line drawn again: auto (on a terminal), always, never", 0, 0,
	"auto|always|never"},
    {0, "status-interval", "SECONDS", OPT_SECONDS, &interval_ms,
	"elsewhere a line this often (10)", 1000, 86400000},
    {0, "metrics-file", "FILE", OPT_TEXT, &metrics_file,
	"write metrics for Prometheus to FILE once a second"},
};
const struct opt_group gauge_options = OPT_GROUP("progress", rows);

static struct {
	pthread_mutex_t lock;
	pthread_cond_t end;
	pthread_t thread;
	bool running, ending;
	char *temp;
	time_t started;
	/* of the stage at hand */
	char state[40];
	int64_t since, docs, bytes; /* at its begin */
	int64_t at, seen;           /* last look, bytes then */
	double rate;                /* bytes a second, of late */
} r = {.lock = PTHREAD_MUTEX_INITIALIZER, .end = PTHREAD_COND_INITIALIZER};

static int64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000ll + ts.tv_nsec / 1000000;
}

/* ------------------------------------------------------------------- line */

/* The rate of the last ten seconds or so; each stage has its own. */
static void
look(int64_t now)
{
	int64_t bytes = status_read("bytes");
	char state[sizeof r.state];
	double weight, rate;

	status_read_text("state", state, sizeof state);
	if (strcmp(state, r.state) != 0) {
		bson_strncpy(r.state, state, sizeof r.state);
		r.since = r.at = now;
		r.docs = status_read("docs");
		r.bytes = r.seen = bytes;
		r.rate = 0;
		return;
	}
	if (now - r.at < SECOND_MS)
		return;
	rate = (double)(bytes - r.seen) * 1000 / (double)(now - r.at);
	weight = r.at == r.since ? 1 : 0.2;
	r.rate += (rate - r.rate) * weight;
	r.at = now;
	r.seen = bytes;
}

static void
put_size(struct buf *b, double bytes)
{
	static const char *const unit[] = {"B", "KiB", "MiB", "GiB", "TiB"};
	size_t u = 0;

	for (; bytes >= 1024 && u < 4; u++)
		bytes /= 1024;
	buf_add_format(b, u ? "%.1f %s" : "%.0f %s", bytes, unit[u]);
}

static void
put_time(struct buf *b, int64_t s)
{
	buf_add_format(b, "%" PRId64 ":%02d:%02d", s / 3600, (int)(s / 60 % 60),
	    (int)(s % 60));
}

/* Index builds: what is told is for people as it is (engine/index_watch.h). */
static void
put_indexes(struct buf *b)
{
	int64_t total = status_read("index_collections_total");
	char text[400];

	if (total > 0 && strcmp(r.state, "indexing") == 0)
		buf_add_format(b, "%" PRId64 " of %" PRId64 " collections, ",
		    status_read("index_collections"), total);
	status_read_text("index_progress", text, sizeof text);
	if (text[0])
		buf_add_format(b, "%s, ", text);
}

static char *
line_text(int64_t now)
{
	int64_t docs = status_read("docs"), bytes = status_read("bytes"),
		docs_total = status_read("docs_total"),
		left = status_read("bytes_total") - bytes;
	struct buf b = BUF_INIT;

	buf_add_format(&b, "%s: ", r.state[0] ? r.state : "starting");
	/* A stage that moves no documents (indexes) has its time alone. */
	if (docs > r.docs || r.rate > 0 || docs_total > docs) {
		buf_add_format(&b, "%" PRId64, docs);
		if (docs_total >= docs && docs_total > 0)
			buf_add_format(&b, " of about %" PRId64, docs_total);
		buf_add_text(&b, " documents, ");
		put_size(&b, (double)bytes);
		buf_add_text(&b, ", ");
		put_size(&b, r.rate);
		buf_add_text(&b, "/s, ");
		if (left > 0 && r.rate >= 1) {
			buf_add_text(&b, "ETA ");
			put_time(&b, (int64_t)((double)left / r.rate) + 1);
			buf_add_text(&b, ", ");
		}
	}
	put_indexes(&b);
	put_time(&b, (now - r.since) / 1000);
	return buf_take_text(&b);
}

static void
tell(int64_t now, bool draw)
{
	char *text = line_text(now);

	if (draw)
		msg_line(text);
	else
		msg_info("%s", text);
	bson_free(text);
}

/* ---------------------------------------------------------------- metrics */

static void
metric(struct buf *b, const char *name, const char *type, const char *help)
{
	buf_add_format(
	    b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void
put_metric(struct buf *b, const char *name, const char *type, const char *help,
    const char *label, int64_t value)
{
	metric(b, name, type, help);
	buf_add_format(b, "%s{%s} %" PRId64 "\n", name, label, value);
}

/* As a value of a label. */
static void
escape(const char *text, char *out, size_t size)
{
	size_t n = 0;

	for (; *text && n + 3 < size; text++) {
		if (*text == '"' || *text == '\\')
			out[n++] = '\\';
		out[n++] = *text == '\n' ? ' ' : *text;
	}
	out[n] = '\0';
}

static void
put_stages(struct buf *b, const char *name, const char *help, const char *label,
    double (*of)(enum stage s))
{
	metric(b, name, "counter", help);
	for (int s = 0; s < STAGES; s++)
		buf_add_format(b, "%s{%s,stage=\"%s\"} %.3f\n", name, label,
		    stage_name(s), of(s));
}

/* Of a program that builds any. */
static void
put_index_metrics(struct buf *b, const char *label)
{
	int64_t all = status_read("index_collections_total");

	if (all > 0) {
		put_metric(b, "mm_index_collections_total", "counter",
		    "Collections whose indexes are built.", label,
		    status_read("index_collections"));
		put_metric(b, "mm_index_collections_expected", "gauge",
		    "Collections that have indexes to be built.", label, all);
	}
	if (all == 0 && status_read("index_total") == 0)
		return;
	put_metric(b, "mm_index_progress_done", "gauge",
	    "How far the index builds under way are, in their phase.", label,
	    status_read("index_done"));
	put_metric(b, "mm_index_progress_expected", "gauge",
	    "Where that phase ends.", label, status_read("index_total"));
}

static void
put_metrics(struct buf *b, int status)
{
	char job[300], quoted[600], label[700], position[64];

	status_read_text("job", job, sizeof job);
	escape(job, quoted, sizeof quoted);
	snprintf(label, sizeof label, "tool=\"%s\",job_id=\"%s\"", msg_tool(),
	    quoted);
	metric(b, "mm_info", "gauge", "The program.");
	buf_add_format(b, "mm_info{%s,version=\"%s\"} 1\n", label, MM_VERSION);
	metric(b, "mm_state", "gauge", "What it is doing.");
	buf_add_format(b, "mm_state{%s,state=\"%s\"} 1\n", label, r.state);
	put_metric(b, "mm_start_time_seconds", "gauge", "When it was started.",
	    label, r.started);
	put_metric(b, "mm_docs_total", "counter", "Documents done.", label,
	    status_read("docs"));
	put_metric(b, "mm_bytes_total", "counter", "Their bytes.", label,
	    status_read("bytes"));
	put_metric(b, "mm_docs_expected", "gauge",
	    "Documents there are, roughly.", label, status_read("docs_total"));
	put_metric(b, "mm_bytes_expected", "gauge", "Their bytes, roughly.",
	    label, status_read("bytes_total"));
	put_metric(b, "mm_collections_total", "counter",
	    "Collections finished.", label, status_read("collections"));
	put_stages(b, "mm_stage_seconds_total",
	    "Time of the threads that move data, by what they did.", label,
	    stage_seconds);
	put_stages(b, "mm_stage_cpu_seconds_total", "CPU time of these.", label,
	    stage_cpu);
	put_index_metrics(b, label);
	status_read_text("position", position, sizeof position);
	if (position[0])
		put_metric(b, "mm_position_seconds", "gauge",
		    "Position of the source, seconds since 1970.", label,
		    strtoll(position, NULL, 10));
	if (status >= 0)
		put_metric(b, "mm_exit_status", "gauge",
		    "With which it has ended.", label, status);
}

static bool
write_metrics(int status, bson_error_t *error)
{
	struct buf b = BUF_INIT;
	bool ok = false;
	int fd;

	put_metrics(&b, status);
	fd = open(r.temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd >= 0) {
		ok = write(fd, b.data, b.len) == (ssize_t)b.len;
		ok = close(fd) == 0 && ok && rename(r.temp, metrics_file) == 0;
	}
	buf_release(&b);
	return ok ||
	    error_errno(error, MM_EXIT_IO,
		"could not write metrics file \"%s\"", metrics_file);
}

/* ----------------------------------------------------------------- thread */

static bool
draws(void)
{
	return *progress == 'a' &&
	    (strcmp(progress, "always") == 0 || msg_on_terminal());
}

static void *
run(void *unused)
{
	int64_t now = now_ms(), drawn = now, written = now;
	bool draw = draws(), never = *progress == 'n', told = false;
	struct timespec until;
	bson_error_t error;

	pthread_mutex_lock(&r.lock);
	while (!r.ending) {
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += TICK_MS * 1000000ll;
		until.tv_sec += until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
		pthread_cond_timedwait(&r.end, &r.lock, &until);
		now = now_ms();
		look(now);
		if (r.ending)
			break;
		if (sig_take_report())
			tell(now, false);
		if (!never && now - drawn >= (draw ? SECOND_MS : interval_ms)) {
			tell(now, draw);
			drawn = now;
		}
		if (metrics_file && now - written >= SECOND_MS) {
			written = now;
			if (!write_metrics(-1, &error) && !told) {
				told = true;
				msg_warn("%s", error.message);
			}
		}
	}
	pthread_mutex_unlock(&r.lock);
	return unused;
}

bool
gauge_start(bson_error_t *error)
{
	r.started = time(NULL);
	r.since = r.at = now_ms();
	if (metrics_file) {
		r.temp = bson_strdup_printf(
		    "%s.%ld.tmp", metrics_file, (long)getpid());
		if (!write_metrics(-1, error))
			return false;
	}
	r.running = thread_start(&r.thread, run, NULL, error);
	return r.running;
}

void
gauge_end(enum mm_exit status)
{
	if (!r.running)
		return;
	pthread_mutex_lock(&r.lock);
	r.ending = true;
	pthread_cond_signal(&r.end);
	pthread_mutex_unlock(&r.lock);
	pthread_join(r.thread, NULL);
	r.running = false;
	msg_line(NULL);
	bson_strncpy(r.state,
	    status == MM_EXIT_OK || status == MM_EXIT_NO ? "done"
		: status == MM_EXIT_STOPPED              ? "stopped"
							 : "failed",
	    sizeof r.state);
	if (metrics_file)
		(void)write_metrics((int)status, NULL);
	bson_free(r.temp);
	r.temp = NULL;
}
