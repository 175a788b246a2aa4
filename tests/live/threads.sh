#!/bin/bash
# All threads or none: those that a library's constructor made before the filter, those made later,
# and one that cannot be filtered.
. "$(dirname "$0")/../helpers/tap.sh"
. "$ROOT/tests/helpers/hosts.sh"

compile_library "${CC:-gcc}" libspinners.so spinners -pthread
compile "${CC:-gcc}" threads threads -pthread
compile "${CC:-gcc}" linked threads -pthread -Wl,--no-as-needed "$TMP/libspinners.so"
SPINNERS=$TMP/libspinners.so

run env LD_PRELOAD="$SPINNERS" timeout 0.5 "$TMP/threads"
told 124 "" "" "threads_spin_until_they_are_refused"

thread_facts threads_of_a_linked_library 16 "$TMP/linked" "$SHIM"
# The last of LD_PRELOAD is constructed first.
thread_facts threads_of_a_library_preloaded_behind_the_shim 16 "$TMP/threads" "$SHIM:$SPINNERS"
thread_facts threads_of_a_library_preloaded_before_the_shim 0 "$TMP/threads" "$SPINNERS:$SHIM"

# diverges NAME PROGRAM PRELOAD
diverges()
{
    # Should it run, it would stay.
    run timeout 5 env SPINNERS_DIVERGE=1 LD_PRELOAD="$3" PORTCULLIS_WHITELIST="$REFUSING" \
        "$TMP/$2"
    local why='cannot filter all threads, because of a filter of its own in thread'
    is "status $STATUS, stdout '$OUT', stderr '${ERR% *}'" \
        "status 71, stdout '', stderr 'portcullis: error: $why'" "$1"
    like "${ERR##* }" '^[0-9]+$' "${1}_and_names_it"
}
diverges "a_linked_library_s_thread_with_its_own_filter_keeps_the_program_from_running" \
    linked "$SHIM"
diverges "a_preloaded_library_s_thread_with_its_own_filter_keeps_the_program_from_running" \
    threads "$SHIM:$SPINNERS"

# Under a list, with the condition that threads need.
cat >"$TMP/list.ini" <<'END'
[allow]
syscalls = @stdio @threads
mprotect = prot without PROT_EXEC     ; a thread's stack
[deny]
getppid  = ENODATA
END
start env LD_PRELOAD="$SHIM" PORTCULLIS_WHITELIST="$TMP/list.ini" "$TMP/threads" \
    >"$TMP/list.out" 2>&1
wait_for 10 grep -q ready "$TMP/list.out"
is "$(<"$TMP/list.out")" $'main: No data available\n8 later ones are refused\nready' \
    "threads_start_under_stdio_and_threads_and_are_filtered"
stop "$PID"
finish
