#!/bin/bash
# What @fallback refuses is refused by a filter of its own, which learn puts into the program when it
# stands at its entry point: whatever libc that has, whatever signals come, and whatever the file says
# of seccomp. ROUNDS: how often the storm of signals is gone through.
. "$(dirname "$0")/../helpers/run.sh"
. "$(dirname "$0")/../helpers/learn.sh"
. "$ROOT/tests/helpers/hosts.sh"

PORTCULLIS=$TMP/bin/portcullis
ROUNDS=${ROUNDS:-10}
cd "$TMP" || exit 1
victim filters
compile_library "${CC:-gcc}" storm.so learn_storm
compile "${CC:-gcc}" sender learn_storm -DSENDER
mkfifo storm
compile musl-gcc musl-filters learn_filters
REFUSED="435: Function not implemented
437: Function not implemented
439: Function not implemented
Seccomp:	2
Seccomp_filters:	2"

for backend in ptrace notify; do
    LEARN=(timeout 20 "$PORTCULLIS" learn --quiet --backend "$backend" -o)
    for program in filters musl-filters; do
        rm -f a.ini
        run "${LEARN[@]}" a.ini -- "./$program"
        is "$STATUS|$OUT|$ERR" "0|$REFUSED|" \
            "by_${backend}_${program}_has_the_filter_for_fallbacks_beside_the_learner_s"
        is "$(listed a.ini | grep -cE '^(clone3|openat2|faccessat2)$') $(listed a.ini |
            grep -c '^seccomp$')" "0 1" "by_${backend}_${program}_only_its_own_calls_are_learned"
    done

    # The file's own word on seccomp(2) is for the program, not for what is put in.
    for action in EPERM kill trap; do
        printf '[allow]\nsyscalls = read\n[deny]\nseccomp = %s\n' "$action" >d.ini
        run "${LEARN[@]}" d.ini -- ./filters
        status=159
        [[ $action != EPERM ]] || status=3
        is "$STATUS|$ERR" "$status|" "by_${backend}_seccomp_denied_by_${action}_is_denied_to_it"
        is "$(listed d.ini | grep -cE '^(seccomp|clone3)$') $(listed d.ini | grep -c '^openat$')" \
            "0 1" "by_${backend}_and_the_rest_is_learned_with_${action}"
    done
    printf '[allow]\nsyscalls = read\n[deny]\nseccomp = EPERM\n' >d.ini
    run "${LEARN[@]}" d.ini -- ./filters
    is "$OUT" "$REFUSED" "by_${backend}_the_filter_is_in_though_seccomp_is_denied"

    # Some come while the filter is put in.
    for stops in "" stops; do
        wrong=
        for ((i = 0; i < ROUNDS; i++)); do
            rm -f s.ini
            start ./sender storm 400 $stops
            run env LD_PRELOAD="$TMP/storm.so" STORM=400 STORM_FIFO="$TMP/storm" \
                "${LEARN[@]}" s.ini -- ./filters
            wait "$PID"
            [[ "$STATUS|$OUT|$ERR" == "0|$REFUSED"$'\n'"400 signals, 0 wrong|" ]] ||
                wrong+="$STATUS|$OUT|$ERR"$'\n'
        done
        is "$wrong" "" "by_${backend}_signals_meanwhile_arrive_once_and_as_they_were_sent $stops"
    done
done
wait_for 10 nobody_watches
is "$(watchers)" "" "no_learner_is_left"
finish
