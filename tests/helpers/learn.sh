# shellcheck shell=bash disable=SC2034
# What the tests of `portcullis learn` share. To be sourced after tap.sh.

PORTCULLIS=$BUILD/portcullis

# victim NAME [FLAG...]: tests/victims/learn_NAME.c, as $TMP/NAME.
victim()
{
    "${CC:-gcc}" -std=gnu17 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror -g \
        "$ROOT/tests/victims/learn_$1.c" -o "$TMP/$1" "${@:2}" || exit 1
}

# listed WHITELIST: the names of the system calls that it allows, sorted, a line each.
listed()
{
    sed -n '/^\[allow\]/,/^\[[ds]/s/^\([a-z_0-9]*\) *= *\(.*\)/\1 \2/p' "$1" |
        awk '$1 == "syscalls" { for (i = 2; i <= NF; i++) print $i; next } { print $1 }' | sort -u
}

# learned NAME COMMAND...: adds to $TMP/NAME.ini what COMMAND does. STATUS, OUT and ERR are what
# came of it.
learned()
{
    run timeout 60 "$PORTCULLIS" learn --quiet -o "$TMP/$1.ini" -- "${@:2}"
}

# loop NAME COMMAND...: what COMMAND does is learned in ROUNDS runs (1); then it is run under
# default = kill, and once more with a report of what it is refused. Each time it has to be as it is
# without a filter: status, standard output and error. BEFORE is called before each run.
loop()
{
    local name=$1 plain said round
    shift
    ${BEFORE:-true}
    run timeout 60 "$@"
    plain="$STATUS|$OUT|$ERR"
    said=$ERR
    for ((round = 0; round < ${ROUNDS:-1}; round++)); do
        ${BEFORE:-true}
        learned "$name" "$@"
        [[ "$STATUS|$OUT|$ERR" == "$plain" ]] || break
    done
    is "$STATUS|$OUT|$ERR" "$plain" "$name: it is the same while it is learned"
    or_die "$TMP/$name.ini" "$TMP/$name.kill.ini" || diag "there is no whitelist"
    ${BEFORE:-true}
    run timeout 60 "$PORTCULLIS" run "$TMP/$name.kill.ini" -- "$@"
    is "$STATUS|$OUT|$ERR" "$plain" "$name: it is the same under what was learned"
    ${BEFORE:-true}
    run timeout 60 "$PORTCULLIS" run --report "$TMP/$name.ini" -- "$@"
    await_count
    is "$STATUS|$OUT|$ERR" "$plain${said:+$'\n'}portcullis: no call was refused" \
        "$name: and is refused nothing"
}
