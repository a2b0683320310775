/* stream: names, manifest and recovery of a segment directory, private to this
 * layer (and mm-cat's engine, through segment.h). */
#ifndef MM_STREAM_SEGMENT_FILES_H
#define MM_STREAM_SEGMENT_FILES_H

#include "stream/segment.h"

#define SEGMENT_SUFFIX ".oplog.bson.zst"
#define PARTIAL_SUFFIX ".partial"
#define REWRITE_SUFFIX ".rewrite" /* a recovery under way */
#define SEGMENT_STAMP 28          /* yyyymmddThhmmssZ-iiiiiiiiii and NUL */
#define SEGMENT_NAME 96

/* "20261122T101112Z-0000000003"; returns text. */
const char *segment_stamp(struct optime o, char *text);
/* Name of a closed segment, and of the open one. */
const char *segment_name(struct optime after, struct optime last, char *text);
const char *segment_partial_name(struct optime after, char *text);
/* False: no name of a segment. Terms are -1; last is null for a .partial. */
bool segment_name_parse(const char *file, struct segment_info *info);
char *segment_path(const char *dir, const char *file);

/* For the writer, which holds the lock: removes rests of a recovery that was
 * killed. newest: position of the newest closed segment. */
void segment_drop_leftovers(const char *dir, struct optime newest);

/* ---- how far the content of a .partial can be used ---- */
struct segment_cut {
	bool has_head; /* the stream record was readable */
	bson_t head;   /* a copy of it; destroy with segment_cut_release */
	struct optime after, last, read_from;
	/* The last item to keep, and how much of it where it is a block. */
	uint64_t number;
	int64_t docs;
	size_t bytes;
};
/* Reads fd from its start up to the first thing that is cut or damaged. */
bool segment_scan(
    int fd, const char *name, struct segment_cut *cut, bson_error_t *error);
void segment_cut_release(struct segment_cut *cut);
/* Writes what can be used of DIR/FILE as a regular segment and drops FILE.
 * *published: false where nothing could be used (FILE is left alone). */
bool segment_recover(const char *dir, const char *file, int level,
    const struct segment_cut *cut, bool *published, bson_error_t *error);

/* ---- MANIFEST.jsonl: one line a closed segment ---- */
/* Adds the lines of closed segments that have none (list as segment_list). */
bool manifest_complete(const char *dir, const struct segment_info *list,
    size_t n, bson_error_t *error);
/* Adds the line of one segment, whose content is read for it. */
bool manifest_add(const char *dir, const char *file, bson_error_t *error);

#endif
