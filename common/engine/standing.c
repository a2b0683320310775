#include "engine/standing.h"

#include <inttypes.h>
#include <pthread.h>
#include <string.h>

#include "base/msg.h"
#include "base/status.h"
#include "model/docid.h"

#define NAMED_MAX 20

struct standing {
	enum standing_how how;
	bool at_first;
	pthread_mutex_t lock;
	int64_t met, left_out;
};

enum standing_how
standing_parse(const char *text)
{
	static const char *const words[] = {[STANDING_ERROR] = "error",
	    [STANDING_SKIP] = "skip",
	    [STANDING_REPLACE] = "replace",
	    [STANDING_IDENTICAL] = "identical"};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcmp(text, words[i]) == 0)
			return (enum standing_how)i;
	return STANDING_ERROR;
}

struct standing *
standing_new(enum standing_how how, bool at_first)
{
	struct standing *s = bson_malloc0(sizeof *s);

	s->how = how;
	s->at_first = at_first;
	pthread_mutex_init(&s->lock, NULL);
	return s;
}

void
standing_free(struct standing *s)
{
	if (!s)
		return;
	pthread_mutex_destroy(&s->lock);
	bson_free(s);
}

enum standing_how
standing_how(const struct standing *s)
{
	return s->how;
}

void
standing_met(struct standing *s, size_t n)
{
	if (n == 0)
		return;
	pthread_mutex_lock(&s->lock);
	s->met += (int64_t)n;
	pthread_mutex_unlock(&s->lock);
	status_add("duplicates", (int64_t)n);
}

bool
standing_left_out(struct standing *s, const char *ns, const uint8_t *doc,
    size_t len, const char *why, bson_error_t *error)
{
	struct elem e;
	char *text = walk_find(doc, len, "_id", &e) ? docid_text(&e.value)
						    : bson_strdup("(none)");
	int64_t n;

	pthread_mutex_lock(&s->lock);
	n = ++s->left_out;
	pthread_mutex_unlock(&s->lock);
	status_add("left_out", 1);
	if (s->at_first)
		error_set(error, MM_EXIT_REFUSED, 0, "\"%s\": _id %s: %s", ns,
		    text, why);
	else if (n <= NAMED_MAX)
		msg_warn("\"%s\": _id %s: %s", ns, text, why);
	else if (n == NAMED_MAX + 1)
		msg_warn("there are more; they are counted");
	bson_free(text);
	return !s->at_first;
}

bool
standing_end(struct standing *s, bson_error_t *error)
{
	static const char *const fate[] = {[STANDING_ERROR] = "",
	    [STANDING_SKIP] = "were left as they are",
	    [STANDING_REPLACE] = "were replaced",
	    [STANDING_IDENTICAL] = "were compared"};

	if (s->how == STANDING_ERROR)
		return true;
	msg_info("%" PRId64 " documents stood there already and %s", s->met,
	    fate[s->how]);
	if (s->left_out > 0 && s->how != STANDING_SKIP)
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "%" PRId64 " documents are not on the target, where others "
		    "stand",
		    s->left_out);
	if (s->left_out > 0)
		msg_warn("%" PRId64 " documents are not on the target, where "
			 "another one has their unique key",
		    s->left_out);
	return true;
}
