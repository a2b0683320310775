/* base: what the threads that move data spend their time on, so that a person
 * can see what bounds a dump or a load: the fields seconds_STAGE and
 * cpu_STAGE of the status file, and metrics (mm-migrate(7), STATUS FILES).
 *
 * A thread between stage_begin and stage_end is in one stage at any moment:
 * the seconds of all stages add up to the time of these threads. Where a
 * thread waits or calls into a library, that place marks it; marks are for
 * spans of microseconds and more, never for a document. In every other thread
 * they are one comparison and count nothing.
 */
#ifndef MM_BASE_STAGE_H
#define MM_BASE_STAGE_H

enum stage {
	STAGE_DOCS,   /* work on documents: everything that is not marked */
	STAGE_SERVER, /* a command, from its first byte to its reply's last */
	STAGE_READ,   /* from a pipe or file */
	STAGE_WRITE,
	STAGE_PACK,
	STAGE_UNPACK,
	STAGE_SAVE, /* waits until the progress before is saved */
	STAGE_TURN, /* waits for another of these threads */
	STAGE_HELD, /* waits because it was told to: --rate-limit, --max-load */
	STAGE_IDLE, /* nothing is left to begin */
	STAGES
};

/* The calling thread is in STAGE_DOCS from here on. */
void stage_begin(void);
/* The calling thread goes on with s; the stage that it was in, for the call
 * that ends the span. */
enum stage stage_enter(enum stage s);
/* What the thread has counted since it last did is told. It is told twice a
 * second without this. */
void stage_end(void);

const char *stage_name(enum stage s);
/* Of all threads, as far as it was told. */
double stage_seconds(enum stage s);
double stage_cpu(enum stage s);

#endif
