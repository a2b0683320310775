#include "session.h"

#include <string.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <uthash.h>

#include "auth.h"
#include "trans.h"
#include "txn_table.h"

struct session {
	int64_t txn_number;
	struct statement *done;
	size_t n_done;
	struct optime last;  /* newest entry under this number */
	struct optime saved; /* the same, in config.transactions */
	struct trans *trans; /* of this number; NULL: retryable writes */
	size_t key_len;
	UT_hash_handle hh;
	uint8_t key[]; /* the lsid as logged */
};

static struct session *sessions;

static struct session *
session_of(const struct request *r)
{
	struct session *s;

	if (r->lsid.len == 0 || r->txn_number < 0)
		return NULL;
	HASH_FIND(hh, sessions, r->lsid.data, r->lsid.len, s);
	if (!s) {
		s = bson_malloc0(sizeof *s + r->lsid.len);
		memcpy(s->key, r->lsid.data, r->lsid.len);
		s->txn_number = -1;
		s->key_len = r->lsid.len;
		HASH_ADD(hh, sessions, key, s->key_len, s);
	}
	return s;
}

/* {id, uid}: uid is the digest of `user@db`, of "" without access control. */
static void
make_lsid(struct request *r, const uint8_t *id, uint32_t len)
{
	uint8_t digest[32];
	const char *name = user_full_name(r->conn->user);
	size_t mark = out_open(&r->lsid, NULL, BSON_TYPE_DOCUMENT);

	SHA256((const uint8_t *)name, strlen(name), digest);
	out_bin(&r->lsid, "id", BSON_SUBTYPE_UUID, id, len);
	out_bin(&r->lsid, "uid", BSON_SUBTYPE_BINARY, digest, sizeof digest);
	out_close(&r->lsid, mark);
}

static void
statement_release(struct statement *d)
{
	buf_release(&d->upserted);
	buf_release(&d->reply);
}

static void
forget(struct session *s)
{
	for (size_t i = 0; i < s->n_done; i++)
		statement_release(&s->done[i]);
	s->n_done = 0;
	trans_free(s->trans);
	s->trans = NULL;
	s->last = OPTIME_NULL;
}

static bool
too_old(const struct request *r, const struct session *s, bson_error_t *error)
{
	char id[UUID_TEXT], digest[64];
	struct elem e;

	walk_find(s->key, s->key_len, "id", &e);
	uuid_text(e.value.data + 5, id);
	walk_find(s->key, s->key_len, "uid", &e);
	EVP_EncodeBlock((uint8_t *)digest, e.value.data + 5, 32);
	return refuse(error, 225,
	    "Retryable write with txnNumber %lld is prohibited on session %s - "
	    "%s because a newer retryable write with txnNumber %lld has "
	    "already started on this session.",
	    (long long)r->txn_number, id, digest, (long long)s->txn_number);
}

/* A statement of a transaction, or its end. */
static bool
join(struct request *r, struct session *s, bson_error_t *error)
{
	struct trans *t = s->trans;
	bool ends = strcmp(r->name, "commitTransaction") == 0 ||
	    strcmp(r->name, "abortTransaction") == 0 ||
	    strcmp(r->name, "prepareTransaction") == 0;

	if (!t || r->txn_number != s->txn_number)
		return refuse(error, 251,
		    "Given transaction number %lld does not match any "
		    "in-progress transactions. The active transaction number "
		    "is %lld",
		    (long long)r->txn_number, (long long)s->txn_number);
	if (t->state == TRANS_ABORTED)
		return refuse(error, 251, "Transaction %lld has been aborted.",
		    (long long)t->number);
	if (t->state == TRANS_COMMITTED && !ends)
		return refuse(error, 256,
		    "Transaction %lld has been committed.",
		    (long long)t->number);
	if (t->state == TRANS_PREPARED && !ends)
		return refuse(error, 267,
		    "Cannot call any operation other than abort, prepare or "
		    "commit on a prepared transaction");
	r->trans = t;
	return true;
}

static bool
begin_transaction(struct request *r, bson_error_t *error)
{
	struct session *s = session_of(r);

	if (!s)
		return refuse(error, 72, "a transaction needs a txnNumber");
	if (r->txn_number < s->txn_number)
		return too_old(r, s, error);
	if (arg_bool(r, "startTransaction")) {
		if (r->txn_number == s->txn_number)
			return refuse(error, 117,
			    "Cannot start a transaction at given transaction "
			    "number %lld: it is in use",
			    (long long)r->txn_number);
		forget(s);
		s->txn_number = r->txn_number;
		s->trans = trans_new(s->key, s->key_len, s->txn_number);
	}
	if (!join(r, s, error))
		return false;
	r->txn_number = -1; /* nothing is retried by itself */
	return true;
}

bool
session_begin(struct request *r, bson_error_t *error)
{
	bson_t lsid;
	bson_iter_t it;
	const uint8_t *data;
	bson_subtype_t subtype;
	uint32_t len;
	struct session *s;

	if (!arg_doc(r, "lsid", &lsid) ||
	    !bson_iter_init_find(&it, &lsid, "id") ||
	    !BSON_ITER_HOLDS_BINARY(&it))
		return true;
	bson_iter_binary(&it, &subtype, &len, &data);
	if (len != 16)
		return refuse(
		    error, 207, "uuid must be a 16-byte binary field");
	make_lsid(r, data, len);
	r->txn_number = arg_int(r, "txnNumber", -1);
	if (arg_find(r, "autocommit", &it))
		return begin_transaction(r, error);
	s = session_of(r);
	if (!s)
		return true;
	if (r->txn_number < s->txn_number)
		return too_old(r, s, error);
	if (r->txn_number > s->txn_number)
		forget(s);
	s->txn_number = r->txn_number;
	r->session = s;
	return true;
}

/* Where the statement is, or would be, in the list sorted by id. */
static size_t
place_of(const struct session *s, int32_t stmt)
{
	size_t low = 0, high = s->n_done;

	if (high > 0 && s->done[high - 1].id < stmt)
		return high;
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (s->done[mid].id < stmt)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

const struct statement *
session_done(const struct request *r, int32_t stmt)
{
	const struct session *s = r->session;
	size_t i = s ? place_of(s, stmt) : 0;

	return s && i < s->n_done && s->done[i].id == stmt ? &s->done[i] : NULL;
}

void
session_remember(const struct request *r, int32_t stmt, int64_t n,
    int64_t modified, const struct value *upserted_id, struct optime at)
{
	struct session *s = r->session;
	struct statement *d;
	size_t mark, i;

	if (!s)
		return;
	if ((s->n_done & (s->n_done - 1)) == 0)
		s->done = bson_realloc(
		    s->done, (s->n_done ? s->n_done * 2 : 1) * sizeof *d);
	i = place_of(s, stmt);
	d = &s->done[i];
	memmove(d + 1, d, (s->n_done++ - i) * sizeof *d);
	*d = (struct statement){
	    .id = stmt, .n = n, .modified = modified, .upserted = BUF_INIT};
	if (upserted_id) {
		mark = out_open(&d->upserted, NULL, BSON_TYPE_DOCUMENT);
		out_value(&d->upserted, "_id", upserted_id);
		out_close(&d->upserted, mark);
	}
	s->last = at;
}

void
session_remember_reply(
    const struct request *r, int32_t stmt, const uint8_t *elements, size_t len)
{
	struct session *s = r->session;
	size_t i = s ? place_of(s, stmt) : 0;

	if (!s || i == s->n_done || s->done[i].id != stmt)
		return;
	buf_clear(&s->done[i].reply);
	buf_add(&s->done[i].reply, elements, len);
}

void
session_save(const struct request *r)
{
	struct session *s = r->session;
	struct txn_row row = {.start = OPTIME_NULL};

	if (!s || optime_is_null(s->last) || optime_cmp(s->saved, s->last) == 0)
		return;
	s->saved = s->last;
	row.lsid = s->key;
	row.lsid_len = s->key_len;
	row.number = s->txn_number;
	row.last = s->last;
	row.wall = sim.last_wall;
	txn_table_put(&row);
}

void
session_entry(const struct request *r, int32_t stmt, struct log_entry *e)
{
	struct session *s = r->session;

	if (!s)
		return;
	e->lsid = (struct bytes){r->lsid.data, r->lsid.len};
	e->txn_number = r->txn_number;
	e->stmt = stmt;
	e->previous = s->last;
}

void
session_roll_back(uint64_t ts)
{
	for (struct session *s = sessions; s; s = s->hh.next)
		if (ts_of(s->last) > ts ||
		    (s->trans && ts_of(s->trans->last) > ts))
			forget(s);
}
