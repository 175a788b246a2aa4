/* gets PORT COUNT: asks memcached for a value COUNT times, in fours from each of a few connections,
 * and prints how many answers come a second. While one connection is asked, the others wait for
 * their answers, so that the server always has work. An answer that is wrong ends it. */
#include <arpa/inet.h>
#include <err.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define LINE   "portcullis portcullis portcullis portcullis porta "
#define VALUE  LINE LINE
#define ANSWER "VALUE key 0 100\r\n" VALUE "\r\nEND\r\n"

enum { CONNECTIONS = 20, AT_ONCE = 4, SECONDS_MAX = 10 };

static int connected(const char *port)
{
    const struct timeval patience = {.tv_sec = SECONDS_MAX};
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((in_port_t)strtoul(port, NULL, 10)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int on = 1;
    int result = socket(AF_INET, SOCK_STREAM, 0);

    if (result < 0 || connect(result, (struct sockaddr *)&address, sizeof address) != 0)
        err(1, "port %s", port);
    (void)setsockopt(result, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    (void)setsockopt(result, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    return result;
}

static void say(int connection, const char *text)
{
    if (send(connection, text, strlen(text), MSG_NOSIGNAL) != (ssize_t)strlen(text))
        err(1, "send");
}

static void hear(int connection, const char *text)
{
    static char buffer[AT_ONCE * sizeof ANSWER];
    ssize_t length = recv(connection, buffer, strlen(text), MSG_WAITALL);

    if (length != (ssize_t)strlen(text) || memcmp(buffer, text, strlen(text)) != 0)
        errx(1, "a wrong answer: %.*s", length < 0 ? 0 : (int)length, buffer);
}

int main(int count, char **arguments)
{
    static char questions[AT_ONCE * sizeof "get key\r\n"];
    static char answers[AT_ONCE * sizeof ANSWER];
    int connections[CONNECTIONS];
    struct timespec start;
    struct timespec end;

    if (count != 3)
        errx(2, "usage: gets PORT COUNT");
    for (int i = 0; i < AT_ONCE; i++) {
        strcat(questions, "get key\r\n");
        strcat(answers, ANSWER);
    }
    for (int i = 0; i < CONNECTIONS; i++)
        connections[i] = connected(arguments[1]);
    say(connections[0], "set key 0 0 100\r\n" VALUE "\r\n");
    hear(connections[0], "STORED\r\n");

    long turns = strtol(arguments[2], NULL, 10) / AT_ONCE;
    turns = turns > CONNECTIONS ? turns : CONNECTIONS;
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (long turn = 0; turn < turns + CONNECTIONS; turn++) {
        int connection = connections[turn % CONNECTIONS];
        if (turn >= CONNECTIONS)
            hear(connection, answers);
        if (turn < turns)
            say(connection, questions);
    }
    clock_gettime(CLOCK_MONOTONIC, &end);
    printf("%.2f\n", (double)(turns * AT_ONCE) / ((double)(end.tv_sec - start.tv_sec) +
                                                  (double)(end.tv_nsec - start.tv_nsec) / 1e9));
    return 0;
}
