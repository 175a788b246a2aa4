#!/bin/bash
# The Debian packages are built, without an error of lintian's, and what is in them works.
. "$(dirname "$0")/../helpers/tap.sh"
cd "$ROOT" || exit 1

run make -s BUILD="$TMP/build" deb-build
is "$STATUS" 0 "the packages are built, and lintian finds no error"
((STATUS == 0)) || diag "$OUT$ERR"
is "$(cd "$TMP/build/deb" && printf '%s\n' *.deb | grep -v dbgsym | sed 's/_.*//' | paste -sd ' ')" \
    "libportcullis0 portcullis" "one has the command and one the object"

for package in "$TMP"/build/deb/*.deb; do
    dpkg-deb -x "$package" "$TMP/root"
done
succeeds "the smoke test of the packages passes on what is in them" \
    env PATH="$TMP/root/usr/bin:$PATH" sh .debian/tests/smoke
# needed COMMAND: what it wants of the loader
needed()
{
    readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | sort | paste -sd ' '
}
# deb_verify NAME WHITELIST: the package's command, in a unit's environment.
deb_verify()
{
    start_with "$2" sleep 60
    run with "$2" "$TMP/root/usr/bin/portcullis" verify --wait 5 "$PID" "$2"
    is "$STATUS $OUT$ERR" "0 yes: sleep, 1 thread, is filtered by $2" "$1"
    stop "$PID"
}
is "$(needed "$TMP/root/usr/bin/portcullis")" "$(needed "$BUILD/portcullis")" \
    "the package's command is linked as here"
printf '[allow]\nsyscalls = @stdio @files clock_nanosleep\n' >"$TMP/any.ini"
sed "1i [filter]\nprogram = $(realpath "$(command -v sleep)")" "$TMP/any.ini" >"$TMP/sleep.ini"
if ((EUID == 0)); then
    SHIM=$(echo "$TMP"/root/usr/lib/*/libportcullis.so)
    deb_verify "verify is not filtered where the whitelist is for another program" "$TMP/sleep.ini"
    [[ -n $(needed "$TMP/root/usr/bin/portcullis") ]] ||
        deb_verify "nor where it is for any: no preload gets into it" "$TMP/any.ini"
fi
is "$(PKG_CONFIG_PATH=$TMP/root/usr/lib/x86_64-linux-gnu/pkgconfig \
    pkg-config --variable=preload portcullis)" /usr/lib/x86_64-linux-gnu/libportcullis.so \
    "pkg-config knows where the object is"
version=$("$TMP/root/usr/bin/portcullis" --version)
is "portcullis $(dpkg-deb -f "$TMP"/build/deb/portcullis_*.deb Version)" "$version" \
    "package and command have the same version"
is "$(sed -n 's/^## //p' CHANGELOG.md | grep -vx Unreleased | head -n 1)" "${version#portcullis }" \
    "so has the list of changes"
finish
