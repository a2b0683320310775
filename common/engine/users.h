/* engine: users and roles of a selection: into a stream of kind users (mm-dump
 * --users), and from it to the target (mm-load --users).
 *
 * They come with their credentials as the server keeps them, under the names
 * of the target, and without any right: what they are to get is withheld
 * (mongo/withheld.h) until mm-switch opens the target.
 */
#ifndef MM_ENGINE_USERS_H
#define MM_ENGINE_USERS_H

#include "engine/grant.h"
#include "mongo/server.h"
#include "stream/stream.h"

struct users_count {
	uint32_t users, roles;
	uint32_t left;  /* dump: with rights that stay behind, which are told
			   by name */
	uint32_t there; /* load: of them, those that were there before */
};

/* The whole stream, up to and with the end record. job: into the header; NULL:
 * none. Status 8: users and roles may not be read. */
bool users_dump(struct server *s, const struct ns_rules *rules, const char *job,
    const struct stream_out_opts *out, struct users_count *n,
    bson_error_t *error);

struct users_load_opts {
	const char *job; /* NULL: as the stream says, else the default */
	const struct ns_flags *flags;
	bool skip; /* names that are taken are left alone; false: refused */
};

/* Nothing is written before all of the stream is read and allowed. What an
 * earlier run has made is brought up to date. Status 8: a right beyond what
 * the flags allow, a name that is taken, a job that was switched. */
bool users_load(struct server *s, int fd, const char *name,
    const struct users_load_opts *opts, struct users_count *n,
    bson_error_t *error);

#endif
