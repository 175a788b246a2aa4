#!/usr/bin/env bash
# "Not seen, but likely needed": what the block proposes is what it takes. A program is learned
# without doing it; then it does it, is refused something, and with the block in force nothing.
. "$(dirname "$0")/../helpers/report.sh"
. "$(dirname "$0")/../helpers/learn.sh"

ulimit -c 0
export RES_OPTIONS='timeout:1 attempts:1'
victim likely -pthread -Wno-unused-result
cd "$TMP" || exit 1

# row TRIGGER CASE...: each of the cases, for a program that was seen to do TRIGGER alone.
row()
{
    local trigger=$1 case
    shift
    learned "$trigger" "$TMP/likely" "$trigger"
    # The block has names alone: what makes memory executable has to be said besides.
    sed -e 's/^;syscalls = /syscalls = /' -e 's/^mmap = .*/&\nmmap = prot only PROT_READ|PROT_EXEC/' \
        "$TMP/$trigger.ini" >"$TMP/$trigger.all.ini"
    for case; do
        report --report "$trigger.ini" -- "$TMP/likely" "$trigger" "$case"
        like "$ERR" 'portcullis: refused ' "${case}_is_refused_something_that_was_not_seen"
        report --report "$trigger.all.ini" -- "$TMP/likely" "$trigger" "$case"
        is "${ERR##*$'\n'}" 'portcullis: no call was refused' \
            "${case}_needs_no_more_than_the_block"
    done
}

row none abort ignored assert malloc perror clock
row write stdio
row openat locale
row connect hosts
row chown users
row listen syslog
row thread threads cancel
row execve spawn

finish
