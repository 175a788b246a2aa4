/* Nothing is loaded into this command at run time. libdw, which has more to it than is used here,
 * would look for libdebuginfod, and that would ask servers on the network; and what is loaded into
 * a static program brings a C library of its own. The linker puts this in dlopen's place (--wrap):
 * a dlopen() of our own would be one beside the C library's, of which the linker warns. */
#include <stddef.h>

void *__wrap_dlopen(const char *file, int mode);

void *__wrap_dlopen(const char *file, int mode)
{
    (void)file;
    (void)mode;
    return NULL;
}
