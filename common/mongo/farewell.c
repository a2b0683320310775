/* Ending a connection pool without waiting for its monitor.
 *
 * The driver's monitor thread (1.17 on) notices the end of its pool only at
 * its next tick, up to half a second later, which would make every program
 * half a second slower. So the pool is
 * ended by a thread of its own: it has the time to end the server's sessions,
 * and is not waited for longer. The process then ends by _exit(2): no exit
 * handler of a library runs while that thread still uses it. Under a leak
 * checker the pool is simply destroyed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "mongo/driver.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define CHECKED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define CHECKED 1
#endif
#endif

#ifdef CHECKED
void
driver_pool_end(mongoc_client_pool_t *pool)
{
	mongoc_client_pool_destroy(pool);
}
#else
enum { PATIENCE_MS = 30 };

static void
leave(int status, void *unused)
{
	(void)unused;
	fflush(NULL);
	_exit(status);
}

static void
prepare(void)
{
	on_exit(leave, NULL);
}

static void *
end_pool(void *pool)
{
	mongoc_client_pool_destroy(pool);
	return NULL;
}

void
driver_pool_end(mongoc_client_pool_t *pool)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct timespec until;
	pthread_t thread;

	pthread_once(&once, prepare);
	if (pthread_create(&thread, NULL, end_pool, pool) != 0) {
		mongoc_client_pool_destroy(pool);
		return;
	}
	until = clock_after(CLOCK_REALTIME, PATIENCE_MS);
	if (pthread_timedjoin_np(thread, NULL, &until) != 0)
		pthread_detach(thread);
}
#endif
