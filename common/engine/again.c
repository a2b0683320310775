#include "engine/again.h"

#include "base/msg.h"
#include "base/sig.h"

bool
again_lost(const struct conn *c, const bson_error_t *error)
{
	return conn_no_reply(c) || code_transient(error->code);
}

bool
again_wait(const bson_error_t *error, unsigned *tries)
{
	static const int ms[] = {100, 500, 2000, 5000, 10000};

	if (*tries == sizeof ms / sizeof *ms)
		return false;
	msg_verbose("%s; sent again", error->message);
	return sig_sleep(ms[(*tries)++]);
}

bool
again(struct conn *c, const bson_error_t *error, unsigned *tries)
{
	return again_lost(c, error) && again_wait(error, tries);
}
