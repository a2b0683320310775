#include "engine/users.h"

#include "base/doc.h"
#include "base/msg.h"
#include "base/status.h"
#include "base/hash.h"
#include "model/grants_bring.h"
#include "mongo/accounts.h"

static const char *const names[] = {"system.users", "system.roles"};

static struct stream_out *
begin(struct server *s, const struct ns_rules *rules, const char *job,
    const struct stream_out_opts *out, bson_error_t *error)
{
	bson_t head = BSON_INITIALIZER, filters;
	struct stream_out *o;

	if (job)
		BSON_APPEND_UTF8(&head, "job", job);
	server_append(s, "source", &head);
	BSON_APPEND_DOCUMENT_BEGIN(&head, "filters", &filters);
	ns_rules_append(rules, &filters);
	bson_append_document_end(&head, &filters);
	BSON_APPEND_UTF8(&head, "readConcern", "majority");
	o = stream_out_new(out, STREAM_USERS, &head, error);
	bson_destroy(&head);
	return o;
}

static bool
put_coll(struct stream_out *o, int32_t c, bson_error_t *error)
{
	bson_t doc = BSON_INITIALIZER;
	bool ok;

	BSON_APPEND_UTF8(&doc, "$mm", "coll");
	BSON_APPEND_INT32(&doc, "c", c);
	BSON_APPEND_UTF8(&doc, "db", "admin");
	BSON_APPEND_UTF8(&doc, "coll", names[c]);
	ok = stream_put(o, &doc, error);
	bson_destroy(&doc);
	return ok;
}

static bool
put_docs(struct stream_out *o, int32_t c, const bson_t *docs, uint32_t *n,
    bson_error_t *error)
{
	struct block block = {.c = c};
	bson_t end = BSON_INITIALIZER;
	int64_t bytes = 0;
	uint64_t sum = 0;
	const uint8_t *data;
	bson_iter_t it;
	uint32_t len;
	bool ok = bson_iter_init(&it, docs);

	*n = 0;
	while (ok && bson_iter_next(&it)) {
		bson_iter_document(&it, &len, &data);
		block_add(&block, data, len);
		sum += hash_xxh64(data, len, 0);
		bytes += len;
		++*n;
		if (block_full(&block))
			ok = stream_put_block(o, &block, NULL, error);
	}
	ok = ok && stream_put_block(o, &block, NULL, error);
	BSON_APPEND_UTF8(&end, "$mm", "cend");
	BSON_APPEND_INT32(&end, "c", c);
	BSON_APPEND_INT64(&end, "docs", *n);
	BSON_APPEND_INT64(&end, "bytes", bytes);
	BSON_APPEND_INT64(&end, "sum", (int64_t)sum);
	ok = ok && stream_put(o, &end, error);
	bson_destroy(&end);
	block_release(&block);
	return ok;
}

/* What does not come along is told by name: somebody has to decide. */
static uint32_t
tell_left(const bson_t *left)
{
	bson_iter_t it, rights;
	uint32_t n = 0;
	bson_t doc, list;

	if (!bson_iter_init(&it, left))
		return 0;
	for (; doc_next(&it, &doc); n++) {
		if (!doc_sub(&doc, "rights", &list) ||
		    !bson_iter_init(&rights, &list))
			continue;
		while (bson_iter_next(&rights))
			msg_warn("%s \"%s.%s\" has a right on more than the "
				 "selection, which stays behind: %s",
			    doc_text_or(&doc, "kind", ""),
			    doc_text_or(&doc, "db", ""),
			    doc_text_or(&doc, "name", ""),
			    bson_iter_utf8(&rights, NULL) + 2);
	}
	return n;
}

static bool
put_all(struct stream_out *o, const struct bring *b, struct users_count *n,
    bson_error_t *error)
{
	return put_coll(o, 0, error) && put_coll(o, 1, error) &&
	    put_docs(o, 0, &b->users, &n->users, error) &&
	    put_docs(o, 1, &b->roles, &n->roles, error) &&
	    stream_put_end(o, "complete", NULL, error);
}

bool
users_dump(struct server *s, const struct ns_rules *rules, const char *job,
    const struct stream_out_opts *out, struct users_count *n,
    bson_error_t *error)
{
	struct conn *c = conn_open(s, error);
	struct stream_out *o = NULL;
	struct rights r;
	struct bring b;
	bool ok;

	*n = (struct users_count){0};
	if (!c)
		return false;
	status_state("copying");
	ok = accounts_read(c, &r, error);
	if (ok) {
		bring_select(rules, &r.users, &r.roles, &b);
		n->left = tell_left(&b.left);
		o = begin(s, rules, job, out, error);
		ok = o && put_all(o, &b, n, error);
		bring_release(&b);
	}
	if (o)
		stream_out_free(o);
	rights_release(&r);
	conn_close(c);
	return ok;
}
