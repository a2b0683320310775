/* What a switch needs, and whether it is the one that its journal is of. */
#include <stdio.h>
#include <string.h>

#include "engine/switch_work.h"
#include "model/ns_turn.h"
#include "mongo/job.h"

enum { CALL_SECONDS = 10 };

static bool
name_job(struct switcher *s, bson_error_t *error)
{
	job_name_of(s->source, s->rules, s->selection);
	if (s->o->job && strlen(s->o->job) >= sizeof s->job)
		return error_set(
		    error, MM_EXIT_USAGE, 0, "the name of the job is too long");
	snprintf(
	    s->job, sizeof s->job, "%s", s->o->job ? s->o->job : s->selection);
	snprintf(s->back_job, sizeof s->back_job, "%s.back", s->job);
	return true;
}

static bool
connect_both(struct switcher *s, bson_error_t *error)
{
	const char *a, *b;

	s->rules = ns_rules_new(&ns_flags, error);
	if (!s->rules)
		return false;
	s->turned = ns_rules_turn(s->rules, &s->no_turn);
	s->uri[SIDE_SOURCE] = server_uri_copy(SIDE_SOURCE, &source_flags);
	s->uri[SIDE_TARGET] = server_uri_copy(SIDE_TARGET, &target_flags);
	if (!(s->source = server_open(
		  SIDE_SOURCE, &source_flags, s->o->job, true, error)) ||
	    !(s->target = server_open(
		  SIDE_TARGET, &target_flags, s->o->job, true, error)) ||
	    !(s->src = conn_open(s->source, error)) ||
	    !(s->tgt = conn_open(s->target, error)))
		return false;
	a = server_info(s->source)->id;
	b = server_info(s->target)->id;
	if (*a && strcmp(a, b) == 0)
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "source and target are the same replica set");
	if (!server_info(s->source)->primary ||
	    !server_info(s->target)->primary)
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "both sides have to be written to: the member chosen of "
		    "the %s is no primary",
		    server_info(s->source)->primary ? "target" : "source");
	return name_job(s, error);
}

static void
put(bson_t *config, const char *field, const char *value)
{
	BSON_APPEND_UTF8(config, field, value);
}

void
switch_config(const struct switcher *s, bson_t *config)
{
	put(config, "job", s->job);
	put(config, "selection", s->selection);
	put(config, "source", server_info(s->source)->id);
	put(config, "target", server_info(s->target)->id);
	if (s->address) {
		put(config, "old address", address_old_id(s->address));
		put(config, "new address", address_new_id(s->address));
		put(config, "address module", s->o->address);
	}
	if (s->block)
		put(config, "block", block_kind_text(s->o->block));
}

/* A rehearsal does not begin it, nor does what gives a job up that no switch
 * has begun of. */
static bool
open_journal(struct switcher *s, bson_error_t *error)
{
	bson_t config = BSON_INITIALIZER;
	bool ok;

	switch_config(s, &config);
	ok = (s->log = switch_log_open(s->o->dir, !s->o->reader, error)) &&
	    ((s->address && !s->o->reader) || s->o->unbegun ||
		switch_log_count(s->log) > 0 ||
		error_set(error, MM_EXIT_REFUSED, 0,
		    "no switch has begun in \"%s\"", s->o->dir)) &&
	    /* Another job's journal leaves nothing on the target. */
	    (switch_log_count(s->log) == 0 ||
		switch_log_begin(s->log, &config, error)) &&
	    (s->o->reader ||
		(s->o->rehearse && switch_log_count(s->log) == 0) ||
		(switch_log_mirror(s->log, s->tgt, s->job, error) &&
		    ((s->o->unbegun && switch_log_count(s->log) == 0) ||
			switch_log_begin(s->log, &config, error))));
	bson_destroy(&config);
	return ok;
}

void
switch_block_opts(const struct switcher *s, struct block_opts *o)
{
	*o = (struct block_opts){.kind = s->o->block,
	    .hook = s->o->hook,
	    .job = s->job,
	    .seconds = CALL_SECONDS,
	    .conn = {[SIDE_SOURCE] = s->src, [SIDE_TARGET] = s->tgt},
	    .rules = s->rules,
	    .keep = s->o->keep.item,
	    .n_keep = s->o->keep.n,
	    .probe = {s->o->probe[0], s->o->probe[1]}};
}

static bool
make_block(struct switcher *s, bson_error_t *error)
{
	struct block_opts o;

	switch_block_opts(s, &o);
	return (s->block = block_new(&o, error)) != NULL;
}

static bool
make_address(struct switcher *s, bson_error_t *error)
{
	s->address = address_new(
	    s->o->address, s->o->old_file, s->o->new_file, CALL_SECONDS, error);
	return s->address != NULL;
}

struct switcher *
switch_open(const struct switch_opts *o, bson_error_t *error)
{
	struct switcher *s = bson_malloc0(sizeof *s);

	s->o = o;
	s->dir = o->dir;
	if ((!o->address || make_address(s, error)) && connect_both(s, error) &&
	    (!o->address || make_block(s, error)) && open_journal(s, error)) {
		s->ready = (struct ready_opts){.target = s->tgt,
		    .job = s->job,
		    .selection = s->selection,
		    .diff_status = o->diff_status,
		    .apply_status = o->apply_status};
		s->back_ready =
		    (struct ready_opts){.target = s->src, .job = s->back_job};
		return s;
	}
	switch_close(s);
	return NULL;
}

void
switch_close(struct switcher *s)
{
	if (!s)
		return;
	late_free(s->late);
	back_free(s->back);
	textset_release(&s->apart);
	switch_log_close(s->log);
	block_free(s->block);
	if (s->address)
		address_free(s->address);
	if (s->src)
		conn_close(s->src);
	if (s->tgt)
		conn_close(s->tgt);
	if (s->source)
		server_close(s->source);
	if (s->target)
		server_close(s->target);
	ns_rules_free(s->rules);
	ns_rules_free(s->turned);
	server_uri_forget(&s->uri[SIDE_SOURCE]);
	server_uri_forget(&s->uri[SIDE_TARGET]);
	bson_free(s);
}
