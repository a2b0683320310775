#include "base/finish.h"

#include <errno.h>
#include <signal.h>

#include "base/msg.h"
#include "base/opt.h"
#include "base/gauge.h"
#include "base/sig.h"
#include "base/status.h"

int
finish(enum mm_exit status, const bson_error_t *error)
{
	if (error)
		status = error_status(error);
	gauge_end(status);
	status_end(status, error);
	if (!error)
		return status;
	if (status == MM_EXIT_IO && error->code == EPIPE)
		sig_reraise(SIGPIPE);
	if (status == MM_EXIT_USAGE)
		return opt_wrong_use("%s", error->message);
	msg_error("%s", error->message);
	return status;
}
