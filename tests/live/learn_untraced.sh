#!/usr/bin/env bash
# A child that asks not to be traced (CLONE_UNTRACED) is learned like any other, and nothing that was
# learned outlives its learner as a process that can't end.
. "$(dirname "$0")/../helpers/run.sh"
. "$(dirname "$0")/../helpers/learn.sh"
PORTCULLIS=$TMP/bin/portcullis
cd "$TMP" || exit 1
victim untraced -pthread
printf '[allow]\nsyscalls = clone3\n' >clone3.ini

# left NAME: the processes called so.
left()
{
    find /proc -mindepth 2 -maxdepth 2 -path '/proc/[0-9]*/exe' -lname "$TMP/$1" 2>/dev/null
}

none_left()
{
    [[ -z $(left "$1") ]]
}

for backend in ptrace notify; do
    for how in clone vfork thread clone3; do
        rm -f a.ini
        [[ $how != clone3 ]] || cp clone3.ini a.ini
        run timeout 20 "$PORTCULLIS" learn --quiet --backend $backend -o a.ini -- ./untraced $how
        is "$STATUS $OUT $ERR $(listed a.ini | grep -x umask)" "0 $how: 0  umask" \
            "by_${backend}_a_child_that_${how}_makes_untraced_is_learned_and_finds_what_it_left"
        run timeout 20 "$PORTCULLIS" learn --quiet --backend $backend --arguments all -o a.ini -- \
            ./untraced $how
        is "$STATUS $OUT" "0 $how: 0" "by_${backend}_and_by_${how}_once_it_is_listed"
    done
    run timeout 20 "$PORTCULLIS" learn --backend $backend -o - -- ./untraced clone
    like "$ERR" "and 1 child;" "by_${backend}_it_is_counted_once"

    # whichever flag the kernel reads, the program ends: as ever, or it is killed with a reason
    wrong=
    for ((i = 0; i < ${RACES:-5}; i++)); do
        cp clone3.ini a.ini
        run timeout 20 "$PORTCULLIS" learn --quiet --backend $backend -o a.ini -- ./untraced race
        [[ "$STATUS|$OUT|$ERR" == "0|race: 0|" ||
            "$STATUS|$OUT|$ERR" =~ ^137\|\|.*was\ killed:\ it\ hid\ a\ child\ from\ its\ tracer ]] ||
            wrong+="$STATUS|$OUT|$ERR"$'\n'
        wait_for 5 none_left untraced || wrong+="left: $(left untraced)"$'\n'
    done
    is "$wrong" "" "by_${backend}_a_flag_that_is_raced_leaves_nothing_behind"
done

# --- LeakSanitizer, which traces its own process by such a child
cat >leak.c <<'END'
#include <stdlib.h>
int main(void)
{
    void *volatile lost = malloc(100);
    lost = NULL;
    return 0;
}
END
for kind in leak address; do
    "${CC:-gcc}" -fsanitize=$kind -o $kind leak.c || exit 1
    run timeout 20 strace -f -o /dev/null ./$kind
    traced=$STATUS
    for backend in ptrace notify; do
        rm -f a.ini
        run timeout 20 "$PORTCULLIS" learn --quiet --backend $backend -o a.ini -- ./$kind
        is "$STATUS $(left $kind)" "$traced " \
            "by_${backend}_${kind}_sanitizer_ends_as_it_does_under_strace"
        is "$(grep -c "^portcullis: warning: '$TMP/$kind' .* cannot trace while it is learned" \
            <<<"$ERR")" 1 "by_${backend}_and_one_line_says_why"
    done
done
wait_for 10 nobody_watches
is "$(left leak)$(left address)$(left untraced)$(watchers)" "" "nothing_is_left"

# --- whoever is killed: what it would have traced goes with it
"${CC:-gcc}" -xc -o spin - <<'END' || exit 1
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <unistd.h>
static char stack[65536] __attribute__((aligned(16)));
static int spin(void *nothing)
{
    (void)nothing;
    signal(SIGTERM, SIG_IGN);
    if (write(1, "up\n", 3) != 3)
        return 1;
    for (;;)
        getppid();
}
int main(void)
{
    clone(spin, stack + sizeof(stack), 0x00800000 | SIGCHLD, (void *)0);
    for (;;)
        pause();
}
END
for backend in ptrace notify; do
    rm -f a.ini
    start "$PORTCULLIS" learn --quiet --backend $backend -o a.ini -- ./spin >up.$backend
    wait_for 10 grep -q up up.$backend
    kill -KILL "$(sed -n 's/^TracerPid:\t//p' "/proc/$PID/status")"
    wait "$PID" 2>/dev/null
    wait_for 10 none_left spin
    is "$(left spin)" "" "by_${backend}_an_untraced_child_dies_with_a_learner_that_is_killed"
done
finish
