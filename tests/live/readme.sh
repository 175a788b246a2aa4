#!/bin/bash
# What README.md and CONTRIBUTING.md tell the reader to type does what they show. In a ```console
# block, lines after '$ ' are commands and those below are what they print; in a ```sh block every
# line is a command that succeeds. Blocks of one file go on where the one before has stopped.
. "$(dirname "$0")/../helpers/tap.sh"
cd "$ROOT" || exit 1
rm -f "$BUILD"/*.ini "$BUILD"/*.compiled # from the last time

# commands FILE: its blocks as "command<TAB>outputfile" lines; - for no output told.
commands()
{
    awk -v folder="$TMP" '
        /^```(console|sh)$/ { block = $0; next }
        /^```/ { block = "" }
        block == "```sh" && NF { print $0 "\t-" }
        block == "```console" && sub(/^\$ /, "") { out = folder "/told." ++count
                                                  printf "" >out
                                                  print $0 "\t" out
                                                  next }
        block == "```console" { print >out }' "$1"
}

# Folders as they are here. Whatever runs all tests, and so this one, is only planned. Where
# INSTALLED is set the built files are a package's, and there is nothing to make.
translate()
{
    local command=$1
    command=${command//\/tmp\//$TMP/}
    command=${command//build\//$BUILD/}
    [[ ! $command =~ ^make\ (bench|check|check-asan|fuzz|lint|live|soak|unit)$ ]] || command="make -n ${command#make }"
    [[ -z ${INSTALLED:-} || $command != make* ]] || command=true
    command=${command/#make/make -s BUILD=$BUILD}
    echo "$command"
}

# What was printed, with our paths as the reader's. Two streams meet in one file: in any order.
printed()
{
    sed "s|$BUILD/|build/|g; s|$TMP/|/tmp/|g" "$1" | sort
}

try_file()
{
    local command told status=0
    while IFS=$'\t' read -r -u 9 command told; do
        eval "(exit $status); $(translate "$command")" >"$TMP/got" 2>&1 </dev/null
        status=$?
        if [[ $told == - ]]; then
            is "$status" 0 "$1: $command"
        else
            is "$(printed "$TMP/got")" "$(sort "$told")" "$1: $command"
        fi
    done 9< <(commands "$1")
}

try_file README.md
[[ ! -f CONTRIBUTING.md ]] || try_file CONTRIBUTING.md
finish
