#!/bin/bash
# shellcheck disable=SC2016
# Every whitelist that is shipped, exported and in force by crun, runc, podman (4.3 in Debian 12),
# dockerd (20.10) and bwrap: its program starts. Each engine with and without no-new-privileges,
# under the narrowest profile for that. Needs root. Run by `make check-engines`. LISTS: a pattern, for
# some of them only.
. "$(dirname "$0")/../helpers/tap.sh"
. "$ROOT/tests/helpers/engines.sh"

((EUID == 0)) || skip_all "engines need root here"
# A place for mounts of its own: what is not there for hybrid cgroups is not there here alone.
if [[ -z ${ENGINES_INSIDE-} ]]; then
    ENGINES_INSIDE=1 exec unshare -m bash "$0"
fi
umount /sys/fs/cgroup/unified 2>/dev/null
cd "$TMP" || exit 1
PORTCULLIS=$BUILD/portcullis
engine_root "$TMP/root"

# --- the engines: ENGINE PRIVILEGED PROFILE COMMAND... ------------------------------------------

by_crun() { bundled crun "$TMP/root" "$@"; }
by_runc() { bundled runc "$TMP/root" "$@"; }
by_bwrap() { boxed "$TMP/root" "$@"; }

# option PRIVILEGED: OPTION becomes what podman and docker take.
option()
{
    OPTION=()
    [[ $1 == yes ]] || OPTION=(--security-opt no-new-privileges)
}

# --ulimit: the defaults are above this machine's limits where CAP_SYS_RESOURCE is missing.
by_podman()
{
    option "$1"
    run timeout 60 podman --root "$TMP/podman/root" --runroot "$TMP/podman/run" \
        --tmpdir "$TMP/podman/tmp" --storage-driver vfs --cgroup-manager cgroupfs \
        --events-backend none --runtime crun run --rm --network none --cgroups disabled \
        --log-driver none --ulimit nofile=1024:1024 --ulimit nproc=4096:4096 \
        "${OPTION[@]}" --security-opt seccomp="$2" -v /usr:/usr:ro --rootfs "$TMP/root" "${@:3}"
}

by_docker()
{
    option "$1"
    run timeout 60 docker -H "unix://$TMP/docker/socket" run --rm --network none \
        "${OPTION[@]}" --security-opt seccomp="$2" -v /usr:/usr:ro portcullis:root "${@:3}"
}

mkdir docker
start dockerd --data-root "$TMP/docker/data" --exec-root "$TMP/docker/exec" \
    -H "unix://$TMP/docker/socket" --pidfile "$TMP/docker/pid" --iptables=false --ip6tables=false \
    --bridge none --storage-driver vfs >docker/log 2>&1 </dev/null
answers() { docker -H "unix://$TMP/docker/socket" version; }
succeeds "dockerd starts, with folders of its own" wait_for 60 answers
tar -C root -c . | docker -H "unix://$TMP/docker/socket" import - portcullis:root >/dev/null

# --- the whitelists -----------------------------------------------------------------------------

# program_of LIST: COMMAND becomes what the list is for, doing what takes nothing else.
program_of()
{
    case ${1%.ini} in
    convert) COMMAND=(/usr/bin/convert-im6.q16 -version) ;;
    curl) COMMAND=(/usr/bin/curl --version) ;;
    */dnsmasq | dnsmasq) COMMAND=(/usr/sbin/dnsmasq --version) ;;
    ffmpeg) COMMAND=(/usr/bin/ffmpeg -version) ;;
    file) COMMAND=(/usr/bin/file -b /text.txt) ;;
    gawk) COMMAND=(/usr/bin/gawk '{ print $1 }' /text.txt) ;;
    ghostscript) COMMAND=(/usr/bin/gs -h) ;;
    git | git-read) COMMAND=(/usr/bin/git version) ;;
    gzip) COMMAND=(/usr/bin/gzip -c /text.txt) ;;
    */haproxy | haproxy | haproxy-master) COMMAND=(/usr/sbin/haproxy -v) ;;
    jq) COMMAND=(/usr/bin/jq -n '6 * 7') ;;
    */memcached | memcached) COMMAND=(/usr/bin/memcached --version) ;;
    */nginx | nginx) COMMAND=(/usr/sbin/nginx -v) ;;
    node) COMMAND=(/usr/bin/node -e 'console.log(6 * 7)') ;;
    pdftotext) COMMAND=(/usr/bin/pdftotext -v) ;;
    */postgresql@ | postgresql) COMMAND=(/usr/lib/postgresql/15/bin/postgres --version) ;;
    python3) COMMAND=(/usr/bin/python3 -c 'import json, sqlite3; print(6 * 7)') ;;
    */redis-server | redis-server) COMMAND=(/usr/bin/redis-server --version) ;;
    sftp-server) COMMAND=(/usr/lib/openssh/sftp-server -Q requests) ;;
    sqlite3) COMMAND=(/usr/bin/sqlite3 :memory: 'select 6 * 7') ;;
    tar | tar-plain) COMMAND=(/usr/bin/tar -cf /dev/null /text.txt) ;;
    unzip) COMMAND=(/usr/bin/unzip -v) ;;
    xz) COMMAND=(/usr/bin/xz -c /text.txt) ;;
    zstd) COMMAND=(/usr/bin/zstd -qc /text.txt) ;;
    archive | base | hosts | libraries | passwd | users | workers) COMMAND=(/usr/bin/true) ;;
    *) COMMAND=() ;;
    esac
}

# exported LIST FILE OPTION...: as a profile.
exported()
{
    "$PORTCULLIS" export --startup "${@:3}" -o "$2" "$1" 2>.export && return
    fail "$1: it is exported with ${*:3}" "$(<.export)"
    return 1
}

# try NAME BY...: BY runs COMMAND to its end.
try()
{
    "${@:2}" "${COMMAND[@]}"
    is "$STATUS" 0 "$1: ${COMMAND[0]##*/} runs"
    ((STATUS == 0)) || diag "$OUT$ERR"
}

# --- each engine enforces -----------------------------------------------------------------------

printf '[allow]\nsyscalls = @stdio @files ioctl\n[deny]\nmkdir = EXDEV\n' >a.ini
COMMAND=(/usr/bin/mkdir /tmp/hall)
REFUSED="1|/usr/bin/mkdir: cannot create directory '/tmp/hall': Invalid cross-device link"
for engine in crun runc podman docker; do
    exported a.ini any.json --to oci
    for privileged in yes no; do
        "by_$engine" "$privileged" "$TMP/any.json" "${COMMAND[@]}"
        is "$STATUS|$ERR" "$REFUSED" "$engine refuses what is denied, with privileges: $privileged"
    done
    exported a.ini no.json --to oci --no-new-privileges
    "by_$engine" yes "$TMP/no.json" /usr/bin/true
    like "$STATUS" '^[1-9]' "$engine needs what is left out for no-new-privileges"
done
exported a.ini a.bpf --to bpf
by_bwrap "$TMP/a.bpf" "${COMMAND[@]}"
is "$STATUS|$ERR" "$REFUSED" "bwrap refuses what is denied"

# --- each whitelist -----------------------------------------------------------------------------

for path in "$ROOT"/config/whitelists/*.ini "$ROOT"/config/whitelists/systemd/*.ini; do
    list=${path#"$ROOT/config/whitelists/"}
    # shellcheck disable=SC2053 # a pattern it is
    [[ $list == ${LISTS:-*} ]] || continue
    if grep -q '^\[stage' "$path"; then
        run "$PORTCULLIS" export --to oci --startup "$path"
        like "$STATUS|$ERR" "^78\|.*'oci' cannot say the stage" "$list: its stage is an error"
        continue
    fi
    program_of "$list"
    ((${#COMMAND[@]} > 0)) || { fail "$list: what it is for is known here" ""; continue; }
    for engine in crun runc podman docker; do
        kind=${engine/podman/crun}
        exported "$path" yes.json --to oci --engine "$kind" &&
            try "$list by $engine" "by_$engine" yes "$TMP/yes.json"
        exported "$path" no.json --to oci --engine "$kind" --no-new-privileges &&
            try "$list by $engine with no-new-privileges" "by_$engine" no "$TMP/no.json"
    done
    exported "$path" list.bpf --to bpf &&
        try "$list by bwrap" by_bwrap "$TMP/list.bpf"
done
finish
