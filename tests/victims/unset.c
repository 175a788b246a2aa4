/* A library whose constructor unsets DROPPED: the pointers of the environment move down, and two
 * NULLs stand before the auxiliary vector. */
#include <stdlib.h>

__attribute__((constructor)) static void drop(void)
{
    unsetenv("DROPPED");
}
