#include "export.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct part {
    size_t end; /* bytes of the memfd up to its end */
    enum export_end kind;
};

int export_begin(struct export *export)
{
    *export = (struct export){.descriptor = memfd_create("portcullis", MFD_CLOEXEC)};
    return export->descriptor < 0 ? -errno : 0;
}

int export_append(struct export *export, scmp_filter_ctx context, enum export_end kind)
{
    struct part *parts = realloc(export->parts, (export->count + 1) * sizeof(*parts));

    if (!parts)
        return -ENOMEM;
    export->parts = parts;
    int error = seccomp_export_bpf(context, export->descriptor);
    if (error)
        return error;
    off_t end = lseek(export->descriptor, 0, SEEK_CUR);
    if (end < 0)
        return -errno;
    parts[export->count++] = (struct part){(size_t)end, kind};
    return 0;
}

/* libseccomp does not tell a short write (RLIMIT_FSIZE, no memory) from a whole one. In a program
 * cut short a jump leads past its end: the first one, to what foreign calls get, goes to the very
 * last instructions. */
static bool is_whole(const struct sock_filter *code, size_t count)
{
    if (count == 0 || BPF_CLASS(code[count - 1].code) != BPF_RET)
        return false;
    for (size_t i = 0; i < count; i++) {
        size_t farthest = i;
        if (BPF_CLASS(code[i].code) != BPF_JMP)
            continue;
        if (BPF_OP(code[i].code) == BPF_JA)
            farthest += code[i].k;
        else
            farthest += code[i].jt > code[i].jf ? code[i].jt : code[i].jf;
        if (farthest + 1 >= count)
            return false;
    }
    return true;
}

/* Where the program finds no match, it jumps behind its end instead. */
static void go_on(struct sock_filter *code, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (code[i].code == (BPF_RET | BPF_K) && code[i].k == EXPORT_NO_MATCH)
            code[i] = (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, (uint32_t)(count - i - 1));
    }
}

static int link_parts(const struct export *export, struct sock_filter *code)
{
    size_t begin = 0;

    for (size_t i = 0; i < export->count; i++) {
        size_t count = export->parts[i].end / sizeof(*code) - begin;
        if (export->parts[i].end % sizeof(*code) != 0 || !is_whole(code + begin, count))
            return -EIO;
        if (export->parts[i].kind == EXPORT_GO_ON)
            go_on(code + begin, count);
        begin += count;
    }
    return 0;
}

static int read_all(int descriptor, void *buffer, size_t size)
{
    size_t done = 0;

    while (done < size) {
        ssize_t got = pread(descriptor, (char *)buffer + done, size - done, (off_t)done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -errno;
        if (got == 0)
            return -EIO;
        done += (size_t)got;
    }
    return 0;
}

int export_finish(struct export *export, size_t limit, struct filter *filter)
{
    size_t size = export->parts[export->count - 1].end;

    if (size > limit * sizeof(struct sock_filter))
        return -E2BIG;
    struct sock_filter *code = malloc(size);
    if (!code)
        return -ENOMEM;
    int error = read_all(export->descriptor, code, size);
    if (!error)
        error = link_parts(export, code);
    if (error) {
        free(code);
        return error;
    }
    *filter = (struct filter){code, size / sizeof(*code)};
    return 0;
}

void export_end(struct export *export)
{
    close(export->descriptor);
    free(export->parts);
}
