#include "groups.h"

#include <string.h>

/* Members that i386 alone has, and that are no other name of one that is there. */
#ifdef __i386__
#define I386(names) names
#else
#define I386(names)
#endif

/* The texts are members of one structure, and the table has their offsets: no pointer, so nothing
 * for the loader to relocate. */
struct texts {
#define GROUP(name, purpose, members)                                                              \
    char name_##name[sizeof(#name)];                                                               \
    char purpose_##name[sizeof(purpose)];                                                          \
    char members_##name[sizeof(members)];
#include "groups.inc"
#undef GROUP
};

static const struct texts texts = {
#define GROUP(name, purpose, members) #name, purpose, members,
#include "groups.inc"
#undef GROUP
};

struct group {
    unsigned short name;
    unsigned short purpose;
    unsigned short members;
};

static const struct group groups[] = {
#define GROUP(name, purpose, members)                                                              \
    {offsetof(struct texts, name_##name), offsetof(struct texts, purpose_##name),                  \
     offsetof(struct texts, members_##name)},
#include "groups.inc"
#undef GROUP
};

static const char *text(size_t offset)
{
    return (const char *)&texts + offset;
}

int group_find(const char *name)
{
    for (size_t i = 0; i < group_count(); i++) {
        if (strcmp(group_name(i), name) == 0) {
            return (int)i;
        }
    }
    return -1;
}

size_t group_count(void)
{
    return sizeof(groups) / sizeof(groups[0]);
}

const char *group_name(size_t index)
{
    return text(groups[index].name);
}

const char *group_purpose(size_t index)
{
    return text(groups[index].purpose);
}

const char *group_members(size_t index)
{
    return text(groups[index].members);
}
