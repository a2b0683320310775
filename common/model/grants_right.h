/* model: rights of a user or role as a set of texts; shared by the files
 * of grants.h only.
 *
 *   R db.role             has that role
 *   P action {resource}   may do that there; resource as canonical JSON
 */
#ifndef MM_MODEL_GRANTS_RIGHT_H
#define MM_MODEL_GRANTS_RIGHT_H

#include "base/error.h"
#include "model/textset.h"

/* From a document with `roles` and `privileges`, either of which may be
 * missing. */
void rights_read(const bson_t *doc, struct textset *s);
/* From and to an array of the texts. */
void rights_list(const bson_t *doc, const char *key, struct textset *s);
void rights_append(bson_t *doc, const char *key, const struct textset *s);
/* Back into the server's form. */
void rights_append_roles(bson_t *command, const struct textset *s);
void rights_append_privileges(bson_t *command, const struct textset *s);
/* A text of either kind; caller frees with bson_free. */
char *right_role(const char *db, const char *role);
char *right_action(const char *action, const bson_t *resource);

/* What a user or role, as it is now, has when that change is undone: added to
 * want. Status 8: it has lost rights meanwhile. */
bool rights_undone(const bson_t *change, const bson_t *present,
    struct textset *want, bson_error_t *error);

#endif
