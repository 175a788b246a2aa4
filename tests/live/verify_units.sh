#!/bin/bash
# portcullis verify as a unit runs it: it waits for what is still on its way, ends at once where the
# shim is missing, and accepts what can't be proved if it is told to.
. "$(dirname "$0")/../helpers/tap.sh"
((EUID == 0)) || skip_all "only root can read filters"

starts=${STARTS:-60}
chmod 711 "$TMP"
install -m 755 "$BUILD/portcullis" "$SHIM" "$TMP/" || exit 1
VERIFY=("$TMP/portcullis" verify)
sleep=$(realpath "$(command -v sleep)")
printf '[allow]\nsyscalls = @stdio @files clock_nanosleep\n' >"$TMP/plain.ini"
{
    printf '[filter]\nprogram = %s\n' "$sleep"
    cat "$TMP/plain.ini"
} >"$TMP/sleep.ini"
printf '[filter]\ndefault = allow\n[deny]\nswapon = EPERM\n' >"$TMP/outer.ini"
yes="yes: sleep, 1 thread, is filtered by $TMP/sleep.ini"

filters()
{
    sed -n 's/^Seccomp_filters:.//p' "/proc/$1/status"
}

has_filters()
{
    [[ $(filters "$2") == "$1" ]]
}

# asked SECONDS COMMAND...: runs it; fails where it took as long.
asked()
{
    local before=$SECONDS
    run "${@:2}"
    TIMELY=$((SECONDS - before < $1))
}

# A shim that is missing.
start "$sleep" 60
asked 5 "${VERIFY[@]}" --wait 20 "$PID" "$TMP/sleep.ini"
is "$STATUS $OUT timely $TIMELY" "1 no: thread $PID of sleep has no filter; its loader has finished, \
and has not loaded the shim timely 1" "a program without a shim is a no at once"
start env LD_PRELOAD="$TMP/none.so" PORTCULLIS_WHITELIST="$TMP/sleep.ini" "$sleep" 60 2>/dev/null
asked 5 "${VERIFY[@]}" --wait 20 "$PID" "$TMP/sleep.ini"
is "$STATUS $OUT timely $TIMELY" "1 no: thread $PID of sleep has no filter; its loader has finished, \
and has not loaded the shim timely 1" "so is one whose shim is not there"
echo 'int pause(void); int main(void) { return pause(); }' >"$TMP/still.c"
${CC:-gcc} -static -o "$TMP/still" "$TMP/still.c"
printf '[filter]\nprogram = %s\n[allow]\nsyscalls = pause\n' "$TMP/still" >"$TMP/still.ini"
start_with "$TMP/still.ini" "$TMP/still"
asked 5 "${VERIFY[@]}" --wait 20 "$PID" "$TMP/still.ini"
is "$STATUS $OUT timely $TIMELY" "1 no: thread $PID of still has no filter; the program is static, \
and loads no shim timely 1" "and a static program"
start "$sleep" 60
run "${VERIFY[@]}" --wait 0.5 "$PID" "$TMP/plain.ini"
is "$STATUS $OUT" "1 no: thread $PID of sleep has no filter" \
    "without 'program' it may be a wrapper: that is waited for"

# A shim that is on its way.
printf '#!/bin/bash\nsleep 1\nLD_PRELOAD=%s PORTCULLIS_WHITELIST=%s exec %s 60\n' "$SHIM" \
    "$TMP/sleep.ini" "$sleep" >"$TMP/wrapper.sh"
start bash "$TMP/wrapper.sh"
run "${VERIFY[@]}" --wait 20 "$PID" "$TMP/sleep.ini"
is "$STATUS $OUT" "0 $yes" "a wrapper is waited for"
echo '#include <unistd.h>
__attribute__((constructor)) static void wait(void) { sleep(1); }' >"$TMP/slow.c"
${CC:-gcc} -shared -fPIC -o "$TMP/slow.so" "$TMP/slow.c"
start env LD_PRELOAD="$SHIM $TMP/slow.so" PORTCULLIS_WHITELIST="$TMP/sleep.ini" "$sleep" 60
run "${VERIFY[@]}" --wait 20 "$PID" "$TMP/sleep.ini"
is "$STATUS $OUT" "0 $yes" "a shim whose turn has not come is waited for"

# starts NAME COMMAND...: verify is asked while it starts, as often as STARTS says.
starts()
{
    local said=() i
    for ((i = 0; i < starts; i++)); do
        start "${@:2}"
        run "${VERIFY[@]}" --wait 20 "$PID" "$TMP/sleep.ini"
        [[ "$STATUS $OUT" == "0 $yes" ]] || said+=("$OUT")
        kill -KILL "$PID" 2>/dev/null
        wait "$PID" 2>/dev/null
    done
    is "${said[*]}" "" "$1: a yes for each of $starts starts"
}
starts "by preload" env LD_PRELOAD="$SHIM" PORTCULLIS_WHITELIST="$TMP/sleep.ini" "$sleep" 60
starts "by run" "$TMP/portcullis" run "$TMP/sleep.ini" -- "$sleep" 60

# What executes itself again has no shim any more, and its filter still.
bash=$(realpath "$(command -v bash)")
{
    printf '[filter]\nprogram = %s\n' "$bash"
    sed 1d "$TMP/outer.ini"
} >"$TMP/bash.ini"
mkfifo "$TMP/line"
# shellcheck disable=SC2016
start_with "$TMP/bash.ini" "$bash" -c 'exec -a again "$0" -c read' "$bash" <>"$TMP/line"
wait_for 5 grep -qx again "/proc/$PID/cmdline" -z
run "${VERIFY[@]}" --wait 20 "$PID" "$TMP/bash.ini"
like "$STATUS $OUT" "^0 yes: bash, 1 thread, is filtered by $TMP/bash.ini$" \
    "a program that executed itself again is filtered"

# Whoever traces the process is in the way.
start strace -qq -o /dev/null -E LD_PRELOAD="$SHIM" -E PORTCULLIS_WHITELIST="$TMP/sleep.ini" \
    "$sleep" 60
wait_for 5 has_filters 1 "$(descendants "$PID" | tail -n 1)"
traced=$(descendants "$PID" | tail -n 1)
run "${VERIFY[@]}" --accept-unproven "$traced" "$TMP/sleep.ini"
is "$STATUS $OUT" "3 cannot prove: sleep has a filter, which can't be read while process $PID \
traces it" "what is traced proves nothing, and is not accepted"

# The answer that explains most.
start bash -c 'sleep 0.5; exit'
run "${VERIFY[@]}" --wait 20 "$PID" "$TMP/plain.ini"
is "$STATUS $OUT" "1 no: thread $PID of bash has no filter; it has ended since" \
    "a process that ended is said to have had no filter"

# A process that can't be stopped.
echo '#include <unistd.h>
int main(void) { if (vfork() == 0) { sleep(60); _exit(0); } return 0; }' >"$TMP/vfork.c"
${CC:-gcc} -o "$TMP/vfork" "$TMP/vfork.c" 2>/dev/null
start_with "$TMP/outer.ini" "$TMP/vfork"
wait_for 5 has_filters 1 "$PID"
asked 10 "${VERIFY[@]}" "$PID" "$TMP/outer.ini"
like "$STATUS $OUT timely $TIMELY" "^3 cannot prove: thread $PID of vfork can't be stopped: it waits \
in the kernel, for a child of vfork\(2\) or a disk timely 1$" "what can't be stopped proves nothing"
run "${VERIFY[@]}" --accept-unproven "$PID" "$TMP/outer.ini"
is "$STATUS" 3 "nor is it accepted"
mapfile -t family < <(descendants "$PID")
kill -KILL "${family[@]}"
wait "$PID" 2>/dev/null

# verify runs under a filter, as in a container.
OUTER=(env LD_PRELOAD="$SHIM" PORTCULLIS_WHITELIST="$TMP/outer.ini" bash -c 'exec "$@"' -)
start_with "$TMP/sleep.ini" "$sleep" 60
wait_for 5 has_filters 1 "$PID"
few="cannot prove: thread $PID of sleep has no more filters than verify itself, which is under 1: \
nothing shows that one of them is its own"
for option in --wait=0 --accept-unproven; do
    run "${OUTER[@]}" "${VERIFY[@]}" "$option" "$PID" "$TMP/sleep.ini"
    is "$STATUS $OUT" "3 $few" "a filter that verify has too is no proof ($option)"
done
start "${OUTER[@]}" "$sleep" 60
wait_for 5 has_filters 1 "$PID"
asked 5 "${OUTER[@]}" "${VERIFY[@]}" --wait 20 --accept-unproven "$PID" "$TMP/sleep.ini"
like "$STATUS $OUT timely $TIMELY" "^3 cannot prove: .* its own; its loader has finished, and has not \
loaded the shim timely 1$" "where the shim is missing that is an answer at once"
start "${OUTER[@]}" env LD_PRELOAD="$SHIM" PORTCULLIS_WHITELIST="$TMP/sleep.ini" "$sleep" 60
wait_for 5 has_filters 2 "$PID"
unread="sleep has a filter, but reading it takes CAP_SYS_ADMIN and an unfiltered verify; run it as \
root, outside"
asked 5 "${OUTER[@]}" "${VERIFY[@]}" --wait 20 "$PID" "$TMP/sleep.ini"
is "$STATUS $OUT timely $TIMELY" "3 cannot prove: $unread timely 1" \
    "a filtered verify can't read filters, and says so at once"
run "${OUTER[@]}" "${VERIFY[@]}" --accept-unproven "$PID" "$TMP/sleep.ini"
is "$STATUS $OUT" "0 cannot prove: $unread; accepted unproven" "that can be accepted"
run "${OUTER[@]}" "${VERIFY[@]}" --accept-unproven --json "$PID" "$TMP/sleep.ini"
like "$STATUS $OUT" '^0 .*"verdict": ?"cannot prove".*"accepted": ?true' "--json says that as well"
run setpriv --reuid 65534 --regid 65534 --clear-groups "${VERIFY[@]}" --accept-unproven "$PID" \
    "$TMP/sleep.ini"
like "$STATUS $OUT" "^3 cannot prove: sleep has a filter, but this user may not trace it" \
    "whoever can't see which program it is accepts nothing"
run setpriv --reuid 65534 --regid 65534 --clear-groups "${VERIFY[@]}" --accept-unproven "$PID" \
    "$TMP/plain.ini"
like "$STATUS $OUT" "^0 cannot prove: sleep has a filter, but this user may not trace it to read it; \
run verify as root; accepted unproven$" "but for a whitelist without 'program'"
run "${VERIFY[@]}" --accept-unproven "$PID" "$TMP/plain.ini"
is "$STATUS $OUT" "0 yes: sleep, 1 thread, is filtered by $TMP/plain.ini" "a yes stays one"
start "${OUTER[@]}" env LD_PRELOAD="$SHIM" PORTCULLIS_WHITELIST="$TMP/outer.ini" bash -c read \
    <>"$TMP/line"
wait_for 5 has_filters 2 "$PID"
run "${OUTER[@]}" "${VERIFY[@]}" --accept-unproven --wait 0.3 "$PID" "$TMP/sleep.ini"
is "$STATUS" 3 "a wrapper's filter is not accepted for the program's"
start "$sleep" 60
run "${VERIFY[@]}" --accept-unproven "$PID" "$TMP/sleep.ini"
like "$STATUS $OUT" "^1 no: thread $PID of sleep has no filter" "what has no filter is never accepted"

# The unit's variables reach verify as well.
DYNAMIC=$BUILD/tests/portcullis
start_with "$TMP/sleep.ini" "$sleep" 60
wait_for 5 has_filters 1 "$PID"
run with "$TMP/sleep.ini" "$DYNAMIC" verify "$PID"
is "$STATUS $OUT$ERR" "0 $yes" "a whitelist with 'program' leaves a dynamically linked verify alone"
run with "$TMP/outer.ini" "$DYNAMIC" verify "$PID" "$TMP/sleep.ini"
is "$STATUS $OUT|$ERR" "3 cannot prove: thread $PID of sleep has no more filters than verify itself, \
which is under 1: nothing shows that one of them is its own|portcullis: warning: \
PORTCULLIS_WHITELIST filters verify itself, which can read no filters then; 'program' in the \
whitelist says which program it is for" "without it that says why it proves nothing"
if ! readelf -d "$BUILD/portcullis" | grep -q NEEDED; then
    run with "$TMP/plain.ini" "$BUILD/portcullis" verify "$PID" "$TMP/sleep.ini"
    is "$STATUS $OUT$ERR" "0 $yes" "no preload gets into one that is linked statically"
fi
finish
