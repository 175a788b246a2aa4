/* calls COUNT NUMBER VALUE: makes COUNT calls of the system call NUMBER with VALUE as its first
 * argument, and prints what one takes, in nanoseconds. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

int main(int count, char **arguments)
{
    if (count != 4)
        return 2;
    long calls = strtol(arguments[1], NULL, 10);
    long number = strtol(arguments[2], NULL, 10);
    long value = strtol(arguments[3], NULL, 10);
    struct timespec start;
    struct timespec end;

    clock_gettime(CLOCK_MONOTONIC, &start);
    for (long i = 0; i < calls; i++)
        syscall(number, value, 0L, 0L);
    clock_gettime(CLOCK_MONOTONIC, &end);
    printf("%.2f\n",
           ((double)(end.tv_sec - start.tv_sec) * 1e9 + (double)(end.tv_nsec - start.tv_nsec)) /
               (double)calls);
    return 0;
}
