#include "launch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "image.h"
#include "tool.h"

static int cannot(const char *what, int error)
{
    tool_error("%s: %s", what, strerror(error));
    return STATUS_CANNOT;
}

/* Beside the command, as in the build folder; then where it is installed. */
static int find_own(char shim[PATH_MAX])
{
    static const char PLACES[][32] = {"", "../lib/", "../lib/x86_64-linux-gnu/", "../lib64/"};
    char own[PATH_MAX];
    char candidate[PATH_MAX + 256];

    ssize_t length = readlink("/proc/self/exe", own, sizeof(own) - 1);
    if (length < 0)
        return cannot("cannot read '/proc/self/exe'", errno);
    own[length] = '\0';
    char *slash = strrchr(own, '/');
    own[slash ? slash + 1 - own : 0] = '\0';
    for (size_t i = 0; i < sizeof(PLACES) / sizeof(PLACES[0]); i++) {
        snprintf(candidate, sizeof(candidate), "%s%slibportcullis.so", own, PLACES[i]);
        if (realpath(candidate, shim))
            return STATUS_OK;
    }
    tool_error("cannot find libportcullis.so in '%s' or in '%s../lib'; install both, or give its "
               "path with --shim",
               own, own);
    return STATUS_CANNOT;
}

int launch_find_shim(const char *given, char shim[PATH_MAX])
{
    int status = given ? STATUS_OK : find_own(shim);

    if (given && !realpath(given, shim)) {
        tool_error("cannot find the shim '%s': %s", given, strerror(errno));
        return STATUS_CANNOT;
    }
    if (status == STATUS_OK && strpbrk(shim, " :$\n")) {
        tool_error("the shim's path '%s' has a space, a colon or a dollar sign in it, where the "
                   "loader would split it; move it",
                   shim);
        return STATUS_CANNOT;
    }
    return status;
}

/* By text: what the whitelist includes is relative to the folder that it is called from, so that
 * links are not to be followed. */
static char *absolute(const char *path)
{
    char *result = NULL;
    char *here = NULL;

    if (*path == '/')
        return strdup(path);
    here = getcwd(NULL, 0);
    if (!here || asprintf(&result, "%s/%s", here, path) < 0)
        result = NULL;
    free(here);
    return result;
}

/* The value of the last variable NAME: of several ld.so takes that, and setenv(3) would leave it in
 * its place behind the first. */
static const char *last_value(const char *name)
{
    const size_t length = strlen(name);
    const char *value = NULL;

    for (char **variable = environ; variable && *variable; variable++) {
        if (strncmp(*variable, name, length) == 0 && (*variable)[length] == '=')
            value = *variable + length + 1;
    }
    return value;
}

/* In the place of all that are called NAME. */
static bool replace(const char *name, const char *value)
{
    return unsetenv(name) == 0 && setenv(name, value, 1) == 0;
}

int launch_set_environment(const char *shim, const char *whitelist)
{
    const char *others = last_value("LD_PRELOAD");
    char *preload = NULL;
    char *path = whitelist ? absolute(whitelist) : strdup("");
    const char *colon = shim && others && *others != '\0' ? ":" : "";

    if (asprintf(&preload, "%s%s%s", shim ? shim : "", colon, others ? others : "") < 0)
        preload = NULL;
    bool set =
        path && preload && replace("LD_PRELOAD", preload) && replace("PORTCULLIS_WHITELIST", path);
    int error = errno;
    free(path);
    free(preload);
    return set ? STATUS_OK : cannot("cannot set the environment", error);
}

/* gcc's name, and clang's. */
static const char *const FIRST[] = {"libasan.so", "libclang_rt.asan"};

static bool wants_to_be_first(const char *program)
{
    const char *preload = last_value("LD_PRELOAD");

    for (size_t i = 0; i < sizeof(FIRST) / sizeof(FIRST[0]); i++) {
        if ((preload && strstr(preload, FIRST[i])) || image_needs(program, FIRST[i]))
            return true;
    }
    return false;
}

int launch_keep_order(const char *program)
{
    static const char NAME[] = "ASAN_OPTIONS", OPTION[] = "verify_asan_link_order=";
    const char *options = last_value(NAME);
    char *value = NULL;

    if ((options && strstr(options, OPTION)) || !wants_to_be_first(program))
        return STATUS_OK;
    if (asprintf(&value, "%s0%s%s", OPTION, options && *options ? ":" : "",
                 options ? options : "") < 0)
        value = NULL;
    bool set = value && replace(NAME, value);
    int error = errno;
    free(value);
    return set ? STATUS_OK : cannot("cannot set the environment", error);
}

static void execute_by_shell(const char *path, char **arguments)
{
    size_t count = 0;

    while (arguments[count])
        count++;
    char **all = calloc(count + 2, sizeof(*all));
    if (!all)
        return;
    all[0] = strdup("/bin/sh");
    all[1] = strdup(path);
    for (size_t i = 1; i < count; i++)
        all[i + 1] = arguments[i];
    execv("/bin/sh", all);
    free(all[0]);
    free(all[1]);
    free(all);
}

int launch_execute(const char *path, char **arguments)
{
    execv(path, arguments);
    int error = errno;
    if (error == ENOEXEC)
        execute_by_shell(path, arguments);
    tool_error("cannot run '%s': %s", path, strerror(error));
    return error == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_RUNNABLE;
}
