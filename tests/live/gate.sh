#!/bin/bash
# The gate: whatever keeps the loader from taking the shim, the program does not execute one
# instruction at its entry point unfiltered.
. "$(dirname "$0")/../helpers/run.sh"

build_victim entry -Wl,-e,first
build_victim failing
build_victim outer
stopped="portcullis: error: '$TMP/entry' was stopped at its entry point"
not_loaded="$stopped: the loader has not loaded"

# try ARGUMENT...: the victim that tells of its entry, under `run ARGUMENT...`.
try()
{
    run timeout 20 "${AS[@]}" "$PORTCULLIS" run "$@" "$TMP/good.ini" "$TMP/entry" "$TMP/open/made"
}
AS=()

try
is "$STATUS $OUT$ERR" "0 entry"$'\n'"filtered" "a program passes the gate when it is filtered"

# Shims that are none.
cp "$TMP/bin/libportcullis.so" "$TMP/shim.so"
shims=("empty" "text" "32-bit" "harmless")
: >"$TMP/empty.so"
head -c 5000 "$TMP/shim.so" >"$TMP/truncated.so"
echo "not a library" >"$TMP/text.so"
cp "$TMP/shim.so" "$TMP/32-bit.so"
printf '\x01' | dd of="$TMP/32-bit.so" bs=1 seek=4 conv=notrunc status=none
echo 'int nothing;' | "${CC:-gcc}" -shared -fPIC -x c -o "$TMP/harmless.so" - || exit 1
for shim in "${shims[@]}"; do
    try --shim "$TMP/$shim.so"
    reason=$not_loaded
    [[ $shim != harmless ]] || reason=$stopped
    if [[ $STATUS == 125 && $OUT == "" && $ERR == *"$reason"* ]]; then
        pass "a shim that is $shim: the program is stopped at its entry point"
    else
        fail "a shim that is $shim: the program is stopped at its entry point" \
            "status $STATUS, stdout '$OUT', stderr '$ERR'"
    fi
done
try --shim "$TMP/truncated.so"
is "$STATUS $OUT$ERR" "135 " "a shim that is truncated: the loader dies of it, by SIGBUS"
try --shim "$TMP/empty.so"
is "${ERR##*$'\n'}" "$not_loaded '$TMP/empty.so'" "the reason is told last"
try --shim "$TMP/harmless.so"
like "$ERR" "^$stopped: its thread [0-9]+ has no filter of the shim's$" \
    "a library that filters nothing is told from the shim by what it does"

# Its own filter, but not the shim: a filter more is not enough.
cat >"$TMP/filters.c" <<'END'
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>

__attribute__((constructor)) static void load(void)
{
    struct sock_filter allow = {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW};
    struct sock_fprog program = {1, &allow};
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}
END
"${CC:-gcc}" -shared -fPIC -o "$TMP/filters.so" "$TMP/filters.c" || exit 1
LD_PRELOAD=$TMP/filters.so try --shim "$TMP/empty.so"
is "$STATUS $OUT" "125 " "another library's filter does not pass for the shim's"
LD_PRELOAD=$TMP/filters.so try
is "$STATUS $OUT$ERR" "0 entry"$'\n'"filtered" "both together pass"

if ((EUID == 0)); then
    AS=("${NOBODY[@]}")
    try
    is "$STATUS $OUT$ERR" "0 entry"$'\n'"filtered" "as nobody, too"
    cp "$TMP/shim.so" "$TMP/unreadable.so"
    chmod 000 "$TMP/unreadable.so"
    try --shim "$TMP/unreadable.so"
    is "$STATUS $OUT ${ERR##*$'\n'}" "125  $not_loaded '$TMP/unreadable.so'" \
        "a shim that can't be read: the program is stopped at its entry point"
    AS=()
else
    skip "as nobody" "this is not root"
fi

# Descriptors.
wrong=
for limit in 3 4 5 6 7 8 9 10; do
    run timeout 20 bash -c "ulimit -n $limit; exec \"\$@\"" - "$PORTCULLIS" run "$TMP/good.ini" \
        "$TMP/entry" "$TMP/open/made"
    [[ $OUT == entry$'\n'filtered || ($OUT == "" && $STATUS != 0 && $ERR != "") ]] ||
        wrong+="limit $limit: status $STATUS, stdout '$OUT', stderr '$ERR'"$'\n'
done
is "$wrong" "" "where descriptors are exhausted, the program is filtered or does not run"

# Each call of the loader and of the shim, in turn; from the program's exec on.
total=0
for error in 12 13 4 23; do # ENOMEM, EACCES, EINTR, ENFILE
    wrong=
    for ((n = 1; n < 200; n++)); do
        run timeout 20 "$TMP/failing" "$n" "$error" 2 "$PORTCULLIS" run "$TMP/good.ini" \
            "$TMP/entry" "$TMP/open/made"
        [[ $ERR == *"call "* ]] || break
        [[ $OUT != filtered ]] || break # it was the write at the entry: all that follows is main's
        [[ $OUT == entry$'\n'filtered && $STATUS == 0 ]] ||
            [[ $OUT == "" && $STATUS != 0 ]] ||
            wrong+="call $n: status $STATUS, stdout '$OUT', stderr '$ERR'"$'\n'
    done
    is "$wrong" "" "when any call between exec and entry fails with error $error, it runs filtered or not at all"
    total=$((total + n))
done
is "$((total > 100))" 1 "there were many calls to fail"
diag "calls failed: $total"

# musl's loader runs the constructors behind the entry point: the gate stands further in.
if command -v musl-gcc >/dev/null; then
    musl-gcc -o "$TMP/musl" "$ROOT/tests/victims/run_victim.c" || exit 1
    run "$PORTCULLIS" run "$TMP/good.ini" "$TMP/musl" "$TMP/open/made"
    is "$STATUS $OUT$ERR" "0 filtered" "a musl program passes the gate when it is filtered"
    for shim in empty text harmless; do # it does not look at the class
        run "$PORTCULLIS" run --shim "$TMP/$shim.so" "$TMP/good.ini" "$TMP/musl" "$TMP/open/made"
        like "$STATUS $OUT$ERR" "^125 portcullis: error: '$TMP/musl' was stopped at its entry point" \
            "a musl program does not, when the shim is $shim"
    done
    wrong=
    for ((n = 1; n < 200; n++)); do
        run timeout 20 "$TMP/failing" "$n" 12 2 "$PORTCULLIS" run "$TMP/good.ini" "$TMP/musl" \
            "$TMP/open/made"
        [[ $ERR != *"call 16" && $ERR == *"call "* ]] || break # ioctl: that is puts, in main
        [[ $OUT == filtered && $STATUS == 0 ]] || [[ $OUT == "" && $STATUS != 0 ]] ||
            wrong+="call $n: status $STATUS, stdout '$OUT', stderr '$ERR'"$'\n'
    done
    is "$wrong" "" "when any call before main fails, a musl program runs filtered or not at all"
    is "$((n > 20))" 1 "there were many to fail"
    # a musl program without a constructor of its own has no place to be held at
    cat >"$TMP/bare.c" <<'END'
void _start(void)
{
    __asm__ volatile("mov $60, %eax; xor %edi, %edi; syscall");
}
END
    musl-gcc -nostartfiles -o "$TMP/bare" "$TMP/bare.c" || exit 1
    run "$PORTCULLIS" run "$TMP/good.ini" "$TMP/bare"
    is "$STATUS $OUT$ERR" "125 portcullis: error: '$TMP/bare' was stopped at its entry point: it has \
no _init(), where musl's programs are held" "a program that cannot be held does not run"
else
    skip "musl programs" "there is no musl-gcc"
fi

# Where ptrace is not to be had.
message() { echo "portcullis: error: cannot hold the program at its entry point: ptrace: $1; \
--no-gate runs it without that, and without proof that it is filtered"; }
run "$TMP/outer" 101 1 "$PORTCULLIS" run "$TMP/good.ini" "$TMP/entry" "$TMP/open/made"
is "$STATUS $OUT$ERR" "125 $(message 'Operation not permitted')" \
    "where ptrace is refused, nothing runs, and the message names --no-gate"
run "$TMP/outer" 101 38 "$PORTCULLIS" run "$TMP/good.ini" "$TMP/entry" "$TMP/open/made"
is "$STATUS $OUT$ERR" "125 $(message 'Function not implemented')" "where there is none, too"
run "$TMP/outer" 72 1 "$PORTCULLIS" run --allow @stdio "$TMP/entry" "$TMP/open/made"
is "$STATUS $OUT$ERR" "125 portcullis: error: cannot keep the whitelist of the command line: \
Operation not permitted" "where its file can't be sealed, nothing runs"
run "$TMP/outer" 101 1 "$PORTCULLIS" run --no-gate "$TMP/good.ini" "$TMP/entry" "$TMP/open/made"
is "$STATUS $OUT$ERR" "0 entry"$'\n'"filtered" "--no-gate runs it there"
run timeout 20 "$TMP/outer" 101 0 "$PORTCULLIS" run "$TMP/good.ini" "$TMP/entry" "$TMP/open/made"
is "$STATUS $OUT$ERR" "125 $(message 'Operation not permitted')" \
    "where ptrace is only pretended, nothing runs"
run "$TMP/outer" 56 11 "$PORTCULLIS" run "$TMP/good.ini" "$TMP/entry"
is "$STATUS $OUT$ERR" "125 portcullis: error: cannot start the watcher: Resource temporarily \
unavailable" "where no process can be made, nothing runs"
run "$TMP/outer" 53 24 "$PORTCULLIS" run "$TMP/good.ini" "$TMP/entry"
is "$STATUS $OUT$ERR" "125 portcullis: error: cannot start the watcher: Too many open files" \
    "where no socket can be made, nothing runs"
run timeout 20 "$TMP/outer" 231 1 "$PORTCULLIS" run --shim "$TMP/empty.so" "$TMP/good.ini" \
    "$TMP/entry"
# by the watcher, or by the C library where that comes to the end of its means first
like "$STATUS $OUT" '^(137|139) $' "where exit_group is refused, what lacks the filter is killed"

wait_for 5 nobody_watches
is "$(watchers)" "" "no watcher is left"
finish
