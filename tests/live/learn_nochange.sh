#!/usr/bin/env bash
# Being learned changes nothing that a program can see: its output, its status, and its own account
# of what its system calls came to. ROUNDS: how often each is run plainly and then learned. BACKEND:
# by which backend it is learned.
. "$(dirname "$0")/../helpers/tap.sh"
. "$(dirname "$0")/../helpers/learn.sh"

ROUNDS=${ROUNDS:-20}
BACKEND=${BACKEND:-ptrace}
LIMIT=() # a close() of the shell's that fails with EINTR makes a pipeline wait for ever
[[ $BACKEND != notify ]] || LIMIT=(--timeout 20)
cd "$TMP" || exit 1
victim account -pthread
export TMPDIR=$TMP

# once FILE COMMAND...: what came of it, as one line of FILE.
once()
{
    local out status=0
    out=$("${@:2}" 2>&1 </dev/null) || status=$?
    printf '%s\n' "$status: ${out//$'\n'/ / }" >>"$1"
}

# many NAME JOBS COMMAND...: plainly and learned, ROUNDS times each, JOBS at once. The kinds of
# outcomes are told, and how many there were of each.
many()
{
    local name=$1 jobs=$2 way round
    shift 2
    for way in plain learned; do
        local -a command=("$@")
        [[ $way == plain ]] ||
            command=("$PORTCULLIS" learn --quiet --backend "$BACKEND" "${LIMIT[@]}" -o "$TMP/none.ini" \
                -- "$@")
        : >"$TMP/$name.$way"
        for ((round = 0; round < ROUNDS; round++)); do
            rm -f "$TMP/none.ini"
            if ((jobs == 1)); then
                once "$TMP/$name.$way" "${command[@]}"
                continue
            fi
            once "$TMP/$name.$way" "${command[@]/none.ini/none.$round.ini}" &
            ((round % jobs < jobs - 1)) || wait
        done
        wait
    done
    is "$(sort "$TMP/$name.plain" | uniq -c | wc -l) $(wc -l <"$TMP/$name.plain")" "1 $ROUNDS" \
        "$name: $ROUNDS plain runs are all the same"
    is "$(sort "$TMP/$name.learned" | uniq -c)" "$(sort "$TMP/$name.plain" | uniq -c)" \
        "$name: $ROUNDS runs that are learned are the same as those"
}

many pipeline 1 dash -c 'echo a | cat | cat'
many timer 1 ./account timer
many interrupted 1 ./account interrupted
many parent 1 ./account start ./account parent
many alarm 10 ./account alarm

# The program takes the learner's place.
run ./account start "$PORTCULLIS" learn --quiet --backend "$BACKEND" -o "$TMP/other.ini" -- \
    ./account parent
is "$STATUS $OUT$ERR" "0 parent: 1, group: 1, session: 1, a leader: 0" \
    "the parent of what is learned is the learner's"
is "$(listed "$TMP/other.ini" | grep -cE '^(getppid|getpgrp|getpgid|getsid)$')" 4 \
    "and it was learned"
finish
