#include "engine/switch_life.h"

#include "base/array.h"
#include "base/doc.h"
#include "base/msg.h"
#include "engine/held.h"
#include "mongo/catalog.h"

enum { CODE_NO_NAMESPACE = 26, CODE_NO_INDEX = 27 };

/* --------------------------------------------------------------------- list */

static void
put(bson_t *list, uint32_t *n, const char *ns, const char *index,
    int64_t seconds)
{
	bson_t one;

	array_begin(list, n, &one);
	BSON_APPEND_UTF8(&one, "ns", ns);
	BSON_APPEND_UTF8(&one, "index", index);
	BSON_APPEND_INT64(&one, "seconds", seconds);
	bson_append_document_end(list, &one);
}

static void
put_awake(bson_t *list, uint32_t *n, const struct coll *c)
{
	bson_iter_t it;
	int64_t seconds;
	bson_t spec;

	for (bool more = bson_iter_init(&it, &c->indexes);
	     more && doc_next(&it, &spec);) {
		if (index_is_ttl(&spec, &seconds) && seconds != TTL_ASLEEP)
			put(list, n, c->ns,
			    index_is_cluster(&spec) ? "" : held_name(&spec),
			    seconds);
	}
}

bool
lifetimes_read(struct conn *c, const struct ns_rules *rules, bson_t *list,
    bson_error_t *error)
{
	struct coll_list colls = {0};
	bool ok = catalog_list(c, rules, false, &colls, error);
	uint32_t n = 0;

	bson_init(list);
	for (size_t i = 0; ok && i < colls.n; i++)
		put_awake(list, &n, &colls.item[i]);
	coll_list_release(&colls);
	return ok;
}

/* ------------------------------------------------------------------ setting */

static int64_t
seconds_of(const bson_t *one)
{
	bson_iter_t it;

	return bson_iter_init_find(&it, one, "seconds")
	    ? bson_iter_as_int64(&it)
	    : TTL_ASLEEP;
}

static bool
set_one(struct conn *c, const bson_t *one, const struct ns_rules *map,
    int64_t seconds, bson_error_t *error)
{
	const char *ns = doc_text_or(one, "ns", ""),
		   *index = doc_text_or(one, "index", "");
	char mapped[NS_MAX + 1];
	bson_error_t why;

	if (map && !ns_map(map, ns, mapped, error))
		return false;
	if (catalog_set_ttl(c, map ? mapped : ns, index, seconds, &why))
		return true;
	if (why.code == CODE_NO_NAMESPACE || why.code == CODE_NO_INDEX) {
		msg_warn("%s", why.message);
		return true;
	}
	*error = why;
	return false;
}

static bool
set_all(struct conn *c, const bson_t *list, const struct ns_rules *map,
    bool awake, bson_error_t *error)
{
	bson_iter_t it;
	bson_t one;

	for (bool more = bson_iter_init(&it, list);
	     more && doc_next(&it, &one);) {
		if (!set_one(c, &one, map,
			awake ? seconds_of(&one) : TTL_ASLEEP, error))
			return false;
	}
	return true;
}

bool
lifetimes_sleep(struct conn *c, const bson_t *list, bson_error_t *error)
{
	return set_all(c, list, NULL, false, error);
}

bool
lifetimes_wake(struct conn *c, const bson_t *list, const struct ns_rules *map,
    bson_error_t *error)
{
	return set_all(c, list, map, true, error);
}
