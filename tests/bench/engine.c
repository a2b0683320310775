/* engine [N]: N mixed entries (20 kinds of update on a nested document of
 * about 300 B and an array, replacements, inserts, deletes) parsed, their key
 * hashed, applied in memory on one core. Prints entries per second. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "model/docid.h"
#include "model/entry.h"

enum { KINDS = 20 };

static bson_t *
base_doc(void)
{
	return BCON_NEW("_id", BCON_INT32(7), "customer", "{", "name",
	    BCON_UTF8("Anna Schmidt"), "street", BCON_UTF8("Hauptstrasse 5"),
	    "city", BCON_UTF8("Berlin"), "tags", "[", BCON_UTF8("new"),
	    BCON_UTF8("b2b"), "]", "}", "items", "[", "{", "sku",
	    BCON_UTF8("A-1000"), "n", BCON_INT32(2), "}", "{", "sku",
	    BCON_UTF8("B-2000"), "n", BCON_INT32(1), "}", "{", "sku",
	    BCON_UTF8("C-3000"), "n", BCON_INT32(9), "}", "]", "state",
	    BCON_UTF8("open"), "total", BCON_DOUBLE(128.5), "updated",
	    BCON_DATE_TIME(1795344204000), "note",
	    BCON_UTF8("please ring twice"), "version", BCON_INT32(3));
}

static bson_t *
delta(int kind)
{
	switch (kind % 5) {
	case 0:
		return BCON_NEW("$v", BCON_INT32(2), "diff", "{", "u", "{",
		    "state", BCON_UTF8("paid"), "version", BCON_INT32(4), "}",
		    "}");
	case 1:
		return BCON_NEW("$v", BCON_INT32(2), "diff", "{", "sitems", "{",
		    "a", BCON_BOOL(true), "s1", "{", "u", "{", "n",
		    BCON_INT32(5), "}", "}", "u3", "{", "sku",
		    BCON_UTF8("D-4000"), "}", "}", "}");
	case 2:
		return BCON_NEW("$v", BCON_INT32(2), "diff", "{", "d", "{",
		    "note", BCON_BOOL(false), "}", "i", "{", "paid",
		    BCON_DATE_TIME(5), "}", "scustomer", "{", "u", "{", "city",
		    BCON_UTF8("Hamburg"), "}", "}", "}");
	case 3:
		return BCON_NEW("$v", BCON_INT32(1), "$set", "{",
		    "customer.city", BCON_UTF8("Hamburg"), "items.1.n",
		    BCON_INT32(5), "version", BCON_INT32(4), "}");
	default:
		return BCON_NEW("$v", BCON_INT32(1), "$unset", "{", "note",
		    BCON_BOOL(true), "}", "$set", "{", "paid", BCON_INT32(1),
		    "}");
	}
}

/* 14 of 20 are updates by parts, 2 replacements, 2 inserts, 2 deletes. */
static bson_t *
entry_of(int kind)
{
	bson_t *o, *e;
	const char *op = "u";

	if (kind < 14)
		o = delta(kind);
	else if (kind < 18)
		o = base_doc();
	else
		o = BCON_NEW("_id", BCON_INT32(7));
	if (kind >= 16)
		op = kind < 18 ? "i" : "d";
	e = BCON_NEW("op", op, "ns", "shop.orders", "ui",
	    BCON_BIN(
		BSON_SUBTYPE_UUID, (const uint8_t *)"0123456789abcdef", 16),
	    "o", BCON_DOCUMENT(o), "o2", "{", "_id", BCON_INT32(7), "}", "ts",
	    BCON_TIMESTAMP(1795344204, (uint32_t)kind + 1), "t", BCON_INT64(1),
	    "v", BCON_INT32(2), "wall", BCON_DATE_TIME(1795344204000));
	bson_destroy(o);
	return e;
}

int
main(int argc, char **argv)
{
	long n = argc > 1 ? atol(argv[1]) : 3000000;
	bson_t *entry[KINDS], *pre = base_doc();
	struct buf out = BUF_INIT;
	struct timespec from, to;
	uint64_t check = 0;

	for (int i = 0; i < KINDS; i++)
		entry[i] = entry_of(i);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
	for (long i = 0; i < n; i++) {
		const bson_t *doc = entry[i % KINDS];
		enum entry_effect effect;
		struct value id;
		struct entry e;

		buf_clear(&out);
		if (!entry_parse(bson_get_data(doc), doc->len, &e, NULL) ||
		    !entry_key(&e, &id, NULL) ||
		    !entry_apply(&e, pre, &out, &effect, NULL, NULL))
			return EXIT_FAILURE;
		check += docid_hash(&id) + out.len;
	}
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
	fprintf(stderr, "check %llx\n", (unsigned long long)check);
	printf("%.0f\n",
	    (double)n /
		((double)(to.tv_sec - from.tv_sec) +
		    (double)(to.tv_nsec - from.tv_nsec) / 1e9));
	return EXIT_SUCCESS;
}
