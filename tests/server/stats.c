/* mongosim: sizes of collections and databases. */
#include "commands.h"
#include "ddl.h"

#define PAGE 4096 /* what an empty file of the real server takes */

static int64_t
scale_of(const struct request *r)
{
	int64_t scale = arg_int(r, "scale", 1);

	return scale > 0 ? scale : 1;
}

static void
put_sizes(struct request *r, const struct coll *c, int64_t scale)
{
	int64_t size = c ? c->bytes : 0, n = c ? c->n_docs : 0;
	int64_t indexes = c ? (int64_t)c->n_indexes : 0;
	size_t mark;

	out_int(r->reply, "size", size / scale);
	out_int(r->reply, "count", n);
	if (n > 0)
		out_int(r->reply, "avgObjSize", size / n);
	out_int(r->reply, "storageSize", (c ? size + PAGE : 0) / scale);
	out_int(r->reply, "freeStorageSize", 0);
	out_bool(r->reply, "capped", c && c->capped);
	if (c && c->capped) {
		out_int(
		    r->reply, "max", c->cap_max == INT64_MAX ? -1 : c->cap_max);
		out_int(r->reply, "maxSize", c->cap_size / scale);
	}
	out_int(r->reply, "nindexes", indexes);
	out_close(r->reply, out_open(r->reply, "indexBuilds", BSON_TYPE_ARRAY));
	out_int(r->reply, "totalIndexSize", indexes * PAGE / scale);
	out_int(r->reply, "totalSize",
	    (c ? size + PAGE + indexes * PAGE : 0) / scale);
	mark = out_open(r->reply, "indexSizes", BSON_TYPE_DOCUMENT);
	for (size_t i = 0; c && i < c->n_indexes; i++)
		out_int(r->reply, c->index[i].name, PAGE / scale);
	out_close(r->reply, mark);
	out_int(r->reply, "scaleFactor", scale);
}

bool
cmd_coll_stats(struct request *r, bson_error_t *error)
{
	const char *name;
	struct coll *c;
	char ns[400];
	bson_t view;

	if (!arg_coll_name(r, &name, error))
		return false;
	c = catalog_find(r->db, name);
	if (!c && catalog_view(r->db, name, &view))
		return refuse(error, 166,
		    "Namespace %s.%s is a view, not a collection", r->db, name);
	snprintf(ns, sizeof ns, "%s.%s", r->db, name);
	out_text(r->reply, "ns", ns);
	put_sizes(r, c, scale_of(r));
	return true;
}

bool
cmd_db_stats(struct request *r, bson_error_t *error)
{
	int64_t colls = 0, n = 0, bytes = 0, indexes = 0, views = 0;
	double scale = (double)scale_of(r);
	struct coll *v = catalog_find(r->db, "system.views");

	(void)error;
	for (struct coll *c = catalog_next(NULL, r->db); c;
	     c = catalog_next(c, r->db)) {
		colls++;
		n += c->n_docs;
		bytes += c->bytes;
		indexes += (int64_t)c->n_indexes;
	}
	if (v)
		views = v->n_docs;
	out_text(r->reply, "db", r->db);
	out_int(r->reply, "collections", colls);
	out_int(r->reply, "views", views);
	out_int(r->reply, "objects", n);
	out_double(r->reply, "avgObjSize", n ? (double)bytes / (double)n : 0);
	out_double(r->reply, "dataSize", (double)bytes / scale);
	out_double(
	    r->reply, "storageSize", (double)(bytes + colls * PAGE) / scale);
	out_double(r->reply, "freeStorageSize", 0);
	out_int(r->reply, "indexes", indexes);
	out_double(r->reply, "indexSize", (double)(indexes * PAGE) / scale);
	out_double(r->reply, "indexFreeStorageSize", 0);
	out_double(r->reply, "totalSize",
	    (double)(bytes + (colls + indexes) * PAGE) / scale);
	out_double(r->reply, "totalFreeStorageSize", 0);
	out_double(r->reply, "scaleFactor", scale);
	out_double(r->reply, "fsUsedSize", 0);
	out_double(r->reply, "fsTotalSize", 0);
	return true;
}
