/* A program whose calls show the state of its heap: what an allocation asks of the kernel depends
 * on every allocation before it. A call that no other makes marks the start of main. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void *work(void *size)
{
    char *block = malloc(*(size_t *)size);
    /* Its creator is to wait for it in every run, so it is never the quicker of the two. */
    usleep(100000);
    if (block)
        memset(block, 1, *(size_t *)size);
    free(block);
    return NULL;
}

static void allocate(void)
{
    static const size_t sizes[] = {24, 1000, 60000, 130000, 5000, 400000, 32, 2000000, 100};
    enum { COUNT = sizeof(sizes) / sizeof(*sizes) };
    char *blocks[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        blocks[i] = calloc(1, sizes[i]);
        printf("%zu\n", sizes[i]);
    }
    for (size_t i = 0; i < COUNT; i += 2)
        free(blocks[i]);
    for (size_t i = 1; i < COUNT; i += 2)
        free(realloc(blocks[i], 2 * sizes[i]));
}

static void run_thread(void)
{
    size_t size = 70000;
    pthread_t thread;
    if (pthread_create(&thread, NULL, work, &size) || pthread_join(thread, NULL))
        puts("no thread");
}

/* With any argument, it has a thread as well. */
int main(int argc, char **argv)
{
    (void)argv;
    (void)!write(-1, "main", 4);
    allocate();
    void *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page != MAP_FAILED)
        munmap(page, 8192);
    if (sbrk(4096) == (void *)-1)
        puts("no memory");
    if (argc > 1)
        run_thread();
    allocate();
    return 0;
}
