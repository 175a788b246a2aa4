/* Files that the command writes: as a whole, and never where another user leads. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "../../../shim/tool/output_file.h"
#include "../../../shim/tool/tool.h"
#include "../../helpers/storing.h"

enum { STRANGER = 1234, RACES = 120 };

#define FOREIGN                                                                                    \
    ": a link or a file there is another user's, in a folder where everybody may make files; "     \
    "remove it, or name another file\n"

TestSuite(output_file, .init = storing_begin, .fini = storing_end);

static int write_text(const char *path, const char *text)
{
    return output_file_write(path, OUTPUT_REPLACE, text, strlen(text));
}

static void gives(const char *path, int status, const char *message)
{
    struct told told;

    told_begin(&told);
    int got = write_text(path, "new");
    told_is(&told, message);
    cr_expect_eq(got, status, "status %d", got);
}

static mode_t mode_of(const char *path)
{
    struct stat status;

    cr_assert_eq(lstat(path, &status), 0);
    return status.st_mode & 07777;
}

/* A folder where everybody may make files, and a file that is none of theirs. */
static void make_shared(mode_t mode)
{
    cr_assert_eq(chmod(".", 0711), 0); /* strangers find it */
    cr_assert_eq(mkdir("tmp", 0755), 0);
    cr_assert_eq(chmod("tmp", mode), 0);
    storing_write("victim", "old");
    cr_assert_eq(chmod("victim", 0600), 0);
}

static void link_of_a_stranger(const char *target, const char *path)
{
    cr_assert_eq(symlink(target, path), 0);
    cr_assert_eq(lchown(path, STRANGER, STRANGER), 0);
}

Test(output_file, the_mode_and_the_attributes_of_the_old_file_are_kept)
{
    char value[8];

    storing_write("a", "old");
    cr_assert_eq(chmod("a", 0600), 0);
    bool attributes = setxattr("a", "user.why", "test", 4, 0) == 0;
    cr_expect_eq(write_text("a", "new"), STATUS_OK);
    storing_holds("a", "new");
    cr_expect_eq(mode_of("a"), 0600);
    cr_expect(!attributes || getxattr("a", "user.why", value, sizeof(value)) == 4);
    cr_expect_eq(write_text("b", "new"), STATUS_OK);
    cr_expect_eq(mode_of("b"), 0644);
    cr_expect_eq(storing_files(), 2);
}

Test(output_file, the_owner_is_kept_by_root)
{
    struct stat status;

    if (geteuid() != 0)
        return; /* only root can play both parts */
    storing_write("a", "old");
    cr_assert_eq(chown("a", STRANGER, STRANGER), 0);
    cr_assert_eq(chmod("a", 04664), 0);
    cr_expect_eq(write_text("a", "new"), STATUS_OK);
    cr_assert_eq(stat("a", &status), 0);
    cr_expect(status.st_uid == STRANGER && status.st_gid == STRANGER);
    cr_expect_eq(mode_of("a"), 0664, "%o", mode_of("a"));
}

Test(output_file, another_group_gets_no_more_than_everybody)
{
    struct stat status;

    if (geteuid() != 0)
        return; /* only root can play both parts */
    storing_write("a", "old");
    cr_assert_eq(chmod("a", 0664), 0);
    storing_become_nobody();
    cr_expect_eq(write_text("a", "new"), STATUS_OK);
    cr_assert_eq(stat("a", &status), 0);
    cr_expect_eq(status.st_uid, geteuid());
    cr_expect_eq(mode_of("a"), 0644, "%o", mode_of("a"));
}

Test(output_file, a_link_of_another_user_is_not_followed_where_everybody_may_make_files)
{
    if (geteuid() != 0)
        return; /* only root can play both parts */
    make_shared(01777);
    link_of_a_stranger("../victim", "tmp/out");
    gives("tmp/out", STATUS_CANNOT, "portcullis: error: cannot write 'tmp/out'" FOREIGN);
    link_of_a_stranger("..", "tmp/folder");
    gives("tmp/folder/victim", STATUS_CANNOT,
          "portcullis: error: cannot write 'tmp/folder/victim'" FOREIGN);
    cr_assert_eq(chmod("tmp", 0777), 0);
    gives("tmp/out", STATUS_CANNOT, "portcullis: error: cannot write 'tmp/out'" FOREIGN);
    storing_holds("victim", "old");
    cr_expect_eq(mode_of("victim"), 0600);
}

Test(output_file, a_link_of_our_own_leads_to_another_of_a_stranger_which_is_not_followed)
{
    if (geteuid() != 0)
        return; /* only root can play both parts */
    make_shared(01777);
    link_of_a_stranger("../victim", "tmp/out");
    cr_assert_eq(symlink("tmp/out", "link"), 0);
    gives("link", STATUS_CANNOT, "portcullis: error: cannot write 'link'" FOREIGN);
    storing_holds("victim", "old");
}

Test(output_file, links_of_ours_and_of_the_folder_s_owner_are_followed)
{
    struct stat status;

    if (geteuid() != 0)
        return; /* only root can play both parts */
    make_shared(01777);
    cr_assert_eq(symlink("../victim", "tmp/out"), 0);
    cr_expect_eq(write_text("tmp/out", "new"), STATUS_OK);
    storing_holds("victim", "new");
    cr_expect_eq(mode_of("victim"), 0600);
    cr_assert_eq(lchown("tmp/out", STRANGER, STRANGER), 0);
    cr_assert_eq(chown("tmp", STRANGER, STRANGER), 0);
    cr_expect_eq(write_text("tmp/out", "newer"), STATUS_OK);
    storing_holds("victim", "newer");
    cr_assert_eq(lstat("tmp/out", &status), 0);
    cr_expect(S_ISLNK(status.st_mode));
}

Test(output_file, a_file_of_another_user_is_not_written_to_where_everybody_may_make_files)
{
    if (geteuid() != 0)
        return; /* only root can play both parts */
    make_shared(01777);
    storing_write("tmp/out", "old");
    cr_assert_eq(mkfifo("tmp/fifo", 0666), 0);
    cr_assert_eq(chown("tmp/out", STRANGER, STRANGER), 0);
    cr_assert_eq(chown("tmp/fifo", STRANGER, STRANGER), 0);
    gives("tmp/out", STATUS_CANNOT, "portcullis: error: cannot write 'tmp/out'" FOREIGN);
    gives("tmp/fifo", STATUS_CANNOT, "portcullis: error: cannot write 'tmp/fifo'" FOREIGN);
    storing_holds("tmp/out", "old");
}

Test(output_file, links_are_walked_as_the_kernel_does_it)
{
    char here[PATH_MAX];
    char path[2 * PATH_MAX];

    cr_assert(getcwd(here, sizeof(here)));
    cr_assert(mkdir("a", 0755) == 0 && mkdir("a/b", 0755) == 0);
    cr_assert_eq(symlink("a/b", "c"), 0);
    snprintf(path, sizeof(path), "%s/c/../d/", here);
    cr_assert_eq(symlink(path, "e"), 0);
    cr_assert_eq(mkdir("a/d", 0755), 0);
    cr_expect_eq(write_text("./e//../b/./f", "new"), STATUS_OK);
    storing_holds("a/b/f", "new");
    snprintf(path, sizeof(path), "/proc/self/cwd/c/g");
    cr_expect_eq(write_text(path, "new"), STATUS_OK);
    storing_holds("a/b/g", "new");
    gives("a/", STATUS_CANNOT, "portcullis: error: cannot write 'a/': Is a directory\n");
    gives("/", STATUS_CANNOT, "portcullis: error: cannot write '/': Is a directory\n");
    gives("a", STATUS_CANNOT, "portcullis: error: cannot write 'a': Is a directory\n");
    gives("a/b/f/g", STATUS_CANNOT, "portcullis: error: cannot write 'a/b/f/g': Not a directory\n");
    cr_assert_eq(symlink("h", "h"), 0);
    gives("h/x", STATUS_CANNOT,
          "portcullis: error: cannot write 'h/x': Too many levels of symbolic links\n");
}

/* As for `-o /dev/stdout`. */
Test(output_file, descriptors_below_proc_are_written_to)
{
    int pipes[2];
    char path[64];
    char text[16] = "";

    cr_assert_eq(pipe(pipes), 0);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", pipes[1]);
    cr_assert_eq(symlink(path, "out"), 0);
    cr_expect_eq(write_text("out", "new"), STATUS_OK);
    cr_expect_eq(read(pipes[0], text, sizeof(text)), 3);
    int file = open("file", O_CREAT | O_RDWR, 0600);
    cr_assert_eq(unlink("file"), 0);
    cr_assert_eq(write(file, "old ", 4), 4);
    snprintf(path, sizeof(path), "/dev/fd/%d", file);
    cr_expect_eq(write_text(path, "new"), STATUS_OK);
    cr_expect_eq(pread(file, text, sizeof(text), 0), 7);
    cr_expect_eq(storing_files(), 1);
}

Test(output_file, a_device_is_written_to_and_stays_one)
{
    struct stat status;

    cr_expect_eq(write_text("/dev/null", "new"), STATUS_OK);
    cr_assert_eq(stat("/dev/null", &status), 0);
    cr_expect(S_ISCHR(status.st_mode));
    gives("/dev/full", STATUS_CANNOT,
          "portcullis: error: cannot write '/dev/full': No space left on device\n");
}

Test(output_file, what_must_be_new_replaces_nothing)
{
    storing_write("a", "old");
    cr_assert_eq(symlink("a", "link"), 0);
    cr_expect_eq(output_file_write("a", OUTPUT_NEW, "new", 3), OUTPUT_FILE_EXISTS);
    cr_expect_eq(output_file_write("link", OUTPUT_NEW, "new", 3), OUTPUT_FILE_EXISTS);
    storing_holds("a", "old");
    cr_expect_eq(output_file_write("b", OUTPUT_NEW, "new", 3), STATUS_OK);
    storing_holds("b", "new");
}

static void stream_writes(const char *path, const char *wanted)
{
    int descriptor = output_file_stream(path);

    cr_assert_geq(descriptor, 0);
    cr_expect_eq(fcntl(descriptor, F_GETFD), FD_CLOEXEC);
    cr_expect_eq(write(descriptor, "one ", 4), 4);
    cr_expect_eq(write(descriptor, "two", 3), 3);
    close(descriptor);
    storing_holds(path, wanted);
}

Test(output_file, a_stream_begins_a_file_anew)
{
    storing_write("a", "a longer text");
    stream_writes("a", "one two");
    stream_writes("b", "one two");
    cr_expect_eq(mode_of("b"), 0644);
    close(output_file_stream("/dev/null"));
}

Test(output_file, a_stream_does_not_empty_the_file_of_a_link_that_a_stranger_made)
{
    struct told told;

    if (geteuid() != 0)
        return; /* only root can play both parts */
    make_shared(01777);
    link_of_a_stranger("../victim", "tmp/out");
    cr_assert_eq(link("victim", "tmp/hard"), 0);
    told_begin(&told);
    cr_expect_eq(output_file_stream("tmp/out"), -STATUS_CANNOT);
    cr_expect_eq(output_file_stream("tmp/hard"), -STATUS_CANNOT);
    told_is(&told, "portcullis: error: cannot write 'tmp/out'" FOREIGN
                   "portcullis: error: cannot write 'tmp/hard': it has other names as well (hard "
                   "links), which would keep the old text\n");
    storing_holds("victim", "old");
}

/* Renames what the writer looks at, as fast as it can: out is a file of its own, the link to the
 * victim, or nothing; folder is a folder or the link to where the victim is. */
static void rename_forever(void)
{
    cr_assert(setresgid(STRANGER, STRANGER, STRANGER) == 0 &&
              setresuid(STRANGER, STRANGER, STRANGER) == 0);
    for (;;) {
        (void)!symlink("../victim", "tmp/out");
        (void)!mkdir("tmp/folder", 0777);
        (void)!chmod("tmp/folder", 0777);
        unlink("tmp/out");
        (void)!rename("tmp/folder", "tmp/aside");
        (void)!symlink("..", "tmp/folder");
        unlink("tmp/folder");
        (void)!rename("tmp/aside", "tmp/folder");
    }
}

Test(output_file, somebody_who_renames_on_the_way_leads_nowhere)
{
    int before = dup(STDERR_FILENO);
    int null = open("/dev/null", O_WRONLY);
    unsigned written = 0, refused = 0;

    if (geteuid() != 0)
        return; /* only root can play both parts */
    make_shared(01777);
    pid_t child = fork();
    cr_assert_geq(child, 0);
    if (child == 0)
        rename_forever();
    dup2(null, STDERR_FILENO);
    for (int i = 0; i < RACES; i++) {
        for (int k = 0; k < 2; k++) {
            int status = write_text(k == 0 ? "tmp/out" : "tmp/folder/victim", "new");
            written += status == STATUS_OK;
            refused += status == STATUS_CANNOT;
        }
        close(output_file_stream("tmp/folder/victim"));
        unlink("tmp/out");
    }
    dup2(before, STDERR_FILENO);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    storing_holds("victim", "old");
    cr_expect_eq(mode_of("victim"), 0600);
    cr_expect(written > 0 && refused > 0, "written %u times, refused %u", written, refused);
}
