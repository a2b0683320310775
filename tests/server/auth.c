#include "auth_user.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "accounts.h"

#define ITERATIONS 15000
#define TEXT 512

/* One SCRAM-SHA-256 exchange (RFC 5802, RFC 7677). */
struct scram {
	struct user *user;
	char first_bare[TEXT], nonce[2 * TEXT], server_first[3 * TEXT];
	bool verified;
};

static struct user users[3];

static void
hmac(const uint8_t *key, const char *text, uint8_t out[HASH])
{
	HMAC(EVP_sha256(), key, HASH, (const uint8_t *)text, strlen(text), out,
	    NULL);
}

/* The keys of a password; the salt is u's. */
static void
make_keys(struct user *u, const char *password)
{
	uint8_t salted[HASH], client[HASH], salt[28];

	RAND_bytes(salt, sizeof salt);
	EVP_EncodeBlock((uint8_t *)u->salt, salt, sizeof salt);
	u->iterations = ITERATIONS;
	PKCS5_PBKDF2_HMAC(password, (int)strlen(password), salt, sizeof salt,
	    ITERATIONS, EVP_sha256(), HASH, salted);
	hmac(salted, "Client Key", client);
	SHA256(client, HASH, u->stored_key);
	hmac(salted, "Server Key", u->server_key);
}

static void
make_user(
    struct user *u, const char *name, const char *role, enum rights rights)
{
	*u = (struct user){
	    .name = name, .db = "admin", .role = role, .rights = rights};
	make_keys(u, sim.set.password);
}

void
auth_make_credentials(const char *password, bson_t *out)
{
	char stored[64], server[64];
	struct user u = {.name = ""};

	make_keys(&u, password);
	EVP_EncodeBlock((uint8_t *)stored, u.stored_key, HASH);
	EVP_EncodeBlock((uint8_t *)server, u.server_key, HASH);
	bson_init(out);
	BSON_APPEND_INT32(out, "iterationCount", u.iterations);
	BSON_APPEND_UTF8(out, "salt", u.salt);
	BSON_APPEND_UTF8(out, "storedKey", stored);
	BSON_APPEND_UTF8(out, "serverKey", server);
}

void
auth_init(void)
{
	if (!sim.set.user)
		return;
	make_user(&users[0], sim.set.user, "root", RIGHTS_ALL);
	make_user(&users[1], "reader", "readAnyDatabase", RIGHTS_READ);
	make_user(&users[2], "noplog", "readWriteAnyDatabase", RIGHTS_NO_LOCAL);
}

const char *
user_full_name(const struct user *user)
{
	static __thread char text[TEXT];

	if (!user)
		return "";
	snprintf(text, sizeof text, "%s@%s", user->name, user->db);
	return text;
}

static bool
allowed(const struct request *r, const struct command *c)
{
	struct user *u = r->conn->user;

	if (!sim.set.user || c->access == ACCESS_NONE)
		return true;
	if (!u)
		return false;
	switch (u->rights) {
	case RIGHTS_ALL:
		return true;
	case RIGHTS_STORED:
		return rights_allow_command(r, c, u);
	case RIGHTS_READ:
		return c->access == ACCESS_ANY || c->access == ACCESS_READ ||
		    c->access == ACCESS_STATUS;
	default:
		return c->access != ACCESS_CLUSTER &&
		    (strcmp(r->db, "local") != 0 || c->access == ACCESS_ANY);
	}
}

bool
auth_allows(
    const struct request *r, const struct command *c, bson_error_t *error)
{
	if (allowed(r, c))
		return true;
	if (!r->conn->user)
		return refuse(
		    error, 13, "command %s requires authentication", r->name);
	return refuse(error, 13,
	    "not authorized on %s to execute command { %s }", r->db, r->name);
}

bool
auth_may(const struct request *r, const char *db, const char *coll,
    const char *action)
{
	struct user *u = r->conn->user;

	if (!sim.set.user)
		return true;
	if (!u || u->rights == RIGHTS_READ)
		return false;
	return u->rights != RIGHTS_STORED || rights_allow(u, db, coll, action);
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
read_key(const bson_t *doc, const char *name, uint8_t key[HASH])
{
	uint8_t out[64];
	bson_iter_t it;

	if (!bson_iter_init_find(&it, doc, name) ||
	    !BSON_ITER_HOLDS_UTF8(&it) ||
	    strlen(bson_iter_utf8(&it, NULL)) != 44 ||
	    EVP_DecodeBlock(out, (const uint8_t *)bson_iter_utf8(&it, NULL),
		44) != HASH + 1)
		return false;
	memcpy(key, out, HASH);
	return true;
}

/* Of createUser: the one struct of that name, with the present password. */
static struct user *
stored_user(const char *db, const char *name)
{
	static struct user *all;
	struct user *u = all;
	bson_t doc, scram;
	bson_iter_t it, field;

	if (!account_find(USERS, db, name, &doc) ||
	    !bson_iter_init(&it, &doc) ||
	    !bson_iter_find_descendant(
		&it, "credentials.SCRAM-SHA-256", &field) ||
	    !iter_doc(&field, &scram))
		return NULL;
	while (u && (strcmp(u->name, name) != 0 || strcmp(u->db, db) != 0))
		u = u->next;
	if (!u) {
		u = bson_malloc0(sizeof *u);
		*u = (struct user){.name = bson_strdup(name),
		    .db = bson_strdup(db),
		    .rights = RIGHTS_STORED,
		    .next = all};
		all = u;
	}
	if (!read_key(&scram, "storedKey", u->stored_key) ||
	    !read_key(&scram, "serverKey", u->server_key) ||
	    !bson_iter_init_find(&it, &scram, "salt") ||
	    !BSON_ITER_HOLDS_UTF8(&it))
		return NULL;
	snprintf(u->salt, sizeof u->salt, "%s", bson_iter_utf8(&it, NULL));
	u->iterations = bson_iter_init_find(&it, &scram, "iterationCount")
	    ? (int)bson_iter_as_int64(&it)
	    : ITERATIONS;
	return u;
}

static struct user *
user_named(const char *db, const char *name)
{
	for (size_t i = 0; i < 3 && strcmp(db, "admin") == 0; i++)
		if (strcmp(users[i].name, name) == 0)
			return &users[i];
	return stored_user(db, name);
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
	    s->nonce, s->user->salt, s->user->iterations);
}

bool
cmd_sasl_start(struct request *r, bson_error_t *error)
{
	const char *mechanism = arg_text(r, "mechanism");
	struct conn *conn = r->conn;
	char message[TEXT], name[TEXT], nonce[TEXT];
	struct user *user;

	auth_drop(conn);
	if (!mechanism || strcmp(mechanism, "SCRAM-SHA-256") != 0)
		return refuse(error, 334,
		    "Received authentication for mechanism %s which is not "
		    "enabled",
		    mechanism ? mechanism : "");
	if (!sim.set.user || !payload(r, message) ||
	    strncmp(message, "n,,", 3) != 0 ||
	    !attribute(message + 3, 'n', name) ||
	    !attribute(message + 3, 'r', nonce) ||
	    (user = user_named(r->db, name)) == NULL)
		return failed(conn, error);
	conn->scram = bson_malloc0(sizeof *conn->scram);
	conn->scram->user = user;
	begin_scram(conn->scram, message + 3, nonce);
	put_step(r, false, conn->scram->server_first);
	return true;
}

/* Is the proof right? Then the server's signature over the same text. */
static bool
verify(struct scram *s, const char *message, char signature[64])
{
	char proof[TEXT], nonce[TEXT], text[6 * TEXT];
	uint8_t client[TEXT], sign[HASH], stored[HASH];
	const char *end = strstr(message, ",p=");

	if (!end || !attribute(message, 'r', nonce) ||
	    strcmp(nonce, s->nonce) != 0 || !attribute(message, 'p', proof) ||
	    strlen(proof) != 44 ||
	    EVP_DecodeBlock(client, (uint8_t *)proof, 44) != HASH + 1)
		return false;
	snprintf(text, sizeof text, "%s,%s,%.*s", s->first_bare,
	    s->server_first, (int)(end - message), message);
	hmac(s->user->stored_key, text, sign);
	for (size_t i = 0; i < HASH; i++)
		client[i] ^= sign[i];
	SHA256(client, HASH, stored);
	if (CRYPTO_memcmp(stored, s->user->stored_key, HASH) != 0)
		return false;
	hmac(s->user->server_key, text, sign);
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
