#!/bin/bash
# By ptrace the filter, by notification that of what @fallback refuses is put into the program when it
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
compile_library "${CC:-gcc}" early.so learn_early
compile "${CC:-gcc}" early learn_filters -Wl,--no-as-needed early.so -Wl,-rpath,"$TMP"

# refused FILTERS: what the victim is to print under so many.
refused()
{
    printf '%d: Function not implemented\n' 435 437 439
    printf 'Seccomp:\t2\nSeccomp_filters:\t%d' "$1"
}

for backend in ptrace notify; do
    REFUSED=$(refused "$([[ $backend = ptrace ]] && echo 1 || echo 2)")
    LEARN=(timeout 20 "$PORTCULLIS" learn --quiet --backend "$backend" -o)
    for program in filters musl-filters; do
        rm -f a.ini
        run "${LEARN[@]}" a.ini -- "./$program"
        is "$STATUS|$OUT|$ERR" "0|$REFUSED|" \
            "by_${backend}_${program}_is_refused_what_it_can_do_without"
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

# --- by ptrace nothing is in before the gate
LEARN=(timeout 20 "$PORTCULLIS" learn --quiet -o)
run "${LEARN[@]}" early.ini -- ./early
is "$STATUS|$OUT|$ERR" "0|$(refused 1)|early Seccomp_filters:	0" \
    "by_ptrace_what_runs_before_the_gate_is_not_filtered"
THREAD=yes run "${LEARN[@]}" thread.ini -- ./early
is "$STATUS|$OUT|$ERR" "0|$(refused 1)|early Seccomp_filters:	0
thread Seccomp_filters:	1" "by_ptrace_a_thread_from_before_the_gate_is_filtered_from_there_on"
SEALS=yes run "${LEARN[@]}" sealed.ini -- ./early
is "$STATUS|$OUT|${ERR##*$'\n'}" "125||portcullis: error: '$TMP/early' was stopped at its entry \
point: its filter cannot be loaded: Permission denied" "where_none_can_be_put_in_it_does_not_run"
is "$(ls sealed.ini 2>&1)" "ls: cannot access 'sealed.ini': No such file or directory" \
    "and_there_is_no_list"

# as many instructions as the kernel takes
{
    printf '[allow]\nsyscalls = read\n'
    for ((i = 0; i < 3400; i++)); do
        ((i % 16)) || printf '\ngetpgid = pid in'
        printf ' %d' $((1000 + 2 * i))
    done
    printf '\n'
} >large.ini
like "$("$PORTCULLIS" check large.ini 2>&1)" ' 40[0-9]{2} BPF instructions' "the_largest_is_large"
cp large.ini before.ini
run "${LEARN[@]}" large.ini -- ./filters
is "$STATUS|$OUT|$ERR" "0|$(refused 1)|" "the_largest_whitelist_can_be_added_to"
like "$(diff before.ini large.ini)" 'openat' "and_is"

# --- ENOSYS may be the answer to all; or some of what is listed is not to run at full speed
for default in ENOSYS EPERM; do
    printf '[filter]\ndefault = %s\n[allow]\nsyscalls = read\n[deny]\nopenat2 = EXDEV\n' \
        $default >e.ini
    run "${LEARN[@]}" e.ini -- ./filters
    is "$STATUS|$(head -n 3 <<<"$OUT")" "0|435: Function not implemented
437: Invalid cross-device link
439: Function not implemented" "where_the_default_is_${default}_denials_and_fallbacks_are_told_apart"
    is "$(listed e.ini | grep -cE '^(clone3|openat2|faccessat2)$') $(listed e.ini |
        grep -c '^openat$')" "0 1" "where_the_default_is_${default}_what_is_new_is_learned"
done
printf '[allow]\nsyscalls = read clone3\n' >e.ini
run "${LEARN[@]}" e.ini --stage pause -- ./filters
is "$STATUS|$OUT" "0|435: Invalid argument
437: Function not implemented
439: Function not implemented
Seccomp:	2
Seccomp_filters:	2" "with_a_stage_what_is_listed_of_fallback_is_made"

wait_for 10 nobody_watches
is "$(watchers)" "" "no_learner_is_left"
finish
