# shellcheck shell=bash disable=SC2034
# What the tests of `run --report` share, on top of tap.sh.

. "$(dirname "${BASH_SOURCE[0]}")/tap.sh"

# Copies that everybody may read, wherever the build is.
chmod 711 "$TMP"
mkdir "$TMP/bin"
install -m 755 "$BUILD/portcullis" "$BUILD/libportcullis.so" "$TMP/bin/" || exit 1
PORTCULLIS=$TMP/bin/portcullis

# counted FILE: the supervisor's last line has arrived there; it may come after the program's end.
counted()
{
    grep -qE '^portcullis: ([0-9]+ refused calls? told, [0-9]+ in all|no call was refused)$' "$1"
}

# report_by COMMAND... -- ARGUMENT...: `COMMAND... portcullis run ARGUMENT...`, as run does it, to the
# supervisor's last line.
report_by()
{
    local command=()
    while [[ $1 != -- ]]; do
        command+=("$1")
        shift
    done
    shift
    run "${command[@]}" "$PORTCULLIS" run "$@"
    wait_for 10 counted "$TMP/.err"
    ERR=$(<"$TMP/.err")
}

report()
{
    report_by -- "$@"
}

ended()
{
    ! alive "$1"
}
