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
