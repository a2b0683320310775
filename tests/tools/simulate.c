/* simulate URI COMMAND: sends a command, as JSON, to the database admin, and
 * prints the reply as JSON. For the faults of mongosim, of which tests play
 * hundreds: Python needs ten times as long to begin. */
#include <mongoc/mongoc.h>
#include <stdio.h>

static bool
send_it(const char *uri_text, const char *text, bson_error_t *error)
{
	mongoc_uri_t *uri = mongoc_uri_new_with_error(uri_text, error);
	bson_t *command = bson_new_from_json((const uint8_t *)text, -1, error);
	mongoc_client_t *client = NULL;
	bool ok = uri && command;
	bson_t reply;
	char *json;

	/* A fault of a test may well meet this connection. */
	if (ok)
		ok = mongoc_uri_set_option_as_bool(
			 uri, MONGOC_URI_SERVERSELECTIONTRYONCE, false) &&
		    (client = mongoc_client_new_from_uri(uri));
	if (ok) {
		ok = mongoc_client_command_simple(
		    client, "admin", command, NULL, &reply, error);
		json = bson_as_relaxed_extended_json(&reply, NULL);
		if (ok)
			puts(json);
		bson_free(json);
		bson_destroy(&reply);
	}
	if (client)
		mongoc_client_destroy(client);
	if (uri)
		mongoc_uri_destroy(uri);
	if (command)
		bson_destroy(command);
	return ok;
}

int
main(int argc, char **argv)
{
	bson_error_t error = {0};
	bool ok;

	if (argc != 3)
		return 2;
	mongoc_init();
	ok = send_it(argv[1], argv[2], &error);
	mongoc_cleanup();
	if (!ok)
		fprintf(stderr, "simulate: %s\n", error.message);
	return ok ? 0 : 1;
}
