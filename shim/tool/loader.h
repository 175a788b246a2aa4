/* What the loader of another process has done. */
#ifndef PORTCULLIS_TOOL_LOADER_H
#define PORTCULLIS_TOOL_LOADER_H

#include <sys/types.h>

enum loader {
    LOADER_UNKNOWN, /* it is at work, the shim is there, or nothing can be found out */
    LOADER_NO_SHIM, /* it has loaded all that was to be there from the start on: no shim among it */
    LOADER_NONE,    /* a static program, for which nothing is preloaded */
};

/* Says whether the shim can still begin to work in what PROCESS executes now. Preloads are loaded
 * before a program's own libraries, and their constructors run before the program does: one that
 * is missing when the loader has finished stays missing. */
enum loader loader_look(pid_t process);

#endif
