#include "whole.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../output_file.h"
#include "../tool.h"

enum { BYTES_MAX = 16 << 20 };

/* All of STREAM, with a NUL behind it; to be freed. */
static int read_all(FILE *stream, char **text, size_t *length)
{
    char piece[16384];
    size_t got = 0;
    FILE *copy = open_memstream(text, length);

    if (!copy)
        return -ENOMEM;
    for (size_t total = 0; (got = fread(piece, 1, sizeof(piece), stream)) > 0;) {
        total += got;
        fwrite(piece, 1, total > BYTES_MAX ? 0 : got, copy);
        if (total > BYTES_MAX)
            errno = EFBIG;
    }
    int error = ferror(stream) ? -EIO : 0;
    if (fclose(copy) != 0)
        error = -ENOMEM;
    return error;
}

/* The whole text goes to the file, or nothing. */
static int put(const struct import *import, const char *text, size_t length)
{
    if (!import->output) {
        fwrite(text, 1, length, stdout);
        return STATUS_OK; /* main() looks whether it is out */
    }
    int status = output_file_write(import->output, OUTPUT_NEW, text, length);
    if (status == OUTPUT_FILE_EXISTS)
        tool_error("'%s' exists; a whole whitelist is not added to another: remove it, or write to "
                   "standard output",
                   import->output);
    return status == STATUS_OK ? STATUS_OK : STATUS_OS;
}

/* Writes what DRAFT is into memory. */
static int compose(struct draft *draft, const char *what, char **text, size_t *length)
{
    char head[256];
    FILE *stream = open_memstream(text, length);

    if (!stream)
        return -ENOMEM;
    snprintf(head, sizeof(head), "; Made of %s by: portcullis import\n", what);
    int error = draft_write(draft, head, stream);
    if (fclose(stream) != 0)
        error = -ENOMEM;
    return error;
}

int whole_import(const struct import *import, const char *what,
                 int (*read)(struct draft *draft, void *context, const char *text, size_t length),
                 void *context)
{
    struct diagnostics diagnostics = {0};
    struct draft draft = {.diagnostics = &diagnostics, .file = import->path};
    char *source = NULL;
    char *text = NULL;
    size_t length = 0;
    int status = STATUS_OK;

    int error = read_all(import->stream, &source, &length);
    if (!error)
        error = read(&draft, context, source, length);
    if (!error)
        error = compose(&draft, what, &text, &length);
    tool_tell(&diagnostics);
    if (diagnostics.errors > 0)
        status = STATUS_CONFIG;
    else if (error) {
        tool_error("%s: %s", import->path, strerror(-error));
        status = STATUS_OS;
    } else {
        status = put(import, text, length);
    }
    draft_release(&draft);
    diagnostics_release(&diagnostics);
    free(source);
    free(text);
    return status;
}
