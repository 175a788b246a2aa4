#!/bin/bash
# portcullis verify never says yes of a process in which some thread lacks the filter, whatever its
# threads do meanwhile. TRIES: how often each of them is asked about.
. "$(dirname "$0")/../helpers/tap.sh"
((EUID == 0)) || skip_all "only root can read filters"

tries=${TRIES:-150}
VERIFY=("$BUILD/portcullis" verify)
printf '[allow]\nsyscalls = @stdio @threads @files pause\n' >"$TMP/list.ini"
"$BUILD/portcullis" export --to bpf "$TMP/list.ini" -o "$TMP/list.bpf" 2>/dev/null || exit 1
${CC:-gcc} -O2 -pthread -o "$TMP/dances" "$ROOT/tests/victims/verify_dances.c" || exit 1

# ask NAME OPTION...: TRIES times about the process $PID; ANSWERS: how often each status was given.
ask()
{
    local status i
    ANSWERS=()
    for ((i = 0; i < tries; i++)); do
        "${VERIFY[@]}" "${@:2}" "$PID" "$TMP/list.ini" >>"$TMP/$1.said" 2>&1 && status=0 || status=$?
        ANSWERS[status]=$((${ANSWERS[status]:-0} + 1))
    done
}

filtered()
{
    grep -q '^Seccomp:.*2' "/proc/$1/status"
}

# dances PID: one of its threads lives.
dances()
{
    cat /proc/"$1"/task/*/stat 2>/dev/null | grep -qv ') [ZX] '
}

start "$TMP/dances" none "$TMP/list.bpf"
wait_for 5 filtered "$PID"
run "${VERIFY[@]}" "$PID" "$TMP/list.ini"
like "$STATUS $OUT" "^1 no: thread $PID of dances is filtered, but not by " \
    "a filter that lets all through is not the whitelist's"
stop "$PID"

for dance in hop zombie heir storm exec vfork; do
    start "$TMP/dances" "$dance" "$TMP/list.bpf"
    wait_for 5 filtered "$PID"
    ask "$dance"
    is "${ANSWERS[0]:-0} $((${ANSWERS[1]:-0} + ${ANSWERS[3]:-0}))" "0 $tries" \
        "$dance: no yes in $tries tries"
    diag "$dance: ${ANSWERS[1]:-0} no, ${ANSWERS[3]:-0} cannot prove"
    [[ -z ${SHOW-} ]] || sed 's/[0-9][0-9]*/N/g' "$TMP/$dance.said" | sort | uniq -c
    succeeds "$dance: and it dances on" wait_for 5 dances "$PID"
    kill -KILL "$PID"
    wait "$PID" 2>/dev/null
done

start "$TMP/dances" faithful "$TMP/list.bpf"
wait_for 5 filtered "$PID"
ask faithful
is "${ANSWERS[0]:-0}" "$tries" "faithful: nothing but yes in $tries tries"
((${ANSWERS[0]:-0} == tries)) || diag "$(grep -v '^yes' "$TMP/faithful.said")"
finish
