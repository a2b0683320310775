#include "engine/foreign.h"

#include "base/msg.h"
#include "engine/through.h"
#include "stream/archive.h"
#include "stream/dump_dir.h"

/* ---------------------------------------------------------------- dump */

static bool
make_archive(void *arg, int fd, bson_error_t *error)
{
	const struct dump_opts *o = arg;

	return archive_from_stream(fd, THROUGH_NAME, o->readers.collections,
	    o->out.fd, o->out.name, error);
}

bool
foreign_dump(struct server *s, const struct ns_rules *rules,
    const struct dump_opts *opts, struct dump_result *result,
    bson_error_t *error)
{
	struct dump_opts to_pipe = *opts, to_file = *opts;
	struct through *t;

	to_pipe.out.name = THROUGH_NAME;
	to_pipe.out.level = 0;
	t = through_begin(
	    false, make_archive, &to_file, &to_pipe.out.fd, error);
	return t &&
	    through_end(t, dump_run(s, rules, &to_pipe, result, error), error);
}

/* ---------------------------------------------------------------- load */

struct importing {
	const struct foreign_in *in;
	struct ns_rules *rules;
	bson_t head;
	struct optime to;
	struct dump_log log;
	struct output *kept; /* the log of an archive; NULL: passed over */
};

static bool
selected(const void *arg, const char *ns)
{
	return ns_selected(arg, ns);
}

static bool
make_stream(void *arg, int fd, bson_error_t *error)
{
	struct importing *i = arg;
	struct dump_stream to = {.fd = fd,
	    .name = THROUGH_NAME,
	    .head = &i->head,
	    .to = i->to,
	    .select = selected,
	    .arg = i->rules,
	    .log = i->kept};

	return i->in->dir
	    ? dump_dir_to_stream(i->in->dir, &to, error)
	    : archive_to_stream(i->in->fd, i->in->name, &to, &i->log, error);
}

/* It holds everything that the flags allow and select; names are mapped by the
 * loader. */
static bool
choose(struct importing *i, const struct ns_flags *flags, bson_error_t *error)
{
	struct ns_flags plain = *flags;

	plain.from = plain.to = (struct opt_list){0};
	i->rules = ns_rules_new(&plain, error);
	return i->rules;
}

static bool
describe(struct importing *i, bson_error_t *error)
{
	struct optime from = i->in->from;
	bson_t sub;

	/* Its first entry is what was newest when mongodump began. */
	i->to = i->in->to;
	if (i->in->dir && optime_is_null(from)) {
		if (dump_dir_oplog(i->in->dir, &i->log, error) < 0)
			return false;
		from = i->log.first;
		i->to = i->log.last;
	}
	BSON_APPEND_DOCUMENT_BEGIN(&i->head, "source", &sub);
	bson_append_document_end(&i->head, &sub);
	BSON_APPEND_DOCUMENT_BEGIN(&i->head, "filters", &sub);
	ns_rules_append(i->rules, &sub);
	bson_append_document_end(&i->head, &sub);
	optime_append(&i->head, "from", from);
	BSON_APPEND_UTF8(&i->head, "readConcern", "local");
	return true;
}

static bool
keep_log(const struct importing *i, bson_error_t *error)
{
	if (!i->kept)
		return true;
	if (!output_publish(i->kept, error))
		return false;
	msg_info("the log of the archive is in \"%s\": mm-oplog-apply "
		 "--input-format=bson makes the copy exact with it",
	    i->in->log);
	return true;
}

bool
foreign_load(struct server *s, const struct foreign_in *in,
    const struct load_opts *opts, struct load_result *result,
    bson_error_t *error)
{
	struct importing i = {.in = in};
	struct through *t = NULL;
	bool ok;
	int fd;

	bson_init(&i.head);
	ok = choose(&i, opts->flags, error) && describe(&i, error) &&
	    (!in->log || (i.kept = output_open(in->log, error))) &&
	    (t = through_begin(true, make_stream, &i, &fd, error));
	if (ok)
		ok = through_end(t,
			 load_run(s, fd, in->dir ? in->dir : in->name, opts,
			     result, error),
			 error) &&
		    keep_log(&i, error);
	output_free(i.kept);
	ns_rules_free(i.rules);
	bson_destroy(&i.head);
	return ok;
}
