#include "mongo/probe.h"

#include <string.h>

#include "mongo/driver.h"

enum { CONNECT_MS = 2000, ANSWER_MS = 5000, MAX_HOSTS = 64 };

enum answer {
	ANSWER_NONE,      /* why is set */
	ANSWER_REFUSED,   /* by one whose word counts */
	ANSWER_BYSTANDER, /* a member that takes no writes of anybody */
	ANSWER_TAKEN
};

struct host {
	char *name;
	mongoc_client_t *client;
};

struct probe {
	enum side side;
	struct host host[MAX_HOSTS];
	unsigned n;
};

static bool
add_host(
    struct probe *p, const char *uri, const char *name, bson_error_t *error)
{
	char *text = uri_pin(uri, name, error);
	mongoc_uri_t *one = text ? driver_uri(p->side, text, error) : NULL;
	struct host *h = &p->host[p->n];
	bson_error_t why;

	if (text)
		explicit_bzero(text, strlen(text));
	bson_free(text);
	if (!one)
		return false;
	mongoc_uri_set_option_as_int32(
	    one, MONGOC_URI_CONNECTTIMEOUTMS, CONNECT_MS);
	mongoc_uri_set_option_as_int32(
	    one, MONGOC_URI_SERVERSELECTIONTIMEOUTMS, CONNECT_MS);
	mongoc_uri_set_option_as_int32(
	    one, MONGOC_URI_SOCKETTIMEOUTMS, ANSWER_MS);
	h->client = mongoc_client_new_from_uri_with_error(one, &why);
	mongoc_uri_destroy(one);
	if (!h->client)
		return error_set(error, MM_EXIT_USAGE, 0, "probe of the %s: %s",
		    side_name(p->side), why.message);
	mongoc_client_set_error_api(h->client, MONGOC_ERROR_API_VERSION_2);
	mongoc_client_set_appname(h->client, "mm-switch probe");
	h->name = bson_strdup(name);
	p->n++;
	return true;
}

static bool
add_hosts(
    struct probe *p, const char *text, mongoc_uri_t *uri, bson_error_t *error)
{
	const mongoc_host_list_t *h = mongoc_uri_get_hosts(uri);

	if (!h || mongoc_uri_get_srv_hostname(uri))
		return error_set(error, MM_EXIT_USAGE, 0,
		    "probe of the %s: its URI has to name the hosts",
		    side_name(p->side));
	if (!mongoc_uri_get_username(uri) &&
	    !mongoc_uri_get_auth_mechanism(uri))
		return error_set(error, MM_EXIT_USAGE, 0,
		    "probe of the %s: its URI names no account",
		    side_name(p->side));
	for (; h; h = h->next)
		if (p->n == MAX_HOSTS)
			return error_set(error, MM_EXIT_USAGE, 0,
			    "probe of the %s: more than %d hosts",
			    side_name(p->side), MAX_HOSTS);
		else if (!add_host(p, text, h->host_and_port, error))
			return false;
	return true;
}

struct probe *
probe_new(enum side side, const char *text, bson_error_t *error)
{
	struct probe *p = bson_malloc0(sizeof *p);
	mongoc_uri_t *uri;
	bool ok;

	driver_init();
	p->side = side;
	uri = driver_uri(side, text, error);
	ok = uri && add_hosts(p, text, uri, error);
	if (uri)
		mongoc_uri_destroy(uri);
	if (ok)
		return p;
	probe_free(p);
	return NULL;
}

void
probe_free(struct probe *p)
{
	if (!p)
		return;
	for (unsigned i = 0; i < p->n; i++) {
		mongoc_client_destroy(p->host[i].client);
		bson_free(p->host[i].name);
	}
	bson_free(p);
}

/* ------------------------------------------------------------------ asking */

static enum answer
answer_of(const struct probe *p, const struct host *h, uint32_t code,
    const char *text, bson_error_t *why)
{
	switch (code) {
	case CODE_UNAUTHORIZED:
	case CODE_WRITE_BLOCK:
		return ANSWER_REFUSED;
	case 10107: /* not the primary */
	case 13435:
	case 13436:
	case 11602:
	case 189:
		return ANSWER_BYSTANDER;
	case 11: /* by the driver: login failed */
	case CODE_LOGIN_FAILED:
		error_set(why, MM_EXIT_REFUSED, (int)code,
		    "probe of the %s: %s: the account may not log in",
		    side_name(p->side), h->name);
		return ANSWER_NONE;
	default:
		error_set(why, side_status(p->side), (int)code,
		    "probe of the %s: %s: %s", side_name(p->side), h->name,
		    text);
		return ANSWER_NONE;
	}
}

/* Whether the last word of this host decides: a secondary may refuse what the
 * primary takes, for it lags behind. */
static bool
decides(const struct host *h)
{
	mongoc_server_description_t **all;
	const char *type;
	bool found = true;
	size_t n;

	all = mongoc_client_get_server_descriptions(h->client, &n);
	type = n > 0 ? mongoc_server_description_type(all[0]) : "Unknown";
	found = strcmp(type, "RSSecondary") != 0 &&
	    strcmp(type, "RSOther") != 0 && strcmp(type, "RSArbiter") != 0 &&
	    strcmp(type, "RSGhost") != 0 && strcmp(type, "Unknown") != 0;
	mongoc_server_descriptions_destroy_all(all, n);
	return found;
}

static bool
is_router(const struct host *h)
{
	mongoc_server_description_t **all;
	bool found;
	size_t n;

	all = mongoc_client_get_server_descriptions(h->client, &n);
	found = n > 0 &&
	    strcmp(mongoc_server_description_type(all[0]), "Mongos") == 0;
	mongoc_server_descriptions_destroy_all(all, n);
	return found;
}

static enum answer
ask_one(const struct probe *p, const struct host *h, const char *ns,
    bson_error_t *why)
{
	const char *dot = strchr(ns, '.');
	char *db = bson_strndup(ns, (size_t)(dot - ns));
	bson_t cmd = BSON_INITIALIZER, reply;
	enum answer got;
	bson_error_t driver;
	bson_oid_t oid;
	int64_t code;

	bson_oid_init(&oid, NULL);
	BCON_APPEND(&cmd, "update", BCON_UTF8(dot + 1), "updates", "[", "{",
	    "q", "{", "_id", BCON_OID(&oid), "}", "u", "{", "$set", "{",
	    "mm_probe", BCON_INT32(1), "}", "}", "upsert", BCON_BOOL(false),
	    "}", "]");
	if (!mongoc_client_command_simple(
		h->client, db, &cmd, NULL, &reply, &driver)) {
		code = doc_int(&reply, "code");
		got = answer_of(p, h, code ? (uint32_t)code : driver.code,
		    driver.message, why);
	} else if ((code = doc_int(&reply, "writeErrors.0.code")) != 0) {
		got = answer_of(p, h, (uint32_t)code,
		    doc_text(&reply, "writeErrors.0.errmsg"), why);
	} else {
		error_set(why, side_status(p->side), 0,
		    "%s takes writes to \"%s\"", h->name, ns);
		got = ANSWER_TAKEN;
	}
	bson_destroy(&reply);
	bson_destroy(&cmd);
	bson_free(db);
	return got;
}

/* For all collections: taken for one is taken. */
static enum answer
ask_host(const struct probe *p, const struct host *h,
    const struct textset *names, bson_error_t *why)
{
	enum answer got = ANSWER_REFUSED;

	for (size_t i = 0; i < names->n && got == ANSWER_REFUSED; i++)
		got = ask_one(p, h, names->item[i], why);
	return got == ANSWER_REFUSED && !decides(h) ? ANSWER_BYSTANDER : got;
}

int
probe_ask(struct probe *p, const struct textset *names, bson_error_t *error)
{
	unsigned refused = 0, silent = 0;
	bson_error_t why, first = {0};
	bool router = false;

	if (names->n == 0)
		return error_set(error, MM_EXIT_REFUSED, 0,
			   "probe of the %s: there is no collection of the "
			   "selection to try",
			   side_name(p->side)) -
		    1;
	for (unsigned i = 0; i < p->n; i++) {
		enum answer got = ask_host(p, &p->host[i], names, &why);

		if (got == ANSWER_TAKEN) {
			if (error)
				*error = why;
			return 0;
		}
		router = router || is_router(&p->host[i]);
		refused += got == ANSWER_REFUSED;
		if (got == ANSWER_NONE && silent++ == 0)
			first = why;
	}
	if (refused > 0 && (router ? silent == 0 : 2 * silent < p->n))
		return 1;
	if (silent > 0 && error)
		*error = first;
	else if (silent == 0)
		error_set(error, side_status(p->side), 0,
		    "probe of the %s: none of its hosts takes writes of "
		    "anybody",
		    side_name(p->side));
	return -1;
}
