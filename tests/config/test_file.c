#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../config/file.h"

static char folder[] = "/tmp/portcullis-XXXXXX";

static void enter_folder(void)
{
    cr_assert_not_null(mkdtemp(folder));
    cr_assert_eq(chdir(folder), 0);
}

static void remove_folder(void)
{
    unlink("file");
    unlink("link");
    rmdir(folder);
}

TestSuite(file, .init = enter_folder, .fini = remove_folder, .timeout = 60);

static void make_file(const char *text)
{
    int descriptor = open("file", O_WRONLY | O_CREAT | O_TRUNC, 0600);

    cr_assert_geq(descriptor, 0);
    cr_assert_eq(write(descriptor, text, strlen(text)), (ssize_t)strlen(text));
    close(descriptor);
}

static void is_refused(const char *path, size_t limit, int error)
{
    struct file file = {0};

    cr_expect_eq(file_read(path, limit, &file), error, "%s", path);
    cr_expect_null(file.text, "%s", path);
    free(file.text);
}

Test(file, the_whole_file_is_read_and_identified)
{
    struct file file = {0};
    struct stat status;

    make_file("some text");
    cr_assert_eq(stat("file", &status), 0);
    cr_assert_eq(file_read("file", 100, &file), 0);
    cr_expect_eq(file.length, 9);
    cr_expect_arr_eq(file.text, "some text", 9);
    cr_expect_eq(file.device, status.st_dev);
    cr_expect_eq(file.inode, status.st_ino);
    free(file.text);
}

Test(file, an_empty_file_is_read)
{
    struct file file = {0};

    make_file("");
    cr_assert_eq(file_read("file", 100, &file), 0);
    cr_expect_eq(file.length, 0);
    free(file.text);
}

Test(file, a_file_may_be_as_long_as_the_limit_and_no_longer)
{
    struct file file = {0};

    make_file("123456789");
    cr_assert_eq(file_read("file", 9, &file), 0);
    cr_expect_eq(file.length, 9);
    free(file.text);
    is_refused("file", 8, -EFBIG);
    is_refused("file", 0, -EFBIG);
}

Test(file, a_link_to_a_file_is_followed)
{
    struct file file = {0};

    make_file("x");
    cr_assert_eq(symlink("file", "link"), 0);
    cr_assert_eq(file_read("link", 9, &file), 0);
    cr_expect_eq(file.length, 1);
    free(file.text);
}

Test(file, what_is_no_regular_file_is_refused_at_once)
{
    cr_assert_eq(mkfifo("file", 0600), 0);
    is_refused("file", 100, -EINVAL);
    is_refused(".", 100, -EINVAL);
    is_refused("/dev/zero", 100, -EINVAL);
    is_refused("/dev/null", 100, -EINVAL);
}

Test(file, what_cannot_be_opened_is_refused)
{
    make_file("x");
    is_refused("missing", 100, -ENOENT);
    is_refused("", 100, -ENOENT);
    is_refused("file/missing", 100, -ENOTDIR);
}

Test(file, what_is_open_is_read_and_closed)
{
    struct file file = {0};

    make_file("some text");
    int descriptor = open("file", O_RDONLY);
    cr_assert_eq(unlink("file"), 0);
    cr_assert_eq(file_read_open(descriptor, 100, &file), 0);
    cr_expect_eq(file.length, 9);
    cr_expect_arr_eq(file.text, "some text", 9);
    cr_expect_eq(close(descriptor), -1);
    free(file.text);
}

Test(file, what_is_shorter_than_it_says_is_being_written)
{
    struct file file = {0};

    make_file("some text");
    int descriptor = open("file", O_RDONLY);
    cr_assert_eq(lseek(descriptor, 5, SEEK_SET), 5);
    cr_expect_eq(file_read_open(descriptor, 100, &file), -EBUSY);
    cr_expect_null(file.text);
}

Test(file, no_descriptor_is_left_open)
{
    int before = dup(0);

    close(before);
    make_file("x");
    for (int i = 0; i < 3; i++) {
        struct file file = {0};
        cr_assert_eq(file_read("file", 100, &file), 0);
        free(file.text);
        is_refused(".", 100, -EINVAL);
        is_refused("file", 0, -EFBIG);
    }
    int after = dup(0);
    close(after);
    cr_expect_eq(after, before);
}

/* /proc says that its files have no bytes: they are longer than they claim. */
Test(file, a_file_that_is_longer_than_it_says_is_refused)
{
    is_refused("/proc/self/status", 100000, -EBUSY);
}
