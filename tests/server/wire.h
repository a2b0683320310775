/* mongosim: the wire protocol on one connection.
 *
 * OP_MSG with sections of kind 0 and 1, and OP_QUERY on $cmd for the old
 * handshake. Every length is checked before memory is reserved; a message
 * that is not understood closes the connection, as on the server.
 */
#ifndef SIM_WIRE_H
#define SIM_WIRE_H

#include "request.h"

/* Reads one message into conn->in. False: end or broken. */
bool wire_read(struct conn *conn);
/* Takes the message apart; pointers of r are into conn->in. */
bool wire_parse(struct conn *conn, struct request *r);
/* Room for the header; r->reply is then where the fields go. */
void wire_reply_begin(struct request *r);
/* Closes the document, sends. False: the connection is gone. */
bool wire_reply_send(struct request *r);

#endif
