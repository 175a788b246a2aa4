#include "storing.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NOBODY = 65534 };

const struct merge_facts STORING_FACTS = {.heading = "learned from: a test", .machine = "Linux"};

static char folder[] = "/tmp/portcullis.XXXXXX";

void storing_begin(void)
{
    cr_assert(mkdtemp(folder));
    cr_assert_eq(chdir(folder), 0);
    cr_assert_eq(chown(folder, geteuid() ? geteuid() : NOBODY, (gid_t)-1), 0);
    umask(022);
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *at)
{
    (void)status;
    (void)kind;
    (void)at;
    return remove(path);
}

void storing_end(void)
{
    cr_expect_eq(nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

void storing_become_nobody(void)
{
    if (geteuid() == 0)
        cr_assert(setresgid(NOBODY, NOBODY, NOBODY) == 0 && setresuid(NOBODY, NOBODY, NOBODY) == 0);
}

void storing_write(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    cr_assert(file, "%s: %s", path, strerror(errno));
    cr_assert(fputs(text, file) >= 0 && fclose(file) == 0);
}

char *storing_read(const char *path)
{
    static char text[1 << 21];
    FILE *file = fopen(path, "r");

    if (!file)
        return NULL;
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    fclose(file);
    return text;
}

void storing_holds(const char *path, const char *wanted)
{
    const char *text = storing_read(path);

    cr_assert(text, "there is no %s", path);
    cr_expect_str_eq(text, wanted, "%s is:\n%s", path, text);
}

unsigned storing_files(void)
{
    DIR *here = opendir(".");
    unsigned count = 0;

    while (readdir(here))
        count++;
    closedir(here);
    return count - 2;
}

int storing_add(const char *path, const char *name, const char *condition, struct stored *stored)
{
    struct additions additions = {0};

    cr_assert_eq(additions_add(&additions, name, condition, 0, NULL), 0);
    int status = store_additions(path, &additions, &STORING_FACTS, stored);
    additions_release(&additions);
    return status;
}

int storing_add_write(const char *path)
{
    struct stored stored;

    return storing_add(path, "write", NULL, &stored);
}

void told_begin(struct told *told)
{
    fflush(stderr);
    cr_assert_eq(pipe(told->pipe), 0);
    told->before = dup(STDERR_FILENO);
    cr_assert_geq(dup2(told->pipe[1], STDERR_FILENO), 0);
}

void told_is(struct told *told, const char *message)
{
    fflush(stderr);
    cr_assert_geq(dup2(told->before, STDERR_FILENO), 0);
    close(told->before);
    close(told->pipe[1]);
    ssize_t length = read(told->pipe[0], told->text, sizeof(told->text) - 1);
    close(told->pipe[0]);
    cr_assert_geq(length, 0);
    told->text[length] = '\0';
    cr_expect_str_eq(told->text, message, "told: %s", told->text);
}

void storing_gives(const char *path, int status, const char *message)
{
    struct told told;
    unsigned before = storing_files();

    told_begin(&told);
    int got = storing_add_write(path);
    told_is(&told, message);
    cr_expect_eq(got, status, "status %d", got);
    cr_expect_eq(storing_files(), before, "something is left over");
}
