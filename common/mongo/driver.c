/* The driver's own set-up, and its documents made easy to read. */
#include "mongo/driver.h"

#include <limits.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/msg.h"

/* The driver tells of a URI option that it does not know by a log line only:
 * the name is caught here while a URI is parsed. */
static _Thread_local char unsupported[200];
static _Thread_local bool parsing;

/* The driver keeps its statistics in a named piece of shared memory, made when
 * it is loaded and removed at a regular exit. Killed programs would leave one
 * each, and the driver would complain on stderr when the number of a process
 * comes again: the name goes at once. */
__attribute__((constructor)) static void
forget_counters(void)
{
	char name[32];

	snprintf(name, sizeof name, "/mongoc-%u", (unsigned)getpid());
	shm_unlink(name);
}

static void
on_log(
    mongoc_log_level_t level, const char *domain, const char *text, void *user)
{
	(void)user;
	if (parsing) {
		if (strncmp(text, "Unsupported", 11) == 0)
			bson_strncpy(unsupported, text, sizeof unsupported);
		return;
	}
	/* A line that may hold a URI is not worth a leaked password. */
	if (level > MONGOC_LOG_LEVEL_INFO || strstr(text, "://"))
		return;
	msg_verbose("driver: %s: %s", domain, text);
}

static void
init(void)
{
	mongoc_log_set_handler(on_log, NULL);
	mongoc_init();
	/* Replies of some MiB are kept by malloc and used again, instead of
	 * being mapped and given back each time: 2.5 times the speed. */
	mallopt(M_MMAP_THRESHOLD, 32 << 20);
	mallopt(M_TRIM_THRESHOLD, INT_MAX);
}

void
driver_init(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, init);
}

const char *
side_name(enum side side)
{
	return side == SIDE_SOURCE ? "source" : "target";
}

enum mm_exit
side_status(enum side side)
{
	return side == SIDE_SOURCE ? MM_EXIT_SOURCE : MM_EXIT_TARGET;
}

mongoc_uri_t *
driver_uri(enum side side, const char *text, bson_error_t *error)
{
	bson_error_t why = {0};
	mongoc_uri_t *uri;
	char *shown;

	unsupported[0] = '\0';
	parsing = true;
	uri = mongoc_uri_new_with_error(text, &why);
	parsing = false;
	if (uri && !unsupported[0])
		return uri;
	shown = uri_redact(text);
	if (uri) {
		error_set(error, MM_EXIT_USAGE, 0, "%s URI \"%s\": %s",
		    side_name(side), shown, unsupported);
		mongoc_uri_destroy(uri);
	} else {
		/* The driver quotes what it does not understand, which may be
		 * a piece of a password. */
		error_set(error, MM_EXIT_USAGE, 0,
		    "%s URI \"%s\" is not a MongoDB URI: %s", side_name(side),
		    shown,
		    strchr(text, '@') ? "cannot be parsed" : why.message);
	}
	bson_free(shown);
	return NULL;
}

mongoc_client_pool_t *
driver_pool(struct server *s, const mongoc_uri_t *uri, bson_error_t *error)
{
	bson_error_t why;
	mongoc_client_pool_t *pool =
	    mongoc_client_pool_new_with_error(uri, &why);

	if (!pool) {
		error_set(error, MM_EXIT_USAGE, 0, "%s URI: %s",
		    side_name(s->side), why.message);
		return NULL;
	}
	/* Never the reason why a thread waits. */
	mongoc_client_pool_max_size(pool, 1000);
	mongoc_client_pool_set_error_api(pool, MONGOC_ERROR_API_VERSION_2);
	mongoc_client_pool_set_appname(pool, s->appname);
	return pool;
}
