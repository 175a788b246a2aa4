#include "engine.h"

#include <errno.h>
#include <json-c/json.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bpf.h"

static const char *text_of(struct json_object *object, const char *key)
{
    struct json_object *value = json_object_object_get(object, key);
    return value ? json_object_get_string(value) : "";
}

static uint32_t action_of(const char *name, struct json_object *error, uint32_t missing)
{
    uint32_t number = error ? (uint32_t)json_object_get_int(error) : missing;
    if (strcmp(name, "SCMP_ACT_ALLOW") == 0)
        return SCMP_ACT_ALLOW;
    if (strcmp(name, "SCMP_ACT_LOG") == 0)
        return SCMP_ACT_LOG;
    if (strcmp(name, "SCMP_ACT_TRAP") == 0)
        return SCMP_ACT_TRAP;
    if (strcmp(name, "SCMP_ACT_KILL_PROCESS") == 0)
        return SCMP_ACT_KILL_PROCESS;
    if (strncmp(name, "SCMP_ACT_KILL", 13) == 0)
        return SCMP_ACT_KILL_THREAD;
    return SCMP_ACT_ERRNO(number);
}

static enum scmp_compare operator_of(const char *name)
{
    static const char *const NAMES[] = {[SCMP_CMP_NE] = "SCMP_CMP_NE",
                                        [SCMP_CMP_LT] = "SCMP_CMP_LT",
                                        [SCMP_CMP_LE] = "SCMP_CMP_LE",
                                        [SCMP_CMP_EQ] = "SCMP_CMP_EQ",
                                        [SCMP_CMP_GE] = "SCMP_CMP_GE",
                                        [SCMP_CMP_GT] = "SCMP_CMP_GT",
                                        [SCMP_CMP_MASKED_EQ] = "SCMP_CMP_MASKED_EQ"};
    for (unsigned i = SCMP_CMP_NE; i <= SCMP_CMP_MASKED_EQ; i++) {
        if (strcmp(NAMES[i], name) == 0)
            return (enum scmp_compare)i;
    }
    return _SCMP_CMP_MAX;
}

static bool has_word(struct json_object *list, const char *word)
{
    for (size_t i = 0; list && i < json_object_array_length(list); i++) {
        if (strcmp(json_object_get_string(json_object_array_get_idx(list, i)), word) == 0)
            return true;
    }
    return false;
}

/* As containers/common and moby filter what they hand to the runtime. */
static bool applies(struct json_object *element)
{
    struct json_object *includes = json_object_object_get(element, "includes");
    struct json_object *excludes = json_object_object_get(element, "excludes");
    struct json_object *caps = json_object_object_get(includes, "caps");
    struct json_object *arches = json_object_object_get(includes, "arches");
    if (arches && json_object_array_length(arches) > 0 && !has_word(arches, "amd64"))
        return false;
    if (has_word(json_object_object_get(excludes, "arches"), "amd64"))
        return false;
    return !caps || json_object_array_length(caps) == 0;
}

/* One name. Two comparisons of one argument: each becomes a rule of its own. */
static int add_call(scmp_filter_ctx context, uint32_t action, int number,
                    const struct scmp_arg_cmp *comparisons, unsigned count)
{
    bool repeated = false;
    int error = 0;
    for (unsigned i = 0; i < count; i++) {
        for (unsigned k = 0; k < i; k++)
            repeated |= comparisons[i].arg == comparisons[k].arg;
    }
    if (!repeated)
        return seccomp_rule_add_array(context, action, number, count, comparisons);
    for (unsigned i = 0; i < count && !error; i++)
        error = seccomp_rule_add_array(context, action, number, 1, &comparisons[i]);
    return error;
}

static int add_element(scmp_filter_ctx context, uint32_t default_action,
                       struct json_object *element)
{
    struct json_object *names = json_object_object_get(element, "names");
    struct json_object *arguments = json_object_object_get(element, "args");
    struct scmp_arg_cmp comparisons[6];
    unsigned count = 0;
    int error = 0;
    uint32_t action =
        action_of(text_of(element, "action"), json_object_object_get(element, "errnoRet"), EPERM);
    if (action == default_action || !applies(element))
        return 0;
    for (; arguments && count < json_object_array_length(arguments) && count < 6; count++) {
        struct json_object *argument = json_object_array_get_idx(arguments, count);
        comparisons[count] = (struct scmp_arg_cmp){
            (unsigned)json_object_get_int(json_object_object_get(argument, "index")),
            operator_of(text_of(argument, "op")),
            json_object_get_uint64(json_object_object_get(argument, "value")),
            json_object_get_uint64(json_object_object_get(argument, "valueTwo"))};
    }
    for (size_t i = 0; i < json_object_array_length(names) && !error; i++) {
        int number = seccomp_syscall_resolve_name(
            json_object_get_string(json_object_array_get_idx(names, i)));
        if (number != __NR_SCMP_ERROR)
            error = add_call(context, action, number, comparisons, count);
    }
    return error;
}

static int take_program(scmp_filter_ctx context, struct engine *engine)
{
    int descriptor = memfd_create("engine", MFD_CLOEXEC);
    int error = seccomp_export_bpf(context, descriptor);
    off_t size = lseek(descriptor, 0, SEEK_END);
    engine->program = malloc((size_t)size + 1);
    if (!error && pread(descriptor, engine->program, (size_t)size, 0) != size)
        error = -EIO;
    engine->count = (size_t)size / sizeof(*engine->program);
    close(descriptor);
    return error ? error : (bpf_valid(engine->program, engine->count) ? 0 : -E2BIG);
}

int engine_build(const char *json, struct engine *engine)
{
    struct json_object *profile = json_tokener_parse(json);
    struct json_object *list = json_object_object_get(profile, "syscalls");
    *engine = (struct engine){0};
    if (!list)
        return -EINVAL;
    uint32_t action = action_of(text_of(profile, "defaultAction"),
                                json_object_object_get(profile, "defaultErrnoRet"), EPERM);
    scmp_filter_ctx context = seccomp_init(action);
    int error = context ? 0 : -ENOMEM;
    for (size_t i = 0; i < json_object_array_length(list) && !error; i++)
        error = add_element(context, action, json_object_array_get_idx(list, i));
    if (!error)
        error = take_program(context, engine);
    seccomp_release(context);
    json_object_put(profile);
    return error;
}

uint32_t engine_answer(const struct engine *engine, uint32_t architecture, int number,
                       const uint64_t arguments[6])
{
    struct seccomp_data data = {.nr = number, .arch = architecture};
    memcpy(data.args, arguments, sizeof(data.args));
    return bpf_run(engine->program, engine->count, &data, NULL);
}

void engine_release(struct engine *engine)
{
    free(engine->program);
    *engine = (struct engine){0};
}
