#!/bin/bash
# What the shim itself says of wrong whitelists, from inside a program that then does not run. The unit
# test asks the same of the hosted code; here it is the one without a libc.
. "$(dirname "$0")/../helpers/tap.sh"

# All of tests/data/bad whose status, stdout or stderr is another than expected.
surprises()
{
    local file status
    for file in *.ini; do
        LD_PRELOAD="$SHIM" PORTCULLIS_WHITELIST="$file" /bin/pwd >"$TMP/out" 2>"$TMP/err"
        status=$?
        [[ $status == 78 ]] || echo "$file: status $status"
        [[ ! -s $TMP/out ]] || echo "$file: main ran"
        diff -u --label wanted "${file%.ini}.expected" --label "$file" "$TMP/err"
    done
}

cd "$ROOT/tests/data/bad" || exit 1
count=$(printf '%s\n' *.ini | wc -l)
is "$(surprises 2>&1)" "" "all_wrong_whitelists_are_refused_with_78_and_the_expected_text"
diag "$count files"
is "$((count >= 60))" 1 "there_are_at_least_60_of_them"
finish
