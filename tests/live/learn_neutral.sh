#!/usr/bin/env bash
# shellcheck disable=SC2016
# What is learned is the program's, not the shim's: it holds however much there is to read beside
# it, and where nothing is read but a compiled whitelist. Nothing that is learned needs the shim in
# the program.
. "$(dirname "$0")/../helpers/tap.sh"
. "$(dirname "$0")/../helpers/learn.sh"

cd "$TMP" || exit 1
victim work -pthread
g++ -std=c++17 -O2 "$ROOT/tests/victims/learn_exceptions.cc" -o exceptions -pthread || exit 1
seq 1 200 >numbers

# more COUNT: the lines of so many further system calls, numbers that no program uses.
more()
{
    seq 500 $((499 + $1)) | xargs -n 20 | sed 's/^/syscalls = /'
}

# neutral NAME COMMAND...
neutral()
{
    local name=$1 plain count form
    shift
    run "$@"
    plain="$STATUS|$OUT|$ERR"
    learned "$name" "$@"
    is "$STATUS|$OUT|$ERR" "$plain" "$name is learned"
    is "$(grep -cE '\b(seccomp|prctl)\b' "$name.ini")" 0 "$name: with none of the shim's own calls"
    for count in 0 10 400; do
        or_die "$name.ini" kill.ini
        ((count == 0)) || more "$count" >>kill.ini
        rm -f kill.compiled
        "$PORTCULLIS" compile kill.ini -o kill.compiled || diag "it is not compiled"
        for form in ini compiled; do
            run timeout 20 "$PORTCULLIS" run "kill.$form" -- "$@"
            is "$STATUS|$OUT|$ERR" "$plain" "$name: it holds with $count further names ($form)"
            run timeout 20 env LD_PRELOAD="$SHIM" PORTCULLIS_WHITELIST="$TMP/kill.$form" "$@"
            is "$STATUS|$OUT|$ERR" "$plain" "$name: as it does by the environment alone ($form)"
        done
    done
}

neutral true true
neutral ls ls -l numbers
neutral sort sort -rn numbers
neutral gawk gawk '{ print length() }' numbers
neutral sqlite3 sqlite3 :memory: \
    'create table t(a); insert into t values (1); select sum(a) from t;'
PERL_HASH_SEED=0 neutral perl perl -e 'my %h = map { $_ => 1 } 1 .. 9; print scalar(keys %h), "\n"'
neutral python3 /usr/bin/python3 -c 'print(sum(range(9)))'
# That a program may have a ring is somebody's decision.
printf '[filter]\ndefault = EPERM\n[allow]\nsyscalls = io_uring_setup\n' >uring.ini
neutral uring ./work uring
neutral exceptions ./exceptions

# The first malloc of a program is its own: no list that was read has made it needless.
is "$(listed true.ini | paste -sd ' ')" "exit_group" "true makes one call"
is "$(listed uring.ini | grep -c '^brk$')" 1 "the heap of what uses it has to be got"
finish
