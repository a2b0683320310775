/* The state of the source that a document was read from lies between the start
 * and the end of the comparison. The log is applied again from a position at or
 * before the start, with replay rules up to the end: exactly as after a copy
 * that was made in that time. The job's checkpoint may be later than what the
 * compared member has: then the member's own position counts. */
#include "engine/compare_repair.h"

#include <string.h>

#include "engine/apply_job.h"
#include "engine/compare_task.h"
#include "engine/position.h"
#include "model/docid.h"
#include "mongo/job.h"

static bool
job_of(struct conn *target, const char *job, const struct ns_rules *rules,
    bson_t *head, struct job_checkpoint *cp, bson_error_t *error)
{
	char *found =
	    job ? bson_strdup(job) : apply_job_find(target, NULL, rules, error);
	bson_t doc;
	int got;
	bool ok;

	if (!found)
		return false;
	got = job_peek(target, found, &doc, error);
	if (got == 0)
		error_set(error, MM_EXIT_REFUSED, 0,
		    "there is no job \"%s\" on the target", found);
	ok = got == 1 &&
	    (job_doc_checkpoint(&doc, cp) ||
		error_set(error, MM_EXIT_REFUSED, 0,
		    "job \"%s\" has no checkpoint: load first", found));
	BSON_APPEND_UTF8(head, "job", found);
	bson_destroy(&doc);
	bson_free(found);
	return ok;
}

static void
append_features(bson_t *head)
{
	bson_t list;

	BSON_APPEND_BOOL(head, "repair", true);
	BSON_APPEND_ARRAY_BEGIN(head, "features", &list);
	BSON_APPEND_UTF8(&list, "0", "repair");
	bson_append_array_end(head, &list);
}

static bool
append_positions(struct conn *source, const struct job_checkpoint *cp,
    bson_t *head, bson_error_t *error)
{
	struct optime read_from, at;
	bool behind;

	if (!position_now(source, &read_from, &at, error))
		return false;
	behind = optime_cmp(at, cp->applied) < 0;
	optime_append(head, "after", behind ? at : cp->applied);
	optime_append(head, "seen", at);
	optime_append(head, "readFrom", behind ? read_from : cp->read_from);
	return true;
}

bool
repair_head(struct server *source, struct server *target, const char *job,
    const struct ns_rules *rules, bson_t *head, bson_error_t *error)
{
	struct conn *a = conn_open(source, error);
	struct conn *b = a ? conn_open(target, error) : NULL;
	struct job_checkpoint cp;
	bson_t filters;
	bool ok;

	ok = b && job_of(b, job, rules, head, &cp, error) &&
	    append_positions(a, &cp, head, error);
	server_append(source, "source", head);
	BSON_APPEND_DOCUMENT_BEGIN(head, "filters", &filters);
	ns_rules_append(rules, &filters);
	bson_append_document_end(head, &filters);
	append_features(head);
	if (b)
		conn_close(b);
	if (a)
		conn_close(a);
	return ok;
}

bool
repair_end(struct server *source, bson_t *extra, bson_error_t *error)
{
	struct conn *c = conn_open(source, error);
	struct optime to;
	bool ok = c && conn_positions(c, &to, NULL, error);

	if (ok) {
		optime_append(extra, "to", to);
		optime_append(extra, "readFrom", to);
	}
	if (c)
		conn_close(c);
	return ok;
}

static void
begin(bson_t *e, const char *op, const char *ns, struct optime at)
{
	bson_init(e);
	BSON_APPEND_UTF8(e, "op", op);
	BSON_APPEND_UTF8(e, "ns", ns);
	bson_append_timestamp(e, "ts", -1, at.secs, at.inc);
	BSON_APPEND_INT64(e, "t", at.term);
	BSON_APPEND_INT64(e, "v", 2);
}

static void
finish(bson_t *e, struct block *out)
{
	block_add(out, bson_get_data(e), e->len);
	bson_destroy(e);
}

static void
put_delete(const struct pair *pair, const struct value *id, struct optime at,
    struct block *out)
{
	bson_t e, key = BSON_INITIALIZER;

	compare_append_value(&key, "_id", id);
	begin(&e, "d", pair->ns, at);
	BSON_APPEND_DOCUMENT(&e, "o", &key);
	finish(&e, out);
	bson_destroy(&key);
}

bool
repair_entries(const struct pair *pair, const struct report_doc *doc,
    struct optime after, struct block *out)
{
	struct value mine, theirs;
	bson_t e;

	if ((!doc->source && !doc->target) ||
	    (pair->source && pair->source->type == COLL_CAPPED) ||
	    (pair->target && pair->target->type == COLL_CAPPED))
		return false;
	/* Under a collation one key may have two spellings. */
	if (doc->target && docid_of(doc->target, &theirs, NULL) &&
	    (!doc->source || !docid_of(doc->source, &mine, NULL) ||
		value_cmp(&mine, &theirs) != 0))
		put_delete(pair, &theirs, after, out);
	if (!doc->source)
		return true;
	begin(&e, "i", pair->ns, after);
	BSON_APPEND_DOCUMENT(&e, "o", doc->source);
	finish(&e, out);
	return true;
}
