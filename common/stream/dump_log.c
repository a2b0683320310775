#include "stream/dump_log.h"

bool
dump_log_note(
    struct dump_log *log, const uint8_t *entry, size_t len, bson_error_t *error)
{
	struct optime at;
	bson_t view;

	if (!bson_init_static(&view, entry, len) || !optime_of(&view, &at))
		return error_set(error, MM_EXIT_STREAM, 0,
		    "an entry has no field \"ts\" of type timestamp");
	if (optime_is_null(log->first))
		log->first = at;
	log->last = at;
	return true;
}

/* The log of an archive is read last, when the header with its `from` has long
 * been written. */
bool
dump_log_end(struct stream_out *out, const struct dump_stream *to,
    const struct dump_log *log, bson_error_t *error)
{
	bool theirs =
	    log && optime_is_null(to->to) && !optime_is_null(log->first);
	bson_t end = BSON_INITIALIZER;
	bool ok;

	if (theirs)
		optime_append(&end, "from", log->first);
	optime_append(&end, "to", theirs ? log->last : to->to);
	ok = stream_put_end(out, "complete", &end, error);
	bson_destroy(&end);
	return ok;
}
