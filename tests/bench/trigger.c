/* trigger COUNT: calls pause() COUNT times, and prints what one call takes, in nanoseconds. With
 * -DLIBRARY, a library whose pause() returns at once: so nothing but the call itself is measured,
 * and what stands in between where a stage begins with it. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#ifdef LIBRARY

int pause(void)
{
    return 0;
}

#else

int main(int count, char **arguments)
{
    if (count != 2)
        return 2;
    long calls = strtol(arguments[1], NULL, 10);
    struct timespec start;
    struct timespec end;

    pause(); /* the stage begins */
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (long i = 0; i < calls; i++)
        pause();
    clock_gettime(CLOCK_MONOTONIC, &end);
    printf("%.3f\n",
           ((double)(end.tv_sec - start.tv_sec) * 1e9 + (double)(end.tv_nsec - start.tv_nsec)) /
               (double)calls);
    return 0;
}

#endif
