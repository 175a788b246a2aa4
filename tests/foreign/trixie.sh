#!/bin/bash
# `make demo` and `make check` in a fresh Debian 13 of its own, from what is committed. That Debian,
# with the packages that the first run has installed, is kept below the build folder. Needs root and
# Debian's archive. Run by `make check-trixie`.
. "$(dirname "$0")/../helpers/tap.sh"

cd "$ROOT" || exit 1
((EUID == 0)) || skip_all "only root can make a Debian and enter it"
HOME_OF=$BUILD/trixie
SYSTEM=$HOME_OF/system
mkdir -p "$HOME_OF" "$TMP/tmp"
chmod 1777 "$TMP/tmp"

# Where this machine's apt has Debian from; debootstrap has a place of its own where that is not
# known.
# shellcheck disable=SC2016
mapfile -t -n 1 MIRROR < <(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' \
    'Label: Debian')

# Built beside its place, so that what is there is whole. No package starts a service in it.
make_system()
{
    [[ ! -d $SYSTEM ]] || return 0
    rm -rf "$HOME_OF/new"
    debootstrap --variant=minbase --include=gcc,make,git,libc6-dev,ca-certificates trixie \
        "$HOME_OF/new" "${MIRROR[@]}" || return
    printf '#!/bin/sh\nexit 101\n' >"$HOME_OF/new/usr/sbin/policy-rc.d"
    chmod 755 "$HOME_OF/new/usr/sbin/policy-rc.d"
    printf '127.0.0.1 localhost\n::1 localhost\n' >"$HOME_OF/new/etc/hosts"
    mv "$HOME_OF/new" "$SYSTEM"
}

# inside COMMAND...: runs it in that Debian, in the clone. Its mounts and its processes end with it.
# shellcheck disable=SC2016
inside()
{
    SYSTEM=$SYSTEM SCRATCH=$TMP/tmp setpriv --pdeathsig KILL \
        unshare --mount --pid --fork --kill-child bash -c '
        mount --bind "$SYSTEM" "$SYSTEM" && cd "$SYSTEM" && mkdir -p .outside &&
        mount -t proc proc proc && mount --rbind /dev dev && mount -t tmpfs shm dev/shm &&
        mount --rbind /sys sys && mount --bind "$SCRATCH" tmp && pivot_root . .outside && cd / &&
        umount -l /.outside && cd /root/portcullis &&
        exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C CI=true "$@"' \
        bash "$@" </dev/null
}

# The last lines that prove prints, and what failed.
counts()
{
    sed -n '/^Test Summary Report/,$p; /^Files=/p' "$1" | awk '!seen[$0]++' | head -n 80
}

run make_system
is "$STATUS" 0 "a fresh Debian 13 is made"
((STATUS == 0)) || { diag "$OUT$ERR"; finish; }
rm -rf "$SYSTEM/root/portcullis"
succeeds "what is committed is cloned into it" git clone -q "$ROOT" "$SYSTEM/root/portcullis"

inside make demo >"$HOME_OF/demo.log" 2>&1
is "$?" 0 "make demo works there"
is "$(grep -c '^   created info$' "$HOME_OF/demo.log")" 3 "it makes its folders, filtered or not"
inside make check >"$HOME_OF/check.log" 2>&1
is "$?" 0 "make check passes there"
diag "$(counts "$HOME_OF/check.log")"
finish
