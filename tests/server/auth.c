#include "auth.h"
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "account_store.h"
#include "ddl.h"

#define HASH 32
#define ITERATIONS 15000
#define TEXT 512

/* One SCRAM-SHA-256 exchange (RFC 5802, RFC 7677). */
struct scram {
	struct user *user;
	int iterations;
	char salt[TEXT];
	uint8_t stored_key[HASH], server_key[HASH];
	char first_bare[TEXT], nonce[2 * TEXT], server_first[4 * TEXT];
	bool verified;
};

static void
hmac(const uint8_t *key, const char *text, uint8_t out[HASH])
{
	HMAC(EVP_sha256(), key, HASH, (const uint8_t *)text, strlen(text), out,
	    NULL);
}

static void
put_base64(struct buf *out, const char *key, const uint8_t *data, int len)
{
	char text[64];

	EVP_EncodeBlock((uint8_t *)text, data, len);
	out_text(out, key, text);
}

void
auth_put_credentials(struct buf *out, const char *password)
{
	uint8_t salt[28], salted[HASH], client[HASH], key[HASH];
	size_t mark = out_open(out, "credentials", BSON_TYPE_DOCUMENT), sub;

	RAND_bytes(salt, sizeof salt);
	PKCS5_PBKDF2_HMAC(password, (int)strlen(password), salt, sizeof salt,
	    ITERATIONS, EVP_sha256(), HASH, salted);
	sub = out_open(out, "SCRAM-SHA-256", BSON_TYPE_DOCUMENT);
	out_i32(out, "iterationCount", ITERATIONS);
	put_base64(out, "salt", salt, sizeof salt);
	hmac(salted, "Client Key", client);
	SHA256(client, HASH, key);
	put_base64(out, "storedKey", key, HASH);
	hmac(salted, "Server Key", key);
	put_base64(out, "serverKey", key, HASH);
	out_close(out, sub);
	out_close(out, mark);
}

/* A user of the database admin; roles: {role, db} pairs of it. */
static void
add_user(const char *name, const char *const roles[][2], size_t n)
{
	struct buf doc = BUF_INIT;
	size_t mark = out_open(&doc, NULL, BSON_TYPE_DOCUMENT);
	char *id = bson_strdup_printf("admin.%s", name);
	struct role_names names = {0};
	bson_error_t error;
	uint8_t uuid[16];

	uuid_make(uuid);
	out_text(&doc, "_id", id);
	out_bin(&doc, "userId", BSON_SUBTYPE_UUID, uuid, sizeof uuid);
	out_text(&doc, "user", name);
	out_text(&doc, "db", "admin");
	auth_put_credentials(&doc, sim.set.password);
	for (size_t i = 0; i < n; i++)
		role_names_add(&names, roles[i][0], roles[i][1]);
	role_names_put(&names, &doc, "roles");
	out_close(&doc, mark);
	ddl_insert(store_coll(KIND_USER), doc.data, doc.len, false, &error);
	role_names_release(&names);
	buf_release(&doc);
	bson_free(id);
}

/* What `noplog` may know of the set without reading the database local, as
 * clusterMonitor would let it. */
static void
add_status_role(void)
{
	bson_error_t error;
	bson_t *doc = BCON_NEW("_id", "admin.status", "role", "status", "db",
	    "admin", "privileges", "[", "{", "resource", "{", "cluster",
	    BCON_BOOL(true), "}", "actions", "[", "getCmdLineOpts",
	    "getParameter", "inprog", "replSetGetConfig", "replSetGetStatus",
	    "serverStatus", "]", "}", "]", "roles", "[", "]");

	ddl_insert(
	    store_coll(KIND_ROLE), bson_get_data(doc), doc->len, false, &error);
	bson_destroy(doc);
}

void
auth_init(void)
{
	static const char *const all[][2] = {{"admin", "root"}};
	static const char *const read[][2] = {{"admin", "readAnyDatabase"},
	    {"admin", "clusterMonitor"}, {"local", "read"}};
	static const char *const write[][2] = {
	    {"admin", "readWriteAnyDatabase"}, {"admin", "dbAdminAnyDatabase"},
	    {"config", "read"}, {"admin", "status"}};

	if (!sim.set.user)
		return;
	add_status_role();
	add_user(sim.set.user, all, sizeof all / sizeof *all);
	add_user("reader", read, sizeof read / sizeof *read);
	add_user("noplog", write, sizeof write / sizeof *write);
}

void
auth_put_mechanisms(struct request *r)
{
	const char *name = arg_text(r, "saslSupportedMechs");
	const char *dot = name ? strchr(name, '.') : NULL;
	bson_t doc;
	char *db;
	size_t mark;

	if (!dot)
		return;
	db = bson_strndup(name, (size_t)(dot - name));
	if (user_doc(db, dot + 1, &doc)) {
		mark =
		    out_open(r->reply, "saslSupportedMechs", BSON_TYPE_ARRAY);
		out_text(r->reply, "0", "SCRAM-SHA-256");
		out_close(r->reply, mark);
	}
	bson_free(db);
}

void
auth_drop(struct conn *conn)
{
	bson_free(conn->scram);
	conn->scram = NULL;
}

/* The value of `x=` in a SCRAM message of comma-separated attributes. */
static bool
attribute(const char *message, char name, char out[TEXT])
{
	const char *p = message;
	size_t n;

	while (p && !(p[0] == name && p[1] == '=')) {
		p = strchr(p, ',');
		p = p ? p + 1 : NULL;
	}
	if (!p)
		return false;
	n = strcspn(p + 2, ",");
	if (n >= TEXT)
		return false;
	memcpy(out, p + 2, n);
	out[n] = '\0';
	return true;
}

static bool
payload(const struct request *r, char out[TEXT])
{
	bson_subtype_t subtype;
	const uint8_t *data;
	bson_iter_t it;
	uint32_t len;

	if (!arg_find(r, "payload", &it) || !BSON_ITER_HOLDS_BINARY(&it))
		return false;
	bson_iter_binary(&it, &subtype, &len, &data);
	if (len >= TEXT)
		return false;
	memcpy(out, data, len);
	out[len] = '\0';
	return true;
}

static void
put_step(struct request *r, bool done, const char *message)
{
	out_i32(r->reply, "conversationId", 1);
	out_bool(r->reply, "done", done);
	out_bin(r->reply, "payload", 0, message, strlen(message));
}

static bool
failed(struct conn *conn, bson_error_t *error)
{
	auth_drop(conn);
	return refuse(error, 18, "Authentication failed.");
}

static bool
read_key(const bson_t *doc, const char *path, uint8_t key[HASH])
{
	bson_iter_t it, sub;
	uint8_t room[HASH + 4];
	uint32_t len;
	const char *text;

	if (!bson_iter_init(&it, doc) ||
	    !bson_iter_find_descendant(&it, path, &sub) ||
	    !BSON_ITER_HOLDS_UTF8(&sub))
		return false;
	text = bson_iter_utf8(&sub, &len);
	if (len != 44 ||
	    EVP_DecodeBlock(room, (const uint8_t *)text, 44) != HASH + 1)
		return false;
	memcpy(key, room, HASH);
	return true;
}

/* What the user's document keeps for a login. */
static bool
read_credentials(struct scram *s, const char *db, const char *name)
{
	bson_iter_t it, sub;
	bson_t doc;

	s->user = user_of(db, name);
	if (!s->user || !user_doc(db, name, &doc) ||
	    !read_key(
		&doc, "credentials.SCRAM-SHA-256.storedKey", s->stored_key) ||
	    !read_key(
		&doc, "credentials.SCRAM-SHA-256.serverKey", s->server_key) ||
	    !bson_iter_init(&it, &doc) ||
	    !bson_iter_find_descendant(
		&it, "credentials.SCRAM-SHA-256.salt", &sub) ||
	    !BSON_ITER_HOLDS_UTF8(&sub))
		return false;
	snprintf(s->salt, sizeof s->salt, "%s", bson_iter_utf8(&sub, NULL));
	if (!bson_iter_init(&it, &doc) ||
	    !bson_iter_find_descendant(
		&it, "credentials.SCRAM-SHA-256.iterationCount", &sub))
		return false;
	s->iterations = (int)bson_iter_as_int64(&sub);
	return true;
}

/* The server's first message, kept for the proof. */
static void
begin_scram(struct scram *s, const char *first_bare, const char *nonce)
{
	uint8_t random[24];
	char own[48];

	RAND_bytes(random, sizeof random);
	EVP_EncodeBlock((uint8_t *)own, random, sizeof random);
	snprintf(s->first_bare, sizeof s->first_bare, "%s", first_bare);
	snprintf(s->nonce, sizeof s->nonce, "%s%s", nonce, own);
	snprintf(s->server_first, sizeof s->server_first, "r=%s,s=%s,i=%d",
	    s->nonce, s->salt, s->iterations);
}

bool
cmd_sasl_start(struct request *r, bson_error_t *error)
{
	const char *mechanism = arg_text(r, "mechanism");
	struct conn *conn = r->conn;
	char message[TEXT], name[TEXT], nonce[TEXT];

	auth_drop(conn);
	/* Nobody has the credentials of the older one. */
	if (mechanism && strcmp(mechanism, "SCRAM-SHA-1") == 0)
		return failed(conn, error);
	if (!mechanism || strcmp(mechanism, "SCRAM-SHA-256") != 0)
		return refuse(error, 334,
		    "Received authentication for mechanism %s which is not "
		    "enabled",
		    mechanism ? mechanism : "");
	conn->scram = bson_malloc0(sizeof *conn->scram);
	if (!payload(r, message) || strncmp(message, "n,,", 3) != 0 ||
	    !attribute(message + 3, 'n', name) ||
	    !attribute(message + 3, 'r', nonce) ||
	    !read_credentials(conn->scram, r->db, name))
		return failed(conn, error);
	begin_scram(conn->scram, message + 3, nonce);
	put_step(r, false, conn->scram->server_first);
	return true;
}

/* Is the proof right? Then the server's signature over the same text. */
static bool
verify(struct scram *s, const char *message, char signature[64])
{
	char proof[TEXT], nonce[TEXT], text[8 * TEXT];
	uint8_t client[TEXT], sign[HASH], stored[HASH];
	const char *end = strstr(message, ",p=");

	if (!end || !attribute(message, 'r', nonce) ||
	    strcmp(nonce, s->nonce) != 0 || !attribute(message, 'p', proof) ||
	    strlen(proof) != 44 ||
	    EVP_DecodeBlock(client, (uint8_t *)proof, 44) != HASH + 1)
		return false;
	snprintf(text, sizeof text, "%s,%s,%.*s", s->first_bare,
	    s->server_first, (int)(end - message), message);
	hmac(s->stored_key, text, sign);
	for (size_t i = 0; i < HASH; i++)
		client[i] ^= sign[i];
	SHA256(client, HASH, stored);
	if (CRYPTO_memcmp(stored, s->stored_key, HASH) != 0)
		return false;
	hmac(s->server_key, text, sign);
	EVP_EncodeBlock((uint8_t *)signature, sign, HASH);
	return true;
}

bool
cmd_sasl_continue(struct request *r, bson_error_t *error)
{
	struct conn *conn = r->conn;
	char message[TEXT], signature[64], reply[80];

	if (!conn->scram)
		return refuse(error, 17, "No SASL session state found");
	if (conn->scram->verified) { /* the last, empty exchange */
		conn->user = conn->scram->user;
		auth_drop(conn);
		put_step(r, true, "");
		return true;
	}
	if (!payload(r, message) || !verify(conn->scram, message, signature))
		return failed(conn, error);
	snprintf(reply, sizeof reply, "v=%s", signature);
	conn->scram->verified = true;
	put_step(r, false, reply);
	return true;
}

bool
cmd_logout(struct request *r, bson_error_t *error)
{
	(void)error;
	r->conn->user = NULL;
	return true;
}
