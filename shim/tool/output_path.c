#include "output_path.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { LINKS_MAX = 40 /* as the kernel has it */ };

struct walk {
    struct output_path *place;
    char rest[2 * PATH_MAX]; /* what is still to be walked, from the place's folder on */
    int links;
};

/* The walk goes on in DESCRIPTOR, the result of an open. Returns 0 or a negative errno. */
static int enter(struct walk *walk, int descriptor)
{
    int error = descriptor < 0 ? -errno : 0;

    if (error)
        return error;
    output_path_close(walk->place);
    walk->place->folder = descriptor;
    return 0;
}

static int enter_root(struct walk *walk)
{
    return enter(walk, open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
}

/* Takes the next component out of the rest; the place's name becomes it. *LAST: there is no other.
 * Returns 0 or a negative errno. */
static int take_component(struct walk *walk, bool *last)
{
    char *component = walk->rest + strspn(walk->rest, "/");
    size_t length = strcspn(component, "/");

    if (length == 0)
        return -EISDIR; /* there was a slash at the end */
    if (length > NAME_MAX)
        return -ENAMETOOLONG;
    memcpy(walk->place->name, component, length);
    walk->place->name[length] = '\0';
    *last = component[length] == '\0';
    memmove(walk->rest, component + length, strlen(component + length) + 1);
    return 0;
}

static bool is_in_proc(int folder)
{
    struct statfs status;

    return fstatfs(folder, &status) == 0 && status.f_type == PROC_SUPER_MAGIC;
}

/* Sticky or not: where everybody may make files, a link may be anybody's. */
static bool is_foreign(int folder, const struct stat *status)
{
    struct stat around;

    if (fstat(folder, &around) != 0)
        return true;
    return (around.st_mode & S_IWOTH) != 0 && status->st_uid != geteuid() &&
           status->st_uid != around.st_uid;
}

/* LINK is an opened symbolic link in the place's folder. What it points to comes before the rest.
 * Returns 0, a negative errno or OUTPUT_PATH_FOREIGN. */
static int follow(struct walk *walk, int link, const struct stat *status)
{
    char target[2 * PATH_MAX];

    if (is_foreign(walk->place->folder, status))
        return OUTPUT_PATH_FOREIGN;
    if (++walk->links > LINKS_MAX)
        return -ELOOP;
    ssize_t length = readlinkat(link, "", target, PATH_MAX);
    if (length < 0)
        return -errno;
    if (length == 0)
        return -ENOENT;
    int whole = snprintf(target + length, sizeof(target) - (size_t)length, "%s", walk->rest);
    if (length + whole >= PATH_MAX)
        return -ENAMETOOLONG;
    memcpy(walk->rest, target, (size_t)(length + whole) + 1);
    return *target == '/' ? enter_root(walk) : 0;
}

/* The name is no folder, or the last one. Looks what it is: a link is followed, and then *FOUND
 * stays false. */
static int look(struct walk *walk, bool last, bool *found)
{
    struct output_path *place = walk->place;
    int thing = openat(place->folder, place->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    int error = 0;

    place->exists = thing >= 0;
    if (thing < 0) {
        *found = last && errno == ENOENT;
        return *found ? 0 : -errno;
    }
    if (fstat(thing, &place->status) != 0)
        error = -errno;
    else if (S_ISLNK(place->status.st_mode))
        error = follow(walk, thing, &place->status);
    else if (!last)
        error = -ENOTDIR;
    else if (is_foreign(place->folder, &place->status))
        error = OUTPUT_PATH_FOREIGN;
    else
        *found = true;
    close(thing);
    return error;
}

/* A link below /proc may lead to what has no path here; the kernel knows where. */
static int look_in_proc(struct output_path *place)
{
    struct stat status;

    if (fstatat(place->folder, place->name, &status, AT_SYMLINK_NOFOLLOW) == 0)
        place->in_proc = S_ISLNK(status.st_mode);
    place->exists = fstatat(place->folder, place->name, &place->status, 0) == 0;
    return place->exists || errno == ENOENT ? 0 : -errno;
}

/* One component. *FOUND: the walk is at its end. */
static int step(struct walk *walk, bool *found)
{
    struct output_path *place = walk->place;
    bool last = false;

    int error = take_component(walk, &last);
    if (error)
        return error;
    bool dots = strcmp(place->name, ".") == 0 || strcmp(place->name, "..") == 0;
    if (last && dots)
        return -EISDIR;
    bool in_proc = is_in_proc(place->folder);
    if (last && in_proc) {
        *found = true;
        return look_in_proc(place);
    }
    if (last)
        return look(walk, true, found);
    /* O_DIRECTORY besides, for automounts */
    int folder = openat(place->folder, place->name,
                        O_PATH | O_DIRECTORY | O_CLOEXEC | (in_proc ? 0 : O_NOFOLLOW));
    if (folder < 0 && (errno == ENOTDIR || errno == ELOOP) && !in_proc)
        return look(walk, false, found);
    return enter(walk, folder);
}

int output_path_look(struct output_path *place)
{
    if (is_in_proc(place->folder))
        return look_in_proc(place);
    place->exists = fstatat(place->folder, place->name, &place->status, AT_SYMLINK_NOFOLLOW) == 0;
    if (!place->exists)
        return errno == ENOENT ? 0 : -errno;
    if (is_foreign(place->folder, &place->status))
        return OUTPUT_PATH_FOREIGN;
    return S_ISLNK(place->status.st_mode) ? -ESTALE : 0;
}

int output_path_open(const char *path, struct output_path *place)
{
    struct walk walk = {.place = place};
    bool found = false;
    size_t length = strlen(path);
    int error = 0;

    *place = (struct output_path){.folder = -1};
    if (length == 0)
        return -ENOENT;
    if (length >= PATH_MAX)
        return -ENAMETOOLONG;
    memcpy(walk.rest, path, length + 1);
    if (*path == '/')
        error = enter_root(&walk);
    else
        error = enter(&walk, open(".", O_PATH | O_DIRECTORY | O_CLOEXEC));
    while (!error && !found)
        error = step(&walk, &found);
    return error;
}

void output_path_close(struct output_path *place)
{
    if (place->folder >= 0)
        close(place->folder);
    place->folder = -1;
}
