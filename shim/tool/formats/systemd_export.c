/* A drop-in for a unit: the shim's two variables, or systemd's own filter. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../launch.h"
#include "../tool.h"
#include "systemd.h"

enum { FILE_PATH_MAX = 2 * PATH_MAX };

static const char SUFFIX[] = ".service";

/* Whether TEXT can stand in a unit file between quotes. */
static bool is_printable(const char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            return false;
    }
    return true;
}

/* TEXT as systemd reads it back: % is a specifier; $ is a variable in commands alone. */
static void put_quoted(FILE *output, const char *text, bool command)
{
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            fputc('\\', output);
        if (*text == '%' || (command && *text == '$'))
            fputc(*text, output);
        fputc(*text, output);
    }
}

static void put_variable(FILE *output, const char *name, const char *value)
{
    bool plain = value[strcspn(value, " \t\"'\\")] == '\0';

    fprintf(output, plain ? "Environment=%s=" : "Environment=\"%s=", name);
    put_quoted(output, value, false);
    fputs(plain ? "\n" : "\"\n", output);
}

/* What the drop-in is, and where it goes. */
static void put_head(const struct export_job *job, const char *path)
{
    const char *suffix = "";

    fprintf(job->output, "# Made of %s by: portcullis export --to systemd%s\n", path,
            job->native ? " --native" : "");
    if (!job->unit)
        return;
    if (!strchr(job->unit, '.'))
        suffix = SUFFIX;
    fprintf(job->output, "# To be /etc/systemd/system/%s%s.d/portcullis.conf\n", job->unit, suffix);
}

/* By text: what a whitelist includes is relative to the folder that it is called from. */
static int make_absolute(const char *path, char absolute[FILE_PATH_MAX])
{
    char folder[PATH_MAX];

    if (*path == '/')
        snprintf(absolute, FILE_PATH_MAX, "%s", path);
    else if (getcwd(folder, sizeof(folder)))
        snprintf(absolute, FILE_PATH_MAX, "%s/%s", folder, path);
    else
        return -errno;
    return 0;
}

static int find_paths(const struct export_job *job, char file[FILE_PATH_MAX], char shim[PATH_MAX],
                      char command[PATH_MAX])
{
    struct place place = {job->file, 0};
    ssize_t length = readlink("/proc/self/exe", command, PATH_MAX - 1);

    if (length < 0)
        return -errno;
    command[length] = '\0';
    int error = make_absolute(job->file, file);
    if (error)
        return error;
    if (launch_find_shim(NULL, shim) != STATUS_OK)
        diagnostic_error(job->diagnostics, place, "a drop-in has to name the shim");
    else if (!is_printable(file) || !is_printable(command) || !is_printable(shim))
        diagnostic_error(job->diagnostics, place, "a path has a control character");
    if (job->policy->whitelist.settings.program_count == 0)
        diagnostic_error(job->diagnostics, place,
                         "'program' is missing in [filter]: Environment= reaches every command of "
                         "a unit, and 'program = PATH' says which of them the whitelist is for");
    return job->diagnostics->errors > 0 ? -EINVAL : 0;
}

static int write_environment(const struct export_job *job)
{
    char file[FILE_PATH_MAX] = "", shim[PATH_MAX] = "", command[PATH_MAX] = "";
    int error = find_paths(job, file, shim, command);

    if (error)
        return error;
    put_head(job, file);
    fputs("# Every command of the unit gets these; \"program =\" in the whitelist says which of\n"
          "# them it is for.\n"
          "[Service]\n",
          job->output);
    put_variable(job->output, "LD_PRELOAD", shim);
    put_variable(job->output, "PORTCULLIS_WHITELIST", file);
    fputs("# As root (+): a service whose main process is not filtered by it is stopped. Where\n"
          "# filters can't be read (\"cannot prove\" in the journal), add --accept-unproven.\n"
          "ExecStartPost=+\"",
          job->output);
    put_quoted(job->output, command, true);
    fputs("\" verify --wait 5 $MAINPID\n", job->output);
    return 0;
}

static bool is_unit(const char *name)
{
    static const char CHARACTERS[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                     "0123456789:-_.\\@";

    return *name != '\0' && *name != '.' && name[strspn(name, CHARACTERS)] == '\0';
}

int formats_export_systemd(const struct export_job *job)
{
    if (job->unit && !is_unit(job->unit)) {
        diagnostic_error(job->diagnostics, (struct place){job->file, 0},
                         "'%s' is no unit's name: letters, digits and :-_.\\@", job->unit);
        return -EINVAL;
    }
    if (!job->native)
        return write_environment(job);
    put_head(job, job->file);
    return systemd_write_native(job);
}
