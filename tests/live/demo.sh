#!/usr/bin/env bash
# The demonstration says what it promises, briefly, and leaves nothing behind.
. "$(dirname "$0")/../helpers/tap.sh"

mkdir "$TMP/scratch"
run env TMPDIR="$TMP/scratch" PORTCULLIS_SHIM="$SHIM" BUILD="$BUILD" "$ROOT/examples/mkdir/demo.sh"
is "$STATUS|$ERR" "0|" "the demonstration ends well"
is "$(($(wc -l <<<"$OUT") < 20))" 1 "it takes fewer than 20 lines"
is "$(grep -c '^   created info$' <<<"$OUT")" 3 "the folder is made without a filter, and in C and Go"
is "$(grep -c '^   working in /' <<<"$OUT")" 1 "getcwd works without a filter alone"
like "$OUT" $'created info\n   getcwd: Operation not permitted' "C is refused getcwd"
like "$OUT" $'created info\n   getcwd: operation not permitted' "Go is refused getcwd"
like "$OUT" $'\n   Seccomp:\t2\n' "the kernel says that it is filtered"
like "$OUT" "mistake.ini:[0-9]+: error: unknown syscall 'mkdri'; did you mean 'mkdir'\?" \
    "a mistake is told with its file and line"
is "$(ls -A "$TMP/scratch")" "" "nothing is left behind"
finish
