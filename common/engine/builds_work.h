/* engine: inside of builds: the thread (builds.c) and the requests it carries
 * out (builds_request.c). For these two only.
 */
#ifndef MM_ENGINE_BUILDS_WORK_H
#define MM_ENGINE_BUILDS_WORK_H

#include <pthread.h>

#include "engine/builds.h"

struct build_task {
	struct build_task *next;
	char ns[NS_MAX + 1];
	struct optime at; /* null: of a run before */
};

struct builds {
	struct builds_opts o;
	struct conn *conn;
	pthread_t thread;
	bool started;
	pthread_mutex_t lock;
	pthread_cond_t more; /* anything below has changed */
	/* under lock */
	bool reading; /* the reader is at work */
	bool pausing; /* the thread wants, or has, the lanes to itself */
	bool changed; /* it had them */
	bool settled;
	bool ending;
	struct build_task *head, **tail; /* the first is in work */
	char busy[NS_MAX + 1];           /* of a request in work, or "" */
	/* of the thread */
	int64_t looked_ms;
};

/* The lanes stand still and the reader waits, from the first (when it is true)
 * to the second. */
bool builds_pause(struct builds *b, bson_error_t *error);
void builds_resume(struct builds *b);
/* Takes and answers the request in the job, where there is one. */
void builds_serve(struct builds *b);

#endif
