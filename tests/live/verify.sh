#!/bin/bash
# portcullis verify: yes only for what is filtered, in every thread, by the whitelist that is named.
. "$(dirname "$0")/../helpers/tap.sh"

# A copy that everybody may read, wherever the build is.
chmod 711 "$TMP"
install -m 755 "$BUILD/portcullis" "$TMP/portcullis" || exit 1
VERIFY=("$TMP/portcullis" verify)
printf '[allow]\nsyscalls = @stdio @files clock_nanosleep\n' >"$TMP/sleep.ini"
sed 's/@files/@files sethostname/' "$TMP/sleep.ini" >"$TMP/other.ini"
printf '[allow]\nsyscalls = opne\n' >"$TMP/wrong.ini"

# verify STATUS TEXT NAME ARGUMENT...
verify()
{
    local status=$1 text=$2 name=$3
    shift 3
    run "${VERIFY[@]}" "$@"
    is "$STATUS $OUT$ERR" "$status $text" "$name"
}

filtered()
{
    local status
    status=$(grep -c '^Seccomp:.2' "/proc/$1/status")
    [[ $status == 1 ]]
}

start env LD_PRELOAD="$SHIM" PORTCULLIS_WHITELIST="$TMP/sleep.ini" sleep 60
victim=$PID
wait_for 10 filtered "$victim"

verify 0 "yes: sleep, 1 thread, is filtered by $TMP/sleep.ini" \
    "a filtered process is filtered" "$victim" "$TMP/sleep.ini"
run env PORTCULLIS_WHITELIST="$TMP/sleep.ini" "${VERIFY[@]}" "$victim"
is "$STATUS $OUT" "0 yes: sleep, 1 thread, is filtered by $TMP/sleep.ini" \
    "the whitelist is by default the one that the environment names"
run "${VERIFY[@]}" "$victim" "$TMP/other.ini"
is "$STATUS" 1 "one more name in the whitelist is found"
like "$OUT" "^no: thread $victim of sleep is filtered, but not by $TMP/other.ini: of its 1 filter \
the nearest differs from instruction [0-9]+ of [0-9]+ on$" "and where the filters differ"
verify 3 "cannot prove: sleep has a filter, but whose? Name the whitelist: verify PID FILE" \
    "without a whitelist there is no yes" "$victim"
verify 78 "$TMP/wrong.ini:2: error: unknown syscall 'opne'; did you mean 'open'?" \
    "a mistake in the whitelist ends with 78" "$victim" "$TMP/wrong.ini"
run "${VERIFY[@]}" --json "$victim" "$TMP/sleep.ini"
is "$STATUS $(python3 -c 'import json, sys
answer = json.loads(sys.argv[1])
print(answer["verdict"], answer["pid"], answer["threads"], answer["reason"])' "$OUT")" \
    "0 yes $victim 1 sleep, 1 thread, is filtered by $TMP/sleep.ini" "--json says the same"

chmod 600 "$TMP/sleep.ini"
run setpriv --reuid 65534 --regid 65534 --clear-groups "${VERIFY[@]}" "$victim" "$TMP/sleep.ini"
is "$STATUS" 78 "a whitelist that this user can't read is a mistake"
chmod 644 "$TMP/sleep.ini"
run setpriv --reuid 65534 --regid 65534 --clear-groups "${VERIFY[@]}" "$victim" "$TMP/sleep.ini"
is "$STATUS $OUT" "3 cannot prove: sleep has a filter, but this user may not trace it to read it; \
run verify as root" "somebody else's process proves nothing to nobody"

start sleep 60
verify 1 "no: thread $PID of sleep has no filter" "an unfiltered process is not filtered" \
    "$PID" "$TMP/sleep.ini"
true &
ended=$!
wait "$ended"
verify 1 "no: there is no process $ended" "a process that ended is not filtered" \
    "$ended" "$TMP/sleep.ini"

${CC:-gcc} -pthread -o "$TMP/threads" "$ROOT/tests/victims/verify_threads.c"
start "$TMP/threads" >"$TMP/ready"
wait_for 10 grep -q ready "$TMP/ready"
run "${VERIFY[@]}" "$PID" "$TMP/sleep.ini"
like "$STATUS $OUT" "^1 no: thread [0-9]+ of threads has no filter$" "one unfiltered thread is found"
start "$TMP/threads" all >"$TMP/ready2"
wait_for 10 grep -q ready "$TMP/ready2"
run "${VERIFY[@]}" "$PID" "$TMP/sleep.ini"
like "$STATUS $OUT" "^1 no: thread [0-9]+ of threads is filtered, but not by " \
    "somebody else's filter is not ours"

# A service that is slow to start.
printf '#!/bin/bash\nsleep 1\nLD_PRELOAD=%s PORTCULLIS_WHITELIST=%s exec sleep 60\n' \
    "$SHIM" "$TMP/sleep.ini" >"$TMP/slow.sh"
start bash "$TMP/slow.sh"
run "${VERIFY[@]}" --wait 20 "$PID" "$TMP/sleep.ini"
is "$STATUS $OUT" "0 yes: sleep, 1 thread, is filtered by $TMP/sleep.ini" \
    "--wait waits for the filter"
start sleep 60
run "${VERIFY[@]}" --wait 0.2 "$PID" "$TMP/sleep.ini"
is "$STATUS $OUT" "1 no: thread $PID of sleep has no filter" "and gives up in the end"

# It is stopped for a yes, and notices nothing of it.
printf '[filter]\ndefault = allow\n[deny]\nswapon = EPERM\n' >"$TMP/all.ini"
${CC:-gcc} -O2 -o "$TMP/calm" "$ROOT/tests/victims/verify_calm.c"
mkfifo "$TMP/line"
start_with "$TMP/all.ini" "$TMP/calm" 1000 <>"$TMP/line" >"$TMP/calm.out"
wait_for 10 test -s "$TMP/calm.out"
child=$(head -n 1 "$TMP/calm.out")
asked=0 yes=0
until grep -q signals "$TMP/calm.out"; do
    run "${VERIFY[@]}" "$child" "$TMP/all.ini"
    asked=$((asked + 1)) yes=$((yes + (STATUS == 0)))
done
is "$yes" "$asked" "a process that gets signals is found filtered, as often as it is asked about"
is "$(sed -n 2p "$TMP/calm.out")" "1000 signals, 0 notices, stopped" \
    "no signal is lost, and its parent does not notice ($asked tries)"
run "${VERIFY[@]}" "$child" "$TMP/all.ini"
is "$STATUS $(sed -n 's/^State:.//p' "/proc/$child/status")" "0 T (stopped)" \
    "a process that was stopped before stays so"
echo >"$TMP/line"
wait "$PID"
is "$(sed -n 3p "$TMP/calm.out")" "then 0 notices, 0 changes" "and its parent does not notice that"

see="; see 'portcullis verify --help'"
verify 2 "portcullis verify: a PID and at most one whitelist are wanted$see" "no PID is misuse"
verify 2 "portcullis verify: 'x' is not a process's id$see" "a word is no PID" x
verify 2 "portcullis verify: '0' is not a process's id$see" "0 is no PID" 0
verify 2 "portcullis verify: 'x' is not a number of seconds$see" "a word is no time" --wait x 1
verify 2 "portcullis verify: unknown option '--what'$see" "an unknown option is misuse" --what 1
run "${VERIFY[@]}" --help
like "$STATUS $OUT" "^0 usage: portcullis verify " "--help helps"

finish
