/* In what two documents differ: cases by name, and random documents against
 * forms made with libbson alone: with all fields sorted, with all numbers
 * turned into doubles. MM_SEED=N repeats a run. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "change.h"
#include "model/doc_class.h"
#include "tap.h"

enum { CASES = 100000, FIELDS = 64 };

static const struct {
	const char *a, *b;
	enum doc_class class;
} cases[] = {
    {"{'_id':1,'a':2}", "{'_id':1,'a':2}", DOC_SAME},
    {"{'_id':1,'a':2,'b':3}", "{'_id':1,'b':3,'a':2}", DOC_ORDER},
    {"{'_id':1,'a':2}", "{'a':2,'_id':1}", DOC_ORDER},
    {"{'a':[1,{'x':1,'y':{'p':1,'q':2}}]}",
	"{'a':[1,{'y':{'q':2,'p':1},'x':1}]}", DOC_ORDER},
    {"{'a':[1,2]}", "{'a':[2,1]}", DOC_CONTENT},
    {"{'a':[{'x':1},{'y':1}]}", "{'a':[{'y':1},{'x':1}]}", DOC_CONTENT},
    {"{'a':{'x':1,'y':1}}", "{'a':{'x':1},'y':1}", DOC_CONTENT},
    {"{'a':1,'b':2}", "{'a':2,'b':1}", DOC_CONTENT},
    {"{'a':1,'b':2}", "{'b':1,'a':2}", DOC_CONTENT},
    {"{'a':1}", "{'a':1,'b':1}", DOC_CONTENT},
    {"{'a':null}", "{'b':null}", DOC_CONTENT},
    {"{'a':1}", "{'a':{'$numberLong':'1'}}", DOC_TYPE},
    {"{'a':1}", "{'a':1.0}", DOC_TYPE},
    {"{'a':1}", "{'a':{'$numberDecimal':'1.00'}}", DOC_TYPE},
    {"{'a':{'$numberDouble':'0.0'}}", "{'a':{'$numberDouble':'-0.0'}}",
	DOC_TYPE},
    {"{'a':{'$numberDouble':'NaN'}}", "{'a':{'$numberDecimal':'NaN'}}",
	DOC_TYPE},
    {"{'a':{'$numberDecimal':'1.0'}}", "{'a':{'$numberDecimal':'1.00'}}",
	DOC_TYPE},
    {"{'_id':1,'a':[{'b':[1]}]}",
	"{'_id':{'$numberLong':'1'},'a':[{'b':[1.0]}]}", DOC_TYPE},
    {"{'a':1}", "{'a':1.5}", DOC_CONTENT},
    {"{'a':1}", "{'a':true}", DOC_CONTENT},
    {"{'a':1}", "{'a':'1'}", DOC_CONTENT},
    {"{'a':{'$numberLong':'9007199254740993'}}",
	"{'a':{'$numberDouble':'9007199254740992'}}", DOC_CONTENT},
    {"{'a':1,'b':2}", "{'b':2.0,'a':1}", DOC_CONTENT},
    {"{'a':1,'a':2}", "{'a':2,'a':1}", DOC_CONTENT},
    {"{'a':1,'b':0,'a':2}", "{'b':0,'a':1,'a':2}", DOC_ORDER},
    {"{}", "{}", DOC_SAME},
    {"{}", "{'a':1}", DOC_CONTENT},
};

static void
test_cases(void)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		bson_t *a = tap_json5(cases[i].a), *b = tap_json5(cases[i].b);
		enum doc_class ab = doc_class_of(a, b);

		OK(ab == cases[i].class && doc_class_of(b, a) == ab,
		    "%s %s: %d", cases[i].a, cases[i].b, ab);
		bson_destroy(a);
		bson_destroy(b);
	}
}

/* ------------------------------------------------------------ properties */

enum form {
	SORTED,   /* by name */
	DOUBLES,  /* numbers */
	SHUFFLED, /* here and there */
	RETYPED   /* here and there */
};

static bson_t *form_of(bson_iter_t *it, enum form form, bool array);

static void
append_formed(bson_t *out, const bson_iter_t *it, enum form form)
{
	const char *key = bson_iter_key(it);
	bson_iter_t in;
	bson_t *sub;

	if (BSON_ITER_HOLDS_DOCUMENT(it) || BSON_ITER_HOLDS_ARRAY(it)) {
		bool array = BSON_ITER_HOLDS_ARRAY(it);

		bson_iter_recurse(it, &in);
		sub = form_of(&in, form, array);
		if (array)
			BSON_APPEND_ARRAY(out, key, sub);
		else
			BSON_APPEND_DOCUMENT(out, key, sub);
		bson_destroy(sub);
	} else if (BSON_ITER_HOLDS_INT32(it) && form == DOUBLES) {
		BSON_APPEND_DOUBLE(out, key, bson_iter_int32(it));
	} else if (BSON_ITER_HOLDS_INT64(it) && form == DOUBLES) {
		BSON_APPEND_DOUBLE(out, key, (double)bson_iter_int64(it));
	} else if (BSON_ITER_HOLDS_INT32(it) && form == RETYPED &&
	    change_random(4) == 0) {
		if (change_random(2))
			BSON_APPEND_DOUBLE(out, key, bson_iter_int32(it));
		else
			BSON_APPEND_INT64(out, key, bson_iter_int32(it));
	} else {
		bson_append_iter(out, NULL, 0, it);
	}
}

struct field {
	bson_iter_t it;
};

static int
by_key(const void *x, const void *y)
{
	const struct field *a = x, *b = y;

	return strcmp(bson_iter_key(&a->it), bson_iter_key(&b->it));
}

static void
shuffle(struct field *fields, size_t n)
{
	for (size_t i = n; i > 1; i--) {
		size_t j = change_random((uint32_t)i);
		struct field keep = fields[i - 1];

		fields[i - 1] = fields[j];
		fields[j] = keep;
	}
}

static bson_t *
form_of(bson_iter_t *it, enum form form, bool array)
{
	bson_t *out = bson_new();
	struct field fields[FIELDS];
	size_t n = 0;

	while (n < FIELDS && bson_iter_next(it))
		fields[n++].it = *it;
	if (form == SORTED && !array)
		qsort(fields, n, sizeof *fields, by_key);
	else if (form == SHUFFLED && !array && change_random(2))
		shuffle(fields, n);
	for (size_t i = 0; i < n; i++)
		append_formed(out, &fields[i].it, form);
	return out;
}

static bson_t *
formed(const bson_t *doc, enum form form)
{
	bson_iter_t it;

	bson_iter_init(&it, doc);
	return form_of(&it, form, false);
}

static bool
same_form(const bson_t *a, const bson_t *b, enum form form)
{
	bson_t *x = formed(a, form), *y = formed(b, form);
	bool same = bson_equal(x, y);

	bson_destroy(x);
	bson_destroy(y);
	return same;
}

static enum doc_class
expected(const bson_t *a, const bson_t *b)
{
	return bson_equal(a, b)        ? DOC_SAME
	    : same_form(a, b, SORTED)  ? DOC_ORDER
	    : same_form(a, b, DOUBLES) ? DOC_TYPE
				       : DOC_CONTENT;
}

static bson_t *
varied(const bson_t *a)
{
	bson_t *one, *two;

	switch (change_random(4)) {
	case 0:
		return formed(a, SHUFFLED);
	case 1:
		return formed(a, RETYPED);
	case 2:
		return change_some(a);
	default:
		one = formed(a, SHUFFLED);
		two = formed(one, RETYPED);
		bson_destroy(one);
		return two;
	}
}

static void
test_random(void)
{
	const char *text = getenv("MM_SEED");
	uint64_t seed = text ? strtoull(text, NULL, 10) : (uint64_t)time(NULL);
	int met[DOC_CONTENT + 1] = {0}, wrong = 0;

	change_seed(seed);
	for (int i = 0; i < CASES && wrong == 0; i++) {
		bson_t *a = change_new(1), *b = varied(a);
		enum doc_class want = expected(a, b);

		met[want]++;
		if (doc_class_of(a, b) != want || doc_class_of(b, a) != want) {
			tap_note("%d, wanted %d", doc_class_of(a, b), want);
			tap_same_doc(a, b);
			wrong++;
		}
		bson_destroy(a);
		bson_destroy(b);
	}
	OK(wrong == 0, "%d random pairs, MM_SEED=%llu", CASES,
	    (unsigned long long)seed);
	OK(met[DOC_SAME] > 1000 && met[DOC_ORDER] > 1000 &&
		met[DOC_TYPE] > 1000 && met[DOC_CONTENT] > 1000,
	    "each class among them: %d %d %d %d", met[0], met[1], met[2],
	    met[3]);
}

/* Bytes from anywhere: no answer but content, and no read outside. */
static void
test_damaged(void)
{
	bool ok = true;

	for (int i = 0; i < 20000; i++) {
		bson_t *a = change_new(1), view;
		uint8_t *bytes = bson_malloc(a->len);

		memcpy(bytes, bson_get_data(a), a->len);
		for (int k = 0; k < 3; k++)
			bytes[4 + change_random(a->len - 5)] =
			    (uint8_t)change_random(256);
		if (bson_init_static(&view, bytes, a->len))
			ok = ok &&
			    doc_class_of(a, &view) == doc_class_of(&view, a);
		bson_free(bytes);
		bson_destroy(a);
	}
	OK(ok, "damaged documents");
}

int
main(void)
{
	test_cases();
	test_random();
	test_damaged();
	return tap_done();
}
