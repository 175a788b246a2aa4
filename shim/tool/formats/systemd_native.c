/* SystemCallFilter= and its like. They have names and actions, and no arguments. */
#include <errno.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>

#include "../../../config/writer.h"
#include "../call.h"
#include "../region.h"
#include "systemd.h"

/* The names that systemd allows under any list of what is allowed, its @default, whichever version
 * has them. */
static const char SYSTEMD_DEFAULT[] =
    "arch_prctl brk clock_getres clock_gettime clock_nanosleep execve exit exit_group futex "
    "futex_requeue futex_wait futex_waitv futex_wake get_robust_list get_thread_area getegid "
    "geteuid getgid getgroups getpgid getpgrp getpid getppid getrandom getresgid getresuid "
    "getrlimit getsid gettid gettimeofday getuid landlock_add_rule landlock_create_ruleset "
    "landlock_restrict_self lsm_get_self_attr lsm_list_modules map_shadow_stack membarrier mmap "
    "mprotect mseal munmap nanosleep pause prlimit64 restart_syscall rseq rt_sigreturn "
    "sched_getaffinity sched_yield seccomp set_robust_list set_thread_area set_tid_address time "
    "uretprobe";

enum { COLUMNS = 96 };

/* What a call gets over all its arguments. */
struct summary {
    struct action action; /* of the first region */
    bool begun;
    bool mixed;  /* another region has another action */
    bool allows; /* some region is allowed */
};

/* A setting whose values are spread over lines. */
struct setting {
    FILE *output;
    const char *start; /* "SystemCallFilter=~" */
    size_t column;     /* 0: no line has been begun */
};

static void put_word(struct setting *setting, const char *word, const char *suffix)
{
    size_t length = 1 + strlen(word) + strlen(suffix);

    if (setting->column == 0 || setting->column + length > COLUMNS) {
        fprintf(setting->output, "%s%s", setting->column ? "\n" : "", setting->start);
        setting->column = strlen(setting->start);
        length--;
    } else {
        fputc(' ', setting->output);
    }
    fprintf(setting->output, "%s%s", word, suffix);
    setting->column += length;
}

static void end_setting(struct setting *setting)
{
    if (setting->column > 0)
        fputc('\n', setting->output);
    setting->column = 0;
}

static bool summarize_region(void *context, const struct region *region,
                             const struct verdict *verdict, const struct verdict *same)
{
    struct summary *summary = context;

    (void)region;
    (void)same;
    if (!summary->begun)
        summary->action = verdict->action;
    summary->begun = true;
    summary->mixed |= !action_equals(summary->action, verdict->action);
    summary->allows |= action_allows(verdict->action);
    return true;
}

static int summarize(const struct rules *rules, int number, struct summary *summary)
{
    struct opinion opinion;
    int error = opinion_form(rules, number, &opinion);

    *summary = (struct summary){.begun = false};
    opinion_simplify(&opinion);
    if (!error && !region_visit(&opinion, NULL, summarize_region, summary)) {
        /* it takes too long to tell: there is something of everything */
        summary->mixed = true;
        summary->allows = true;
    }
    opinion_release(&opinion);
    return error;
}

static void warn_lines(const struct export_job *job, const struct rule *rule,
                       const struct line *lines, size_t count, const char *what)
{
    char name[CALL_NAME_MAX];
    char text[CALL_TEXT_MAX];

    call_name(rule->number, name);
    for (size_t i = 0; i < count; i++) {
        const struct entry *entry = lines[i].entry;
        if (entry->conditional)
            diagnostic_warning(job->diagnostics, entry->place,
                               "the condition does not carry over, %s is %s: %s", name, what,
                               entry_text(entry, name, text));
    }
}

/* The condition of a line is lost: it is said of what becomes of the call. */
static void warn_mixed(const struct export_job *job, const struct rule *rule, bool allows)
{
    const char *what = allows ? "allowed whatever its arguments" : "refused as by default";

    warn_lines(job, rule, rule->deny, rule->deny_count, what);
    if (!rule->allowed)
        warn_lines(job, rule, rule->allow, rule->allow_count, what);
}

static struct place place_of(const struct export_job *job, const struct rule *rule)
{
    if (rule->deny_count > 0)
        return rule->deny[0].entry->place;
    return rule->allow_count > 0 ? rule->allow[0].entry->place : (struct place){job->file, 0};
}

/* ":EACCES", ":kill": systemd has no trap. */
static const char *suffix_of(const struct export_job *job, struct place place, struct action action,
                             char text[WRITER_ACTION_MAX + 1])
{
    if (action.kind == ACTION_TRAP) {
        diagnostic_warning(job->diagnostics, place,
                           "'trap' does not carry over: systemd kills, and the program can't "
                           "catch it");
        action.kind = ACTION_KILL;
    }
    text[0] = ':';
    writer_action(action, text + 1);
    return text;
}

/* Whether the call has a name that systemd knows. */
static bool has_name(const struct export_job *job, const struct rule *rule)
{
    char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, rule->number);
    const struct entry *entry = rule->allow_count ? rule->allow[0].entry : NULL;
    char text[CALL_NAME_MAX];
    bool named = name != NULL;

    free(name);
    if (rule->deny_count > 0)
        entry = rule->deny[0].entry;
    if (!named && entry && entry->subject.kind != SUBJECT_GROUP && !entry->subject.optional)
        diagnostic_warning(job->diagnostics, place_of(job, rule),
                           "libseccomp has no name for '%s', and systemd takes names only: it gets "
                           "the default",
                           call_name(rule->number, text));
    return named;
}

/* Whether the default of the unit allows. */
static bool is_denying_list(const struct export_job *job)
{
    return action_allows(job->policy->rules.default_action);
}

/* Writes the names that are allowed. */
static int put_allowed(const struct export_job *job, const char *start)
{
    const struct rules *rules = &job->policy->rules;
    struct setting setting = {job->output, start, 0};
    char name[CALL_NAME_MAX];
    int error = 0;

    for (size_t i = 0; i < rules->count && !error; i++) {
        const struct rule *rule = &rules->rules[i];
        struct summary summary;
        error = summarize(rules, rule->number, &summary);
        if (error || !has_name(job, rule))
            continue;
        if (summary.mixed)
            warn_mixed(job, rule, summary.allows);
        if (summary.allows)
            put_word(&setting, call_name(rule->number, name), "");
    }
    end_setting(&setting);
    return error;
}

/* Writes those that get something else than the default, each with its action. */
static int put_denied(const struct export_job *job)
{
    const struct rules *rules = &job->policy->rules;
    struct setting setting = {job->output, "SystemCallFilter=~", 0};
    char name[CALL_NAME_MAX];
    char suffix[WRITER_ACTION_MAX + 1];
    int error = 0;

    for (size_t i = 0; i < rules->count && !error; i++) {
        const struct rule *rule = &rules->rules[i];
        struct summary summary;
        error = summarize(rules, rule->number, &summary);
        if (error || !has_name(job, rule))
            continue;
        if (summary.mixed && is_denying_list(job))
            warn_mixed(job, rule, summary.allows);
        if (!summary.mixed && !summary.allows &&
            !action_equals(summary.action, rules->default_action))
            put_word(&setting, call_name(rule->number, name),
                     suffix_of(job, place_of(job, rule), summary.action, suffix));
    }
    end_setting(&setting);
    return error;
}

/* Takes back what systemd allows by itself and the whitelist does not. */
static int put_taken_back(const struct export_job *job)
{
    const struct rules *rules = &job->policy->rules;
    struct setting setting = {job->output, "SystemCallFilter=~", 0};
    char name[CALL_NAME_MAX];
    int error = 0;

    for (const char *word = SYSTEMD_DEFAULT; *word != '\0' && !error;) {
        struct summary summary;
        size_t length = strcspn(word, " ");
        snprintf(name, sizeof(name), "%.*s", (int)length, word);
        word += length + (word[length] == ' ');
        int number = seccomp_syscall_resolve_name(name);
        if (number < 0)
            continue;
        error = summarize(rules, number, &summary);
        if (!error && !summary.allows && action_equals(summary.action, rules->default_action))
            put_word(&setting, name, "");
    }
    end_setting(&setting);
    return error;
}

static void put_default(const struct export_job *job)
{
    char action[WRITER_ACTION_MAX + 1];
    const struct settings *settings = &job->policy->whitelist.settings;

    suffix_of(job, settings->default_place, settings->default_action, action);
    fprintf(job->output, "SystemCallErrorNumber=%s\n", action + 1);
}

static void warn_settings(const struct export_job *job)
{
    const struct settings *settings = &job->policy->whitelist.settings;

    if (settings->program_count > 0)
        diagnostic_warning(job->diagnostics, settings->program_place,
                           "'program' does not carry over: the filter holds for every command of "
                           "the unit");
    if (settings->audit)
        diagnostic_warning(job->diagnostics, settings->audit_place,
                           "'audit' does not carry over: systemd logs what it kills, and no more");
}

/* A path from a command line may have anything in it. */
static void put_program(FILE *output, const char *path)
{
    for (; *path != '\0'; path++)
        fputc((unsigned char)*path < ' ' || *path == 0x7f ? '?' : *path, output);
}

static void put_words(struct setting *setting, const char *words)
{
    char word[CALL_NAME_MAX];

    while (*words != '\0') {
        size_t length = strcspn(words, " ");
        snprintf(word, sizeof(word), "%.*s", (int)length, words);
        put_word(setting, word, "");
        words += length + (words[length] == ' ');
    }
    end_setting(setting);
}

/* Says what is allowed for the start, and where that is known from. */
static void put_startup(const struct export_job *job)
{
    const struct startup *startup = job->startup;
    struct setting setting = {job->output, "#   ", 0};
    char name[CALL_NAME_MAX];

    fputs("# The filter is in before exec: allowed besides is what ", job->output);
    if (startup->program_count == 0)
        fputs("most programs\n# call from exec to main (none was there to be measured):\n",
              job->output);
    for (size_t i = 0; i < startup->program_count; i++) {
        fputs(i == 0 ? "was seen of\n#   " : "#   ", job->output);
        put_program(job->output, startup->programs[i]);
        fputs(i + 1 < startup->program_count ? " and\n" : "\n# from exec to the entry point:\n",
              job->output);
    }
    if (startup->program_count == 0)
        put_words(&setting, STARTUP_USUAL);
    for (int i = 0; i < CALL_NUMBERS; i++) {
        if (startup->seen[i])
            put_word(&setting, call_name(i, name), "");
    }
    end_setting(&setting);
    fputs("# and what systemd itself calls until then:\n", job->output);
    put_words(&setting, STARTUP_SYSTEMD);
}

/* Lists of several files become one. With what the unit has already ours would allow more, or,
 * where the first is one of what is refused, be one of that too, and allow all the rest. What only
 * denies is added to it. */
int systemd_write_native(const struct export_job *job)
{
    const struct settings *settings = &job->policy->whitelist.settings;
    int error = 0;

    warn_settings(job);
    if (job->startup)
        put_startup(job);
    fprintf(job->output, "[Service]\n%s",
            settings->no_new_privileges ? "NoNewPrivileges=yes\n" : "");
    if (job->startup)
        fputs("# An empty one takes back what the unit has.\n", job->output);
    fputs("SystemCallArchitectures=\nSystemCallArchitectures=native\n", job->output);
    if (settings->default_action.kind == ACTION_LOG) {
        fputs("SystemCallLog=\n", job->output);
        error = put_allowed(job, "SystemCallLog=~");
    }
    if (!error && !is_denying_list(job)) {
        put_default(job);
        fputs("SystemCallFilter=\n", job->output);
        error = put_allowed(job, "SystemCallFilter=");
        if (!error)
            error = put_taken_back(job);
    }
    return error ? error : put_denied(job);
}
