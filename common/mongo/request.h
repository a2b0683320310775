/* mongo: what one program asks of the writer of a job: to finish its indexes.
 *
 * Field requests.finishIndexes of the job document: {id, asked, state: "asked"
 * | "taken" | "answered", built, status, message, refused: [text]}. One at a
 * time. Who asks writes it without the lease, and takes back only what has his
 * id; all else is written by who holds the lease. One that was left by a
 * program that is gone is carried out like any other: it asks for nothing that
 * is not wanted anyway.
 */
#ifndef MM_MONGO_REQUEST_H
#define MM_MONGO_REQUEST_H

#include "mongo/job.h"

#define REQUEST_ID 25 /* bytes of an id, with NUL */

enum request_state {
	REQUEST_NONE,
	REQUEST_ASKED,
	REQUEST_TAKEN,
	REQUEST_ANSWERED
};

struct request {
	char id[REQUEST_ID];
	enum request_state state;
	/* of an answer */
	int64_t built;
	enum mm_exit status;
	char message[400];
	bson_t refused; /* array of lines for people, owned */
};

/* Of a job document; initialises out in every case. */
void request_of(const bson_t *job, struct request *out);
void request_release(struct request *r);

/* ----------------------------------------------------- without the lease */

/* Leaves a request in place of none, or of the one with the id `before`. Not
 * there any more: *left is false. */
bool request_leave(struct conn *c, const char *job, const char *before,
    const char *id, bool *left, bson_error_t *error);
/* Takes back the one with this id, where it is in that state. */
bool request_withdraw(struct conn *c, const char *job, const char *id,
    enum request_state state, bson_error_t *error);
/* A new id. */
void request_new_id(char *id);

/* ----------------------------------------------------------- by the writer */

/* As it stands now. */
bool request_look(struct job *j, struct request *out, bson_error_t *error);
/* *taken: false when it was withdrawn. */
bool request_take(
    struct job *j, const char *id, bool *taken, bson_error_t *error);
/* Where it is still there. */
bool request_answer(
    struct job *j, const struct request *r, bson_error_t *error);
/* The writer's own, taken already: others find out from it that the work was
 * begun. NULL: it is done, or never was. */
bool request_put_own(struct job *j, const char *id, bson_error_t *error);

#endif
