/* logstream SET REPLICASETID AFTER < oplog.bson > log.bson.zst
 *
 * A plain file of oplog entries as the stream that mm-oplog-tail would have
 * written of a server with that log: by the filter and the assembler of the
 * tail itself. AFTER (SECONDS:INCREMENT:TERM) is what the snapshot begins
 * with. Everything is selected. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/msg.h"
#include "engine/tail_sink.h"
#include "engine/tail_txn.h"
#include "model/value.h"

struct work {
	struct tail_filter *filter;
	struct tail_sink *sink;
	struct tail_txn *txn;
	struct optime at, after;
};

static bool
give(struct work *w, const uint8_t *data, size_t len, bson_error_t *error)
{
	enum tail_txn_got got = TAIL_TXN_PLAIN;
	struct tail_look look;
	struct optime first;
	enum tail_part part;

	if (!tail_filter_look(w->filter, data, len, &look, &part, error))
		return false;
	if (part == TAIL_GROUP || tail_txn_open(w->txn, &first))
		got = tail_txn_feed(w->txn, data, len, error);
	w->at = look.at;
	switch (got) {
	case TAIL_TXN_PLAIN:
		return part != TAIL_TAKE ||
		    optime_cmp(look.at, w->after) <= 0 ||
		    tail_sink_entry(w->sink, data, len, look.at, error);
	case TAIL_TXN_TAKEN:
		return true;
	default:
		return false;
	}
}

static bool
all(struct work *w, const struct buf *log, bson_error_t *error)
{
	size_t at = 0;
	uint32_t len;

	while (at < log->len) {
		if (log->len - at < 5)
			return error_set(error, MM_EXIT_STREAM, 0, "cut");
		memcpy(&len, log->data + at, 4);
		len = BSON_UINT32_FROM_LE(len);
		if (len < 5 || len > log->len - at)
			return error_set(error, MM_EXIT_STREAM, 0, "damaged");
		if (!give(w, log->data + at, len, error))
			return false;
		at += len;
	}
	return true;
}

static bool
emit(void *sink, const uint8_t *doc, size_t len, struct optime at,
    bson_error_t *error)
{
	return tail_sink_entry(sink, doc, len, at, error);
}

static bool
run(struct work *w, const bson_t *head, const struct buf *log,
    const struct ns_rules *rules, bson_error_t *error)
{
	bool ok;

	w->at = w->after;
	w->sink = tail_sink_stream(STDOUT_FILENO, "standard output", 1, head);
	w->filter = tail_filter_new(rules, error);
	if (!w->filter)
		return false;
	w->txn = tail_txn_new(w->filter, emit, w->sink, w->after);
	ok = tail_sink_begin(w->sink, w->after, w->after, w->after, error) &&
	    all(w, log, error) &&
	    tail_sink_end(w->sink, "until", w->at, w->at, error);
	tail_txn_free(w->txn);
	tail_filter_free(w->filter);
	tail_sink_free(w->sink);
	return ok;
}

static void
read_input(struct buf *log)
{
	ssize_t got;

	do {
		buf_reserve(log, 1 << 20);
		got = read(STDIN_FILENO, log->data + log->len, 1 << 20);
		log->len += got > 0 ? (size_t)got : 0;
	} while (got > 0);
}

int
main(int argc, char **argv)
{
	bson_t head = BSON_INITIALIZER, source, filters,
	       none = BSON_INITIALIZER;
	struct ns_rules *rules;
	struct buf log = BUF_INIT;
	struct work w = {0};
	bson_error_t error;
	bool ok;

	msg_init("logstream");
	if (argc != 4 || !optime_parse(argv[3], &w.after, &error)) {
		fprintf(stderr, "usage: logstream SET REPLICASETID AFTER\n");
		return MM_EXIT_USAGE;
	}
	rules = ns_rules_read(&none, &error);
	BSON_APPEND_DOCUMENT_BEGIN(&head, "source", &source);
	BSON_APPEND_UTF8(&source, "set", argv[1]);
	BSON_APPEND_UTF8(&source, "replicaSetId", argv[2]);
	bson_append_document_end(&head, &source);
	BSON_APPEND_DOCUMENT_BEGIN(&head, "filters", &filters);
	ns_rules_append(rules, &filters);
	bson_append_document_end(&head, &filters);
	read_input(&log);
	ok = run(&w, &head, &log, rules, &error);
	if (!ok)
		msg_error("%s", error.message);
	ns_rules_free(rules);
	buf_release(&log);
	bson_destroy(&head);
	return ok ? MM_EXIT_OK : (int)error_status(&error);
}
