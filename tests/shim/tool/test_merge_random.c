/* Random whitelists, random additions: the reader takes the result, whatever was allowed still is,
 * what was added is, and no line of the user's changes. PORTCULLIS_SEED brings a run back. */
#include <criterion/criterion.h>
#include <seccomp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../../config/reader.h"
#include "../../../shim/rules.h"
#include "../../../shim/tool/learn/merge.h"
#include "../../helpers/random_conditions.h"

enum {
    WHITELISTS = 4000,
    ROUNDS = 3,     /* additions to one of them */
    LINES_MAX = 24, /* of the user's */
    NUMBERS = 470,  /* of system calls that are tried */
    TEXT_MAX = 1 << 16,
};

struct text {
    char bytes[TEXT_MAX];
    size_t length;
    const char *end; /* of lines */
};

__attribute__((format(printf, 2, 3))) static void put(struct text *text, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    int length = vsnprintf(text->bytes + text->length, TEXT_MAX - text->length, format, arguments);
    va_end(arguments);
    cr_assert(length >= 0 && text->length + (size_t)length < TEXT_MAX);
    text->length += (size_t)length;
}

/* Every fifth is for [deny], so that it contradicts nothing. NAMED only: it has arguments. */
static const struct prototype *any_call(struct random *random, bool denied, bool with_arguments)
{
    for (;;) {
        size_t index = random_below(random, (unsigned)prototype_count());
        const struct prototype *prototype = prototype_at(index);
        if ((index % 5 == 0) == denied && prototype->number >= 0 &&
            (!with_arguments || random_condition_possible(prototype)))
            return prototype;
    }
}

static const char *name_of(const struct prototype *prototype)
{
    return prototype_text(prototype->name);
}

static void put_names(struct text *text, struct random *random)
{
    static const char *const BETWEEN[] = {" ", ", ", "\t", "  ", " ?"};
    static const char *const KEYS[] = {"syscalls = ", "syscalls=", "syscalls\t=  "};

    put(text, "%s", KEYS[random_below(random, 3)]);
    for (unsigned count = 1 + random_below(random, 5); count > 0; count--)
        put(text, "%s%s", name_of(any_call(random, false, false)),
            count > 1 ? BETWEEN[random_below(random, 5)] : "");
    if (random_one_in(random, 4))
        put(text, " @%s", random_one_in(random, 2) ? "stdio" : "threads");
    put(text, "%s", random_one_in(random, 4) ? " ; by hand" : "");
}

/* A line of [allow] or [deny]. */
static void put_line(struct text *text, struct random *random, bool deny)
{
    struct random_condition condition;
    const struct prototype *prototype = any_call(random, deny, true);

    random_condition(random, prototype, 2, &condition);
    if (random_one_in(random, 4))
        put(text, "; syscalls = %s", name_of(prototype));
    else if (random_one_in(random, 5))
        put(text, "%s", random_one_in(random, 2) ? "" : "  \t");
    else if (deny && random_one_in(random, 2))
        put(text, "%s = kill", name_of(prototype));
    else if (deny)
        put(text, "%s = EIO if %s", name_of(prototype), condition.text);
    else if (random_one_in(random, 2))
        put_names(text, random);
    else
        put(text, "%s = %s%s", name_of(prototype), condition.text,
            random_one_in(random, 6) ? " # why" : "");
}

static void make_whitelist(struct text *text, struct random *random)
{
    enum { ALLOW, DENY, FILTER } section = random_below(random, 3);
    static const char *const NAMES[] = {"[allow]", "[deny]", "[filter]"};
    bool filtered = false;

    text->length = 0;
    text->end = random_one_in(random, 3) ? "\r\n" : "\n";
    put(text, "%s", random_one_in(random, 8) ? "\xef\xbb\xbf" : "");
    put(text, "%s", random_one_in(random, 3) ? "; 7 cats" : "");
    put(text, "%s%s%s", text->end, NAMES[section], text->end);
    for (unsigned left = 1 + random_below(random, LINES_MAX); left > 0; left--) {
        if (random_one_in(random, 5)) {
            section = random_below(random, 3);
            put(text, "%s%s", NAMES[section], random_one_in(random, 3) ? " ; section" : "");
        } else if (section == FILTER) {
            put(text, "%s", filtered ? "; default" : "default = kill");
            filtered = true;
        } else {
            put_line(text, random, section == DENY);
        }
        put(text, "%s", left > 1 || random_one_in(random, 2) ? text->end : "");
    }
}

struct reading {
    struct whitelist whitelist;
    struct rules rules;
    struct diagnostics diagnostics;
};

static int read_rules(const char *text, size_t length, struct reading *reading)
{
    *reading = (struct reading){0};
    int error =
        reader_read_text("random.ini", text, length, &reading->whitelist, &reading->diagnostics);
    return error ? error : rules_build(&reading->whitelist, &reading->diagnostics, &reading->rules);
}

static void release(struct reading *reading)
{
    rules_release(&reading->rules);
    diagnostics_release(&reading->diagnostics);
    whitelist_release(&reading->whitelist);
}

static void print(void *context, const char *text, size_t length)
{
    (void)context;
    cr_log_error("%.*s", (int)length, text);
}

static void make_additions(struct additions *additions, struct random *random)
{
    for (unsigned count = 1 + random_below(random, 30); count > 0; count--) {
        bool conditional = random_one_in(random, 3);
        const struct prototype *prototype = any_call(random, false, conditional);
        struct random_condition condition;
        if (conditional)
            random_condition(random, prototype, 2, &condition);
        cr_assert_eq(additions_add(additions, name_of(prototype),
                                   conditional ? condition.text : NULL, random_below(random, 9),
                                   random_one_in(random, 2) ? "libc.so.6!x+0x1" : NULL),
                     0);
    }
}

static bool allows(const struct rules *rules, int number, const uint64_t arguments[6])
{
    return rules_decide(rules, seccomp_arch_native(), number, arguments).action.kind ==
           ACTION_ALLOW;
}

/* That AFTER allows whatever BEFORE does. */
static void check_wider(struct random *random, const struct rules *before,
                        const struct rules *after, const char *text)
{
    for (int number = 0; number < NUMBERS; number++) {
        const struct rule *rule = rules_find(before, number);
        for (int i = 0; rule && i < 8; i++) {
            uint64_t arguments[6];
            random_arguments(random, rule, arguments);
            if (allows(before, number, arguments) && !allows(after, number, arguments))
                cr_assert_fail("%d was allowed before:\n%s", number, text);
        }
    }
}

static void check_added(const struct rules *rules, const struct additions *additions,
                        const char *text)
{
    for (size_t i = 0; i < additions->count; i++) {
        const struct addition *item = &additions->items[i];
        const struct rule *rule = rules_find(rules, prototype_find(item->name)->number);
        bool found = false;
        for (size_t k = 0; rule && k < rule->allow_count; k++) {
            const struct entry *entry = rule->allow[k].entry;
            found |= item->condition
                         ? entry->conditional && !strcmp(entry->condition_text, item->condition)
                         : !entry->conditional;
        }
        cr_assert(found || (rule && rule->allowed), "no '%s = %s' in:\n%s", item->name,
                  item->condition ? item->condition : "", text);
    }
}

/* The length of the first line at TEXT, its end included. */
static size_t line_length(const char *text)
{
    size_t length = strcspn(text, "\n");

    return length + (text[length] == '\n');
}

/* That all lines of BEFORE are in AFTER, each in its bytes, in the same order. The last one may get
 * an end if it has none. */
static void check_lines(const struct text *before, const char *after)
{
    for (const char *line = before->bytes; *line != '\0'; line += line_length(line)) {
        size_t length = line_length(line);
        bool open = line[length - 1] != '\n';
        bool found = false;
        while (!found && *after != '\0') {
            size_t size = line_length(after);
            found = size >= length && memcmp(line, after, length) == 0 &&
                    (size == length || (open && strspn(after + length, "\r\n") == size - length));
            after += size;
        }
        cr_assert(found, "'%.*s' is gone", (int)length, line);
    }
}

/* Adds to the whitelist in USERS, and again to what came of it. Returns false if it is none. */
static bool try_one(struct random *random, const struct text *users)
{
    char *text = strdup(users->bytes);
    size_t length = users->length;
    struct reading before;
    struct merge_facts facts = {.heading = "learned from: a test", .machine = "Linux"};

    if (read_rules(text, length, &before) != 0) {
        release(&before);
        free(text);
        return false;
    }
    for (int round = 0; round < ROUNDS; round++) {
        struct additions additions = {0};
        struct reading after;
        char *result;
        facts.annotate = random_one_in(random, 3);
        make_additions(&additions, random);
        cr_assert_eq(merge_text(text, length, &additions, &facts, &result, &length), 0);
        if (read_rules(result, length, &after) != 0) {
            diagnostics_tell(&after.diagnostics, print, NULL);
            cr_assert_fail("from:\n%s\ncame:\n%s", text, result);
        }
        check_wider(random, &before.rules, &after.rules, result);
        check_added(&after.rules, &additions, result);
        check_lines(users, result);
        additions_release(&additions);
        release(&before);
        before = after;
        free(text);
        text = result;
    }
    release(&before);
    free(text);
    return true;
}

Test(merge_random, what_was_allowed_stays_so_and_what_was_written_stays)
{
    static struct text text;
    struct random random = random_begin("merge");
    unsigned done = 0;

    for (int i = 0; i < WHITELISTS; i++) {
        make_whitelist(&text, &random);
        done += try_one(&random, &text);
    }
    cr_expect_gt(done, WHITELISTS / 2, "only %u of them could be read", done);
}

Test(merge_random, pieces_of_lines_in_any_order_break_nothing)
{
    static const char *const PIECES[] = {"[allow]",
                                         "[deny]",
                                         "syscalls = ",
                                         "; learned:",
                                         "; not seen, but likely needed:",
                                         ";syscalls = ",
                                         "read write",
                                         "brk",
                                         "\n",
                                         "\r\n",
                                         "\r",
                                         " ",
                                         " ; ",
                                         "=",
                                         "ioctl",
                                         "request == TCGETS",
                                         "; 1 run, 2 calls seen",
                                         "\xef\xbb\xbf",
                                         "[",
                                         "@stdio",
                                         ":"};
    static struct text text;
    struct random random = random_begin("merge pieces");
    const struct merge_facts facts = {.heading = "learned", .machine = "Linux", .likely = true};

    for (int i = 0; i < 20000; i++) {
        struct additions additions = {0};
        char *result;
        size_t length;
        text.length = 0;
        for (unsigned count = random_below(&random, 40); count > 0; count--)
            put(&text, "%s", PIECES[random_below(&random, sizeof(PIECES) / sizeof(PIECES[0]))]);
        cr_assert_eq(additions_add(&additions, "chdir", NULL, 0, NULL), 0);
        cr_assert_eq(additions_add(&additions, "ioctl", "fd == 1", 0, NULL), 0);
        cr_assert_eq(merge_text(text.bytes, text.length, &additions, &facts, &result, &length), 0);
        cr_assert(strstr(result, "chdir"), "%s", result);
        cr_assert(strstr(result, "ioctl = fd == 1"), "%s", result);
        free(result);
        additions_release(&additions);
    }
}
