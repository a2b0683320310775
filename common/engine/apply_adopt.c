#include "engine/apply_adopt.h"

#include <inttypes.h>
#include <string.h>

#include "base/doc.h"
#include "base/msg.h"
#include "engine/again.h"
#include "engine/compare_pair.h"
#include "engine/held.h"
#include "engine/load_index.h"
#include "engine/owners.h"
#include "stream/record.h"

struct adopter {
	struct conn *conn;
	struct job *job;
	const struct grant *grant;
	struct owners *others;
	bool fuzzy;
	int64_t collections;
};

/* ---------------------------------------------------------------- indexes */

static bool
sleep_one(
    struct adopter *a, const char *ns, const bson_t *spec, bson_error_t *error)
{
	bson_t command = BSON_INITIALIZER, index;
	char db[64];
	const char *coll;
	unsigned tries = 0;
	bool ok;

	if (!ns_split(ns, db, &coll))
		return error_set(error, MM_EXIT_INTERNAL, 0, "not a namespace");
	BSON_APPEND_UTF8(&command, "collMod", coll);
	if (index_is_cluster(spec)) {
		BSON_APPEND_UTF8(&command, "expireAfterSeconds", "off");
	} else {
		BSON_APPEND_DOCUMENT_BEGIN(&command, "index", &index);
		BSON_APPEND_UTF8(&index, "name", held_name(spec));
		BSON_APPEND_INT64(&index, "expireAfterSeconds", TTL_ASLEEP);
		bson_append_document_end(&command, &index);
	}
	do
		ok = conn_ddl(a->conn, db, &command, NULL, error);
	while (!ok && again(a->conn, error, &tries));
	bson_destroy(&command);
	return ok;
}

/* Entered before it is done, so that no lifetime is forgotten. */
static bool
put_to_sleep(struct adopter *a, const char *ns, const bson_t *staged,
    bson_error_t *error)
{
	struct held held;

	for (uint32_t i = 0; held_at(staged, i, &held); i++)
		if (strcmp(held.why, "ttl") == 0 &&
		    !sleep_one(a, ns, &held.spec, error))
			return false;
	return true;
}

/* Unique indexes stay: they are the user's, and in force. */
static void
lifetimes(struct adopter *a, const struct coll *c, bson_t *staged)
{
	bson_iter_t it;
	int64_t seconds;
	bson_t spec, normal;

	bson_init(staged);
	for (bool more = bson_iter_init(&it, &c->indexes);
	     more && doc_next(&it, &spec);) {
		if (index_is_unique(&spec) && a->fuzzy)
			msg_warn("\"%s\" has the unique index \"%s\": values "
				 "that changed during the copy may collide in "
				 "it",
			    c->ns, held_name(&spec));
		if (!index_is_ttl(&spec, &seconds) || seconds == TTL_ASLEEP)
			continue;
		index_normalise(&spec, &normal);
		held_put(staged, c->ns, &normal, "ttl");
		bson_destroy(&normal);
	}
}

/* ------------------------------------------------------------ collections */

static bool
take(struct adopter *a, const struct coll *c, bson_error_t *error)
{
	bson_t staged;
	bool born, ok;
	int got;

	if (owners_of(a->others, c->ns))
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "\"%s\" belongs to job \"%s\"", c->ns,
		    owners_of(a->others, c->ns));
	got = job_owned(a->job, c->ns, &staged, &born, error);
	if (got == 0) {
		bson_destroy(&staged);
		lifetimes(a, c, &staged);
		ok = job_own(a->job, c->ns, &staged, error);
	} else {
		ok = got > 0;
	}
	ok = ok && put_to_sleep(a, c->ns, &staged, error);
	bson_destroy(&staged);
	a->collections++;
	return ok;
}

static bool
take_all(struct adopter *a, bson_error_t *error)
{
	struct ns_rules *rules = pair_target_rules(&ns_flags, error);
	struct coll_list list = {0};
	char from[NS_MAX + 1];
	bool ok = rules && catalog_list(a->conn, rules, false, &list, error);

	for (size_t i = 0; ok && i < list.n; i++)
		if (pair_unmap(&ns_flags, grant_rules(a->grant),
			list.item[i].ns, from))
			ok = take(a, &list.item[i], error);
	coll_list_release(&list);
	ns_rules_free(rules);
	return ok;
}

/* ---------------------------------------------------------------- the job */

static bool
finish(struct adopter *a, bson_error_t *error)
{
	bool ok;

	a->others = owners_read(a->conn, job_name(a->job), error);
	ok = a->others && take_all(a, error) && job_adopted(a->job, error);
	owners_free(a->others);
	if (ok && a->collections == 0)
		msg_warn("nothing of the selection is on the target");
	else if (ok)
		msg_info("job \"%s\" begins with %" PRId64
			 " collections that are on the target",
		    job_name(a->job), a->collections);
	return ok;
}

/* A job that began with this very copy. */
static bool
same_copy(const struct job *j, const struct adopt_copy *copy)
{
	struct optime from, to;

	return optime_read(job_doc(j), "from", &from) &&
	    optime_read(job_doc(j), "to", &to) &&
	    optime_same(from, copy->from) && optime_same(to, copy->to);
}

bool
apply_adopt(struct conn *c, struct job *j, const struct adopt_copy *copy,
    const bson_t *source, const struct grant *g, bson_error_t *error)
{
	struct adopter a = {.conn = c,
	    .job = j,
	    .grant = g,
	    .fuzzy = optime_cmp(copy->from, copy->to) < 0};
	bson_t rename;

	if (job_phase(j) != JOB_NONE) {
		if (!same_copy(j, copy))
			return error_set(error, MM_EXIT_REFUSED, 0,
			    "job \"%s\" is there already, and did not begin "
			    "with the copy that --from and --fuzzy-until name",
			    job_name(j));
		return !job_adopting(j) || finish(&a, error);
	}
	if (ns_flags.to.n == 0 &&
	    record_array(grant_filters(g), "rename", &rename, NULL) &&
	    !bson_empty(&rename))
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "the stream renames its selection: name the copy's "
		    "namespaces with --nsFrom and --nsTo, too");
	return job_adopt(
		   j, source, grant_filters(g), copy->from, copy->to, error) &&
	    finish(&a, error);
}
