/* A library: its constructor, which runs before the gate, tells by how many filters it is filtered;
 * with SEALS set, nobody loads one from then on. With THREAD set, there is a thread by then, which
 * tells the same at the end. */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <semaphore.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

static void seal(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_seccomp, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EACCES),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof(code) / sizeof(code[0]), code};

    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
        abort();
}

static void tell(const char *who)
{
    char line[128];
    FILE *file = fopen("/proc/thread-self/status", "re");

    while (file && fgets(line, sizeof(line), file)) {
        if (strncmp(line, "Seccomp_filters", 15) == 0)
            fprintf(stderr, "%s %s", who, line);
    }
    if (file)
        fclose(file);
}

static pthread_t thread;
static sem_t end;

static void *wait_and_tell(void *unused)
{
    while (sem_wait(&end) != 0)
        continue;
    tell("thread");
    return unused;
}

__attribute__((constructor)) static void begin(void)
{
    tell("early");
    if (getenv("SEALS"))
        seal();
    if (getenv("THREAD") &&
        (sem_init(&end, 0, 0) != 0 || pthread_create(&thread, NULL, wait_and_tell, NULL) != 0))
        abort();
}

__attribute__((destructor)) static void finish(void)
{
    if (!getenv("THREAD"))
        return;
    sem_post(&end);
    pthread_join(thread, NULL);
}
