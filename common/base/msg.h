/* base: the only writer to stderr.
 *
 * Lines are `TOOL: LEVEL: MESSAGE`, one write(2) each; with
 * --log-format=json one JSON object a line {ts, level, tool, msg}. Wording:
 * lower case, no full stop, "could not" (may work later) or "cannot" (never),
 * kind + quoted name of the object, reason, position. Never log a document, a
 * password or an unredacted URI (uri_redact in mongo/server.h).
 */
#ifndef MM_BASE_MSG_H
#define MM_BASE_MSG_H

#include "base/error.h"

enum msg_level { MSG_ERROR, MSG_WARNING, MSG_INFO, MSG_VERBOSE };

/* Name shown in front of each line; borrowed for ever (a literal). */
void msg_init(const char *tool);
const char *msg_tool(void);
void msg_set_level(enum msg_level highest_shown);
void msg_set_json(bool json);

void msg_error(const char *format, ...) BSON_GNUC_PRINTF(1, 2);
void msg_warn(const char *format, ...) BSON_GNUC_PRINTF(1, 2);
void msg_info(const char *format, ...) BSON_GNUC_PRINTF(1, 2);
void msg_verbose(const char *format, ...) BSON_GNUC_PRINTF(1, 2);
/* A line that is drawn anew by the next call, and makes way for messages; NULL:
 * none any more. Not shown where only warnings are. */
void msg_line(const char *text);
bool msg_on_terminal(void);
/* A second line under an error: what to do about it. */
void msg_hint(const char *format, ...) BSON_GNUC_PRINTF(1, 2);

#endif
