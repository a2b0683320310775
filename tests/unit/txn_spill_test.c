/* Transactions beyond what is kept in memory. */
#include <stdio.h>
#include <string.h>

#include "tap.h"
#include "txn_case.h"

/* One transaction of 5 pieces of 9 MiB, another of one piece between. */
static bool
large(struct txn *t, struct got *g, bson_error_t *error)
{
	size_t size = 9 << 20;
	char *pad = bson_malloc(size), in[200];
	bool ok = true;

	memset(pad, 'x', size - 1);
	pad[size - 1] = '\0';
	for (uint32_t i = 0; ok && i < 5; i++) {
		bson_t *doc = BCON_NEW("ts", BCON_TIMESTAMP(10 + 2 * i, 1), "t",
		    BCON_INT64(1), "v", BCON_INT32(2), "op", "c", "ns",
		    "admin.$cmd", "o", "{", "applyOps", "[", "{", "op", "i",
		    "ns", "a.b", "o", "{", "_id", BCON_INT32((int32_t)i), "p",
		    BCON_UTF8(pad), "}", "}", "]", "partialTxn",
		    BCON_BOOL(i < 4), "}", "prevOpTime", "{", "ts",
		    BCON_TIMESTAMP(i ? 8 + 2 * i : 0, i ? 1 : 0), "t",
		    BCON_INT64(i ? 1 : -1), "}");
		struct entry e;

		ok = entry_parse(bson_get_data(doc), doc->len, &e, error) &&
		    txn_feed(t, &e, error) == TXN_TAKEN;
		bson_destroy(doc);
		snprintf(in, sizeof in,
		    "{'ts':%u,'lsid':'A','txn':%u,'ao':['i d.x %u']}",
		    11 + 2 * i, i, i);
		doc = tap_json5(in);
		ok = ok && txn_case_feed(t, g, doc, 0, error);
		bson_destroy(doc);
	}
	bson_free(pad);
	return ok;
}

static void
test_spill(void)
{
	struct got g;
	struct txn *t = txn_case_new(&g, 0);
	bson_error_t error = {0};

	OK(large(t, &g, &error) &&
		strcmp(g.text,
		    "i d.x 0;i d.x 1;i d.x 2;i d.x 3;i a.b 0;i a.b 1;"
		    "i a.b 2;i a.b 3;i a.b 4;i d.x 4") == 0 &&
		g.in_order,
	    "45 MiB");
	OK(g.spilled > (27 << 20) && g.spilled < (28 << 20) &&
		g.open_spills == 0,
	    "all beyond 16 MiB was spilled, the spill is closed");
	txn_free(t);
	bson_free(g.text);
	t = txn_case_new(&g, 0);
	g.db = "d";
	OK(large(t, &g, &error) && g.spilled == 0, "of others nothing is kept");
	txn_free(t);
	bson_free(g.text);
	t = txn_case_new(&g, 0);
	g.fail_spill = true;
	OK(!large(t, &g, &error) && error_status(&error) == MM_EXIT_IO,
	    "no place to spill: %s", error.message);
	txn_free(t);
	bson_free(g.text);
	t = txn_case_new(&g, 0);
	g.fail_emit = true;
	OK(!large(t, &g, &error) && error_status(&error) == MM_EXIT_IO,
	    "emit fails");
	txn_free(t);
	bson_free(g.text);
	OK(g.open_spills == 0, "nothing is left open");
}

int
main(void)
{
	test_spill();
	return tap_done();
}
