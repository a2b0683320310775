/* engine: looking into streams and segment directories (mm-cat).
 *
 * A path is a stream in a file, "-" for standard input, or a directory of
 * segments. Everything goes to one descriptor, in pieces, never later than
 * with the block it belongs to, so that a live stream can be watched.
 */
#ifndef MM_ENGINE_CAT_H
#define MM_ENGINE_CAT_H

#include "base/buf.h"
#include "stream/stream.h"

enum cat_form { CAT_JSON, CAT_RELAXED, CAT_BSON };

struct cat_opts {
	int fd;           /* borrowed */
	const char *name; /* for messages */
	enum cat_form form;
	bool control;     /* json: control documents too */
	bool with_ns;     /* json: {"ns": ..., "doc": ...} */
	bool collections; /* ls: a line for each collection too */
};

/* One line a stream; in a directory one line a segment. What is damaged or cut
 * has its line, too, before the error. */
bool cat_ls(const char *path, const struct cat_opts *o, bson_error_t *error);
/* Everything that can be known without a server: see mm-cat(1). A line for
 * what was found good. */
bool cat_verify(
    const char *path, const struct cat_opts *o, bson_error_t *error);
/* All data documents, as o->form says. Status 8: not to be had as JSON. */
bool cat_print(const char *path, const struct cat_opts *o, bson_error_t *error);

#endif
