/* Things that are found by what they are: a balanced tree, tsearch(3). It is here since <search.h>
 * and whitelist.h have both a struct entry. */
#ifndef PORTCULLIS_TOOL_TREE_H
#define PORTCULLIS_TOOL_TREE_H

/* A zeroed structure is empty. COMPARE orders what is in it, as for qsort(3), and is always the
 * same one; what is in it is borrowed. */
struct tree {
    void *root; /* owned */
};

/* What equals WANTED, or NULL. */
void *tree_find(const struct tree *tree, const void *wanted,
                int (*compare)(const void *one, const void *other));

/* Adds ITEM, which nothing in TREE equals. Returns 0 or -ENOMEM. */
int tree_add(struct tree *tree, void *item, int (*compare)(const void *one, const void *other))
    __attribute__((warn_unused_result));

/* Takes out what equals ITEM, if there is such. */
void tree_remove(struct tree *tree, const void *item,
                 int (*compare)(const void *one, const void *other));

void tree_release(struct tree *tree);

#endif
