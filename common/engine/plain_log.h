/* engine: a plain concatenation of oplog entries (oplog.bson of mongodump
 * --oplog, a dump of local.oplog.rs, mm-cat bson) as if it were a log stream.
 *
 * Entries are chosen by a selection, transactions put together, by the code
 * that mm-oplog-tail uses. There are no headers, sums or end: that the entries
 * follow one another without a gap, and come from one history, is the user's
 * word. Checked: each entry's length and fields, that positions ascend, that
 * groups and transactions are whole.
 */
#ifndef MM_ENGINE_PLAIN_LOG_H
#define MM_ENGINE_PLAIN_LOG_H

#include "model/ns.h"
#include "stream/stream.h"

struct plain_log_opts {
	int fd;
	const char *name;
	const struct ns_rules *rules;
	struct optime after;  /* the log holds all that is newer; null: that it
				 holds all that is newer than its first entry */
	bool allow_truncated; /* an end within an entry or group is 9, not 3 */
};

struct plain_log;

/* Borrows all of opts. NULL: error is set. */
struct plain_log *plain_log_new(
    const struct plain_log_opts *opts, bson_error_t *error);
void plain_log_free(struct plain_log *p);
/* As stream_next: one header (its `source` is empty, nothing being known), then
 * blocks and marks, one end. Groups that end at or before `applied` may lack
 * their beginning. After STREAM_ERROR with status 6 or 8 the next call goes on
 * after the entry concerned. Status 3: damaged, cut, empty, not in order; 6: a
 * transaction that began before the log; 8: as tail_filter_look. */
enum stream_got plain_log_next(struct plain_log *p, struct optime applied,
    struct stream_item *item, bson_error_t *error);
/* The entry that the last error is about; false: about none. */
bool plain_log_entry(const struct plain_log *p, bson_t *entry);
/* Puts name, entry and byte in front of an error about the last item; always
 * false. */
bool plain_log_where(const struct plain_log *p, bson_error_t *error);

#endif
