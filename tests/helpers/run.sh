# shellcheck shell=bash disable=SC2034
# What the tests of `portcullis run` share, on top of tap.sh: the command and its shim where everybody
# may read them, and a whitelist that forbids mkdir. NOBODY: a command's first words, to run it as
# nobody; without them it runs as who runs the tests.

. "$(dirname "${BASH_SOURCE[0]}")/tap.sh"

chmod 711 "$TMP"
mkdir "$TMP/bin" "$TMP/open"
chmod 777 "$TMP/open"
install -m 755 "$BUILD/portcullis" "$BUILD/libportcullis.so" "$TMP/bin/" || exit 1
PORTCULLIS=$TMP/bin/portcullis
NOBODY=()
((EUID != 0)) || NOBODY=(setpriv --reuid=65534 --regid=65534 --clear-groups)

cat >"$TMP/good.ini" <<'END'
[filter]
default = allow
[deny]
mkdir = EPERM
mkdirat = EPERM
END
chmod 644 "$TMP/good.ini"

# build_victim NAME [FLAG...]: tests/victims/run_NAME.c becomes $TMP/NAME.
build_victim()
{
    local name=$1
    shift
    "${CC:-gcc}" -O1 -o "$TMP/$name" "$ROOT/tests/victims/run_$name.c" "$@" || exit 1
    chmod 755 "$TMP/$name"
}

# watchers: the processes of ours that are alive.
watchers()
{
    local link
    for link in /proc/[0-9]*/exe; do
        [[ $(readlink "$link" 2>/dev/null) == "$PORTCULLIS"* ]] || continue
        link=${link#/proc/}
        echo "${link%/exe}"
    done
}

nobody_watches()
{
    [[ -z $(watchers) ]]
}
