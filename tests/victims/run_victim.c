/* Says whether it is filtered: mkdir is what the whitelist forbids. */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

int main(int count, char **arguments)
{
    if (count > 1 && mkdir(arguments[1], 0700) < 0 && errno == EPERM)
        puts("filtered");
    else
        puts("NOT FILTERED");
    return 0;
}
