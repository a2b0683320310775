/* libFuzzer target over everything in common/model that reads bytes from
 * outside: an input is a document and an oplog entry, one after the other.
 * `make fuzz`; the seeds in tests/fuzz/delta are made by seeds.py. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "model/ddl.h"
#include "model/docid.h"
#include "model/txn.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
yes(void *arg, const struct entry *op)
{
	(void)arg;
	(void)op;
	return true;
}

/* What the assembler gives out must be an entry again. */
static bool
emitted(void *arg, const uint8_t *doc, size_t len, bson_error_t *error)
{
	struct entry e;

	(void)arg;
	if (!entry_parse(doc, len, &e, error) || e.txn_index < 0)
		abort();
	return true;
}

static void
feed(const struct entry *e)
{
	struct txn_io io = {NULL, yes, emitted, NULL};
	struct txn *t = txn_new(&io, OPTIME_NULL);
	bson_error_t error;

	txn_feed(t, e, &error);
	txn_free(t);
}

static void
change(const struct entry *e)
{
	struct ddl d = DDL_INIT;
	bson_t none = BSON_INITIALIZER;
	struct ns_rules *all = ns_rules_read(&none, NULL);
	bson_error_t error;

	if (ddl_read(e, all, &d, &error) &&
	    ((d.doc.len && !value_sound(d.doc.data, d.doc.len)) ||
		(d.command.len && !value_sound(d.command.data, d.command.len))))
		abort();
	ddl_release(&d);
	ns_rules_free(all);
	bson_destroy(&none);
}

/* The result is sound, and applying again gives the same. */
static void
update(const struct entry *e, const bson_t *pre)
{
	struct buf once = BUF_INIT, twice = BUF_INIT;
	enum entry_effect effect;
	struct entry_note note;
	bson_error_t error;
	struct value id;
	bson_t doc;

	if (entry_key(e, &id, &error)) {
		docid_hash(&id);
		bson_free(docid_text(&id));
	}
	if (!entry_apply(e, pre, &once, &effect, &note, &error)) {
		if (once.len > 0)
			abort();
	} else if (effect == EFFECT_STORED) {
		/* nesting may pass the limit: then it is not sound, but whole
		 */
		if (bson_init_static(&doc, once.data, once.len) &&
		    value_sound(once.data, once.len) &&
		    (!entry_apply(e, &doc, &twice, &effect, &note, &error) ||
			twice.len != once.len ||
			memcmp(twice.data, once.data, once.len) != 0))
			abort();
	}
	buf_release(&once);
	buf_release(&twice);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint32_t len = 0;
	bson_error_t error;
	struct entry e;
	bson_t pre;
	bool has_pre;

	if (size >= 4)
		memcpy(&len, data, 4);
	len = BSON_UINT32_FROM_LE(len);
	if (len < 5 || len > size)
		return 0;
	has_pre = value_sound(data, len) && bson_init_static(&pre, data, len);
	if (!entry_parse(data + len, size - len, &e, &error))
		return 0;
	if (e.op == ENTRY_COMMAND)
		feed(&e);
	if (ddl_is(&e))
		change(&e);
	if (e.op != ENTRY_NOOP && e.op != ENTRY_COMMAND)
		update(&e, has_pre ? &pre : NULL);
	return 0;
}
