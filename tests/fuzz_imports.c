/* libFuzzer: any text at all goes through an importer, or through what reads records for `explain
 * --audit`; the macro FUZZED says which. None of them crashes, hangs or forgets memory, and each
 * ends with a status that the manual has. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../shim/tool/formats/audit_record.h"
#include "../shim/tool/formats/oci_import.h"
#include "../shim/tool/formats/strace.h"
#include "../shim/tool/formats/systemd_groups.h"
#include "../shim/tool/formats/systemd_import.h"
#include "../shim/tool/tool.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FUZZ_OCI, FUZZ_SYSTEMD, FUZZ_STRACE, FUZZ_AUDIT };

#ifndef FUZZED
#define FUZZED FUZZ_OCI
#endif

#define REQUIRE(condition)                                                                         \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            dprintf(STDERR_FILENO, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);         \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* What the importers print is not looked at: -close_fd_mask=3. */
static void import_text(int (*import)(const struct import *import), const uint8_t *data,
                        size_t size)
{
    const struct import_capabilities none = {.count = 0};
    struct import job = {.path = "fuzz", .capabilities = &none};

    job.stream = tmpfile();
    REQUIRE(job.stream);
    REQUIRE(fwrite(data, 1, size, job.stream) == size);
    rewind(job.stream);
    int status = import(&job);
    REQUIRE(status == STATUS_OK || status == STATUS_NO || status == STATUS_CONFIG);
    fclose(job.stream);
}

static int import_oci(const uint8_t *data, size_t size)
{
    import_text(oci_import, data, size);
    return 0;
}

/* One of 16 may ask systemd-analyze, which takes long. What that prints is fuzzed as well. */
static int import_systemd(const uint8_t *data, size_t size)
{
    struct systemd_groups groups = {0};
    char *text = strndup((const char *)data, size);

    REQUIRE(text);
    REQUIRE(systemd_groups_parse(&groups, text) == 0);
    systemd_groups_release(&groups);
    free(text);
    REQUIRE(setenv("PATH", size % 16 == 0 ? "/usr/bin:/bin" : "/nonexistent", 1) == 0);
    import_text(systemd_import, data, size);
    return 0;
}

static int import_strace(const uint8_t *data, size_t size)
{
    import_text(strace_import, data, size);
    return 0;
}

/* Each line of it. */
static int import_audit(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    char *rest = text;

    REQUIRE(text);
    memcpy(text, data, size);
    text[size] = '\0';
    for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n")) {
        struct audit_record record;
        char call[AUDIT_NAME_MAX];
        char *copy = strdup(line);
        REQUIRE(copy);
        if (audit_record_parse(copy, &record)) {
            REQUIRE(record.fate && record.argument_count <= 6);
            REQUIRE(strlen(audit_record_call(&record, call)) > 0);
            REQUIRE(record.foreign || record.number >= 0);
        }
        free(copy);
    }
    free(text);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int (*const IMPORTERS[])(const uint8_t *data,
                                    size_t size) = {[FUZZ_OCI] = import_oci,
                                                    [FUZZ_SYSTEMD] = import_systemd,
                                                    [FUZZ_STRACE] = import_strace,
                                                    [FUZZ_AUDIT] = import_audit};

    return IMPORTERS[FUZZED](data, size);
}
