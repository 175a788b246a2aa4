/* Whitelists on disk: changed as a whole or not at all, by many at once, and by learners that are
 * killed. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "../../../config/reader.h"
#include "../../../shim/tool/output_file.h"
#include "../../../shim/tool/tool.h"
#include "../../helpers/random.h"
#include "../../helpers/storing.h"

enum { LEARNERS = 20, STORES = 5, KILLS = 200, NAMES = 300 };

TestSuite(store, .init = storing_begin, .fini = storing_end);

Test(store, a_new_file_is_made)
{
    struct stored stored;

    cr_expect_eq(storing_add("new.ini", "write", NULL, &stored), STATUS_OK);
    cr_expect_eq(stored.added, 1);
    cr_expect_not(stored.unchanged);
    cr_expect(strstr(storing_read("new.ini"), "\n[allow]\n; learned:\nsyscalls = write\n"));
    cr_expect_eq(storing_files(), 1);
    struct stat status;
    cr_assert_eq(stat("new.ini", &status), 0);
    cr_expect_eq(status.st_mode & 07777, 0644);
}

Test(store, files_that_say_nothing_are_like_new_ones)
{
    storing_write("empty.ini", "");
    cr_expect(store_is_blank("empty.ini"));
    cr_expect_eq(storing_add_write("empty.ini"), STATUS_OK);
    cr_expect(strstr(storing_read("empty.ini"), "default = EPERM\n\n[allow]\n; learned:\n"));
    storing_write("comment.ini", "; mine\n");
    cr_expect(store_is_blank("comment.ini"));
    cr_expect_eq(storing_add_write("comment.ini"), STATUS_OK);
    cr_expect_not(store_is_blank("comment.ini"));
    cr_expect_not(store_is_blank("none.ini"));
    storing_holds("comment.ini", "; mine\n\n[allow]\n; learned:\nsyscalls = write\n");
}

Test(store, what_a_record_saw_is_added)
{
    const uint64_t arguments[6] = {0};
    struct record *record = record_open(NULL, RECORD_ARGUMENTS_SAFE);
    struct stored stored;

    cr_assert(record);
    cr_assert_eq(record_call(record, seccomp_syscall_resolve_name("write"), arguments, NULL), 0);
    cr_assert_eq(record_call(record, seccomp_syscall_resolve_name("read"), arguments, NULL), 0);
    storing_write("a.ini", STORING_OLD);
    cr_expect_eq(store_record("a.ini", record, &STORING_FACTS, &stored), STATUS_OK);
    cr_expect_eq(stored.added, 1);
    storing_holds("a.ini", STORING_NEW);
    cr_expect_eq(store_record("a.ini", record, &STORING_FACTS, &stored), STATUS_OK);
    cr_expect(stored.unchanged);
    cr_expect_eq(stored.added, 0);
    record_close(record);
}

Test(store, what_is_there_already_changes_not_a_byte)
{
    struct stored stored;
    struct stat before, after;

    storing_write("a.ini", "[allow]\nsyscalls = @stdio 300\nioctl = request == TCGETS\n[deny]\n"
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
        cr_expect_eq(storing_add("a.ini", TESTS[i].name, TESTS[i].condition, &stored), STATUS_OK);
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

    storing_write("a.ini", "[filter]\ndefault = allow\n[deny]\nptrace = kill\n");
    cr_expect_eq(storing_add("a.ini", "clone", "flags == 0", &stored), STATUS_OK);
    cr_expect(stored.unchanged);
}

Test(store, a_name_does_not_undo_conditions)
{
    storing_write("a.ini", "[filter]\ninclude = b.ini\n[allow]\nsyscalls = read\n");
    storing_write("b.ini", "[allow]\nwrite = fd == 1\n");
    storing_gives("a.ini", STATUS_OK,
                  "portcullis: warning: 'write' is not added to 'a.ini', whose lines allow it with "
                  "conditions: the name alone would undo them\n");
    storing_holds("a.ini", "[filter]\ninclude = b.ini\n[allow]\nsyscalls = read\n");
}

Test(store, mode_owner_and_attributes_are_kept)
{
    struct stat status;
    char value[8];
    bool root = geteuid() == 0;

    storing_write("a.ini", STORING_OLD);
    cr_assert_eq(chmod("a.ini", 0640), 0);
    bool attributes = setxattr("a.ini", "user.why", "test", 4, 0) == 0;
    if (root)
        cr_assert_eq(chown("a.ini", 1234, 4321), 0);
    cr_expect_eq(storing_add_write("a.ini"), STATUS_OK);
    storing_holds("a.ini", STORING_NEW);
    cr_assert_eq(stat("a.ini", &status), 0);
    cr_expect_eq(status.st_mode & 07777, 0640);
    cr_expect(!root || (status.st_uid == 1234 && status.st_gid == 4321));
    cr_expect(!attributes || getxattr("a.ini", "user.why", value, sizeof(value)) == 4);
}

Test(store, symbolic_links_stay_and_lead_to_the_file)
{
    struct stat status;

    cr_assert_eq(mkdir("etc", 0755), 0);
    storing_write("etc/a.ini", STORING_OLD);
    cr_assert_eq(symlink("etc/b.ini", "c.ini"), 0);
    cr_assert_eq(symlink("a.ini", "etc/b.ini"), 0);
    cr_expect_eq(storing_add_write("c.ini"), STATUS_OK);
    storing_holds("etc/a.ini", STORING_NEW);
    cr_assert_eq(symlink("etc/new.ini", "d.ini"), 0);
    cr_expect_eq(storing_add_write("d.ini"), STATUS_OK);
    cr_expect(strstr(storing_read("etc/new.ini"), "write"));
    for (const char *const *link = (const char *const[]){"c.ini", "etc/b.ini", "d.ini", NULL};
         *link; link++) {
        cr_assert_eq(lstat(*link, &status), 0);
        cr_expect(S_ISLNK(status.st_mode), "%s", *link);
    }
}

Test(store, what_a_killed_learner_left_is_removed)
{
    storing_write("a.ini", STORING_OLD);
    storing_write(".a.ini.portcullis", "half a wh");
    cr_expect_eq(storing_add_write("a.ini"), STATUS_OK);
    storing_holds("a.ini", STORING_NEW);
    cr_expect_eq(storing_files(), 1);
}

Test(store, an_editor_that_comes_between_wins)
{
    struct output_file opened;

    storing_write("a.ini", STORING_OLD);
    cr_assert_eq(output_file_open("a.ini", OUTPUT_UPDATE, &opened), STATUS_OK);
    storing_write("a.ini", "edited");
    cr_expect_eq(output_file_replace(&opened, STORING_NEW, strlen(STORING_NEW)),
                 OUTPUT_FILE_CHANGED);
    output_file_close(&opened);
    storing_holds("a.ini", "edited");

    cr_assert_eq(output_file_open("b.ini", OUTPUT_UPDATE, &opened), STATUS_OK);
    storing_write("b.ini", "edited");
    cr_expect_eq(output_file_replace(&opened, STORING_NEW, strlen(STORING_NEW)),
                 OUTPUT_FILE_CHANGED);
    output_file_close(&opened);
    storing_holds("b.ini", "edited");
    cr_expect_eq(storing_files(), 2);
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
    cr_expect_eq(storing_add_write("a.ini"), STATUS_OK);
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
    if (storing_add("a.ini", name, NULL, &stored) != STATUS_OK)
        _exit(1);
}

/* Until it is killed. */
static void add_numbers(unsigned first)
{
    for (;;)
        add_number(first++);
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
                 storing_read("a.ini"));
    for (size_t i = 0; i < whitelist.entry_count; i++)
        there[whitelist.entries[i].subject.number - 1000] = true;
    while (there[count])
        count++;
    cr_assert_eq(count, whitelist.entry_count, "there is a gap in:\n%s", storing_read("a.ini"));
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
    cr_expect(strstr(storing_read("a.ini"), "; 100 runs, 0 calls seen\n"));
    cr_expect_eq(storing_files(), 1);
}

Test(store, a_killed_learner_leaves_the_old_file_or_the_new_one)
{
    struct random random = random_begin("store");
    unsigned litter = 0, count = 0, most = 0;

    for (int i = 0; i < KILLS; i++) {
        pid_t child = fork();
        cr_assert_geq(child, 0);
        if (child == 0)
            add_numbers(1000 + count);
        usleep(random_below(&random, 12000));
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        unsigned now = count_numbers();
        cr_assert_geq(now, count);
        litter += storing_files() > 1;
        cr_assert_leq(storing_files(), 2);
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
    cr_expect_eq(storing_files(), 1);
}
