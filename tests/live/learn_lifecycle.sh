#!/bin/bash
# portcullis learn, from birth to death: the list is on disk before anybody can know that the program
# has ended, whatever ends it, and nothing of the learner changes what happens to the program.
. "$(dirname "$0")/../helpers/run.sh"
. "$(dirname "$0")/../helpers/learn.sh"
PORTCULLIS=$TMP/bin/portcullis
victim crowd -pthread
victim forks
cd "$TMP" || exit 1

# has FILE NAME...: each of these is listed, once; prints what is not.
has()
{
    local name
    for name in "${@:2}"; do
        [[ $(listed "$1" 2>/dev/null | grep -cx "$name") == 1 ]] || echo "$name"
    done
}

# watcher_of PROCESS: what traces it.
watcher_of()
{
    sed -n 's/^TracerPid:\t//p' "/proc/$1/status"
}

traced()
{
    [[ $(watcher_of "$1") != 0 ]] && has_child "$1"
}

# it is past its entry point: the learner's filter lets the loader's calls pass unseen
has_child()
{
    [[ -n $(cat "/proc/$1/task/$1/children") ]]
}

gone()
{
    [[ ! -e /proc/$1 ]]
}

for backend in ptrace notify; do
    LEARN=("$PORTCULLIS" learn --quiet --backend "$backend" -o)

    # --- what ends it
    for signal in KILL TERM INT HUP QUIT SEGV; do
        rm -f a.ini
        run timeout 20 "${LEARN[@]}" a.ini -- sh -c "ulimit -c 0; kill -$signal \$\$; exit 3"
        is "$STATUS $(has a.ini kill)" "$((128 + $(kill -l $signal))) " \
            "by_${backend}_the_list_is_there_when_SIG${signal}_has_ended_it"
    done
    rm -f a.ini
    run timeout 20 "${LEARN[@]}" a.ini -- sh -c 'trap "umask 0; exit 6" TERM; kill -TERM $$; exit 3'
    is "$STATUS $(has a.ini kill umask exit_group)" "6 " \
        "by_${backend}_a_handler_s_calls_are_in_it"
    rm -f a.ini
    run timeout 20 "${LEARN[@]}" a.ini -- ./crowd 32 8 1
    is "$STATUS $OUT $(has a.ini clone wait4 exit_group futex)" "0 done " \
        "by_${backend}_32_processes_of_8_threads_run_as_ever"
    run timeout 20 "$PORTCULLIS" learn --backend "$backend" --annotate -o - -- ./crowd 32 8 7
    like "$OUT $ERR" "seen 1792 times.* of the program and 32 children;" \
        "by_${backend}_each_call_of_each_is_counted"
    rm -f a.ini
    run timeout 20 "${LEARN[@]}" a.ini -- sh -c 'umask 0; exec sh -c "times >/dev/null; exit 8"'
    is "$STATUS $(has a.ini umask times execve)" "8 " "by_${backend}_it_goes_on_after_exec"

    # --- signals are the program's affair
    rm -f a.ini
    start env --default-signal=INT "${LEARN[@]}" a.ini -- \
        sh -c 'trap "umask 0; exit 9" INT; sleep 60 & wait'
    wait_for 5 traced "$PID"
    child=$(tr -d ' ' <"/proc/$PID/task/$PID/children")
    kill -INT "$PID"
    wait "$PID"
    is "$? $(has a.ini umask)" "9 " "by_${backend}_ctrl_c_is_for_the_program"
    kill "$child"
    rm -f a.ini
    start "${LEARN[@]}" a.ini -- sh -c 'sleep 60 & wait'
    wait_for 5 traced "$PID"
    child=$(tr -d ' ' <"/proc/$PID/task/$PID/children")
    kill -STOP "$PID"
    wait_for 5 grep -q '^State:.[Tt]' "/proc/$PID/status"
    like "$(grep '^State' "/proc/$PID/status")" "[Tt] \((stopped|tracing stop)\)" \
        "by_${backend}_it_can_be_stopped"
    kill -CONT "$PID"
    wait_for 5 grep -q '^State:.S' "/proc/$PID/status"
    like "$(grep '^State' "/proc/$PID/status")" "S \(sleeping\)" "by_${backend}_and_continued"
    kill -TERM "$PID"
    wait "$PID"
    is "$? $(has a.ini wait4)" "143 " \
        "by_${backend}_the_list_is_there_though_a_child_lives_on"
    kill "$child"

    # --- whoever lives longest
    rm -f a.ini go
    start "${LEARN[@]}" a.ini -- sh -c '(while [ ! -e go ]; do sleep 0.02; done; umask 0) & exit 5'
    wait "$PID"
    is "$? $(has a.ini umask)" "5 umask" "by_${backend}_a_daemon_does_not_keep_the_program"
    touch go
    wait_for 10 nobody_watches
    is "$(has a.ini umask)" "" "by_${backend}_what_it_does_later_is_added"
    is "$(grep -o '^; [0-9]* run' a.ini)" "; 1 run" "by_${backend}_and_it_is_one_run"

    # --- whoever is killed
    wrong=
    for ((i = 0; i < ${KILLED:-40}; i++)); do
        cp a.ini b.ini
        start "${LEARN[@]}" b.ini -- ./crowd 4 4 50 >crowd.out 2>&1
        sleep "0.0$((RANDOM % 40 + 10))"
        watcher=$(watcher_of "$PID" 2>/dev/null)
        [[ -z $watcher || $watcher == 0 ]] || kill -KILL "$watcher" 2>/dev/null
        wait_for 10 gone "$PID" || { alive "$PID" && wrong+="it hangs"$'\n'; }
        wait "$PID" 2>/dev/null
        cmp -s a.ini b.ini || "$PORTCULLIS" check b.ini >/dev/null 2>check.err ||
            wrong+="$(<check.err)"$'\n'
    done 2>/dev/null
    is "$wrong" "" "by_${backend}_a_killed_learner_leaves_a_whole_file_and_nobody_hangs"
    is "$(find . -name '*b.ini*' | wc -l)" 1 "and_nothing_beside_it"
    hangs=0
    for ((i = 0; i < ${KILLED:-40}; i++)); do
        start "${LEARN[@]}" c.ini -- ./forks
        sleep "0.0$((RANDOM % 20 + 10))"
        kill -KILL "$PID"
        wait "$PID"
        wait_for 5 nobody_watches || hangs=$((hangs + 1))
    done 2>/dev/null
    is "$hangs" 0 "by_${backend}_no_child_waits_for_a_parent_that_was_killed_between"
done

# --- a foreign architecture's calls
cat >foreign.c <<'C'
#include <unistd.h>

int main(void)
{
    long result;
    for (int i = 0; i < 3; i++)
        __asm__ volatile("int $0x80" : "=a"(result) : "a"(20) : "memory");
    return result == getpid() ? 0 : 1;
}
C
"${CC:-gcc}" -o foreign foreign.c || exit 1
if ./foreign 2>/dev/null; then
    run timeout 20 "$PORTCULLIS" learn --quiet -o foreign.ini -- ./foreign
    like "$STATUS $ERR" "^0 portcullis: warning: '$TMP/foreign' \(pid [0-9]+\) makes calls of another \
architecture, which no whitelist can list: it will be killed for them\$" \
        "calls_of_another_architecture_pass_and_are_warned_of_once"
    is "$(listed foreign.ini | grep -cE '^(writev|20)$')" 0 "and_are_not_listed"
    for backend in ptrace notify; do
        printf '[allow]\nsyscalls = read\n[deny]\nmkdir = EPERM\n' >denies.ini
        run timeout 20 "$PORTCULLIS" learn --quiet --backend "$backend" -o denies.ini -- ./foreign
        like "$STATUS $ERR" "^159 portcullis: warning: '$TMP/foreign' \(pid [0-9]+\) makes calls of \
another architecture, which no whitelist can list: it is killed, as \[deny\] could not hold" \
            "by_${backend}_they_are_no_way_around_a_denial"
    done
else
    skip "calls_of_another_architecture" "this kernel has none"
fi

# --- memory: EVENTS=10000000 takes minutes
start "$PORTCULLIS" learn --quiet -o m.ini -- ./crowd 1 1 "${EVENTS:-200000}" >/dev/null
wait_for 5 traced "$PID"
watcher=$(watcher_of "$PID")
peak=0
while read -r now < <(sed -n 's/^VmHWM:[ \t]*\([0-9]*\) kB/\1/p' "/proc/$watcher/status" 2>/dev/null) &&
    [[ -n $now ]]; do
    peak=$now
    sleep 0.2
done
wait "$PID"
is "$? $((peak > 1000 && peak < 32768))" "0 1" "the_learner_s_memory_does_not_grow_with_events"
diag "peak of the learner: $peak kB"

wait_for 10 nobody_watches
is "$(watchers)" "" "no_learner_is_left"
finish
