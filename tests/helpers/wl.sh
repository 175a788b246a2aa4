# shellcheck shell=bash disable=SC2034,SC2016
# What the tests of the shipped whitelists (config/whitelists) share, on top of tap.sh: a real program
# at work under its whitelist with a report, again under a copy that kills, and attacked from inside.
# A test of a command, tests/live/wl_NAME.sh, looks like this:
#
#   . "$(dirname "$0")/../helpers/wl.sh"
#   shipped sqlite3
#   work() { echo 'select 1;' | sqlite3; sqlite3 "$TMP/a.db" 'create table a (b)'; }
#   same "five uses" work                  # plain, reported, killed: the same status, stdout, stderr
#   attack "a shell" 'Error: .*' sqlite3 :memory: '.shell id'
#   finish
#
# A work's programs are called by their names: PATH leads to wrappers that put them under the whitelist.

. "$(dirname "${BASH_SOURCE[0]}")/tap.sh"
. "$(dirname "${BASH_SOURCE[0]}")/gdb.sh"

# Copies that everybody may read and run, wherever the build is.
chmod 711 "$TMP"
mkdir -p "$TMP/bin" "$TMP/wl" "$TMP/kill" "$TMP/wrap"
install -m 755 "$BUILD/portcullis" "$BUILD/libportcullis.so" "$TMP/bin/" || exit 1
cp "$ROOT"/config/whitelists/*.ini "$TMP/wl/" || exit 1
cp "$ROOT"/config/whitelists/*.ini "$TMP/kill/" || exit 1
PORTCULLIS=$TMP/bin/portcullis
REPORTS=$TMP/reports
mkdir -m 777 "$REPORTS"

# shipped NAME [PROGRAM]: WHITELIST and KILLING become copies of config/whitelists/NAME.ini, the second
# with default = kill. PROGRAM, NAME without it, is the program that `same` and `attack` put under them.
# `check --strict` has to have nothing to say.
shipped()
{
    WHITELIST=$TMP/wl/$1.ini
    KILLING=$TMP/kill/$1.ini
    WRAPPED=${2:-$1}
    WRAPPED_PATH=$(PATH=${PATH#"$TMP/wrap:"}:/usr/sbin:/sbin type -P "$WRAPPED") || {
        fail "$WRAPPED is installed" "it is not in $PATH"
        exit 1
    }
    or_die "$TMP/wl/$1.ini" "$KILLING" || diag "$1.ini has no line of its own for default"
    run "$PORTCULLIS" check --strict "$ROOT/config/whitelists/$1.ini"
    is "$STATUS $ERR" "0 " "$1.ini: check --strict has nothing to say"
}

# wrap WORD...: a call of the program by name is `WORD... PROGRAM ARGUMENT...` from now on.
wrap()
{
    printf '#!/bin/bash\nexec %s %q "$@"\n' "$*" "$WRAPPED_PATH" >"$TMP/wrap/$WRAPPED"
    chmod 755 "$TMP/wrap/$WRAPPED"
    PATH=$TMP/wrap:${PATH#"$TMP/wrap:"}
    hash -r
}

# without_filter: no wrapper.
without_filter()
{
    rm -f "$TMP/wrap/$WRAPPED"
    PATH=${PATH#"$TMP/wrap:"}
    hash -r
}

# reports_are_in: each supervisor has said its last line. A report is another process than the program
# and may end later.
reports_are_in()
{
    local report
    for report in "$REPORTS"/*; do
        [[ ! -e $report ]] || reported "$report" || return 1
    done
}

reported()
{
    grep -qE '^portcullis: ([0-9]+ refused calls? told, [0-9]+ in all|no call was refused)$' "$1"
}

# refusals FILE...: all that reports say, but that nothing was refused.
refusals()
{
    cat "$@" 2>/dev/null | grep '^portcullis: \|^    \(in \|to \|or \)' | grep -v '^portcullis: no call was refused$'
}

# same NAME COMMAND...: a function or a command, three times: without a filter, with a report, where
# no call may be refused, and where a call that is not allowed kills. Status, stdout and stderr have
# to be the same. BEFORE is called before each time (to clear what the last one left).
same()
{
    local name=$1 plain ran
    shift
    without_filter
    ${BEFORE:-true}
    run "$@"
    plain="$STATUS|$OUT|$ERR"
    ((STATUS == 0)) || diag "$name: status $STATUS without a filter"

    rm -f "$REPORTS"/*
    wrap "'$TMP/wrap/report'" "'$REPORTS'" "'$PORTCULLIS'" "'$WHITELIST'"
    ${BEFORE:-true}
    run "$@"
    wait_for 10 reports_are_in
    ran=$(find "$REPORTS" -type f | wc -l)
    is "$(refusals "$REPORTS"/*)" "" "$name: no call is refused (run --report)"
    is "$((ran > 0))|$STATUS|$OUT|$(grep -v '^portcullis: \|^    .*allow it\|^        in ' <<<"$ERR")" \
        "1|$plain" "$name: it is the same under a report"

    wrap "'$PORTCULLIS'" run "'$KILLING'" --
    ${BEFORE:-true}
    run "$@"
    is "$STATUS|$OUT|$ERR" "$plain" "$name: it is the same where a refused call kills"
    wrap "'$PORTCULLIS'" run "'$WHITELIST'" --
}

# The wrapper of a report: the supervisor writes where the program's stderr is, so the lines are taken
# apart again: a copy of all goes to a file of its own, and the program's own lines to stderr.
cat >"$TMP/wrap/report" <<'END'
#!/bin/bash
# report FOLDER PORTCULLIS WHITELIST PROGRAM [ARGUMENT...]
file=$(mktemp "$1/XXXXXX")
"$2" run --report "$3" -- "${@:4}" 2>"$file"
status=$?
for ((i = 0; i < 200; i++)); do
    grep -qE '^portcullis: ([0-9]+ refused calls? told|no call was refused)' "$file" && break
    sleep 0.02
done
grep -vE '^portcullis: |^    (in|to|or) ' "$file" >&2
exit "$status"
END
chmod 755 "$TMP/wrap/report"

# attack NAME PATTERN COMMAND...: under the whitelist itself (default = EPERM): the extended regular
# expression matches "STATUS|STDOUT|STDERR". First the same without a filter, which must not match,
# so that it is known that the attack is one.
attack()
{
    local name=$1 pattern=$2
    shift 2
    without_filter
    ${BEFORE:-true}
    run timeout 20 "$@"
    if [[ "$STATUS|$OUT|$ERR" =~ $pattern ]]; then
        fail "$name succeeds without a filter" "$STATUS|$OUT|$ERR"
        return
    fi
    wrap "'$PORTCULLIS'" run "'$WHITELIST'" --
    ${BEFORE:-true}
    run timeout 20 "$@"
    like "$STATUS|$OUT|$ERR" "$pattern" "$name is refused"
}

# --- servers ---------------------------------------------------------------------------------------

# serve HOW COMMAND...: in the background, as itself (plain), under the whitelist (filtered), with a
# report (reported), or where a refused call kills (killing). Sets PID; what it says is in $SAYS/stdout
# and $SAYS/stderr.
SAYS=$TMP
serve()
{
    local how=$1 words=()
    shift
    case $how in
        filtered) words=("$PORTCULLIS" run "$WHITELIST" --) ;;
        reported) words=("$PORTCULLIS" run --report "$WHITELIST" --) ;;
        killing) words=("$PORTCULLIS" run "$KILLING" --) ;;
        learned) words=("$PORTCULLIS" learn --quiet -o "${LEARNED:?}" --) ;;
    esac
    start "${words[@]}" "$@" >"$SAYS/stdout" 2>"$SAYS/stderr" </dev/null
}

# unrefused NAME: the server's report is complete, and names no call.
unrefused()
{
    wait_for 10 reported "$SAYS/stderr"
    is "$(refusals "$SAYS/stderr")$(grep -E '^portcullis: no' "$SAYS/stderr")" "portcullis: no call was refused" "$1"
}

# filters PID...: how many filters each of their threads has, every number told once: "2" in a stage.
filters()
{
    local pid
    for pid in "$@"; do
        sed -n 's/^Seccomp_filters:\t//p' /proc/"$pid"/task/*/status 2>/dev/null
    done | sort -u | paste -sd ' '
}

# in_the_stage PID...: all threads of all of them.
in_the_stage()
{
    [[ $(filters "$@") == 2 ]]
}

# Attacks that gdb carries out from inside: NAME, a C expression, what it comes to without a filter.
# None of them does harm where it succeeds: there is no such program, and no process 0 to look into.
declare -A ATTACKS=(
    [exec]='((int(*)(char*,void*,void*))execve)("/nonexistent",0,0)'
    [tcp]='((int(*)(int,int,int))socket)(2,1,0)'
    [tcp6]='((int(*)(int,int,int))socket)(10,1,0)'
    [udp]='((int(*)(int,int,int))socket)(2,2,0)'
    [raw]='((int(*)(int,int,int))socket)(2,3,255)'
    [packet]='((int(*)(int,int,int))socket)(17,3,0)'
    [netlink]='((int(*)(int,int,int))socket)(16,3,0)'
    # sockaddr_in is 16 bytes; the pointer is the C library's own, and says AF_UNSPEC or nothing good
    [connect]='((int(*)(int,void*,int))connect)(-1,(void*)0,16)'
    [local]='((int(*)(int,int,int))socket)(1,1,0)'
    [bind]='((int(*)(int,void*,int))bind)(-1,(void*)0,16)'
    [listen]='((int(*)(int,int))listen)(-1,1)'
    [connect-local]='((int(*)(int,void*,int))connect)(-1,(void*)0,110)'
    [fork]='((long(*)(long,long,long,long,long,long))syscall)(56,0x1200011,0,0,0,0)'
    [setuid]='((int(*)(int))setuid)(-1)'
    [write-file]='((int(*)(char*,int))open)("/nonexistent/file",1)'
    [make-file]='((int(*)(char*,int,int))open)("/nonexistent/file",65,384)'
    [chown-file]='((int(*)(char*,int,int))chown)("/nonexistent",-1,-1)'
    [load]='((long(*)(long,long,int,int,int,long))mmap)(0,4096,5,2,-1,0)'
    [seccomp]='((long(*)(long,long,long,long))syscall)(317,1,8,0)'
    [map]='((long(*)(long,long,int,int,int,long))mmap)(0,4096,7,0x22,-1,0)'
    [protect]='((int(*)(long,long,int))mprotect)(((unsigned long)$sp)&~4095,4096,7)'
    [ptrace]='((long(*)(int,int,long,long))ptrace)(2,0,0,0)'
    [unshare]='((int(*)(int))unshare)(0x10000000)'
    [module]='((long(*)(long,long,long,long))syscall)(175,0,0,0)'
    [uring]='((long(*)(long,long,long))syscall)(425,0,0)'
)

# inside PID NAME...: what comes of these attacks, as "NAME=done" or "NAME=ERRNO", sorted by as given.
inside()
{
    local pid=$1 name commands=()
    shift
    for name in "$@"; do
        commands+=(-ex "set \$r = (long)${ATTACKS[$name]}"
            -ex "printf \"@%s=%d %d\\n\", \"$name\", (int)\$r, *((int*(*)(void))__errno_location)()")
    done
    attached "$pid" -ex 'set confirm off' -ex 'set debuginfod enabled off' \
        "${commands[@]}" 2>"$TMP/gdb" | sed -n 's/^@//p' |
        awk '{ if ($1 ~ /=-1$/) { sub(/=.*/, "", $1); print $1 "=" $2 }
               else { sub(/=.*/, "", $1); print $1 "=done" } }' |
        sed 's/=1$/=EPERM/; s/=2$/=ENOENT/; s/=3$/=ESRCH/; s/=9$/=EBADF/; s/=38$/=ENOSYS/' |
        paste -sd ' '
}

# refused_inside PID NAME...: all of them are refused: with ENOSYS what is in @fallback, the rest with
# EPERM, the lists' default.
refused_inside()
{
    local pid=$1 name wanted=()
    shift
    for name in "$@"; do
        case $name in
            uring) wanted+=("$name=ENOSYS") ;;
            *) wanted+=("$name=EPERM") ;;
        esac
    done
    is "$(inside "$pid" "$@")" "${wanted[*]}" "attacks from inside are refused: $*"
}
