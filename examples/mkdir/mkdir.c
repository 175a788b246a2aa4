/* Makes a folder, then asks where it is. Its whitelist allows the first and not the second.
 *
 *     mkdir [FOLDER [SECONDS]]
 *
 * It stays for SECONDS at the end, so that one can look at it from outside. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    const char *folder = argc > 1 ? argv[1] : "/tmp/info";
    int status = EXIT_SUCCESS;
    setlinebuf(stdout);

    if (mkdir(folder, 0755)) {
        fprintf(stderr, "mkdir: %m\n");
        status = EXIT_FAILURE;
    } else {
        printf("created %s\n", folder);
    }

    char here[4096];
    if (getcwd(here, sizeof(here))) {
        printf("working in %s\n", here);
    } else {
        fprintf(stderr, "getcwd: %m\n");
        status = EXIT_FAILURE;
    }

    sleep(argc > 2 ? (unsigned)atoi(argv[2]) : 0);
    return status;
}
