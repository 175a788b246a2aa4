#include "export.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../config/numbers.h"

struct part {
    size_t end; /* bytes of the memfd up to its end */
    enum export_end kind;
};

struct segment {
    uint32_t number; /* the lowest that belongs to it */
    size_t part;     /* its first */
    size_t entry;    /* where its code begins, in the linked program */
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
    export->segments[export->segment_count++] =
        (struct segment){.number = (uint32_t)number, .part = export->count};
    return 0;
}

int export_newer(struct export *export, int number)
{
    uint32_t *grown = realloc(export->newer, (export->newer_count + 1) * sizeof(*grown));

    if (!grown)
        return -ENOMEM;
    export->newer = grown;
    grown[export->newer_count++] = (uint32_t)number;
    return 0;
}

/* What was written since the last part becomes one. */
static int add_part(struct export *export, enum export_end kind)
{
    struct part *parts = realloc(export->parts, (export->count + 1) * sizeof(*parts));

    if (!parts)
        return -ENOMEM;
    export->parts = parts;
    off_t end = lseek(export->descriptor, 0, SEEK_CUR);
    if (end < 0)
        return -errno;
    parts[export->count++] = (struct part){(size_t)end, kind};
    return 0;
}

int export_append(struct export *export, scmp_filter_ctx context, enum export_end kind)
{
    int error = seccomp_export_bpf(context, export->descriptor);

    return error ? error : add_part(export, kind);
}

int export_append_code(struct export *export, const struct filter *part)
{
    size_t size = part->count * sizeof(*part->instructions);

    if (write(export->descriptor, part->instructions, size) != (ssize_t)size)
        return -ECANCELED; /* as libseccomp has it */
    return add_part(export, EXPORT_GO_ON);
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

enum {
    NEWER = 4, /* where calls that are newer than this build are told apart */
    USUAL_BEGIN =
        3,      /* instructions in which a program looks at the architecture, loads the number */
    NEAR = 255, /* instructions that a conditional jump can pass over */
    X32 = 0x40000000, /* the first number of x32's */
};

static const struct sock_filter LOAD_ARCHITECTURE =
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch));
static const struct sock_filter LOAD_NUMBER =
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));

static bool same(struct sock_filter one, struct sock_filter other)
{
    return one.code == other.code && one.jt == other.jt && one.jf == other.jf && one.k == other.k;
}

/* A comparison, and a jump behind it where that may have to go farther than a comparison can. */
static size_t comparison_count(const struct export *export)
{
    return export->newer_count + 2 <= NEAR ? 1 : 2;
}

/* Where the choice among segments begins: behind the comparisons with the lowest number that is
 * newer, with what no call has, and with those that are listed; and the answer. */
static size_t choice(const struct export *export)
{
    return NEWER + (2 + export->newer_count) * comparison_count(export) + 1;
}

/* How many instructions stand before the programs. */
static size_t head_count(const struct export *export)
{
    return choice(export) + (export->segment_count > 1 ? 2 * export->segment_count - 1 : 0);
}

static struct sock_filter jump(size_t from, size_t to)
{
    return (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, (uint32_t)(to - from - 1));
}

/* Whether a program begins as libseccomp's do: with a look at the architecture, to which another
 * gets EXPORT_FOREIGN, and the load of the number. */
static bool begins_as_usual(const struct sock_filter *code, size_t count)
{
    if (count <= USUAL_BEGIN || !same(code[0], LOAD_ARCHITECTURE) || !same(code[2], LOAD_NUMBER) ||
        code[1].code != (BPF_JMP | BPF_JEQ | BPF_K) || code[1].jt != 0 ||
        code[1].k != seccomp_arch_native())
        return false;
    /* it lies within: the jump was looked at */
    const struct sock_filter *other = &code[2 + code[1].jf];
    return other->code == (BPF_RET | BPF_K) && other->k == EXPORT_FOREIGN;
}

/* Writes at CODE[AT] what chooses one of COUNT segments from FIRST on: compares with the number in
 * their middle, the lower half, the upper half. */
static void choose(const struct export *export, struct sock_filter *code, size_t at, size_t first,
                   size_t count)
{
    if (count == 1) {
        code[at] = jump(at, export->segments[first].entry);
        return;
    }
    size_t low = count / 2;
    size_t leap = 2 * low - 1;
    code[at] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K,
                                            export->segments[first + low].number, (uint8_t)leap, 0);
    choose(export, code, at + 1, first, low);
    choose(export, code, at + 1 + leap, first + low, count - low);
}

/* Writes at CODE[*AT]: on to the choice among segments if the number is K (BPF_JEQ), or from K on
 * (BPF_JGE); where that is not WANTED, if it is not. */
static void leave(const struct export *export, struct sock_filter *code, size_t *at, uint16_t test,
                  uint32_t k, bool wanted)
{
    bool near = comparison_count(export) == 1;
    uint8_t leap = near ? (uint8_t)(choice(export) - *at - 1) : 0;
    uint8_t stay = near ? 0 : 1;

    code[(*at)++] = (struct sock_filter)BPF_JUMP(BPF_JMP | test | BPF_K, k, wanted ? leap : stay,
                                                 wanted ? stay : leap);
    if (!near) {
        code[*at] = jump(*at, choice(export));
        ++*at;
    }
}

/* Answers calls that are newer than this build. The programs have the last word on numbers that
 * are no call's: on x86-64 they look for x32's, and a tracer that skips a call makes it -1. */
static void answer_newer(const struct export *export, struct sock_filter *code)
{
    size_t at = NEWER;

    leave(export, code, &at, BPF_JGE, (uint32_t)number_highest() + 1, false);
#ifdef __x86_64__
    leave(export, code, &at, BPF_JGE, X32, true);
#else
    leave(export, code, &at, BPF_JEQ, (uint32_t)-1, true);
#endif
    for (size_t i = 0; i < export->newer_count; i++)
        leave(export, code, &at, BPF_JEQ, export->newer[i], true);
    code[at] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS);
}

/* Leads every call to the programs of its segment. Another architecture's is answered at once: the
 * kernel tries every number of both architectures when it loads the filter. */
static void link_segments(const struct export *export, struct sock_filter *code)
{
    code[0] = LOAD_ARCHITECTURE;
    code[1] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, seccomp_arch_native(), 1, 0);
    code[2] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, EXPORT_FOREIGN);
    code[3] = LOAD_NUMBER;
    answer_newer(export, code);
    if (export->segment_count > 1)
        choose(export, code, choice(export), 0, export->segment_count);
}

static int read_all(int descriptor, void *buffer, size_t size, size_t from)
{
    size_t done = 0;

    while (done < size) {
        ssize_t got = pread(descriptor, (char *)buffer + done, size - done, (off_t)(from + done));
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

/* Reads the part INDEX to CODE; *COUNT is its number of instructions. */
static int read_part(const struct export *export, size_t index, struct sock_filter *code,
                     size_t *count)
{
    size_t begin = index > 0 ? export->parts[index - 1].end : 0;
    size_t size = export->parts[index].end - begin;

    *count = size / sizeof(*code);
    int error = read_all(export->descriptor, code, size, begin);
    if (error)
        return error;
    if (size % sizeof(*code) != 0 || !is_whole(code, *count))
        return -EIO;
    if (export->parts[index].kind == EXPORT_GO_ON)
        go_on(code, *count);
    return 0;
}

/* Puts the parts behind one another from CODE[*AT] on. What was looked at before the choice of a
 * segment is not looked at again: it loses its beginning. */
static int link_parts(struct export *export, struct sock_filter *code, size_t *at)
{
    size_t segment = 0;

    for (size_t i = 0; i < export->count; i++) {
        size_t count;
        int error = read_part(export, i, code + *at, &count);
        if (error)
            return error;
        if (segment < export->segment_count && export->segments[segment].part == i) {
            if (begins_as_usual(code + *at, count)) {
                count -= USUAL_BEGIN;
                memmove(code + *at, code + *at + USUAL_BEGIN, count * sizeof(*code));
            }
            export->segments[segment++].entry = *at;
        }
        *at += count;
    }
    return 0;
}

int export_finish(struct export *export, size_t limit, struct filter *filter)
{
    size_t at = head_count(export);
    size_t room = at + export->parts[export->count - 1].end / sizeof(struct sock_filter);
    struct sock_filter *code = calloc(room, sizeof(*code));
    if (!code)
        return -ENOMEM;
    int error = link_parts(export, code, &at);
    if (!error && at > limit)
        error = -E2BIG;
    if (error) {
        free(code);
        return error;
    }
    link_segments(export, code);
    *filter = (struct filter){code, at};
    return 0;
}

void export_end(struct export *export)
{
    close(export->descriptor);
    free(export->parts);
    free(export->segments);
    free(export->newer);
}
