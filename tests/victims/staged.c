/* Begins a stage when it is told to: with the line "poll" of standard input it calls poll(), with
 * "accept" accept(), and says so. With
 * the argument "exec" it executes sleep instead. Two more threads wait all the time. */
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void *wait_for_ever(void *context)
{
    (void)context;
    for (;;)
        pause();
}

int main(int count, char **arguments)
{
    char line[64];
    pthread_t threads[2];

    for (unsigned i = 0; i < 2; i++) {
        if (pthread_create(&threads[i], NULL, wait_for_ever, NULL) != 0)
            return 1;
    }
    puts("ready");
    fflush(stdout);
    if (count > 1 && strcmp(arguments[1], "exec") == 0)
        execl("/bin/sleep", "sleep", "60", NULL);
    while (fgets(line, sizeof(line), stdin)) {
        if (*line == 'p')
            poll(NULL, 0, 0);
        else
            accept(-1, NULL, NULL);
        printf("begun %s", line);
        fflush(stdout);
    }
    return 0;
}
