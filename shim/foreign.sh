#!/bin/sh
# foreign.sh ARCHITECTURE FOLDER: libseccomp.a and libinih.a of another of Debian's architectures, in
# FOLDER, and their headers in FOLDER/include.
#
# The packages are downloaded and unpacked, not installed: dpkg never hears of the architecture, so
# no package of this machine has to go. apt is asked with lists and a cache of its own, in FOLDER;
# sources that have nothing for that architecture do not matter.
set -eu
architecture=$1
mkdir -p "$2"
folder=$(cd "$2" && pwd)
apt=$folder/apt
packages="libseccomp-dev libinih-dev"

ask() {
    apt-get -qq -o "APT::Architecture=$architecture" -o "APT::Architectures=$architecture" \
        -o "Dir::State=$apt" -o "Dir::State::status=/dev/null" -o "Dir::Cache=$apt/cache" \
        -o APT::Sandbox::User=root -o Acquire::Languages=none -o Acquire::Retries=3 "$@"
}

if ! command -v apt-get >/dev/null || ! command -v dpkg-deb >/dev/null; then
    echo "foreign.sh: no apt here; put libseccomp.a and libinih.a for $architecture in $folder" >&2
    exit 1
fi
mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
ask update >"$apt/update.log" 2>&1 || true
cd "$apt"
rm -f ./*.deb
# shellcheck disable=SC2086
if ! ask download $packages >download.log 2>&1; then
    cat update.log download.log >&2
    echo "foreign.sh: cannot download $packages for $architecture" >&2
    exit 1
fi
for package in ./*.deb; do
    dpkg-deb -x "$package" unpacked
done
mkdir -p "$folder/include"
mv unpacked/usr/include/*.h "$folder/include"
find unpacked -name 'libseccomp.a' -o -name 'libinih.a' | while read -r library; do
    mv "$library" "$folder"
done
cd "$folder"
rm -rf "$apt"
ls libseccomp.a libinih.a >/dev/null
