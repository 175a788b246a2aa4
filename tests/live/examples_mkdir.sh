#!/usr/bin/env bash
# The tutorial's program, in C and in Go, under the whitelists beside it.
. "$(dirname "$0")/../helpers/tap.sh"

here=$ROOT/examples/mkdir
succeeds "both programs are built" env GOCACHE="$BUILD/go-cache" "$here/build.sh" "$TMP"
cd "$TMP" || exit

for program in mkdir mkdir-go; do
    run "./$program" "$TMP/plain-$program"
    is "$STATUS|$OUT|$ERR" "0|created $TMP/plain-$program"$'\n'"working in $TMP|" \
        "$program runs without a filter"
done

run with "$here/mkdir.ini" ./mkdir "$TMP/c"
is "$STATUS|$OUT|$ERR" "1|created $TMP/c|getcwd: Operation not permitted" \
    "mkdir under its whitelist makes the folder, and is refused getcwd"
succeeds "the folder is there" test -d "$TMP/c"
run with "$here/mkdir.ini" ./mkdir "$TMP/c"
is "$ERR" $'mkdir: File exists\ngetcwd: Operation not permitted' \
    "mkdir under its whitelist still tells of its own errors"

run with "$here/mkdir-go.ini" ./mkdir-go "$TMP/go"
is "$STATUS|$OUT|$ERR" "1|created $TMP/go|getcwd: operation not permitted" \
    "mkdir-go under its whitelist makes the folder, and is refused getcwd"
succeeds "the folder of the Go program is there" test -d "$TMP/go"

# Go finds the vDSO through its auxiliary vector; if that is lost it needs openat, or asks the kernel.
run grep -E '^[^;]*openat' "$here/mkdir-go.ini"
is "$STATUS" 1 "mkdir-go.ini does not list openat"
run strace -f -o "$TMP/trace" -E LD_PRELOAD="$SHIM" -E PORTCULLIS_WHITELIST="$here/mkdir-go.ini" \
    ./mkdir-go "$TMP/traced"
is "$OUT" "created $TMP/traced" "mkdir-go runs under strace and its whitelist"
like "$(<"$TMP/trace")" 'hpage_pmd_size", O_RDONLY\) = -1 EPERM' "the Go runtime is refused openat"
is "$(grep -c clock_gettime "$TMP/trace")" 0 "the Go runtime tells the time without the kernel"

start_with "$here/mkdir.ini" ./mkdir "$TMP/stays" 60 >"$TMP/stays.out" 2>"$TMP/stays.err"
wait_for 10 grep -q getcwd "$TMP/stays.err"
is "$(seccomp_modes "$PID")" 2 "mkdir is filtered while it runs"
is "$(sed -n 's/^NoNewPrivs:\t//p' "/proc/$PID/status")" 1 "mkdir can't gain privileges"
is "$(tr '\0' '\n' <"/proc/$PID/environ" | grep -E '^(LD_PRELOAD|PORTCULLIS_WHITELIST)=.')" "" \
    "nothing of the two variables is left for children"

or_die "$here/mkdir.ini" kill.ini
run with kill.ini ./mkdir "$TMP/killed"
is "$STATUS|$OUT" "$((128 + 31))|created $TMP/killed" "under default = kill, getcwd is mkdir's end"
sed -i 's/^syscalls .*mkdirat /&getcwd /' kill.ini
run with kill.ini ./mkdir "$TMP/lives"
is "$STATUS|$ERR" "0|" "mkdir makes no call that mkdir.ini lacks but getcwd"

sed 's/?mkdir/mkdri/' "$here/mkdir.ini" >mistake.ini
line=$(grep -n mkdri mistake.ini | cut -d: -f1)
run with mistake.ini ./mkdir "$TMP/never"
is "$STATUS|$OUT|$ERR" \
    "78||mistake.ini:$line: error: unknown syscall 'mkdri'; did you mean 'mkdir'?" \
    "a mistake in the whitelist is told with its line, and nothing runs"
succeeds "no folder was made under the mistaken list" test ! -e "$TMP/never"
finish
