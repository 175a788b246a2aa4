#!/bin/bash
# What a program does after the shim does not depend on the shim: its heap is as it was, and so are
# its stack, its descriptors and the vector that the kernel left behind its environment.
. "$(dirname "$0")/../helpers/tap.sh"
. "$ROOT/tests/helpers/hosts.sh"

compile "${CC:-gcc}" heap heap -pthread -fno-builtin # clang leaves out what it knows to be useless
compile_library "${CC:-gcc}" unset.so unset
: | "${CC:-gcc}" -x c - -shared -nostdlib -o "$TMP/empty.so"

# What the program needs from main on: one name for nothing, and one that another glibc calls; with a
# thread, more.
TEN=(write newfstatat fstat getrandom brk mmap munmap mremap getpid getuid geteuid)
THREAD=(clone3 futex clock_nanosleep rt_sigaction rt_sigprocmask mprotect madvise rseq
    set_robust_list)
# Four hundred: every name that there is, and numbers that have none yet.
mapfile -t ALL < <(printf '#include <sys/syscall.h>\n' | "${CC:-gcc}" -E -dM - |
    sed -n 's/^#define __NR_\([a-z0-9_]*\) .*/\1/p' | sort && seq 700 800)

# list WORD...: a whitelist.
list()
{
    printf '[allow]\n'
    printf 'syscalls = %s\n' "$@"
}

# The environment is the same in every run, to the byte; so is where things are mapped.
WHITELIST=$TMP/current.ini

# trace NAME PRELOAD [ARG]: NAME.raw is what the program calls from main on, and what its thread
# does; NAME.trace is the same without addresses. A thread's id and random bytes are in neither.
trace()
{
    local file thread=none
    rm -f "$TMP"/trace.*
    run setarch -R env -i "$(command -v strace)" -ff -o "$TMP/trace" -E "LD_PRELOAD=$2" \
        -E "PORTCULLIS_WHITELIST=$WHITELIST" "$TMP/heap" "${@:3}"
    for file in "$TMP"/trace.*; do
        if grep -q '^execve' "$file"; then
            sed -n '/^write(-1, "main", 4)/,$p' "$file"
        else
            thread=${file##*.}
            cat "$file"
        fi
    done >"$TMP/$1.raw"
    sed -E -i "s/\b$thread\b/THREAD/g; s/^getrandom\(\"[^\"]*\"/getrandom(BYTES/" "$TMP/$1.raw"
    sed -E 's/0x[0-9a-f]+/ADDRESS/g' "$TMP/$1.raw" >"$TMP/$1.trace"
}

# same A B NAME: two files, neither of them empty.
same()
{
    local difference
    difference=$(diff "$TMP/$1" "$TMP/$2")
    [[ -s $TMP/$1 ]] || difference='there is no trace'
    is "$difference" "" "$3"
}

# compare NAME LIST [ARG]: with a short list that suffices, with the long one, and with none.
compare()
{
    cp "$2" "$WHITELIST"
    trace short "$SHIM" "${@:3}"
    is "$(grep -c EPERM "$TMP/short.raw")" 0 "${1}_list_suffices"
    list "${ALL[@]:0:400}" >"$WHITELIST"
    trace long "$SHIM" "${@:3}"
    mv "$WHITELIST" "$TMP/long.ini"
    succeeds "${1}_list_of_400_names_is_compiled" "$BUILD/portcullis" compile "$TMP/long.ini" \
        -o "$WHITELIST"
    trace compiled "$SHIM" "${@:3}"
    whitelist current.ini 'program = /bin/true'
    trace aside "$SHIM" "${@:3}"
    trace empty "$TMP/empty.so" "${@:3}"
    trace none "" "${@:3}"
    same short.trace long.trace "${1}_calls_are_the_same_with_400_names"
    same short.trace compiled.trace "${1}_calls_are_the_same_with_400_names_compiled"
    same short.trace aside.trace "${1}_calls_are_the_same_where_the_shim_stands_aside"
    same short.trace empty.trace "${1}_calls_are_the_same_with_an_empty_library"
    same short.trace none.trace "${1}_calls_are_the_same_with_no_preload"
    same short.raw long.raw "${1}_addresses_are_the_same_with_400_names"
    same short.raw compiled.raw "${1}_addresses_are_the_same_with_400_names_compiled"
    same short.raw aside.raw "${1}_addresses_are_the_same_where_the_shim_stands_aside"
}

list "${TEN[@]}" >"$TMP/ten.ini"
compare program_with_10_names "$TMP/ten.ini"
list "${TEN[@]}" "${THREAD[@]}" >"$TMP/thread.ini"
compare threaded_program_with_19_names "$TMP/thread.ini" thread
like "$(grep -c '^brk\|^mmap\|^mremap' "$TMP/short.trace")" '^[1-9][0-9]$' \
    "trace_shows_what_the_heap_asks_for"
is "$(grep -c '^clone3' "$TMP/short.trace")" 1 "trace_shows_the_thread"

# Go looks for its auxiliary vector behind the environment. Where that is not as the kernel left it,
# it asks /proc, and where it may not open that, it makes system calls to tell the time.
CGO_ENABLED=1 GO111MODULE=off go build -o "$TMP/clock" "$ROOT/tests/victims/clock.go" || exit 1
cat >"$TMP/go.ini" <<'END'
[allow]
syscalls = @stdio @threads @signals
mmap     = prot without PROT_EXEC
mprotect = prot without PROT_EXEC
END
# go_calls PRELOAD: the program's status and words, and how often it asks the kernel for the time.
go_calls()
{
    run strace -f -o "$TMP/go.trace" -E "LD_PRELOAD=$1" -E "PORTCULLIS_WHITELIST=$TMP/go.ini" \
        -E DROPPED=1 "$TMP/clock"
    echo "status $STATUS, '$OUT', $(grep -c 'clock_gettime(' "$TMP/go.trace") calls"
}
is "$(go_calls "$SHIM")" "status 0, 'asked 1000 times', 0 calls" \
    "go_tells_the_time_without_a_system_call_under_a_list_without_openat"
is "$(grep -c 'seccomp(SECCOMP_SET_MODE_FILTER.*= 0' "$TMP/go.trace")" 1 "go_program_is_filtered"
like "$(go_calls "$SHIM:$TMP/unset.so")" "^status 0, 'asked 1000 times', [0-9]{4,} calls$" \
    "go_asks_the_kernel_for_the_time_when_another_library_has_moved_the_environment"
finish
