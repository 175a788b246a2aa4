#!/bin/bash
# The gate's watcher, killed at random moments: the program is filtered or dead.
. "$(dirname "$0")/../helpers/run.sh"

build_victim entry -Wl,-e,first
build_victim assassin

# strike MICROSECONDS: one run of it.
strike()
{
    run timeout 20 "$TMP/assassin" "$1" "$PORTCULLIS" run "$TMP/good.ini" "$TMP/entry" \
        "$TMP/open/made"
}

# The span in which the watcher lives differs with the machine: the moments move with what was hit.
seed=${SEED:-$RANDOM}
RANDOM=$seed
diag "SEED=$seed"
wrong=''
killed=0 before=0 after=0 span=4000
for ((i = 0; i < 3000 && killed < 100; i++)); do
    strike $((RANDOM % span))
    if [[ $ERR == *killed* ]]; then
        killed=$((killed + 1)) span=$((span * 9 / 10 + 200))
    else
        span=$((span < 40000 ? span + 100 : span))
    fi
    if [[ "$STATUS $OUT" == "0 entry"$'\n'"filtered" ]]; then
        after=$((after + 1))
    elif [[ $STATUS == 137 && $OUT == "" ]]; then
        before=$((before + 1))
    elif [[ $STATUS == 125 && $OUT == "" && $ERR == *"portcullis: error: cannot start the watcher: \
it is gone"* ]]; then
        before=$((before + 1))
    else
        wrong+="status $STATUS, stdout '$OUT', stderr '$ERR'"$'\n'
    fi
done
is "$wrong" "" "a program whose watcher is killed is filtered or dead"
is "$killed" 100 "100 watchers were killed"
is "$((before > 0))" 1 "some before the gate"
diag "dead: $before, filtered: $after, tried: $i"
wait_for 5 nobody_watches
is "$(watchers)" "" "no watcher is left"
finish
