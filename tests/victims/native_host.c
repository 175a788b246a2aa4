/* Linked with native_library.c. Its own calls are not of its start. */
#include <stdio.h>
#include <sys/statvfs.h>
#include <unistd.h>

int native(void);

int main(void)
{
    puts(getppid() > 0 ? "at work" : "alone");
    return native();
}
