/* Tells what the threads of the spinners library see, and a few of its own; then stays. */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "spinners.h"

enum { LATER = 8, TENTHS_MAX = 100 };

static atomic_int refused;

static void *ask(void *unused)
{
    if (syscall(SYS_getppid) == -1)
        refused++;
    for (;;)
        pause();
    return unused;
}

static void wait_for(int (*count)(void), int wanted)
{
    for (int i = 0; i < TENTHS_MAX && count() < wanted; i++)
        usleep(100000);
}

static int count_refused(void)
{
    return refused;
}

int main(void)
{
    printf("main: %s\n", syscall(SYS_getppid) == -1 ? strerror(errno) : "allowed");
    if (spinners_refused) {
        wait_for(spinners_refused, SPINNERS);
        printf("%d began without a filter, %d are refused\n", spinners_allowed(),
               spinners_refused());
    }
    for (int i = 0; i < LATER; i++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, ask, NULL))
            printf("no thread\n");
    }
    wait_for(count_refused, LATER);
    printf("%d later ones are refused\nready\n", count_refused());
    fflush(stdout);
    for (;;)
        pause();
}
