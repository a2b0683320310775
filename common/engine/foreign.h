/* engine: dump and load in the formats of mongodump and mongorestore in place
 * of streams.
 */
#ifndef MM_ENGINE_FOREIGN_H
#define MM_ENGINE_FOREIGN_H

#include "engine/dump.h"
#include "engine/load.h"

/* As dump_run, but opts->out gets an archive. */
bool foreign_dump(struct server *s, const struct ns_rules *rules,
    const struct dump_opts *opts, struct dump_result *result,
    bson_error_t *error);

/* What mongodump has written. The selection is that of the flags; it carries
 * no positions: they are the user's word, else those of the log that mongodump
 * --oplog has put beside the data, else null (no log can follow then). */
struct foreign_in {
	const char *dir; /* a directory; NULL: an archive, from fd */
	int fd;
	const char *name; /* for messages */
	struct optime from, to;
	const char *log; /* the log of an archive is kept in this file, which
			    is there when all is loaded; NULL: nowhere */
};

/* As load_run. */
bool foreign_load(struct server *s, const struct foreign_in *in,
    const struct load_opts *opts, struct load_result *result,
    bson_error_t *error);

#endif
