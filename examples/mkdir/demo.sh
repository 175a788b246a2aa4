#!/usr/bin/env bash
# Portcullis in a few lines: the same program without a filter and with one.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "$here/../.." && realpath -m -- "${BUILD:-build}")
shim=$(cd "$here/../.." && realpath -e -- "${PORTCULLIS_SHIM:-$build/libportcullis.so}")
folder=$(mktemp -d)
pid=
trap '[[ -z $pid ]] || kill "$pid" 2>/dev/null; rm -rf -- "$folder"' EXIT

GOCACHE=$build/go-cache "$here/build.sh" "$folder"
cd "$folder"
cp "$shim" libportcullis.so
cp "$here/mkdir.ini" "$here/mkdir-go.ini" .
sed 's/?mkdir/mkdri/' mkdir.ini >mistake.ini

# The command is shown, then run; its messages are part of the demonstration, its status is not.
show()
{
    echo "   \$ $*"
    env "$@" 2>&1 | sed 's/^/   /'
    rm -rf info
}

echo "1. A program makes a folder and asks where it is:"
show ./mkdir info
echo "2. The same under mkdir.ini, which lists mkdir and not getcwd; then its twin in Go:"
show LD_PRELOAD=./libportcullis.so PORTCULLIS_WHITELIST=mkdir.ini ./mkdir info
show LD_PRELOAD=./libportcullis.so PORTCULLIS_WHITELIST=mkdir-go.ini ./mkdir-go info
: >info.log # it is looked at before the program writes to it
echo "3. What the kernel says of it while it runs (2: filtered):"
LD_PRELOAD=./libportcullis.so PORTCULLIS_WHITELIST=mkdir.ini ./mkdir info 60 >info.log 2>&1 &
pid=$!
for _ in {1..100}; do
    ! grep -q getcwd info.log || break
    sleep 0.1
done
echo "   \$ grep Seccomp: /proc/$pid/status"
sed -n 's/^Seccomp:/   &/p' "/proc/$pid/status"
rm -rf info
echo "4. A whitelist with a mistake: the program does not run:"
show LD_PRELOAD=./libportcullis.so PORTCULLIS_WHITELIST=mistake.ini ./mkdir info
