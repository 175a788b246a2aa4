#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Reads to the end, where SIZE bytes have to be there: a file may grow, or be cut short, while it
 * is read, and its size be a lie. */
static int read_all(int descriptor, size_t size, struct file *file)
{
    while (file->length <= size) {
        ssize_t got = read(descriptor, file->text + file->length, size + 1 - file->length);
        if (got == 0)
            return file->length == size ? 0 : -EBUSY;
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -errno;
        file->length += (size_t)got;
    }
    return -EBUSY;
}

static int read_regular(int descriptor, size_t limit, struct file *file)
{
    struct stat status;

    if (fstat(descriptor, &status) != 0)
        return -errno;
    if (!S_ISREG(status.st_mode))
        return -EINVAL;
    if (status.st_size > (off_t)limit)
        return -EFBIG;
    *file = (struct file){.device = status.st_dev, .inode = status.st_ino};
    size_t size = (size_t)status.st_size;
    file->text = malloc(size + 1);
    if (!file->text)
        return -ENOMEM;
    int error = read_all(descriptor, size, file);
    if (error) {
        free(file->text);
        file->text = NULL;
    }
    return error;
}

int file_read_open(int descriptor, size_t limit, struct file *file)
{
    int error = read_regular(descriptor, limit, file);

    if (close(descriptor) != 0 && !error) {
        free(file->text);
        file->text = NULL;
        error = -errno;
    }
    return error;
}

int file_read(const char *path, size_t limit, struct file *file)
{
    /* O_NONBLOCK: a FIFO must be refused, not waited for */
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    return descriptor < 0 ? -errno : file_read_open(descriptor, limit, file);
}
