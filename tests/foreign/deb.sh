#!/bin/bash
# The Debian packages in a fresh Debian of their own: installed by apt, tried by their smoke test and
# by README's sessions, with what they installed in the build folder's place. Needs root and Debian's
# archive. Run by `make check-deb`.
. "$(dirname "$0")/../helpers/tap.sh"

cd "$ROOT" || exit 1
((EUID == 0)) || skip_all "only root can make a Debian and enter it"
SYSTEM=$TMP/system
# shellcheck source=/dev/null
suite=$(. /etc/os-release && echo "$VERSION_CODENAME")

# inside COMMAND...: runs it in that Debian, whose mounts end with it.
# shellcheck disable=SC2016
inside()
{
    SYSTEM=$SYSTEM unshare --mount --pid --fork --kill-child bash -c '
        mount --bind "$SYSTEM" "$SYSTEM" && cd "$SYSTEM" && mkdir -p .outside &&
        mount -t proc proc proc && mount --rbind /dev dev && pivot_root . .outside && cd / &&
        umount -l /.outside && exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C \
            DEBIAN_FRONTEND=noninteractive "$@"' bash "$@"
}

# What the sessions use besides the command: a compiler, strace, and the two files that they filter.
run debootstrap --variant=minbase --include=gcc,libc6-dev,strace "$suite" "$SYSTEM"
is "$STATUS" 0 "a fresh Debian is made"
((STATUS == 0)) || { diag "$OUT$ERR"; finish; }
cp "$BUILD"/deb/*.deb "$SYSTEM/root/"
run inside sh -c 'apt-get install -qq --no-install-recommends /root/*portcullis*_*.deb'
is "$STATUS" 0 "apt installs the packages and what they need"
((STATUS == 0)) || diag "$OUT$ERR"

mkdir "$SYSTEM/root/source" "$SYSTEM/root/built"
git archive HEAD README.md LICENSE examples tests/live/readme.sh tests/helpers .debian/tests |
    tar -x -C "$SYSTEM/root/source"
succeeds "the smoke test passes" inside sh /root/source/.debian/tests/smoke

# Files that are where they were built are links to those that apt installed.
ln -s /usr/bin/portcullis "$SYSTEM/root/built/"
ln -s "/usr/lib/$(gcc -print-multiarch)/libportcullis.so" "$SYSTEM/root/built/"
run inside env BUILD=/root/built INSTALLED=1 PORTCULLIS_SHIM=/root/built/libportcullis.so \
    bash /root/source/tests/live/readme.sh
is "$STATUS" 0 "README's sessions print what README shows"
like "$OUT" '1\.\.[2-9][0-9]$' "more than twenty commands of them"
((STATUS == 0)) || diag "$(grep -A8 '^not ok' <<<"$OUT")"
finish
