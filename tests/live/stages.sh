#!/bin/bash
# A stage begins with the first call of a function, whichever way the program calls it; it holds in all
# threads, once, and never begins by halves.
. "$(dirname "$0")/../helpers/tap.sh"
cd "$TMP" || exit 1

# build NAME [FLAG...]: tests/victims/stage_calls.c becomes $TMP/NAME.
build()
{
    local name=$1
    shift
    "${CC:-gcc}" -O2 -o "$name" "$ROOT/tests/victims/stage_calls.c" "$@" -L. -lcalls -Wl,-rpath,. \
        -ldl || exit 1
}

"${CC:-gcc}" -O2 -DLIBRARY -shared -fPIC -o libcalls.so "$ROOT/tests/victims/stage_calls.c" || exit 1
cp libcalls.so libopened.so
"${CC:-gcc}" -O2 -pthread -o stages "$ROOT/tests/victims/stages.c" || exit 1

WIDE='@stdio @files @loader @threads @process mprotect setitimer pipe2 pipe vfork'
NARROW='@stdio open openat @threads @process mprotect munmap vfork setitimer'
cat >stages.ini <<END2
[allow]
syscalls = $WIDE
[stage serving]
when = poll
syscalls = $NARROW
END2
sed 's/when = poll/when = main/' stages.ini >main.ini
TOLD=$'before: allowed\nafter: Operation not permitted'

# tells NAME WHITELIST COMMAND...: it says what a stage makes of it.
tells()
{
    run with "$TMP/$2" timeout 20 true # the shim is not for timeout
    run timeout 20 env LD_PRELOAD="$SHIM" PORTCULLIS_WHITELIST="$TMP/$2" "${@:3}"
    is "$STATUS $OUT$ERR" "0 $TOLD" "$1"
}

build pie
tells "a_call_through_the_table_of_a_full_relro_program_begins_it" stages.ini ./pie direct
tells "a_call_by_a_taken_address_begins_it" stages.ini ./pie table
tells "a_call_from_a_library_begins_it" stages.ini ./pie library
build lazy -Wl,-z,lazy,-z,norelro
tells "a_call_that_is_bound_lazily_begins_it" stages.ini ./lazy direct
build fixed -no-pie -Wl,-z,lazy
tells "a_call_from_a_program_at_a_fixed_address_begins_it" stages.ini ./fixed direct
tells "a_taken_address_in_a_program_at_a_fixed_address_begins_it" stages.ini ./fixed table
build plt -fno-plt
tells "a_call_without_a_procedure_linkage_table_begins_it" stages.ini ./plt direct
build fortified -D_FORTIFY_SOURCE=2
tells "a_fortified_call_begins_it" stages.ini ./fortified direct
build sysv -Wl,--hash-style=sysv
tells "a_program_with_the_old_hash_table_begins_it" stages.ini ./sysv direct

run timeout 20 env LD_PRELOAD="$SHIM" PORTCULLIS_WHITELIST=stages.ini ./pie raw
is "$STATUS $OUT" "0 "$'before: allowed\nafter: allowed' "a_raw_system_call_does_not_begin_it"
run timeout 20 env LD_PRELOAD="$SHIM" PORTCULLIS_WHITELIST=stages.ini ./pie dlopen ./libopened.so
is "$STATUS $OUT" "0 "$'before: allowed\nafter: allowed' \
    "an_object_that_is_opened_later_does_not_begin_it_which_the_manual_says"

run timeout 20 env LD_PRELOAD="$SHIM" PORTCULLIS_WHITELIST=stages.ini ./pie dlsym
is "$STATUS $OUT" "0 "$'before: allowed\nafter: allowed' \
    "a_function_that_dlsym_finds_does_not_begin_it_which_the_manual_says"
sed 's/^syscalls.*/& @exec/' stages.ini >execute.ini
run timeout 20 env LD_PRELOAD="$SHIM" PORTCULLIS_WHITELIST=execute.ini ./pie execute ./pie direct
is "$STATUS $OUT" "0 "$'before: allowed\nbefore: allowed\nafter: allowed' \
    "what_is_executed_before_it_begins_has_no_stage_which_the_manual_says"
run timeout 20 env LD_PRELOAD="$SHIM" PORTCULLIS_WHITELIST=stages.ini ./stages sibling
is "$STATUS $OUT" "0 parent refused, sibling allowed" \
    "a_process_that_shares_the_memory_may_stay_out_of_it_which_the_manual_says"

# A filter of the program's own.
sed 's/^syscalls.*/& prctl/' stages.ini >own.ini
own() # ERROR WANTED NAME
{
    run timeout 20 env LD_PRELOAD="$SHIM" PORTCULLIS_WHITELIST=own.ini ./stages own "$1"
    is "$STATUS $OUT${ERR/thread [0-9]*/thread T}" "$2" "$3"
}
own -1 "71 portcullis: error: cannot filter all threads, because of a filter of its own in thread T" \
    "a_thread_s_own_filter_ends_the_process_when_it_is_to_begin"
own 1 "71 portcullis: error: cannot load the filter of a stage: EPERM" \
    "so_does_a_filter_that_refuses_seccomp"
own 0 "71 portcullis: error: cannot load the filter of a stage" "and_one_that_pretends"
own 114 "0 allowed" "one_that_answers_as_the_stage_does_keeps_it_from_beginning_which_the_manual_says"

run timeout 20 env LD_PRELOAD="$SHIM" PORTCULLIS_WHITELIST=stages.ini ./stages arguments
is "$STATUS $OUT$ERR" "0 1, 0, Invalid argument; readable" "arguments_results_and_errno_come_through"
run timeout 20 env LD_PRELOAD="$SHIM" PORTCULLIS_WHITELIST=stages.ini ./stages vfork
is "$STATUS $OUT$ERR" \
    "0 child refused, parent allowed, and after its own poll() refused, 2 filters" \
    "a_vfork_child_s_call_does_not_count_for_its_parent"
run timeout 100 env LD_PRELOAD="$SHIM" PORTCULLIS_WHITELIST=stages.ini ./stages signals 500
is "$STATUS $OUT$ERR" "0 500 rounds, 0 wrong" "a_signal_handler_may_begin_it_while_the_program_does"
run timeout 100 env LD_PRELOAD="$SHIM" PORTCULLIS_WHITELIST=stages.ini ./stages jumps 10
is "$STATUS $OUT$ERR" "0 10 rounds, 0 wrong" "a_signal_handler_may_jump_out_of_its_beginning"
run timeout 200 env LD_PRELOAD="$SHIM" PORTCULLIS_WHITELIST=stages.ini ./stages race 1000
is "$STATUS $OUT$ERR" "0 1000 rounds, 0 wrong; here: allowed, 1 filters" \
    "64_threads_at_once_load_it_once_and_forks_in_the_middle_load_their_own"

# The compiled form.
"$BUILD/portcullis" compile stages.ini -o stages.bin || exit 1
tells "a_compiled_whitelist_has_its_stages" stages.bin ./pie direct
run timeout 200 env LD_PRELOAD="$SHIM" PORTCULLIS_WHITELIST=stages.bin ./stages race 100
is "$STATUS $OUT$ERR" "0 100 rounds, 0 wrong; here: allowed, 1 filters" \
    "a_stage_of_a_compiled_whitelist_begins_once"

# What is left of seccomp(2).
run timeout 20 env LD_PRELOAD="$SHIM" PORTCULLIS_WHITELIST=stages.ini ./pie seccomp
refused=$(printf '%s: Operation not permitted\n' "flags 0" "flags 1" "flags 8" "another operation")
is "$STATUS $OUT" "0 before: allowed"$'\n'"$refused"$'\n'"after: allowed"$'\n'"$refused" \
    "seccomp_with_anything_but_a_stage_is_refused_before_it_and_in_it"

# main
cat >statics.cc <<'END2'
#include <cerrno>
#include <cstdio>
#include <sys/stat.h>
static const char *ask()
{
    return mkdir("/", 0700) != 0 && errno == EEXIST ? "allowed" : "refused";
}
static struct statics {
    statics() { std::printf("statics: %s\n", ask()); }
} statics;
int main() { std::printf("main: %s\n", ask()); }
END2
g++ -o statics statics.cc || exit 1
run timeout 20 env LD_PRELOAD="$SHIM" PORTCULLIS_WHITELIST=main.ini ./statics
is "$STATUS $OUT$ERR" "0 statics: allowed"$'\n'"main: refused" \
    "with_main_static_initialisers_are_before_the_stage_and_main_is_in_it"
cat >forking.c <<'END2'
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
__attribute__((constructor)) static void divide(void)
{
    int status = -1;
    if (fork() > 0) {
        wait(&status);
        _exit(status == 0 ? 0 : 1);
    }
}
int main(void) { return puts(mkdir("/", 0700) != 0 && errno == EEXIST ? "allowed" : "refused") < 0; }
END2
"${CC:-gcc}" -o forking forking.c || exit 1
run timeout 20 env LD_PRELOAD="$SHIM" PORTCULLIS_WHITELIST=main.ini ./forking
is "$STATUS $OUT$ERR" "0 refused" "a_child_that_a_constructor_forks_comes_to_main_and_is_in_the_stage"

# refused SENTENCE NAME COMMAND...: before main, with that reason.
refused()
{
    run timeout 20 env LD_PRELOAD="$SHIM" PORTCULLIS_WHITELIST="$WHITELIST" "${@:3}"
    is "$STATUS $OUT$ERR" "78 $WHITELIST: error: $1" "$2"
}

echo 'int main(void) { return 0; }' | "${CC:-gcc}" -x c -o none -
WHITELIST=stages.ini
refused "the stage 'serving' would never begin: no object that is loaded calls poll" \
    "a_program_without_the_function_is_refused" ./none
sed 's/when = poll/when = epoll_wait ppoll/' stages.ini >two.ini
WHITELIST=two.ini
refused "the stage 'serving' would never begin: no object that is loaded calls epoll_wait or ppoll" \
    "all_functions_that_would_begin_it_are_named" ./none
WHITELIST=stages.bin
refused "the stage 'serving' would never begin: no object that is loaded calls poll" \
    "that_is_so_with_a_compiled_whitelist" ./none
WHITELIST=stages.ini
cat >go.go <<'END2'
package main

import "C"
import "fmt"

func main() { fmt.Println("ran") }
END2
if command -v go >/dev/null; then
    HOME=$TMP GOCACHE=$TMP/cache GOFLAGS=-mod=mod CGO_ENABLED=1 go build -o gopher go.go || exit 1
    refused "the stage 'serving' would never begin: no object that is loaded calls poll" \
        "a_go_program_which_makes_raw_calls_is_refused" ./gopher
else
    skip "a_go_program_which_makes_raw_calls_is_refused" "there is no go"
fi
if command -v musl-gcc >/dev/null; then
    musl-gcc -O2 -idirafter /usr/include -idirafter "/usr/include/$("${CC:-gcc}" -print-multiarch)" \
        -pthread -o musl "$ROOT/tests/victims/stages.c" || exit 1
    run timeout 100 env LD_PRELOAD="$SHIM" PORTCULLIS_WHITELIST=stages.ini ./musl race 100
    is "$STATUS $OUT$ERR" "0 100 rounds, 0 wrong; here: allowed, 1 filters" \
        "threads_of_a_musl_program_begin_it_once"
    run timeout 20 env LD_PRELOAD="$SHIM" PORTCULLIS_WHITELIST=stages.ini ./musl vfork
    is "$STATUS $OUT$ERR" \
        "0 child refused, parent allowed, and after its own poll() refused, 2 filters" \
        "a_vfork_child_of_a_musl_program_does_not_count_for_its_parent"
    WHITELIST=main.ini
    refused "no stage can begin with main here: this C library calls the constructors too late" \
        "main_cannot_begin_a_stage_with_musl" ./musl
else
    skip "threads_of_a_musl_program_begin_it_once" "there is no musl-gcc"
fi

# Each step failing in turn: the process ends, and never goes on with the stage missing.
steps()
{
    strace -f -o trace -E LD_PRELOAD="$SHIM" -E PORTCULLIS_WHITELIST=stages.ini ./pie direct >/dev/null 2>&1
    awk -F'(' '/^[0-9]+ +[a-z]/ { sub(/^[0-9]+ +/, ""); count[$1]++
            if ($1 == "prctl" && $2 ~ /^(0x41555856|PR_GET_AUXV)/)
                inside = 1
            if (inside && $1 ~ /^(mmap|mprotect|madvise|seccomp|munmap)$/)
                print $1, count[$1] }' trace | awk '$1 == "seccomp" || !($1 == "munmap" && seen++)'
}
mapfile -t calls < <(steps)
like "$(cut -d' ' -f1 <<<"$(printf '%s\n' "${calls[@]}")" | uniq | paste -sd' ')" \
    'madvise mprotect( munmap)? seccomp$' "a_stage_takes_memory_that_is_wiped_and_memory_that_is_sealed"
for call in "${calls[@]}"; do
    read -r name n <<<"$call"
    for how in "error=ENOMEM:when=$n" "error=EPERM:when=$n" "error=EPERM:when=$n+"; do
        run timeout 20 strace -f -o /dev/null -E LD_PRELOAD="$SHIM" \
            -E PORTCULLIS_WHITELIST=stages.ini -e "inject=$name:$how" ./pie direct
        # the program's own calls of the name, behind the last step, may fail as they like
        [[ ($STATUS == 71 && $ERR == *"portcullis: error: "*) || "$STATUS $OUT" == "0 $TOLD" ]] ||
            fail "no_step_fails_open: $name $how" "status $STATUS, '$OUT', '$ERR'"
    done
done
pass "each_of_its_steps_ends_the_process_when_it_fails"

# Without stages nothing is bound.
printf '[allow]\nsyscalls = %s\n' "$WIDE" >plain.ini
strace -o trace -E LD_PRELOAD="$SHIM" -E PORTCULLIS_WHITELIST=plain.ini ./pie direct >/dev/null 2>&1
is "$(sed -n '/^prctl(\(0x41555856\|PR_GET_AUXV\)/,/^seccomp(.*{len=/p' trace | grep -c mprotect)" 0 \
    "a_whitelist_without_stages_makes_no_page_writable"
finish
