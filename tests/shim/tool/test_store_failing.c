/* Whitelists that can't be written: what is told, and that they stay as they are. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../../config/reader.h"
#include "../../../shim/tool/tool.h"
#include "../../helpers/storing.h"

TestSuite(store_failing, .init = storing_begin, .fini = storing_end);

Test(store_failing, links_in_a_circle_are_refused)
{
    cr_assert_eq(symlink("loop.ini", "loop.ini"), 0);
    storing_gives(
        "loop.ini", STATUS_CANNOT,
        "portcullis: error: cannot write 'loop.ini': Too many levels of symbolic links\n");
}

Test(store_failing, a_link_that_others_laid_is_not_followed)
{
    if (geteuid() != 0)
        return; /* only root can play both parts */
    cr_assert_eq(mkdir("tmp", 0755), 0);
    cr_assert_eq(chmod("tmp", 01777), 0);
    cr_assert_eq(symlink("../victim.ini", "tmp/a.ini"), 0);
    cr_assert_eq(lchown("tmp/a.ini", 1234, 1234), 0);
    storing_gives("tmp/a.ini", STATUS_CANNOT,
                  "portcullis: error: cannot write 'tmp/a.ini': a link or a file there is another "
                  "user's, in a folder where everybody may make files; remove it, or name another "
                  "file\n");
    cr_expect_neq(access("victim.ini", F_OK), 0);
    cr_assert_eq(lchown("tmp/a.ini", 0, 0), 0);
    cr_expect_eq(storing_add_write("tmp/a.ini"), STATUS_OK);
    cr_expect_eq(access("victim.ini", F_OK), 0);
}

Test(store_failing, a_file_with_two_names_is_refused)
{
    storing_write("a.ini", STORING_OLD);
    cr_assert_eq(link("a.ini", "b.ini"), 0);
    storing_gives(
        "b.ini", STATUS_CANNOT,
        "portcullis: error: cannot write 'b.ini': it has other names as well (hard links), which "
        "would keep the old text\n");
    storing_holds("a.ini", STORING_OLD);
}

Test(store_failing, what_is_no_regular_file_is_refused)
{
    cr_assert_eq(mkfifo("fifo", 0600), 0);
    storing_gives("fifo", STATUS_CANNOT,
                  "portcullis: error: cannot write 'fifo': not a regular file\n");
    cr_assert_eq(symlink("fifo", "link"), 0);
    storing_gives("link", STATUS_CANNOT,
                  "portcullis: error: cannot write 'link': not a regular file\n");
}

Test(store_failing, a_folder_is_refused)
{
    cr_assert_eq(mkdir("folder", 0755), 0);
    storing_gives("folder", STATUS_CANNOT,
                  "portcullis: error: cannot write 'folder': not a regular file\n");
    storing_gives("folder/", STATUS_CANNOT,
                  "portcullis: error: cannot write 'folder/': Is a directory\n");
    storing_gives("..", STATUS_CANNOT, "portcullis: error: cannot write '..': Is a directory\n");
}

Test(store_failing, a_path_that_is_none_is_refused)
{
    char longer[5000];

    storing_gives("", STATUS_CANNOT,
                  "portcullis: error: cannot write '': No such file or directory\n");
    storing_gives("no/a.ini", STATUS_CANNOT,
                  "portcullis: error: cannot write 'no/a.ini': No such file or directory\n");
    storing_write("file", "");
    storing_gives("file/a.ini", STATUS_CANNOT,
                  "portcullis: error: cannot write 'file/a.ini': Not a directory\n");
    memset(longer, 'x', sizeof(longer));
    longer[sizeof(longer) - 1] = '\0';
    for (int i = 0; i < 2; i++) {
        char message[sizeof(longer) + 100];
        snprintf(message, sizeof(message),
                 "portcullis: error: cannot write '%s': File name too long\n", longer);
        storing_gives(longer, STATUS_CANNOT, message);
        longer[256] = '\0';
    }
    longer[255] = '\0';
    cr_expect_eq(storing_add_write(longer), STATUS_OK);
    cr_expect_eq(storing_files(), 2);
}

Test(store_failing, a_read_only_file_is_refused)
{
    storing_write("a.ini", STORING_OLD);
    cr_assert_eq(chmod("a.ini", 0444), 0);
    storing_become_nobody();
    storing_gives("a.ini", STATUS_CANNOT,
                  "portcullis: error: cannot write 'a.ini': Permission denied\n");
    storing_holds("a.ini", STORING_OLD);
}

Test(store_failing, a_folder_that_is_not_ones_own_is_refused)
{
    cr_assert_eq(mkdir("etc", 0555), 0);
    storing_become_nobody();
    storing_gives("etc/a.ini", STATUS_CANNOT,
                  "portcullis: error: cannot write 'etc/a.ini': Permission denied\n");
}

Test(store_failing, an_owner_that_cannot_be_kept_is_not_changed)
{
    if (geteuid() != 0)
        return; /* only root can make such a file */
    storing_write("a.ini", STORING_OLD);
    cr_assert_eq(chmod("a.ini", 0666), 0);
    storing_become_nobody();
    storing_gives("a.ini", STATUS_CANNOT,
                  "portcullis: error: cannot write 'a.ini': Operation not permitted\n");
    storing_holds("a.ini", STORING_OLD);
}

Test(store_failing, a_folder_that_has_gone_is_told)
{
    struct told told;

    cr_assert_eq(mkdir("etc", 0755), 0);
    cr_assert_eq(chdir("etc"), 0);
    cr_assert_eq(rmdir("../etc"), 0);
    told_begin(&told);
    int status = storing_add_write("a.ini");
    told_is(&told, "portcullis: error: cannot write 'a.ini': No such file or directory\n");
    cr_expect_eq(status, STATUS_CANNOT);
}

Test(store_failing, a_full_disk_leaves_the_file_as_it_was)
{
    char text[5000];

    if (geteuid() == 0)
        cr_assert_eq(unshare(CLONE_NEWNS), 0);
    else if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
        return;
    cr_assert_eq(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
    cr_assert_eq(mkdir("disk", 0755), 0);
    cr_assert_eq(mount("disk", "disk", "tmpfs", 0, "size=12k"), 0);
    for (size_t i = 0; i < 4800; i++)
        text[i] = i % 64 == 63 || i == 4799 ? '\n' : ';';
    snprintf(text + 4800, sizeof(text) - 4800, "%s", STORING_OLD);
    storing_write("disk/a.ini", text);
    storing_gives("disk/a.ini", STATUS_CANNOT,
                  "portcullis: error: cannot write 'disk/a.ini': No space left on device\n");
    storing_holds("disk/a.ini", text);
    cr_expect_neq(access("disk/.a.ini.portcullis", F_OK), 0);
    cr_expect_eq(umount("disk"), 0);
}

Test(store_failing, a_limit_on_files_leaves_the_file_as_it_was)
{
    const struct rlimit limit = {10, 10};
    struct sigaction action;

    storing_write("a.ini", STORING_OLD);
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    storing_gives("a.ini", STATUS_CANNOT,
                  "portcullis: error: cannot write 'a.ini': File too large\n");
    storing_holds("a.ini", STORING_OLD);
    cr_assert_eq(sigaction(SIGXFSZ, NULL, &action), 0);
    cr_expect_eq(action.sa_handler, SIG_DFL);
}

Test(store_failing, a_file_that_is_wrong_by_now_is_told_and_left_alone)
{
    storing_write("a.ini", "[allow]\nsyscalls = opne\n");
    storing_gives("a.ini", STATUS_CONFIG,
                  "a.ini:2: error: unknown syscall 'opne'; did you mean 'open'?\n");
}

Test(store_failing, what_the_reader_would_not_take_is_not_written)
{
    struct stored stored;
    struct told told;

    storing_write("a.ini", STORING_OLD);
    told_begin(&told);
    cr_expect_eq(storing_add("a.ini", "opne", NULL, &stored), STATUS_CONFIG);
    cr_expect_eq(storing_add("a.ini", "open\n", NULL, &stored), STATUS_CANNOT);
    told_is(&told, "a.ini:4: error: unknown syscall 'opne'; did you mean 'open'?\n"
                   "portcullis: error: 'a.ini' is not changed: that is how it would be\n"
                   "portcullis: error: cannot write 'a.ini': what is to be added are no lines of a "
                   "whitelist\n");
    storing_holds("a.ini", STORING_OLD);
}

Test(store_failing, a_filter_that_is_too_long_is_not_written)
{
    struct additions additions = {0};
    struct stored stored;
    struct told told;

    for (unsigned i = 0; i < 260; i++) {
        char condition[200];
        int used = snprintf(condition, sizeof(condition), "request in");
        for (unsigned k = 0; k < 20; k++)
            used += snprintf(condition + used, sizeof(condition) - (size_t)used, " %u",
                             i * 1000 + k * 37 + 1);
        cr_assert_eq(additions_add(&additions, "ioctl", condition, 0, NULL), 0);
    }
    storing_write("a.ini", STORING_OLD);
    told_begin(&told);
    int status = store_additions("a.ini", &additions, &STORING_FACTS, &stored);
    told_is(&told, "a.ini:3: error: the whitelist needs more than the 4096 BPF instructions that "
                   "the kernel takes; this line costs most: write 'ioctl' with fewer values or "
                   "clauses\n"
                   "portcullis: error: 'a.ini' is not changed: that is how it would be\n");
    cr_expect_eq(status, STATUS_CONFIG);
    storing_holds("a.ini", STORING_OLD);
    additions_release(&additions);
}

Test(store_failing, a_file_does_not_grow_too_large)
{
    static char text[WHITELIST_BYTES_MAX + 2];

    snprintf(text, sizeof(text), "%s", STORING_OLD);
    for (size_t at = strlen(STORING_OLD); at < WHITELIST_BYTES_MAX; at++)
        text[at] = at % 64 == 0 || at + 1 == WHITELIST_BYTES_MAX ? '\n' : ';';
    storing_write("a.ini", text);
    storing_gives("a.ini", STATUS_CANNOT,
                  "portcullis: error: cannot write 'a.ini': it would be larger than 1 MiB\n");
    text[WHITELIST_BYTES_MAX] = '\n';
    storing_write("a.ini", text);
    storing_gives("a.ini", STATUS_CANNOT,
                  "portcullis: error: cannot read 'a.ini': File too large\n");
}

/* From here on, CALL fails with ERROR, if its argument INDEX has all of FLAGS. */
static void break_call(const char *call, int error, unsigned index, uint64_t flags)
{
    scmp_filter_ctx context = seccomp_init(SCMP_ACT_ALLOW);

    cr_assert(context);
    cr_assert_eq(seccomp_rule_add(context, SCMP_ACT_ERRNO((uint16_t)error),
                                  seccomp_syscall_resolve_name(call), flags ? 1 : 0,
                                  SCMP_CMP(index, SCMP_CMP_MASKED_EQ, flags, flags)),
                 0);
    cr_assert_eq(seccomp_load(context), 0);
    seccomp_release(context);
}

Test(store_failing, without_a_lock_nothing_is_written)
{
    storing_write("a.ini", STORING_OLD);
    break_call("flock", ENOLCK, 0, 0);
    storing_gives("a.ini", STATUS_OS,
                  "portcullis: error: cannot lock the folder of 'a.ini': No locks available\n");
    storing_holds("a.ini", STORING_OLD);
}

Test(store_failing, a_file_system_without_nameless_files_will_do)
{
    struct stat status;

    storing_write("a.ini", STORING_OLD);
    cr_assert_eq(chmod("a.ini", 0640), 0);
    break_call("openat", EOPNOTSUPP, 2, O_TMPFILE);
    cr_expect_eq(storing_add_write("a.ini"), STATUS_OK);
    storing_holds("a.ini", STORING_NEW);
    cr_assert_eq(stat("a.ini", &status), 0);
    cr_expect_eq(status.st_mode & 07777, 0640);
    cr_expect_eq(storing_add_write("new.ini"), STATUS_OK);
    cr_expect_eq(storing_files(), 2);
}

Test(store_failing, a_machine_without_proc_will_do)
{
    storing_write("a.ini", STORING_OLD);
    break_call("linkat", ENOENT, 0, 0);
    cr_expect_eq(storing_add_write("a.ini"), STATUS_OK);
    storing_holds("a.ini", STORING_NEW);
    cr_expect_eq(storing_files(), 1);
}

Test(store_failing, a_file_system_without_flags_for_renaming_will_do)
{
    break_call("renameat2", EINVAL, 4, RENAME_NOREPLACE);
    cr_expect_eq(storing_add_write("a.ini"), STATUS_OK);
    cr_expect_eq(storing_files(), 1);
}

Test(store_failing, what_cannot_be_brought_to_disk_replaces_nothing)
{
    storing_write("a.ini", STORING_OLD);
    break_call("fsync", EIO, 0, 0);
    storing_gives("a.ini", STATUS_CANNOT,
                  "portcullis: error: cannot write 'a.ini': Input/output error\n");
    storing_holds("a.ini", STORING_OLD);
}

static bool hasty; /* whether an editor saves the file whenever a learner is about to */

/* In place of libc's: what is called between reading and replacing. */
int fsync(int descriptor)
{
    static long times;

    if (hasty) {
        times++;
        const struct timespec now[2] = {{.tv_sec = times}, {.tv_sec = times}};
        utimensat(AT_FDCWD, "a.ini", now, 0);
    }
    return (int)syscall(SYS_fsync, descriptor);
}

static bool late; /* whether another one makes the file at the last moment */

int renameat2(int from, const char *name, int to, const char *new_name, unsigned flags)
{
    if (late)
        storing_write("a.ini", STORING_OLD);
    late = false;
    return (int)syscall(SYS_renameat2, from, name, to, new_name, flags);
}

Test(store_failing, a_file_that_is_made_at_the_last_moment_is_not_lost)
{
    late = true;
    cr_expect_eq(storing_add_write("a.ini"), STATUS_OK);
    storing_holds("a.ini", STORING_NEW);
    cr_expect_eq(storing_files(), 1);
}

Test(store_failing, a_file_that_changes_all_the_time_is_given_up)
{
    storing_write("a.ini", STORING_OLD);
    hasty = true;
    storing_gives("a.ini", STATUS_CANNOT,
                  "portcullis: error: cannot write 'a.ini': it changes all the time\n");
    storing_holds("a.ini", STORING_OLD);
}
