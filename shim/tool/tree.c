#include "tree.h"

#include <errno.h>
#include <search.h>
#include <stddef.h>

void *tree_find(const struct tree *tree, const void *wanted,
                int (*compare)(const void *one, const void *other))
{
    void *const *node = tfind(wanted, &tree->root, compare);

    return node ? *node : NULL;
}

int tree_add(struct tree *tree, void *item, int (*compare)(const void *one, const void *other))
{
    return tsearch(item, &tree->root, compare) ? 0 : -ENOMEM;
}

void tree_remove(struct tree *tree, const void *item,
                 int (*compare)(const void *one, const void *other))
{
    tdelete(item, &tree->root, compare);
}

/* What is in a tree is borrowed. */
static void keep(void *item)
{
    (void)item;
}

void tree_release(struct tree *tree)
{
    tdestroy(tree->root, keep);
    tree->root = NULL;
}
