/* Many calls:
 *
 *     learn_many at-once            32 processes of 8 threads, in turn one of 80 calls that
 *                                   there are not (numbers 340 to 419), all at the same time
 *     learn_many in-a-row COUNT     COUNT calls, most with arguments that were not seen before;
 *                                   then it says so, and reads a byte before it ends */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PROCESSES = 32, THREADS = 8, FIRST = 340, NUMBERS = 80 };

struct shared {
    pthread_barrier_t barrier;
    atomic_int refused; /* none of the numbers is a system call */
};

static struct shared *shared;

static void *make_one(void *argument)
{
    int number = (int)(long)argument;

    pthread_barrier_wait(&shared->barrier);
    for (int i = 0; i < 3; i++) {
        errno = 0;
        if (syscall(number) == -1 && errno == ENOSYS)
            atomic_fetch_add(&shared->refused, 1);
    }
    return NULL;
}

static int make_threads(int process)
{
    pthread_t threads[THREADS];

    for (long i = 0; i < THREADS; i++) {
        long number = FIRST + (process * THREADS + i) % NUMBERS;
        if (pthread_create(&threads[i], NULL, make_one, (void *)number))
            return 1;
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    return 0;
}

static int at_once(void)
{
    pthread_barrierattr_t attributes;
    int wrong = 0;

    shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        return 1;
    pthread_barrierattr_init(&attributes);
    pthread_barrierattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_barrier_init(&shared->barrier, &attributes, PROCESSES * THREADS);
    for (int i = 0; i < PROCESSES; i++) {
        pid_t child = fork();
        if (child == 0)
            _exit(make_threads(i));
        wrong += child < 0;
    }
    for (int i = 0; i < PROCESSES; i++) {
        int status = 0;
        wrong += wait(&status) < 0 || status != 0;
    }
    printf("at once: %d calls, %d wrong\n", atomic_load(&shared->refused), wrong);
    return 0;
}

static int in_a_row(long count)
{
    char byte;

    for (long i = 0; i < count; i++) {
        switch (i % 4) {
        case 0:
            syscall(SYS_ioctl, -1, (unsigned)i * 2654435761U, 0);
            break;
        case 1:
            syscall(SYS_fcntl, -1, (int)i, i);
            break;
        case 2:
            syscall(SYS_prctl, 1000000 + (int)i, i, i, i, i);
            break;
        default:
            syscall(SYS_lseek, -1, i, (int)i);
        }
    }
    printf("in a row: %ld\n", count);
    fflush(stdout);
    return read(0, &byte, 1) < 0;
}

int main(int arguments_count, char **arguments)
{
    if (arguments_count == 2 && strcmp(arguments[1], "at-once") == 0)
        return at_once();
    if (arguments_count == 3 && strcmp(arguments[1], "in-a-row") == 0)
        return in_a_row(atol(arguments[2]));
    return 2;
}
