# shellcheck shell=bash disable=SC2034
# What the tests of `run --report` share, on top of tap.sh.

. "$(dirname "${BASH_SOURCE[0]}")/tap.sh"

# Copies that everybody may read, wherever the build is.
chmod 711 "$TMP"
mkdir "$TMP/bin"
install -m 755 "$BUILD/portcullis" "$BUILD/libportcullis.so" "$TMP/bin/" || exit 1
PORTCULLIS=$TMP/bin/portcullis

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
    await_count
}

report()
{
    report_by -- "$@"
}

ended()
{
    ! alive "$1"
}
