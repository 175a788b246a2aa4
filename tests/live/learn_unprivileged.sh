#!/usr/bin/env bash
# Learning needs no privilege: as nobody, in a user namespace, without CAP_SYS_PTRACE, under a
# filter like the one that Docker puts over its containers, and with all of that at once.
. "$(dirname "$0")/../helpers/tap.sh"
. "$(dirname "$0")/../helpers/learn.sh"

[[ $(id -u) == 0 ]] || skip_all "only root can become others"
mkdir "$TMP/bin" && cp "$PORTCULLIS" "$SHIM" "$TMP/bin/" || exit 1
chmod 755 "$TMP" "$TMP/bin"
PORTCULLIS=$TMP/bin/portcullis
victim work -pthread
chmod 755 "$TMP/work"
mkdir -m 777 "$TMP/open"
cd "$TMP/open" || exit 1

# What Docker's default profile refuses to a container without further capabilities.
cat >"$TMP/docker.ini" <<'END'
[filter]
default = allow
children = inherit
[deny]
clone3 = ENOSYS
clone = EPERM if flags with CLONE_NEWNS
clone = EPERM if flags with CLONE_NEWUSER
clone = EPERM if flags with CLONE_NEWPID
clone = EPERM if flags with CLONE_NEWNET
clone = EPERM if flags with CLONE_NEWIPC
clone = EPERM if flags with CLONE_NEWUTS
clone = EPERM if flags with CLONE_NEWCGROUP
acct = EPERM
add_key = EPERM
bpf = EPERM
clock_adjtime = EPERM
clock_settime = EPERM
delete_module = EPERM
finit_module = EPERM
fsconfig = EPERM
fsmount = EPERM
fsopen = EPERM
get_mempolicy = EPERM
init_module = EPERM
io_uring_enter = EPERM
io_uring_register = EPERM
io_uring_setup = EPERM
ioperm = EPERM
iopl = EPERM
kexec_file_load = EPERM
kexec_load = EPERM
keyctl = EPERM
lookup_dcookie = EPERM
mbind = EPERM
mount = EPERM
move_mount = EPERM
move_pages = EPERM
open_by_handle_at = EPERM
open_tree = EPERM
perf_event_open = EPERM
process_vm_readv = EPERM
process_vm_writev = EPERM
pivot_root = EPERM
quotactl = EPERM
reboot = EPERM
request_key = EPERM
set_mempolicy = EPERM
setns = EPERM
settimeofday = EPERM
socket = EPERM if domain == AF_VSOCK
swapoff = EPERM
swapon = EPERM
sysfs = EPERM
umount2 = EPERM
unshare = EPERM
uselib = EPERM
userfaultfd = EPERM
ustat = EPERM
vhangup = EPERM
END

# The places to learn in: each runs what follows it.
plainly() { "$@"; }
nobody() { setpriv --reuid nobody --regid nogroup --clear-groups -- "$@"; }
namespace() { unshare --user --map-root-user -- "$@"; }
uncapable() { setpriv --bounding-set -sys_ptrace --inh-caps -sys_ptrace -- "$@"; }
docker() { "$PORTCULLIS" run "$TMP/docker.ini" -- bash -c 'exec "$@"' - "$@"; }
alone() { unshare --user --map-root-user --pid --fork --mount-proc -- "$@"; }
container()
{
    unshare --user --map-root-user --pid --fork --mount-proc -- \
        setpriv --bounding-set -all --inh-caps -all --no-new-privs -- \
        "$PORTCULLIS" run "$TMP/docker.ini" -- bash -c 'exec "$@"' - "$@"
}

# in_place PLACE COMMAND...: as run. (The environment tells a shell what it need not ask.)
in_place()
{
    run timeout 20 env -i PATH=/usr/bin:/bin bash -c \
        "$(declare -f "$1"); PORTCULLIS=$PORTCULLIS TMP=$TMP; \"\$@\"" bash "$@"
}

# By notification a signal that a shell handles may make its next call fail, so that nothing is
# asserted of a pipeline there.
COMMAND=(dash -c 'echo a | cat | cat; ls /proc/self/status')
SAID=$'a\n/proc/self/status'
for backend in ptrace notify; do
    if [[ $backend == notify ]]; then
        COMMAND=(find /proc/self/status -exec ls {} \;)
        SAID=/proc/self/status
    fi
    for place in plainly nobody namespace uncapable docker alone container; do
        LEARN=("$PORTCULLIS" learn --quiet --backend "$backend" -o)
        rm -f children.ini threads.ini
        in_place "$place" "${LEARN[@]}" children.ini -- "${COMMAND[@]}"
        is "$STATUS|$OUT|$ERR" "0|$SAID|" "$backend, $place: children are learned"
        names=$(listed children.ini | paste -sd ' ')
        [[ $place != plainly ]] || wanted=$names
        is "$names" "$wanted" "$backend, $place: its calls are the same everywhere"
        or_die children.ini kill.ini
        in_place plainly "$PORTCULLIS" run kill.ini -- "${COMMAND[@]}"
        is "$STATUS|$OUT|$ERR" "0|$SAID|" "$backend, $place: they are enough"
        in_place "$place" "${LEARN[@]}" threads.ini -- "$TMP/work" threads
        is "$STATUS|$OUT|$ERR|$(listed threads.ini | grep -c clone)" "0|threads: 8||1" \
            "$backend, $place: threads are learned"
    done
done
finish
