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
is "$(needed "$BUILD/portcullis")" "" "the command has all in it"
like "$(needed "$TMP/root/usr/bin/portcullis")" "libc.so.6 .*libdw" "the package's shares it all"
is "$(PKG_CONFIG_PATH=$TMP/root/usr/lib/x86_64-linux-gnu/pkgconfig \
    pkg-config --variable=preload portcullis)" /usr/lib/x86_64-linux-gnu/libportcullis.so \
    "pkg-config knows where the object is"
version=$("$TMP/root/usr/bin/portcullis" --version)
is "portcullis $(dpkg-deb -f "$TMP"/build/deb/portcullis_*.deb Version)" "$version" \
    "package and command have the same version"
is "$(sed -n 's/^## //p' CHANGELOG.md | head -n 1)" "${version#portcullis }" \
    "so has the list of changes"
finish
