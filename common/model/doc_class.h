/* model: in what two documents of one `_id` differ. */
#ifndef MM_MODEL_DOC_CLASS_H
#define MM_MODEL_DOC_CLASS_H

#include <bson/bson.h>

enum doc_class {
	DOC_SAME,  /* byte for byte */
	DOC_ORDER, /* the same fields with the same bytes, in another order, at
		      the top or in embedded documents, also those in arrays;
		      the order of an array's elements is content, so is that
		      of fields with one name */
	DOC_TYPE, /* equal in the server's order (value_cmp): 1 and 1.0, 0.0 and
		     -0.0, 1.0 and 1.00, string and symbol */
	DOC_CONTENT /* anything else, also both of the above at once, and
		       documents that are not sound */
};

/* Takes memory of a few times the longer one while it runs. */
enum doc_class doc_class_of(const bson_t *a, const bson_t *b);

#endif
