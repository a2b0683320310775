/* $v:2. Each level of the diff is parsed once, into a table of its names, and
 * then the old document is walked in order. Parts that meet nothing in the
 * document are checked all the same, so that whether a diff is refused never
 * depends on the document. */
#include "base/le.h"
#include "model/delta_parse.h"

static bool apply_doc(struct delta_work *w, const struct place *at,
    const struct value *pre, const struct value *diff);
static bool apply_array(struct delta_work *w, const struct place *at,
    const struct value *pre, const struct value *diff);

static struct place
below(const struct place *at, const struct elem *e)
{
	return (struct place){at, e->name, NULL, at->depth + 1};
}

/* ------------------------------------------------- parts without a place */

static bool check(
    struct delta_work *w, const struct place *at, const struct value *diff);

static bool
check_array(
    struct delta_work *w, const struct place *at, const struct value *diff)
{
	struct array_diff a;
	struct elem e;
	int64_t index;

	if (!diff_array_begin(w, at, diff, &a))
		return false;
	for (;;) {
		struct place sub;

		if (!diff_array_next(w, at, &a, &e, &index))
			return false;
		if (index < 0)
			return true;
		sub = below(at, &e);
		if (*e.name == 's' && !check(w, &sub, &e.value))
			return false;
	}
}

static bool
check(struct delta_work *w, const struct place *at, const struct value *diff)
{
	struct fields f;
	bool ok;

	if (diff_is_array(diff))
		return check_array(w, at, diff);
	diff_fields_init(&f);
	ok = diff_parse_level(w, at, diff, &f);
	for (uint32_t i = 0; ok && i < f.n; i++) {
		struct place sub = below(at, &f.item[i].elem);

		if (f.item[i].kind == 's')
			ok = check(w, &sub, &f.item[i].elem.value);
	}
	diff_fields_release(&f);
	return ok;
}

/* ------------------------------------------------- one old element */

static bool
apply_sub(struct delta_work *w, const struct place *at, const struct elem *old,
    const struct elem *diff)
{
	struct place sub = below(at, diff);
	bool array = diff_is_array(&diff->value);

	if (old->value.type != (array ? BSON_TYPE_ARRAY : BSON_TYPE_DOCUMENT)) {
		w->note.clashes++;
		buf_add(w->out, old->raw, old->raw_len);
		return check(w, &sub, &diff->value);
	}
	put_name(w->out, old->value.type, old->name, old->name_len);
	return array ? apply_array(w, &sub, &old->value, &diff->value)
		     : apply_doc(w, &sub, &old->value, &diff->value);
}

/* {o: int32, d: binary} on a binary: its first o bytes, then those of d. */
static void
apply_binary(
    struct delta_work *w, const struct elem *old, const struct value *patch)
{
	struct elem o, d;
	uint32_t keep, len;

	walk_find(patch->data, patch->len, "o", &o);
	walk_find(patch->data, patch->len, "d", &d);
	keep = le32(o.value.data);
	if (old->value.type != BSON_TYPE_BINARY || keep > old->value.len - 5) {
		w->note.clashes++;
		buf_add(w->out, old->raw, old->raw_len);
		return;
	}
	put_name(w->out, old->value.type, old->name, old->name_len);
	len = BSON_UINT32_TO_LE(keep + (d.value.len - 5));
	buf_add(w->out, &len, 4);
	buf_add(w->out, old->value.data + 4, keep + 1); /* with the subtype */
	buf_add(w->out, d.value.data + 5, d.value.len - 5);
}

static bool
apply_field(struct delta_work *w, const struct place *at,
    const struct elem *old, const struct field *f)
{
	if (f->kind == 'u')
		put_value(w->out, old->name, old->name_len, &f->elem.value);
	else if (f->kind == 's')
		return apply_sub(w, at, old, &f->elem) && delta_fits(w);
	else if (f->kind == 'b')
		apply_binary(w, old, &f->elem.value);
	return delta_fits(w);
}

/* ------------------------------------------------- documents */

static bool
walk_old(struct delta_work *w, const struct place *at, const struct value *pre,
    struct fields *fields)
{
	const uint8_t *from; /* of the run that is copied as it is */
	struct walk walk;
	struct elem e;

	walk_init(&walk, pre->data, pre->len);
	from = walk.at;
	while (walk_next(&walk, &e)) {
		struct field *f = diff_fields_find(fields, e.name, e.name_len);

		if (!f)
			continue;
		buf_add(w->out, from, (size_t)(e.raw - from));
		from = walk.at;
		f->seen = true;
		if (!apply_field(w, at, &e, f))
			return false;
	}
	buf_add(w->out, from, (size_t)(walk.end - from));
	return true;
}

/* Absent u in the order of the diff, then all i; the rest has no effect. */
static bool
add_new(struct delta_work *w, const struct place *at, struct fields *fields)
{
	for (uint32_t i = 0; i < fields->n; i++) {
		const struct field *f = &fields->item[i];
		struct place sub = below(at, &f->elem);

		if (f->kind != 'i' && f->seen)
			continue;
		w->note.absent += f->kind != 'i';
		if (f->kind == 's' && !check(w, &sub, &f->elem.value))
			return false;
		if (f->kind == 'u' || f->kind == 'i')
			put_value(w->out, f->name, f->name_len, &f->elem.value);
	}
	return delta_fits(w);
}

static bool
apply_doc(struct delta_work *w, const struct place *at, const struct value *pre,
    const struct value *diff)
{
	size_t begin = put_begin(w->out);
	struct fields f;
	bool ok;

	diff_fields_init(&f);
	ok = diff_parse_level(w, at, diff, &f) && walk_old(w, at, pre, &f) &&
	    add_new(w, at, &f);
	diff_fields_release(&f);
	if (ok)
		put_end(w->out, begin);
	return ok;
}

/* ------------------------------------------------- arrays */

/* Operations on places that the old array does not have, and null for all
 * others up to them and up to the new length. */
static bool
array_beyond(struct delta_work *w, const struct place *at, struct array_diff *a,
    uint32_t have, struct elem *op, int64_t index)
{
	char text[INDEX_TEXT];

	while (index >= 0) {
		struct place sub = below(at, op);

		if (!delta_pad(w, have, (uint32_t)index))
			return false;
		have = (uint32_t)index + 1;
		if (*op->name == 'u')
			put_value(w->out, text,
			    delta_index_text((uint32_t)index, text),
			    &op->value);
		else if (!check(w, &sub, &op->value) ||
		    !delta_pad(w, (uint32_t)index, have))
			return false;
		if (!diff_array_next(w, at, a, op, &index))
			return false;
	}
	return !a->has_len || delta_pad(w, have, a->len);
}

static bool
apply_array(struct delta_work *w, const struct place *at,
    const struct value *pre, const struct value *diff)
{
	size_t begin = put_begin(w->out);
	struct array_diff a;
	struct walk walk;
	struct elem old, op;
	const uint8_t *from;
	int64_t index;
	uint32_t i = 0;

	if (!diff_array_begin(w, at, diff, &a) ||
	    !diff_array_next(w, at, &a, &op, &index))
		return false;
	walk_init(&walk, pre->data, pre->len);
	for (from = walk.at; !a.has_len || i < a.len; i++) {
		if (!walk_next(&walk, &old))
			break;
		if (index != i)
			continue;
		buf_add(w->out, from, (size_t)(old.raw - from));
		from = walk.at;
		if (*op.name == 'u')
			put_value(w->out, old.name, old.name_len, &op.value);
		else if (!apply_sub(w, at, &old, &op))
			return false;
		if (!delta_fits(w) || !diff_array_next(w, at, &a, &op, &index))
			return false;
	}
	buf_add(w->out, from, (size_t)(walk.at - from));
	if (!array_beyond(w, at, &a, i, &op, index) || !delta_fits(w))
		return false;
	put_end(w->out, begin);
	return true;
}

bool
delta_diff(struct delta_work *w, const bson_t *pre, const struct value *diff)
{
	static const struct place root = {NULL, "diff", NULL, 0};
	struct value doc = {BSON_TYPE_DOCUMENT, bson_get_data(pre), pre->len};

	return apply_doc(w, &root, &doc, diff);
}
