/* As many processes as the first argument says, of as many threads each as the second, in which
 * each makes a call of its own, at once, as often as the third: an ioctl() of no descriptor, with
 * the requests from 1000 on. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct part {
    pthread_barrier_t *barrier;
    long request;
    long times;
};

static void *run(void *context)
{
    const struct part *part = context;

    pthread_barrier_wait(part->barrier);
    for (long i = 0; i < part->times; i++)
        syscall(SYS_ioctl, -1, part->request, 0);
    return NULL;
}

static void start_threads(long first, long count, long times)
{
    pthread_barrier_t barrier;
    pthread_t threads[64];
    struct part parts[64];

    pthread_barrier_init(&barrier, NULL, (unsigned)count);
    for (long i = 0; i < count; i++) {
        parts[i] = (struct part){&barrier, first + i, times};
        if (pthread_create(&threads[i], NULL, run, &parts[i]) != 0)
            _exit(1);
    }
    for (long i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
}

int main(int count, char **arguments)
{
    if (count < 4)
        return 2;
    long processes = atol(arguments[1]);
    long threads = atol(arguments[2]);
    int failed = 0;
    int status;

    for (long i = 0; i < processes; i++) {
        pid_t child = fork();
        if (child < 0)
            return 1;
        if (child == 0) {
            start_threads(1000 + i * threads, threads, atol(arguments[3]));
            _exit(0);
        }
    }
    while (wait(&status) > 0)
        failed |= status;
    printf("%s\n", failed ? "failed" : "done");
    return failed != 0;
}
