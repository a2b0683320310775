/* engine: what mm-diff finds, as text, as JSON lines, or as a stream of kind
 * diff (mm-stream(5)).
 *
 * One struct report a run, one struct report_part a thread: a part gathers the
 * differences of one pair at a time and hands them over in pieces, so that
 * threads seldom meet. The pair's tally is counted here.
 */
#ifndef MM_ENGINE_COMPARE_REPORT_H
#define MM_ENGINE_COMPARE_REPORT_H

#include "engine/compare_pair.h"
#include "model/value.h"
#include "mongo/server.h"
#include "stream/stream.h"

/* repair: what mends the documents, instead of a report (compare_repair). */
enum report_format { REPORT_TEXT, REPORT_JSON, REPORT_STREAM, REPORT_REPAIR };

struct report;

struct report_opts {
	int fd; /* borrowed */
	const char *name;
	enum report_format format;
	int level; /* of a stream: zstd level, 0 bare */
	bool sums; /* neither side moves: the sums of the documents count */
	struct server *source; /* repair: asked for its position at the end */
};

/* `head`: fields of the stream record (source, target, filters, mode); used
 * by a stream only. NULL on error. */
struct report *report_new(
    const struct report_opts *opts, const bson_t *head, bson_error_t *error);
void report_free(struct report *r);
/* Announces the pairs; before any part begins. */
bool report_pairs(
    struct report *r, const struct pair_list *pairs, bson_error_t *error);
/* The summary: a table of the pairs, and totals as last line. `stopped`: it is
 * no result, and says so. Where the number of undecided documents is not 0 it
 * is not one either, but complete. */
bool report_end(struct report *r, const struct pair_list *pairs, bool stopped,
    bson_error_t *error);

struct report_part;

struct report_part *report_part_new(struct report *r);
void report_part_free(struct report_part *p);
/* What follows is about this pair. */
bool report_begin(
    struct report_part *p, struct pair *pair, bson_error_t *error);

/* A document. Views, for the call. */
struct report_doc {
	enum diff_class class;
	const bson_t *source, *target; /* NULL: not there, or not known */
	const struct value *id;        /* NULL: that of the documents */
	/* Null positions and 0 where nothing is known. */
	struct optime from, to; /* the source held this from .. to */
	struct optime version;  /* stale: the entry that made the target's */
	struct optime next;     /* pending, stale: the entry it waits for */
	int rounds;             /* how often it was looked at again */
	bool resolved;          /* told before with this class: gone now */
};
bool report_doc(
    struct report_part *p, const struct report_doc *doc, bson_error_t *error);
/* Content is order-only or type-only where it is that; other classes stay. */
enum diff_class report_class(
    enum diff_class class, const bson_t *source, const bson_t *target);
/* Both in short, where nothing but class and documents is known. */
bool report_document(struct report_part *p, enum diff_class class,
    const bson_t *source, const bson_t *target, bson_error_t *error);

/* Documents of a range of _ids, of which only a digest is known. */
struct report_range {
	const struct value *from, *to; /* from is in it; NULL: open */
	int64_t source_docs, source_bytes;
	int64_t target_docs, target_bytes;
};
bool report_range(struct report_part *p, const struct report_range *range,
    bson_error_t *error);

/* Something about a collection. */
struct report_fact {
	enum diff_class class; /* DIFF_METADATA or DIFF_STAGED */
	const char *what;      /* collection, type, options, index, view */
	const char *name;      /* of an index; else NULL */
	const char *detail;    /* for people */
	const bson_t *source, *target; /* definitions, NULL: none there */
};
bool report_fact(
    struct report_part *p, const struct report_fact *fact, bson_error_t *error);
/* Hand over what was gathered. */
bool report_flush(struct report_part *p, bson_error_t *error);

#endif
