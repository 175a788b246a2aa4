#!/usr/bin/env bash
# A program that loads a seccomp filter of its own: what that filter answers, no other filter is asked
# about, but `default = kill` is stricter than its answer. It is learned all the same, and nothing is
# called verified that was not seen.
. "$(dirname "$0")/../helpers/run.sh"
. "$(dirname "$0")/../helpers/learn.sh"
PORTCULLIS=$TMP/bin/portcullis
cd "$TMP" || exit 1
victim own_filter -pthread
# (futex and others: what a thread calls depends on who is first)
printf '[filter]\ndefault = kill\n[allow]\nsyscalls = exit_group futex sched_yield mmap munmap madvise\n' \
    >kill.ini

for backend in ptrace notify; do
    for how in errno trap; do
        for who in self child thread exec; do
            # after exec there is no handler any more
            [[ "$how $who" != "trap exec" ]] || continue
            run ./own_filter $how $who
            plain="$STATUS|$OUT|$ERR"
            cp kill.ini a.ini
            run timeout 20 "$PORTCULLIS" learn --quiet --backend $backend -o a.ini -- \
                ./own_filter $how $who
            is "$STATUS|$OUT|$ERR" "$plain" "by_${backend}_${how}_${who}_is_as_ever"
            is "$(listed a.ini | grep -x getpgid)" getpgid \
                "by_${backend}_what_the_filter_of_${who}_answers_by_${how}_is_learned"
            run timeout 20 "$PORTCULLIS" run a.ini -- ./own_filter $how $who
            is "$STATUS|$OUT|$ERR" "$plain" "and_under_that_list_it_is_as_ever"
        done
    done
    # each call once, whoever is asked about it
    run timeout 20 "$PORTCULLIS" learn --quiet --annotate --backend $backend -o - -- \
        ./own_filter errno self
    is "$(sed -n 's/^syscalls = \(getpgid\|write\|rt_sigaction\) ; seen \(.*\), first.*/\1 \2/p; s/^\(prctl\) .* ; seen \(.*\), first.*/\1 \2/p' <<<"$OUT" | sort)" \
        $'getpgid 1 time\nprctl 2 times\nrt_sigaction 1 time\nwrite 1 time' \
        "by_${backend}_each_call_is_counted_once"
done

# --- the second run sees less: it is not traced
SEEN="portcullis: warning: '$TMP/own_filter' \\(pid [0-9]+\\) loads a filter of its own: calls that it \
answers are not seen, and this whitelist may kill for them"
cp kill.ini a.ini
run timeout 20 "$PORTCULLIS" learn --verify -o a.ini -- ./own_filter errno self
is "$STATUS $(grep -c '^portcullis: verified' <<<"$ERR")" "1 0" \
    "a_run_whose_refusals_may_be_hidden_is_not_called_verified"
like "$ERR" "$SEEN.*"$'\n'"portcullis: no refused call was seen"$'\n'"portcullis: not verified: a filter \
of the program's own may have hidden refused calls$" "and_says_why"
run timeout 20 "$PORTCULLIS" run --report a.ini -- ./own_filter errno self
wait_for 10 grep -q 'seen$' "$TMP/.err"
like "$STATUS|$OUT|$(<"$TMP/.err")" "^0\\|getpgid: -1 \\(Operation not permitted\\)\\|$SEEN"$'\n'"portcullis: no \
refused call was seen$" "run_report_says_so_as_well"
for action in kill trap; do
    printf '[filter]\ndefault = EPERM\n[allow]\nsyscalls = @stdio seccomp prctl\n[deny]\nsetns = %s\n' \
        $action >deny.ini
    run timeout 20 "$PORTCULLIS" run --report deny.ini -- ./own_filter errno self
    wait_for 10 grep -q 'seen$' "$TMP/.err"
    like "$(<"$TMP/.err")" "$SEEN" "and_where_a_denial_is_by_$action"
done
# an errno of ours is no stricter than its own
rm -f a.ini
run timeout 20 "$PORTCULLIS" learn --verify -o a.ini -- ./own_filter errno self
like "$STATUS|$ERR" "^0\\|.*portcullis: no call was refused"$'\n'"portcullis: verified: a.ini" \
    "where_nothing_kills_it_is_verified"

# --- a filter that was there before: bwrap's, which is executed on the way to the program
printf '[filter]\nprogram = %s\n[allow]\nsyscalls = exit_group\n' "$(realpath "$(type -P perl)")" >perl.ini
run timeout 20 "$PORTCULLIS" learn --quiet -o perl.ini -- ./own_filter errno perl
is "$STATUS $OUT $(listed perl.ini | grep -x getpgid)" "0 getpgrp: -1 getpgid" \
    "what_a_filter_answers_that_was_there_before_the_program_is_learned"

# --- a listener of its own
run timeout 20 "$PORTCULLIS" learn --quiet -o - -- ./own_filter listen
like "$STATUS|$OUT" "^0\|.*getpgid: -1 \(Operation not permitted\)" \
    "by_ptrace_a_program_may_have_a_listener"
run timeout 20 "$PORTCULLIS" learn --quiet --backend notify -o - -- ./own_filter listen
like "$STATUS|$OUT" "^1\|.*not loaded: Device or resource busy" "by_notify_it_may_not"
like "$ERR" "'$TMP/own_filter' \(pid [0-9]+\) cannot listen to system calls while it is learned by \
--backend notify, which does: learn it by --backend ptrace" "and_one_line_says_why"
finish
