/* Whitelists on disk: changed as a whole or not at all, by many at once, and by nobody's way of
 * killing a learner half. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "../../../config/reader.h"
#include "../../../shim/tool/learn/folder.h"
#include "../../../shim/tool/learn/store.h"
#include "../../../shim/tool/tool.h"
#include "../../helpers/random.h"

enum { NOBODY = 65534, LEARNERS = 20, STORES = 5, KILLS = 200, NAMES = 300 };

static const char OLD[] = "[allow]\nsyscalls = read\n";
static const char NEW[] = "[allow]\nsyscalls = read\n; learned:\nsyscalls = write\n";
static const struct merge_facts FACTS = {.heading = "learned from: a test", .machine = "Linux"};

static char folder[] = "/tmp/portcullis.XXXXXX";

/* Every test is a process of its own, in a folder of its own. */
static void begin(void)
{
    cr_assert(mkdtemp(folder));
    cr_assert_eq(chdir(folder), 0);
    cr_assert_eq(chown(folder, geteuid() ? geteuid() : NOBODY, (gid_t)-1), 0);
    umask(022);
}

static void end(void)
{
    char command[128];

    snprintf(command, sizeof(command), "rm -rf %s", folder);
    cr_expect_eq(system(command), 0);
}

TestSuite(store, .init = begin, .fini = end);

/* What root may do it would not be asked about. */
static void become_nobody(void)
{
    if (geteuid() == 0)
        cr_assert(setresgid(NOBODY, NOBODY, NOBODY) == 0 && setresuid(NOBODY, NOBODY, NOBODY) == 0);
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    cr_assert(file, "%s: %s", path, strerror(errno));
    cr_assert(fputs(text, file) >= 0 && fclose(file) == 0);
}

static char *read_path(const char *path)
{
    static char text[1 << 21];
    FILE *file = fopen(path, "r");

    if (!file)
        return NULL;
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    fclose(file);
    return text;
}

static void holds(const char *path, const char *wanted)
{
    const char *text = read_path(path);

    cr_assert(text, "there is no %s", path);
    cr_expect_str_eq(text, wanted, "%s is:\n%s", path, text);
}

static unsigned files(void)
{
    DIR *here = opendir(".");
    unsigned count = 0;

    while (readdir(here))
        count++;
    closedir(here);
    return count - 2;
}

/* One name or, with CONDITION, line. */
static int add(const char *path, const char *name, const char *condition, struct stored *stored)
{
    struct additions additions = {0};

    cr_assert_eq(additions_add(&additions, name, condition, 0, NULL), 0);
    int status = store_additions(path, &additions, &FACTS, stored);
    additions_release(&additions);
    return status;
}

static int add_write(const char *path)
{
    struct stored stored;

    return add(path, "write", NULL, &stored);
}

/* Standard error, while a learner is at it. Not a file: a limit on files would hold for it. */
struct told {
    int pipe[2];
    int before;
    char text[8192];
};

static void listen_to(struct told *told)
{
    fflush(stderr);
    cr_assert_eq(pipe(told->pipe), 0);
    told->before = dup(STDERR_FILENO);
    cr_assert_geq(dup2(told->pipe[1], STDERR_FILENO), 0);
}

/* That MESSAGE was told since. */
static void heard(struct told *told, const char *message)
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

/* Adding to PATH gives STATUS and MESSAGE, and leaves nothing over. */
static void fails(const char *path, int status, const char *message)
{
    struct told told;
    unsigned before = files();

    listen_to(&told);
    int got = add_write(path);
    heard(&told, message);
    cr_expect_eq(got, status, "status %d", got);
    cr_expect_eq(files(), before, "something is left over");
}

Test(store, a_new_file_is_made)
{
    struct stored stored;

    cr_expect_eq(add("new.ini", "write", NULL, &stored), STATUS_OK);
    cr_expect_eq(stored.added, 1);
    cr_expect_not(stored.unchanged);
    cr_expect(strstr(read_path("new.ini"), "\n[allow]\n; learned:\nsyscalls = write\n"));
    cr_expect_eq(files(), 1);
    struct stat status;
    cr_assert_eq(stat("new.ini", &status), 0);
    cr_expect_eq(status.st_mode & 07777, 0644);
}

Test(store, files_that_say_nothing_are_like_new_ones)
{
    write_file("empty.ini", "");
    cr_expect_eq(add_write("empty.ini"), STATUS_OK);
    cr_expect(strstr(read_path("empty.ini"), "default = EPERM\n\n[allow]\n; learned:\n"));
    write_file("comment.ini", "; mine\n");
    cr_expect_eq(add_write("comment.ini"), STATUS_OK);
    holds("comment.ini", "; mine\n\n[allow]\n; learned:\nsyscalls = write\n");
}

Test(store, what_a_record_saw_is_added)
{
    const uint64_t arguments[6] = {0};
    struct record *record = record_open(NULL, RECORD_ARGUMENTS_SAFE);
    struct stored stored;

    cr_assert(record);
    cr_assert_eq(record_call(record, seccomp_syscall_resolve_name("write"), arguments, NULL), 0);
    cr_assert_eq(record_call(record, seccomp_syscall_resolve_name("read"), arguments, NULL), 0);
    write_file("a.ini", OLD);
    cr_expect_eq(store_record("a.ini", record, &FACTS, &stored), STATUS_OK);
    cr_expect_eq(stored.added, 1);
    holds("a.ini", NEW);
    cr_expect_eq(store_record("a.ini", record, &FACTS, &stored), STATUS_OK);
    cr_expect(stored.unchanged);
    cr_expect_eq(stored.added, 0);
    record_close(record);
}

Test(store, what_is_there_already_changes_not_a_byte)
{
    struct stored stored;
    struct stat before, after;

    write_file("a.ini", "[allow]\nsyscalls = @stdio 300\nioctl = request == TCGETS\n[deny]\n"
                        "ptrace = kill\n@debug = EPERM\n");
    cr_assert_eq(chmod("a.ini", 0400), 0);
    cr_assert_eq(stat("a.ini", &before), 0);
    const struct {
        const char *name;
        const char *condition;
    } TESTS[] = {{"write", NULL},      {"write", "fd == 1"}, {"ioctl", "request == TCGETS"},
                 {"300", NULL},        {"ptrace", NULL},     {"bpf", NULL},
                 {"kcmp", "type == 1"}};
    for (size_t i = 0; i < sizeof(TESTS) / sizeof(TESTS[0]); i++) {
        cr_expect_eq(add("a.ini", TESTS[i].name, TESTS[i].condition, &stored), STATUS_OK);
        cr_expect(stored.unchanged, "%zu", i);
    }
    cr_assert_eq(stat("a.ini", &after), 0);
    cr_expect_eq(before.st_ino, after.st_ino);
    cr_expect_eq(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
    cr_expect_eq(before.st_ctim.tv_nsec, after.st_ctim.tv_nsec);
}

Test(store, nothing_is_added_where_everything_is_allowed)
{
    struct stored stored;

    write_file("a.ini", "[filter]\ndefault = allow\n[deny]\nptrace = kill\n");
    cr_expect_eq(add("a.ini", "clone", "flags == 0", &stored), STATUS_OK);
    cr_expect(stored.unchanged);
}

Test(store, a_name_does_not_undo_conditions)
{
    write_file("a.ini", "[filter]\ninclude = b.ini\n[allow]\nsyscalls = read\n");
    write_file("b.ini", "[allow]\nwrite = fd == 1\n");
    fails("a.ini", STATUS_OK,
          "portcullis: warning: 'write' is not added to 'a.ini', whose lines allow it with "
          "conditions: the name alone would undo them\n");
    holds("a.ini", "[filter]\ninclude = b.ini\n[allow]\nsyscalls = read\n");
}

Test(store, mode_owner_and_attributes_are_kept)
{
    struct stat status;
    char value[8];
    bool root = geteuid() == 0;

    write_file("a.ini", OLD);
    cr_assert_eq(chmod("a.ini", 0640), 0);
    bool attributes = setxattr("a.ini", "user.why", "test", 4, 0) == 0;
    if (root)
        cr_assert_eq(chown("a.ini", 1234, 4321), 0);
    cr_expect_eq(add_write("a.ini"), STATUS_OK);
    holds("a.ini", NEW);
    cr_assert_eq(stat("a.ini", &status), 0);
    cr_expect_eq(status.st_mode & 07777, 0640);
    cr_expect(!root || (status.st_uid == 1234 && status.st_gid == 4321));
    cr_expect(!attributes || getxattr("a.ini", "user.why", value, sizeof(value)) == 4);
}

Test(store, symbolic_links_stay_and_lead_to_the_file)
{
    struct stat status;

    cr_assert_eq(mkdir("etc", 0755), 0);
    write_file("etc/a.ini", OLD);
    cr_assert_eq(symlink("etc/b.ini", "c.ini"), 0);
    cr_assert_eq(symlink("a.ini", "etc/b.ini"), 0);
    cr_expect_eq(add_write("c.ini"), STATUS_OK);
    holds("etc/a.ini", NEW);
    cr_assert_eq(symlink("etc/new.ini", "d.ini"), 0);
    cr_expect_eq(add_write("d.ini"), STATUS_OK);
    cr_expect(strstr(read_path("etc/new.ini"), "write"));
    for (const char *const *link = (const char *const[]){"c.ini", "etc/b.ini", "d.ini", NULL};
         *link; link++) {
        cr_assert_eq(lstat(*link, &status), 0);
        cr_expect(S_ISLNK(status.st_mode), "%s", *link);
    }
}

Test(store, links_that_lead_nowhere_or_into_a_trap_are_refused)
{
    cr_assert_eq(symlink("loop.ini", "loop.ini"), 0);
    fails("loop.ini", STATUS_CANNOT,
          "portcullis: error: cannot write 'loop.ini': Too many levels of symbolic links\n");
}

Test(store, a_link_that_others_laid_is_not_followed)
{
    if (geteuid() != 0)
        return; /* only root can play both parts */
    cr_assert_eq(mkdir("tmp", 0755), 0);
    cr_assert_eq(chmod("tmp", 01777), 0);
    cr_assert_eq(symlink("../victim.ini", "tmp/a.ini"), 0);
    cr_assert_eq(lchown("tmp/a.ini", 1234, 1234), 0);
    fails("tmp/a.ini", STATUS_CANNOT,
          "portcullis: error: cannot write 'tmp/a.ini': Permission denied\n");
    cr_expect_neq(access("victim.ini", F_OK), 0);
    cr_assert_eq(lchown("tmp/a.ini", 0, 0), 0);
    cr_expect_eq(add_write("tmp/a.ini"), STATUS_OK);
    cr_expect_eq(access("victim.ini", F_OK), 0);
}

Test(store, a_file_with_two_names_is_refused)
{
    write_file("a.ini", OLD);
    cr_assert_eq(link("a.ini", "b.ini"), 0);
    fails("b.ini", STATUS_CANNOT,
          "portcullis: error: cannot write 'b.ini': it has other names as well (hard links), which "
          "would keep the old text\n");
    holds("a.ini", OLD);
}

Test(store, what_is_no_regular_file_is_refused)
{
    cr_assert_eq(mkfifo("fifo", 0600), 0);
    fails("fifo", STATUS_CANNOT, "portcullis: error: cannot write 'fifo': not a regular file\n");
    fails("/dev/null", STATUS_CANNOT,
          "portcullis: error: cannot write '/dev/null': not a regular file\n");
}

Test(store, a_folder_is_refused)
{
    cr_assert_eq(mkdir("folder", 0755), 0);
    fails("folder", STATUS_CANNOT,
          "portcullis: error: cannot write 'folder': not a regular file\n");
    fails("folder/", STATUS_CANNOT, "portcullis: error: cannot write 'folder/': Is a directory\n");
    fails("..", STATUS_CANNOT, "portcullis: error: cannot write '..': Is a directory\n");
}

Test(store, a_path_that_is_none_is_refused)
{
    char longer[5000];

    fails("", STATUS_CANNOT, "portcullis: error: cannot write '': No such file or directory\n");
    fails("no/a.ini", STATUS_CANNOT,
          "portcullis: error: cannot write 'no/a.ini': No such file or directory\n");
    write_file("file", "");
    fails("file/a.ini", STATUS_CANNOT,
          "portcullis: error: cannot write 'file/a.ini': Not a directory\n");
    memset(longer, 'x', sizeof(longer));
    longer[sizeof(longer) - 1] = '\0';
    for (int i = 0; i < 2; i++) {
        char message[sizeof(longer) + 100];
        snprintf(message, sizeof(message),
                 "portcullis: error: cannot write '%s': File name too long\n", longer);
        fails(longer, STATUS_CANNOT, message);
        longer[256] = '\0';
    }
    longer[255] = '\0';
    cr_expect_eq(add_write(longer), STATUS_OK);
    cr_expect_eq(files(), 2);
}

Test(store, a_read_only_file_is_refused)
{
    write_file("a.ini", OLD);
    cr_assert_eq(chmod("a.ini", 0444), 0);
    become_nobody();
    fails("a.ini", STATUS_CANNOT, "portcullis: error: cannot write 'a.ini': Permission denied\n");
    holds("a.ini", OLD);
}

Test(store, a_folder_that_is_not_ones_own_is_refused)
{
    cr_assert_eq(mkdir("etc", 0555), 0);
    become_nobody();
    fails("etc/a.ini", STATUS_CANNOT,
          "portcullis: error: cannot write 'etc/a.ini': Permission denied\n");
}

Test(store, an_owner_that_cannot_be_kept_is_not_changed)
{
    if (geteuid() != 0)
        return; /* only root can make such a file */
    write_file("a.ini", OLD);
    cr_assert_eq(chmod("a.ini", 0666), 0);
    become_nobody();
    fails("a.ini", STATUS_CANNOT,
          "portcullis: error: cannot write 'a.ini': Operation not permitted\n");
    holds("a.ini", OLD);
}

Test(store, a_folder_that_has_gone_is_told)
{
    struct told told;

    cr_assert_eq(mkdir("etc", 0755), 0);
    cr_assert_eq(chdir("etc"), 0);
    cr_assert_eq(rmdir("../etc"), 0);
    listen_to(&told);
    int status = add_write("a.ini");
    heard(&told, "portcullis: error: cannot write 'a.ini': No such file or directory\n");
    cr_expect_eq(status, STATUS_CANNOT);
    cr_assert_eq(chdir(folder), 0);
}

Test(store, a_full_disk_leaves_the_file_as_it_was)
{
    char text[5000];

    if (geteuid() == 0)
        cr_assert_eq(unshare(CLONE_NEWNS), 0);
    else if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
        return;
    cr_assert_eq(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
    cr_assert_eq(mkdir("disk", 0755), 0);
    cr_assert_eq(mount("disk", "disk", "tmpfs", 0, "size=12k"), 0);
    memset(text, ' ', sizeof(text));
    for (size_t i = 0; i + 20 < sizeof(text); i += 20)
        memcpy(text + i, "; 34567890123456789\n", 20);
    snprintf(text + 4800, 200, "%s", OLD);
    write_file("disk/a.ini", text);
    fails("disk/a.ini", STATUS_CANNOT,
          "portcullis: error: cannot write 'disk/a.ini': No space left on device\n");
    holds("disk/a.ini", text);
    cr_expect_neq(access("disk/.a.ini.portcullis", F_OK), 0);
    cr_expect_eq(umount("disk"), 0);
}

Test(store, a_limit_on_files_leaves_the_file_as_it_was)
{
    const struct rlimit limit = {10, 10};
    struct sigaction action;

    write_file("a.ini", OLD);
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    fails("a.ini", STATUS_CANNOT, "portcullis: error: cannot write 'a.ini': File too large\n");
    holds("a.ini", OLD);
    cr_assert_eq(sigaction(SIGXFSZ, NULL, &action), 0);
    cr_expect_eq(action.sa_handler, SIG_DFL);
}

Test(store, a_file_that_is_wrong_by_now_is_told_and_left_alone)
{
    write_file("a.ini", "[allow]\nsyscalls = opne\n");
    fails("a.ini", STATUS_CONFIG, "a.ini:2: error: unknown syscall 'opne'; did you mean 'open'?\n");
}

Test(store, what_the_reader_would_not_take_is_not_written)
{
    struct stored stored;
    struct told told;

    write_file("a.ini", OLD);
    listen_to(&told);
    cr_expect_eq(add("a.ini", "opne", NULL, &stored), STATUS_CONFIG);
    cr_expect_eq(add("a.ini", "open\n", NULL, &stored), STATUS_CANNOT);
    heard(&told, "a.ini:4: error: unknown syscall 'opne'; did you mean 'open'?\n"
                 "portcullis: error: 'a.ini' is not changed: that is how it would be\n"
                 "portcullis: error: cannot write 'a.ini': what is to be added are no lines of a "
                 "whitelist\n");
    holds("a.ini", OLD);
}

Test(store, a_file_does_not_grow_too_large)
{
    static char text[WHITELIST_BYTES_MAX + 2];

    strcpy(text, OLD);
    for (size_t at = strlen(OLD); at < WHITELIST_BYTES_MAX; at++)
        text[at] = at % 64 == 0 || at + 1 == WHITELIST_BYTES_MAX ? '\n' : ';';
    write_file("a.ini", text);
    fails("a.ini", STATUS_CANNOT,
          "portcullis: error: cannot write 'a.ini': it would be larger than 1 MiB\n");
    strcat(text, "\n");
    write_file("a.ini", text);
    fails("a.ini", STATUS_CANNOT, "portcullis: error: cannot read 'a.ini': File too large\n");
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

Test(store, without_a_lock_nothing_is_written)
{
    write_file("a.ini", OLD);
    break_call("flock", ENOLCK, 0, 0);
    fails("a.ini", STATUS_OS,
          "portcullis: error: cannot lock the folder of 'a.ini': No locks available\n");
    holds("a.ini", OLD);
}

Test(store, a_file_system_without_nameless_files_will_do)
{
    struct stat status;

    write_file("a.ini", OLD);
    cr_assert_eq(chmod("a.ini", 0640), 0);
    break_call("openat", EOPNOTSUPP, 2, O_TMPFILE);
    cr_expect_eq(add_write("a.ini"), STATUS_OK);
    holds("a.ini", NEW);
    cr_assert_eq(stat("a.ini", &status), 0);
    cr_expect_eq(status.st_mode & 07777, 0640);
    cr_expect_eq(add_write("new.ini"), STATUS_OK);
    cr_expect_eq(files(), 2);
}

Test(store, a_machine_without_proc_will_do)
{
    write_file("a.ini", OLD);
    break_call("linkat", ENOENT, 0, 0);
    cr_expect_eq(add_write("a.ini"), STATUS_OK);
    holds("a.ini", NEW);
    cr_expect_eq(files(), 1);
}

Test(store, a_file_system_without_flags_for_renaming_will_do)
{
    break_call("renameat2", EINVAL, 4, RENAME_NOREPLACE);
    cr_expect_eq(add_write("a.ini"), STATUS_OK);
    cr_expect_eq(files(), 1);
}

Test(store, what_cannot_be_brought_to_disk_replaces_nothing)
{
    write_file("a.ini", OLD);
    break_call("fsync", EIO, 0, 0);
    fails("a.ini", STATUS_CANNOT, "portcullis: error: cannot write 'a.ini': Input/output error\n");
    holds("a.ini", OLD);
}

Test(store, what_a_killed_learner_left_is_removed)
{
    write_file("a.ini", OLD);
    write_file(".a.ini.portcullis", "half a wh");
    cr_expect_eq(add_write("a.ini"), STATUS_OK);
    holds("a.ini", NEW);
    cr_expect_eq(files(), 1);
}

Test(store, an_editor_that_comes_between_wins)
{
    struct folder opened;

    write_file("a.ini", OLD);
    cr_assert_eq(folder_open("a.ini", &opened), STATUS_OK);
    write_file("a.ini", "edited");
    cr_expect_eq(folder_replace(&opened, NEW, strlen(NEW)), FOLDER_CHANGED);
    folder_close(&opened);
    holds("a.ini", "edited");

    cr_assert_eq(folder_open("b.ini", &opened), STATUS_OK);
    write_file("b.ini", "edited");
    cr_expect_eq(folder_replace(&opened, NEW, strlen(NEW)), FOLDER_CHANGED);
    folder_close(&opened);
    holds("b.ini", "edited");
    cr_expect_eq(files(), 2);
}

static bool hasty; /* whether an editor saves the file whenever a learner is about to */

/* In place of libc's: what is called between reading and replacing. */
int fsync(int descriptor)
{
    static long times;

    if (hasty) {
        const struct timespec now[2] = {{.tv_sec = ++times}, {.tv_sec = times}};
        utimensat(AT_FDCWD, "a.ini", now, 0);
    }
    return (int)syscall(SYS_fsync, descriptor);
}

Test(store, a_file_that_changes_all_the_time_is_given_up)
{
    write_file("a.ini", OLD);
    hasty = true;
    fails("a.ini", STATUS_CANNOT,
          "portcullis: error: cannot write 'a.ini': it changes all the time\n");
    holds("a.ini", OLD);
}

Test(store, a_lock_is_waited_for)
{
    int here = open(".", O_RDONLY | O_DIRECTORY);
    struct timespec before, after;

    cr_assert_eq(flock(here, LOCK_EX), 0);
    pid_t child = fork();
    cr_assert_geq(child, 0);
    if (child == 0) {
        usleep(300000);
        flock(here, LOCK_UN);
        _exit(0);
    }
    clock_gettime(CLOCK_MONOTONIC, &before);
    cr_expect_eq(add_write("a.ini"), STATUS_OK);
    clock_gettime(CLOCK_MONOTONIC, &after);
    cr_expect_geq(
        (after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1000000, 250);
    waitpid(child, NULL, 0);
    close(here);
}

static void add_number(unsigned number)
{
    struct stored stored;
    char name[16];

    snprintf(name, sizeof(name), "%u", number);
    if (add("a.ini", name, NULL, &stored) != STATUS_OK)
        _exit(1);
}

/* How many of the numbers from 1000 on the whitelist lists without a gap; none other are there. */
static unsigned count_numbers(void)
{
    struct whitelist whitelist;
    struct diagnostics diagnostics = {0};
    static bool there[1000];
    unsigned count = 0;

    if (access("a.ini", F_OK) != 0)
        return 0;
    memset(there, 0, sizeof(there));
    cr_assert_eq(reader_read_file("a.ini", &whitelist, &diagnostics), 0, "half a file:\n%s",
                 read_path("a.ini"));
    for (size_t i = 0; i < whitelist.entry_count; i++)
        there[whitelist.entries[i].subject.number - 1000] = true;
    while (there[count])
        count++;
    cr_assert_eq(count, whitelist.entry_count, "there is a gap in:\n%s", read_path("a.ini"));
    diagnostics_release(&diagnostics);
    whitelist_release(&whitelist);
    return count;
}

Test(store, twenty_learners_of_one_file_lose_nothing)
{
    pid_t children[LEARNERS];

    for (unsigned i = 0; i < LEARNERS; i++) {
        children[i] = fork();
        cr_assert_geq(children[i], 0);
        for (unsigned k = 0; children[i] == 0 && k < STORES; k++)
            add_number(1000 + k * LEARNERS + i);
        if (children[i] == 0)
            _exit(0);
    }
    for (unsigned i = 0; i < LEARNERS; i++) {
        int status;
        cr_assert_eq(waitpid(children[i], &status, 0), children[i]);
        cr_expect_eq(status, 0);
    }
    cr_expect_eq(count_numbers(), LEARNERS * STORES);
    cr_expect(strstr(read_path("a.ini"), "; 100 runs, 0 calls seen\n"));
    cr_expect_eq(files(), 1);
}

Test(store, a_killed_learner_leaves_the_old_file_or_the_new_one)
{
    struct random random = random_begin("store");
    unsigned litter = 0, count = 0, most = 0;

    for (int i = 0; i < KILLS; i++) {
        pid_t child = fork();
        cr_assert_geq(child, 0);
        for (unsigned k = count; child == 0; k++)
            add_number(1000 + k);
        usleep(random_below(&random, 12000));
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        unsigned now = count_numbers();
        cr_assert_geq(now, count);
        litter += files() > 1;
        cr_assert_leq(files(), 2);
        most = now > most ? now : most;
        count = now;
        if (count > NAMES) {
            cr_assert_eq(unlink("a.ini"), 0);
            count = 0;
        }
    }
    cr_expect_gt(most, 50, "it was hardly ever done before it was killed: %u", most);
    cr_log_info("a file was left %u times\n", litter);
    add_number(1000 + count);
    cr_expect_eq(files(), 1);
}
