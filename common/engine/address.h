/* engine: the address that applications use, through a module: a small program
 * of its own (mm-address(7)).
 *
 * A module is run without a shell, with a deadline, with nothing but its own
 * descriptors, and what it prints is believed only as far as it can be held
 * against the identity of an address: what it says it has set is read again.
 */
#ifndef MM_ENGINE_ADDRESS_H
#define MM_ENGINE_ADDRESS_H

#include "base/error.h"

/* What tells two addresses apart: 32 hexadecimal digits of SHA-256. */
#define ADDRESS_ID 33

struct address;

/* `spec`: a module and its settings with blanks between them, as "file
 * path=/etc/shop/uri host=web1". Without a slash the module is one of ours.
 * Old and new are files that hold the addresses: status 2 when they are empty,
 * the same, too long, or may be read by others. seconds: how long a call may
 * take in all. */
struct address *address_new(const char *spec, const char *old_file,
    const char *new_file, int seconds, bson_error_t *error);
void address_free(struct address *a);
/* Of the old and of the new address. */
const char *address_old_id(const struct address *a);
const char *address_new_id(const struct address *a);

/* Swaps old and new: for the way back. */
void address_turn(struct address *a);

enum address_held {
	ADDRESS_UNKNOWN, /* an endpoint does not answer, or says nothing */
	ADDRESS_OLD,     /* every endpoint */
	ADDRESS_NEW,     /* every endpoint */
	ADDRESS_MIXED,   /* some the old, some the new one */
	ADDRESS_OTHER    /* an endpoint holds neither */
};
/* "unknown" ... */
const char *address_held_text(enum address_held h);

struct address_state {
	enum address_held held;
	int endpoints;
	char first[256]; /* the first endpoint that is not as the others, with
			    its redacted address, for messages */
};
/* Reads every endpoint. False: the module could not be run (7), was used
 * wrongly (2), or told nothing that makes sense (8). */
bool address_get(
    struct address *a, struct address_state *state, bson_error_t *error);

struct address_bound {
	int seconds; /* by when everybody sees a change; -1: not told */
	bool cas;
};
/* Can it be changed? Status 8 when not, with the reason of the module. */
bool address_probe(
    struct address *a, struct address_bound *bound, bson_error_t *error);

/* Old to new at every endpoint. True only when a reading afterwards says so.
 * False with *state as it was found afterwards: ADDRESS_OLD: nothing was
 * changed; anything else: it may be. */
bool address_set(
    struct address *a, struct address_state *state, bson_error_t *error);
/* Cuts connections to the old address, where the module can. */
bool address_drain(struct address *a, bson_error_t *error);

#endif
