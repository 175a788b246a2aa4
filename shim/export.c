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

struct segment {
    uint32_t number; /* the lowest that belongs to it */
    size_t part;     /* its first */
};

int export_begin(struct export *export)
{
    *export = (struct export){.descriptor = memfd_create("portcullis", MFD_CLOEXEC)};
    return export->descriptor < 0 ? -errno : 0;
}

int export_segment(struct export *export, int number)
{
    size_t count = export->segment_count;

    if (count == EXPORT_SEGMENTS_MAX)
        return -E2BIG;
    /* doubles at every power of two */
    if ((count & (count - 1)) == 0) {
        struct segment *grown =
            realloc(export->segments, (count ? 2 * count : 1) * sizeof(*export->segments));
        if (!grown)
            return -ENOMEM;
        export->segments = grown;
    }
    export->segments[export->segment_count++] = (struct segment){(uint32_t)number, export->count};
    return 0;
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

enum {
    CHOICE = 4, /* where the choice among segments begins */
    USUAL_BEGIN =
        3, /* instructions in which a program looks at the architecture, loads the number */
};

static const struct sock_filter LOAD_ARCHITECTURE =
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch));
static const struct sock_filter LOAD_NUMBER =
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));

static bool same(struct sock_filter one, struct sock_filter other)
{
    return one.code == other.code && one.jt == other.jt && one.jf == other.jf && one.k == other.k;
}

/* How many instructions stand before the programs. */
static size_t head_count(const struct export *export)
{
    return export->segment_count > 1 ? CHOICE + 2 * export->segment_count - 1 : 0;
}

static struct sock_filter jump(size_t from, size_t to)
{
    return (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, (uint32_t)(to - from - 1));
}

/* Where a segment begins. Not with what was looked at before the choice, if its program begins as
 * all of libseccomp's do. */
static size_t segment_entry(const struct export *export, const struct sock_filter *code,
                            size_t segment)
{
    size_t part = export->segments[segment].part;
    size_t begin =
        head_count(export) + (part > 0 ? export->parts[part - 1].end / sizeof(*code) : 0);
    bool usual = same(code[begin], LOAD_ARCHITECTURE) && same(code[begin + 2], LOAD_NUMBER) &&
                 code[begin + 1].code == (BPF_JMP | BPF_JEQ | BPF_K) && code[begin + 1].jt == 0 &&
                 code[begin + 1].k == seccomp_arch_native();

    return usual ? begin + USUAL_BEGIN : begin;
}

/* Writes at CODE[AT] what chooses one of COUNT segments from FIRST on: compares with the number in
 * their middle, the lower half, the upper half. */
static void choose(const struct export *export, struct sock_filter *code, size_t at, size_t first,
                   size_t count)
{
    if (count == 1) {
        code[at] = jump(at, segment_entry(export, code, first));
        return;
    }
    size_t low = count / 2;
    size_t leap = 2 * low - 1;
    code[at] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K,
                                            export->segments[first + low].number, (uint8_t)leap, 0);
    choose(export, code, at + 1, first, low);
    choose(export, code, at + 1 + leap, first + low, count - low);
}

/* Leads every call to the programs of its segment. Another architecture's goes to the first: all of
 * them refuse it. It is not asked for its segment, as the kernel tries every number of both
 * architectures when it loads the filter. */
static void link_segments(const struct export *export, struct sock_filter *code)
{
    if (export->segment_count < 2)
        return;
    code[0] = LOAD_ARCHITECTURE;
    code[1] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, seccomp_arch_native(), 1, 0);
    code[2] = jump(2, head_count(export));
    code[3] = LOAD_NUMBER;
    choose(export, code, CHOICE, 0, export->segment_count);
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
    size_t head = head_count(export);
    size_t size = export->parts[export->count - 1].end;
    size_t count = head + size / sizeof(struct sock_filter);

    if (count > limit)
        return -E2BIG;
    struct sock_filter *code = malloc(count * sizeof(*code));
    if (!code)
        return -ENOMEM;
    int error = read_all(export->descriptor, code + head, (count - head) * sizeof(*code));
    if (!error)
        error = link_parts(export, code + head);
    if (error) {
        free(code);
        return error;
    }
    link_segments(export, code);
    *filter = (struct filter){code, count};
    return 0;
}

void export_end(struct export *export)
{
    close(export->descriptor);
    free(export->parts);
    free(export->segments);
}
