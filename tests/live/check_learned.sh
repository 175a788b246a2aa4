#!/usr/bin/env bash
# check has nothing to say against what a learned line says that was seen, nor of calls that today's C
# library still makes.
. "$(dirname "$0")/../helpers/tap.sh"
. "$(dirname "$0")/../helpers/learn.sh"
cd "$TMP" || exit 1
"${CC:-gcc}" -D_GNU_SOURCE -xc -o old - <<'END' || exit 1
#include <fcntl.h>
#include <sched.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
int main(void)
{
    mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    close(creat("made", 0600));
    inotify_init();
    if (vfork() == 0)
        _exit(0);
    wait(NULL);
    if (fork() == 0) {
        unshare(CLONE_NEWUSER);
        _exit(0);
    }
    wait(NULL);
    return 0;
}
END
run "$PORTCULLIS" learn --quiet -o a.ini -- ./old
run "$PORTCULLIS" check a.ini
is "$(listed a.ini | grep -cxE 'creat|inotify_init|vfork') $(grep -c old-pair <<<"$ERR")" "3 0" \
    "what_today_s_c_library_calls_is_not_called_old"
like "$ERR" "'mmap' is allowed: it can make memory executable \\[executable-memory\\]" \
    "a_right_that_was_seen_is_told_without_advice_against_it"
run "$PORTCULLIS" learn --quiet --annotate -o b.ini -- ./old
run "$PORTCULLIS" check b.ini
like "$ERR" "'unshare' is allowed: in a user namespace a program has every capability \\[namespaces\\]" \
    "and_so_is_what_a_line_says_that_was_seen"
printf '[allow]\nsyscalls = open ; seen 3 times, first from musl\nsyscalls = pipe\n' >c.ini
run "$PORTCULLIS" check c.ini
is "$(grep -c old-pair <<<"$ERR") $(grep -c "'pipe' is allowed, but not 'pipe2'" <<<"$ERR")" "1 1" \
    "an_old_call_that_was_seen_is_no_mistake"
printf '[allow]\nsyscalls = read unshare ; too many different values for a condition: CLONE_NEWUSER\n' >d.ini
run "$PORTCULLIS" check d.ini
like "$ERR" "every capability \\[namespaces\\]" "a_comment_that_names_the_flag_is_believed"
printf '[allow]\nsyscalls = read unshare mmap\n' >e.ini
run "$PORTCULLIS" check e.ini
is "$(grep -c 'in its place prevents that' <<<"$ERR")" 2 "where_nothing_was_seen_there_is_advice"
finish
