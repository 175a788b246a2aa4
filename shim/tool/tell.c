#include "tell.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "decode.h"
#include "kin.h"
#include "printable.h"
#include "propose.h"
#include "tool.h"

/* FNV-1a */
static const uint64_t SUM_START = 1469598103934665603U;

enum { TOLD_MAX = 100000, ORIGIN_MAX = 1024 };

static uint64_t add_sum(uint64_t sum, const char *text)
{
    for (; *text != '\0'; text++)
        sum = (sum ^ (unsigned char)*text) * 1099511628211U;
    return (sum ^ 0xff) * 1099511628211U;
}

/* Notes SUM. Returns whether it is new. */
static bool note(struct told *told, uint64_t sum)
{
    for (size_t i = 0; i < told->count; i++) {
        if (told->sums[i] == sum)
            return false;
    }
    if (told->count == told->capacity) {
        size_t capacity = 2 * told->capacity + 64;
        uint64_t *grown =
            capacity > TOLD_MAX ? NULL : reallocarray(told->sums, capacity, sizeof(*grown));
        if (!grown)
            return false;
        told->sums = grown;
        told->capacity = capacity;
    }
    told->sums[told->count++] = sum;
    return true;
}

/* The name of a process or thread, which is its own to choose. */
const char *tell_name(pid_t process, char name[TELL_NAME_MAX])
{
    char path[64];

    snprintf(path, sizeof(path), "/proc/%d/comm", process);
    FILE *file = fopen(path, "re");
    if (!file || !fgets(name, TELL_NAME_MAX, file))
        snprintf(name, TELL_NAME_MAX, "?");
    if (file)
        fclose(file);
    name[strcspn(name, "\n")] = '\0';
    for (char *c = name; *c != '\0'; c++) {
        if (*c < ' ' || *c > '~')
            *c = '?';
    }
    return name;
}

/* Where ENTRY was written: FILE:LINE, or an option. */
static const char *origin_of(const struct teller *teller, const struct entry *entry,
                             char text[ORIGIN_MAX])
{
    const struct composition *composition = teller->composition;

    if (composition && entry->place.line > 0 && entry->place.line <= composition->lines)
        snprintf(text, ORIGIN_MAX, "%s", composition->origins[entry->place.line - 1]);
    else
        snprintf(text, ORIGIN_MAX, "%s:%u", entry->place.file, entry->place.line);
    return text;
}

/* LINE, and where it belongs: to STAGE, or to [allow]. */
static void tell_line(const struct teller *teller, unsigned stage, const char *before,
                      const char *line, FILE *stream)
{
    static const char NAMES[] = "syscalls = ";
    bool names = strncmp(line, NAMES, strlen(NAMES)) == 0;

    if (teller->file)
        fprintf(stream, "    %s in %s [%s%s]:  %s\n", before, teller->file,
                stage > 0 ? "stage " : "allow",
                stage > 0 ? teller->policy->whitelist.stages[stage - 1].name : "", line);
    else
        fprintf(stream, "    %s on the command line:  --allow \"%s\"\n", before,
                names ? line + strlen(NAMES) : line);
}

/* What LAYER's rules say. */
static struct verdict ask(const struct teller *teller, const struct refusal *refusal,
                          unsigned layer)
{
    const struct seccomp_data *call = refusal->call;

    return rules_decide(policy_rules(teller->policy, layer), call->arch, call->nr,
                        (const uint64_t *)call->args);
}

static bool refuses(const struct teller *teller, const struct refusal *refusal, unsigned layer)
{
    return (refusal->layers & (UINT32_C(1) << layer)) != 0 &&
           !action_allows(ask(teller, refusal, layer).action);
}

/* The line that LAYER lacks. */
static const char *find_line(const struct teller *teller, const struct refusal *refusal,
                             unsigned layer, char line[PROPOSE_LINE_MAX])
{
    *line = '\0';
    if (refuses(teller, refusal, layer))
        propose_line(policy_rules(teller->policy, layer), refusal->call->nr,
                     (const uint64_t *)refusal->call->args, line);
    return line;
}

static void tell_layer(struct teller *teller, const struct refusal *refusal, unsigned layer,
                       const char *before, FILE *stream)
{
    char line[PROPOSE_LINE_MAX];
    char kin[KIN_LINE_MAX];

    if (*find_line(teller, refusal, layer, line) == '\0')
        return;
    tell_line(teller, layer, before, line, stream);
    kin_line(policy_rules(teller->policy, layer), refusal->call->nr,
             (const uint64_t *)refusal->call->args, kin);
    if (*kin != '\0' && note(&teller->kin, add_sum(SUM_START + layer, kin)))
        tell_line(teller, layer, "what goes with it,", kin, stream);
}

static void tell_remedy(struct teller *teller, const struct refusal *refusal, FILE *stream)
{
    const char *before = "to allow it,";
    char origin[ORIGIN_MAX];
    char text[CALL_TEXT_MAX];
    char name[CALL_NAME_MAX];

    if (refusal->verdict->reason == REASON_FOREIGN) {
        fputs("    no line allows it: calls of another architecture are always refused\n", stream);
        return;
    }
    if (refusal->verdict->reason == REASON_DENIED) {
        const struct entry *entry = refusal->verdict->entry;
        fprintf(stream, "    to allow it, change %s [deny]:  %s\n",
                origin_of(teller, entry, origin),
                entry_text(entry, call_name(refusal->call->nr, name), text));
        before = "and add,";
    }
    for (unsigned i = 0; i <= teller->policy->whitelist.stage_count; i++) {
        tell_layer(teller, refusal, i, before, stream);
        if (refuses(teller, refusal, i) && !teller->file)
            return; /* on the command line, a line is for all of them */
        if (refuses(teller, refusal, i))
            before = "and add,";
    }
}

/* Which stage refuses what [allow] does not. */
static void tell_stage(const struct teller *teller, const struct refusal *refusal, FILE *stream)
{
    const struct whitelist *whitelist = &teller->policy->whitelist;
    unsigned stage = 0;

    while (stage <= whitelist->stage_count && !refuses(teller, refusal, stage))
        stage++;
    if (stage > 0 && stage <= whitelist->stage_count)
        fprintf(stream, ", in its stage '%s'", whitelist->stages[stage - 1].name);
}

static void tell(struct teller *teller, const struct refusal *refusal, const char *action)
{
    char *text = NULL;
    size_t length = 0;
    FILE *stream = open_memstream(&text, &length);

    if (!stream)
        return;
    fputs("portcullis: refused ", stream);
    if (refusal->verdict->reason == REASON_FOREIGN)
        fprintf(stream, "call %d of another architecture", refusal->call->nr);
    else
        decode_call(stream, refusal->call->nr, (const uint64_t *)refusal->call->args);
    fprintf(stream, " = %s\n    in %s (pid %d", action, refusal->name, refusal->process);
    if (refusal->thread != refusal->process)
        fprintf(stream, ", thread %d", refusal->thread);
    fputc(')', stream);
    tell_stage(teller, refusal, stream);
    char *site = printable_line(refusal->site);
    fprintf(stream, ", from %s\n", site ? site : "?");
    free(site);
    tell_remedy(teller, refusal, stream);
    if (fclose(stream) == 0)
        tool_say_to(teller->output, text, length);
    free(text);
}

void tell_refusal(struct teller *teller, const struct refusal *refusal)
{
    const struct seccomp_data *call = refusal->call;
    char line[PROPOSE_LINE_MAX];
    char action[CALL_ACTION_MAX];
    char name[CALL_NAME_MAX];

    action_text(refusal->verdict->action, action);
    uint64_t sum = add_sum(add_sum(SUM_START, call_name(call->nr, name)), action);
    for (unsigned i = 0; i <= teller->policy->whitelist.stage_count; i++) {
        find_line(teller, refusal, i, line);
        sum = add_sum(sum, refuses(teller, refusal, i) ? "refused" : "");
        sum = add_sum(sum, line);
    }
    sum = add_sum(sum, refusal->site);
    teller->total++;
    if (note(&teller->refusals, sum))
        tell(teller, refusal, action);
}

void tell_count(const struct teller *teller, bool unseen)
{
    if (teller->total == 0)
        tool_note_to(teller->output, unseen ? "no refused call was seen" : "no call was refused");
    else
        tool_note_to(teller->output, "%zu refused call%s told, %zu in all", teller->refusals.count,
                     teller->refusals.count == 1 ? "" : "s", teller->total);
}

void tell_release(struct teller *teller)
{
    free(teller->refusals.sums);
    free(teller->kin.sums);
    teller->refusals = teller->kin = (struct told){0};
}
