#!/usr/bin/env bash
# Many processes and threads at once, with 80 calls between them; and many calls in a row, which
# the learner's memory must not grow with. EVENTS: how many of them.
. "$(dirname "$0")/../helpers/tap.sh"
. "$(dirname "$0")/../helpers/learn.sh"

EVENTS=${EVENTS:-200000}
cd "$TMP" || exit 1
victim many -pthread

# learner WHITELIST: the process that writes it.
learner()
{
    local folder
    for folder in /proc/[0-9]*; do
        [[ $folder/exe -ef $PORTCULLIS ]] || continue
        ! tr '\0' '\n' <"$folder/cmdline" | grep -qxF "$1" || echo "$folder"
    done
}

for backend in ptrace notify; do
    LEARN=("$PORTCULLIS" learn --quiet --backend "$backend" -o)
    run timeout 60 "${LEARN[@]}" "$backend.ini" -- ./many at-once
    is "$STATUS|$OUT|$ERR" "0|at once: 768 calls, 0 wrong|" \
        "$backend: 256 threads make their calls at once"
    is "$(listed "$backend.ini" | grep -xE '[34][0-9]{2}' | paste -sd ' ')" \
        "$(seq 340 419 | paste -sd ' ')" "$backend: every one is recorded"

    mkfifo "$backend.in"
    exec 7<>"$backend.in"
    start "${LEARN[@]}" "$backend.row.ini" -- ./many in-a-row "$EVENTS" \
        >"$backend.out" 2>"$backend.err" <"$backend.in"
    wait_for $((40 + EVENTS / 10000)) grep -q row "$backend.out"
    is "$(<"$backend.out")$(<"$backend.err")" "in a row: $EVENTS" "$backend: $EVENTS calls are made"
    memory=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' "$(learner "$backend.row.ini")/status")
    diag "$backend: the learner had $memory KiB at most"
    is "$((memory > 0 && memory < 32 * 1024))" 1 "$backend: its learner stays below 32 MiB"
    echo >&7
    exec 7>&-
    wait "$PID"
    is "$?" 0 "$backend: it ends with status 0"
    calls=$(sed -n 's/^; 1 run, \([0-9]*\) calls seen$/\1/p' "$backend.row.ini")
    is "$((calls > EVENTS && calls < EVENTS + 30))" 1 "$backend: all are seen"
    is "$(listed "$backend.row.ini" | grep -cxE 'ioctl|fcntl|prctl|lseek')" 4 \
        "$backend: and in the list"
done
finish
