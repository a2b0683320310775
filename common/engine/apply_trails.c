#include "engine/apply_trails.h"

static bool
make_head(const struct job *job, bson_t *head, bson_error_t *error)
{
	bson_t source, selection;
	bool ok = record_doc(job_doc(job), "source", &source, error) &&
	    record_doc(job_doc(job), "selection", &selection, error);

	bson_init(head);
	BSON_APPEND_UTF8(head, "job", job_name(job));
	if (!ok)
		return error_prefix(error, "the document of the job");
	BSON_APPEND_DOCUMENT(head, "source", &source);
	BSON_APPEND_DOCUMENT(head, "filters", &selection);
	return true;
}

bool
apply_trails_open(struct apply_trails *t, const struct job *job,
    const char *ledger, const char *journal, bson_error_t *error)
{
	struct optime to = OPTIME_NULL;
	struct job_checkpoint cp = {.journal = ""};
	bson_t head;
	bool ok;

	optime_read(job_doc(job), "to", &to);
	job_read_checkpoint(job, &cp);
	*t = (struct apply_trails){0};
	ok = make_head(job, &head, error) &&
	    (t->ledger = ledger_new(ledger, &head, error)) &&
	    (!journal ||
		(t->journal = journal_new(journal, &head, &cp, to, error)));
	bson_destroy(&head);
	if (!ok) {
		ledger_free(t->ledger);
		t->ledger = NULL;
	}
	return ok;
}

bool
apply_trails_sync(void *trails, struct job_checkpoint *cp, bson_error_t *error)
{
	struct apply_trails *t = trails;

	return ledger_sync(t->ledger, error) &&
	    (!t->journal || journal_checkpoint(t->journal, cp, error));
}

bool
apply_trails_close(struct apply_trails *t, bson_error_t *error)
{
	bool ok = ledger_close(t->ledger, error) &&
	    (!t->journal || journal_close(t->journal, error));

	ledger_free(t->ledger);
	journal_free(t->journal);
	return ok;
}
