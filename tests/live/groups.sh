#!/usr/bin/env bash
# The groups suffice for what they say, with the shim: a program started under a list that kills for
# everything else lives, and so does one that it executes.

. "$(dirname "$0")/../helpers/tap.sh"

# under SYSCALLS COMMAND...: runs it under a whitelist of them.
under()
{
    printf '[filter]\ndefault = kill\n[allow]\nsyscalls = %s\nmprotect = prot without PROT_EXEC\n' \
        "$1" >"$TMP/list.ini"
    shift
    run env LD_PRELOAD="$SHIM" PORTCULLIS_WHITELIST="$TMP/list.ini" "$@"
}

# ioctl is in no group: these programs ask what stdout is by it.
under "@stdio ioctl" /bin/echo hello
is "$STATUS $OUT" "0 hello" "stdio suffices for echo"

under "@stdio @files ioctl uname" cat "$TMP/list.ini"
is "$STATUS $OUT" "0 $(<"$TMP/list.ini")" "stdio, files and uname suffice for cat"

under "@stdio @files ioctl" ls "$TMP"
is "$STATUS $OUT" "0 list.ini" "stdio and files suffice for ls"

under "@exec @loader @stdio @exit ioctl" /usr/bin/env -i /bin/echo hello
is "$STATUS $OUT" "0 hello" "exec, loader and stdio suffice to execute a dynamic program"

under "@exec @stdio ioctl" /usr/bin/env -i /bin/echo hello
is "$STATUS $OUT" "159 " "without loader what is executed dies"

under "@loader @stdio ioctl" /usr/bin/env -i /bin/echo hello
is "$STATUS $OUT" "159 " "without exec nothing is executed"

under "@stdio @process @exec @loader @info access ioctl" /bin/dash -c '/bin/echo child; exit 7'
is "$STATUS $OUT" "7 child" "process, exec and loader suffice for a shell and its child"

under "@stdio @signals" /bin/dash -c 'kill -TERM $$'
is "$STATUS" "143" "signals suffices to be ended by one's own"

cat >"$TMP/threads.c" <<'END'
#include <pthread.h>
#include <stdio.h>
static void *work(void *argument) { return argument; }
int main(void)
{
    pthread_t threads[8];
    for (int i = 0; i < 8; i++)
        if (pthread_create(&threads[i], NULL, work, NULL) != 0)
            return 1;
    for (int i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
    return puts("joined") < 0;
}
END
succeeds "a threaded program compiles" "${CC:-gcc}" -pthread -o "$TMP/threads" "$TMP/threads.c"
under "@stdio @threads" "$TMP/threads"
is "$STATUS $OUT" "0 joined" "stdio, threads and mprotect suffice for threads"

finish
