#include "auth.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HASH 32
#define ITERATIONS 15000
#define TEXT 512

enum rights { RIGHTS_ALL, RIGHTS_READ, RIGHTS_NO_LOCAL };

struct user {
	const char *name, *role;
	enum rights rights;
	uint8_t salt[28], stored_key[HASH], server_key[HASH];
};

/* One SCRAM-SHA-256 exchange (RFC 5802, RFC 7677). */
struct scram {
	const struct user *user;
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

static void
make_user(
    struct user *u, const char *name, const char *role, enum rights rights)
{
	uint8_t salted[HASH], client[HASH];

	*u = (struct user){.name = name, .role = role, .rights = rights};
	RAND_bytes(u->salt, sizeof u->salt);
	PKCS5_PBKDF2_HMAC(sim.set.password, (int)strlen(sim.set.password),
	    u->salt, sizeof u->salt, ITERATIONS, EVP_sha256(), HASH, salted);
	hmac(salted, "Client Key", client);
	SHA256(client, HASH, u->stored_key);
	hmac(salted, "Server Key", u->server_key);
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
	snprintf(text, sizeof text, "%s@admin", user->name);
	return text;
}

static bool
allowed(const struct request *r, const struct command *c)
{
	const struct user *u = r->conn->user;

	if (!sim.set.user || c->access == ACCESS_NONE)
		return true;
	if (!u)
		return false;
	switch (u->rights) {
	case RIGHTS_ALL:
		return true;
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

void
auth_put_status(struct request *r)
{
	static const char *const field[] = {
	    "authenticatedUsers", "authenticatedUserRoles"};
	const struct user *u = r->conn->user;
	size_t mark = out_open(r->reply, "authInfo", BSON_TYPE_DOCUMENT);

	for (size_t i = 0; i < 2; i++) {
		size_t array = out_open(r->reply, field[i], BSON_TYPE_ARRAY);

		if (u) {
			size_t doc =
			    out_open(r->reply, "0", BSON_TYPE_DOCUMENT);

			out_text(r->reply, i ? "role" : "user",
			    i ? u->role : u->name);
			out_text(r->reply, "db", "admin");
			out_close(r->reply, doc);
		}
		out_close(r->reply, array);
	}
	if (arg_bool(r, "showPrivileges"))
		out_close(r->reply,
		    out_open(r->reply, "authenticatedUserPrivileges",
			BSON_TYPE_ARRAY));
	out_close(r->reply, mark);
}

void
auth_put_mechanisms(struct request *r)
{
	size_t mark;

	if (!sim.set.user || !arg_text(r, "saslSupportedMechs"))
		return;
	mark = out_open(r->reply, "saslSupportedMechs", BSON_TYPE_ARRAY);
	out_text(r->reply, "0", "SCRAM-SHA-256");
	out_close(r->reply, mark);
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

static const struct user *
user_named(const char *name)
{
	for (size_t i = 0; i < 3; i++)
		if (strcmp(users[i].name, name) == 0)
			return &users[i];
	return NULL;
}

/* The server's first message, kept for the proof. */
static void
begin_scram(struct scram *s, const char *first_bare, const char *nonce)
{
	uint8_t random[24];
	char own[48], salt[64];

	RAND_bytes(random, sizeof random);
	EVP_EncodeBlock((uint8_t *)own, random, sizeof random);
	EVP_EncodeBlock((uint8_t *)salt, s->user->salt, sizeof s->user->salt);
	snprintf(s->first_bare, sizeof s->first_bare, "%s", first_bare);
	snprintf(s->nonce, sizeof s->nonce, "%s%s", nonce, own);
	snprintf(s->server_first, sizeof s->server_first, "r=%s,s=%s,i=%d",
	    s->nonce, salt, ITERATIONS);
}

bool
cmd_sasl_start(struct request *r, bson_error_t *error)
{
	const char *mechanism = arg_text(r, "mechanism");
	struct conn *conn = r->conn;
	char message[TEXT], name[TEXT], nonce[TEXT];
	const struct user *user;

	auth_drop(conn);
	if (!mechanism || strcmp(mechanism, "SCRAM-SHA-256") != 0)
		return refuse(error, 334,
		    "Received authentication for mechanism %s which is not "
		    "enabled",
		    mechanism ? mechanism : "");
	if (!sim.set.user || strcmp(r->db, "admin") != 0 ||
	    !payload(r, message) || strncmp(message, "n,,", 3) != 0 ||
	    !attribute(message + 3, 'n', name) ||
	    !attribute(message + 3, 'r', nonce) ||
	    (user = user_named(name)) == NULL)
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
