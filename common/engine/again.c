#include "engine/again.h"

#include "base/msg.h"
#include "base/sig.h"

bool
again(struct conn *c, const bson_error_t *error, unsigned *tries)
{
	static const int ms[] = {100, 500, 2000, 5000, 10000};

	if (*tries == sizeof ms / sizeof *ms)
		return false;
	if (!conn_no_reply(c) && !code_transient(error->code))
		return false;
	msg_verbose("%s; sent again", error->message);
	return sig_sleep(ms[(*tries)++]);
}
