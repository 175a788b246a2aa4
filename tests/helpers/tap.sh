# shellcheck shell=bash disable=SC2034
# What the live tests share: TAP on stdout, a temp folder, ports, processes that end with the test.
#
#   . "$(dirname "$0")/../helpers/tap.sh"
#   run env LD_PRELOAD="$SHIM" PORTCULLIS_WHITELIST="$TMP/a.ini" ./program
#   is "$STATUS" 78 "a missing whitelist ends with status 78"
#   finish
#
# ROOT: the repository. BUILD: the build folder. SHIM: the shared object under test. TMP: a folder of
# this test's own. All are absolute. Without `finish` there is no plan, so a test that dies fails.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
BUILD=$(cd "$ROOT" && realpath -m -- "${BUILD:-build}")
SHIM=$(cd "$ROOT" && realpath -m -- "${PORTCULLIS_SHIM:-$BUILD/libportcullis.so}")
unset PORTCULLIS_SHIM # programs show what they find in their environment
TMP=$(mktemp -d "${TMPDIR:-/tmp}/portcullis.XXXXXXXX") || exit 1
export LC_ALL=C

TAP_COUNT=0
TAP_FAILED=0
TAP_PIDS=()

# diag TEXT: each line of it as a comment.
diag()
{
    local line
    while IFS= read -r line; do
        printf '# %s\n' "$line"
    done <<<"$1"
}

pass()
{
    TAP_COUNT=$((TAP_COUNT + 1))
    printf 'ok %d - %s\n' "$TAP_COUNT" "$1"
}

# fail NAME [WHY]
fail()
{
    TAP_COUNT=$((TAP_COUNT + 1))
    TAP_FAILED=$((TAP_FAILED + 1))
    printf 'not ok %d - %s\n' "$TAP_COUNT" "$1"
    [[ -z ${2-} ]] || diag "$2"
    return 0
}

# skip NAME REASON: for what this machine can't show. prove tells of it.
skip()
{
    TAP_COUNT=$((TAP_COUNT + 1))
    printf 'ok %d - %s # SKIP %s\n' "$TAP_COUNT" "$1" "$2"
}

# is GOT WANTED NAME: they are the same text.
is()
{
    if [[ $1 == "$2" ]]; then
        pass "$3"
    else
        fail "$3" "got:    $1"$'\n'"wanted: $2"
    fi
}

# like GOT REGEX NAME: an extended regular expression is found in it.
like()
{
    if [[ $1 =~ $2 ]]; then
        pass "$3"
    else
        fail "$3" "got:          $1"$'\n'"wanted match: $2"
    fi
}

# succeeds NAME COMMAND...: status 0; its output is shown if it isn't.
succeeds()
{
    local name=$1 output status
    shift
    output=$("$@" 2>&1 </dev/null) && status=0 || status=$?
    if ((status == 0)); then
        pass "$name"
    else
        fail "$name" "status $status of: $*"$'\n'"$output"
    fi
}

# finish: the plan, and the status. The last line of a test.
finish()
{
    printf '1..%d\n' "$TAP_COUNT"
    ((TAP_FAILED == 0))
    exit
}

# skip_all REASON: instead of any test.
skip_all()
{
    printf '1..0 # SKIP %s\n' "$1"
    exit 0
}

# run COMMAND...: to its end; STATUS, OUT and ERR are what came of it. 128 + N: died of signal N.
# (A death is not announced on our stderr, because the shell that would do so has it redirected.)
run()
{
    STATUS=0
    (
        "$@" >"$TMP/.out" 2>"$TMP/.err" </dev/null
        exit
    ) 2>/dev/null || STATUS=$?
    OUT=$(<"$TMP/.out") ERR=$(<"$TMP/.err")
}

# start COMMAND...: in the background; PID is its process, which ends with the test. Redirections of
# the call are the command's, stdin included.
start()
{
    "$@" <&0 &
    PID=$!
    TAP_PIDS+=("$PID")
}

# descendants PID...: they and their children, and theirs.
descendants()
{
    local pid children
    for pid in "$@"; do
        echo "$pid"
        read -ra children <<<"$(cat /proc/"$pid"/task/*/children 2>/dev/null | tr '\n' ' ')"
        ((${#children[@]} == 0)) || descendants "${children[@]}"
    done
}

# alive PID: it runs, and is not only waiting to be reaped.
alive()
{
    [[ -e /proc/$1/stat && ! $(cat "/proc/$1/stat" 2>/dev/null) =~ \)\ [ZX] ]]
}

none_alive()
{
    local pid
    for pid in "$@"; do
        ! alive "$pid" || return 1
    done
}

# stop PID: it and its descendants.
stop()
{
    local pids
    mapfile -t pids < <(descendants "$1")
    kill -TERM "${pids[@]}" 2>/dev/null
    wait_for 3 none_alive "${pids[@]}" || kill -KILL "${pids[@]}" 2>/dev/null
    wait "$1" 2>/dev/null
    return 0
}

# wait_for SECONDS COMMAND...: until it succeeds, tried every 20 ms. Fails when the time is over.
wait_for()
{
    local end=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        ((SECONDS <= end)) || return 1
        sleep 0.02
    done
}

# listening PORT: something accepts connections there.
listening()
{
    (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# counted FILE: the supervisor's last line has arrived there; it may come after the program's end.
counted()
{
    grep -qE '^portcullis: ([0-9]+ refused calls? told, [0-9]+ in all|no call was refused)$' "$1"
}

# await_count: ERR of what ran last, `portcullis run --report`, up to the supervisor's last line.
await_count()
{
    wait_for 10 counted "$TMP/.err"
    ERR=$(<"$TMP/.err")
}

# free_port: one on loopback where nothing listens; below the range that the kernel gives to clients.
free_port()
{
    local port
    while port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000)); do
        listening "$port" || break
    done
    echo "$port"
}

# seccomp_modes PID: the modes of all its threads, each told once: "2" when all are filtered.
seccomp_modes()
{
    sed -n 's/^Seccomp:\t//p' /proc/"$1"/task/*/status 2>/dev/null | sort -u | paste -sd ' '
}

# with WHITELIST COMMAND...: COMMAND under it, from the environment alone.
with()
{
    env LD_PRELOAD="$SHIM" PORTCULLIS_WHITELIST="$1" "${@:2}"
}

# start_with WHITELIST COMMAND...: the same in the background; PID is the command's own.
start_with()
{
    start env LD_PRELOAD="$SHIM" PORTCULLIS_WHITELIST="$1" "${@:2}"
}

# or_die WHITELIST COPY: a copy of it whose default is to kill. What comes to its end under the copy
# made no call that the list lacks, those of @fallback aside.
or_die()
{
    sed 's/^default .*/default = kill/' "$1" >"$2"
    grep -q '^default = kill$' "$2"
}

# thread_count PID
thread_count()
{
    find "/proc/$1/task" -mindepth 1 -maxdepth 1 2>/dev/null | wc -l
}

tap_clean()
{
    local status=$? pid
    trap - EXIT
    for pid in "${TAP_PIDS[@]}"; do
        ! alive "$pid" || stop "$pid"
    done
    rm -rf -- "$TMP"
    exit "$status"
}
trap tap_clean EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
