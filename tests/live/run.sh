#!/bin/bash
# `portcullis run`: the whitelist, lines on the command line, the environment, and what the program
# finds and leaves.
# shellcheck disable=SC2016 # what other shells expand
. "$(dirname "$0")/../helpers/run.sh"

build_victim victim
help="; see 'portcullis run --help'"

# runs WANTED NAME ARGUMENT...: WANTED is "STATUS STDOUT+STDERR".
runs()
{
    local wanted=$1 name=$2
    shift 2
    run timeout 20 "$PORTCULLIS" run "$@"
    is "$STATUS $OUT$ERR" "$wanted" "$name"
}

# Usage.
runs "2 portcullis run: a whitelist and a program are missing$help" "no operand is a usage error"
runs "2 portcullis run: a program is missing$help" "so is a whitelist alone" "$TMP/good.ini"
runs "2 portcullis run: a program is missing$help" "and nothing behind '--'" "$TMP/good.ini" --
runs "2 portcullis run: a program is missing$help" "and lines alone" --allow read
run "$PORTCULLIS" run --nonsense
is "$STATUS $OUT$ERR" "2 portcullis run: unknown option '--nonsense'$help" "an unknown option is one"
run "$PORTCULLIS" run --allow
is "$STATUS $OUT$ERR" "2 portcullis run: option '--allow' needs a value$help" \
    "so is an option without a value"
run "$PORTCULLIS" run --no-gate=yes
is "$STATUS $OUT$ERR" "2 portcullis run: option '--no-gate' takes no value$help" "and one with too much"
run "$PORTCULLIS" run -xh
is "$STATUS $OUT$ERR" "2 portcullis run: unknown option '-x'$help" "and an unknown letter"
run "$PORTCULLIS" run --help
like "$STATUS $OUT" '^0 usage: portcullis run ' "--help says how it is used"
is "$ERR" "" "on standard output"

# The whitelist, before anything starts.
printf '[allow]\nsyscalls = opne\n' >"$TMP/bad.ini"
runs "78 $TMP/bad.ini:2: error: unknown syscall 'opne'; did you mean 'open'?" \
    "a wrong whitelist is told with its line" "$TMP/bad.ini" "$TMP/victim"
runs "78 $TMP/gone.ini: error: cannot read '$TMP/gone.ini': no such file" \
    "so is one that is not there" "$TMP/gone.ini" "$TMP/victim"
runs "78 $TMP/bad.ini:2: error: unknown syscall 'opne'; did you mean 'open'?" \
    "before the program is looked for" "$TMP/bad.ini" no-such-program

runs "0 filtered" "a program runs under a whitelist" "$TMP/good.ini" "$TMP/victim" "$TMP/open/made"
runs "0 filtered" "'--' may stand before it" "$TMP/good.ini" -- "$TMP/victim" "$TMP/open/made"
runs "0 filtered" "also before the whitelist" -- "$TMP/good.ini" "$TMP/victim" "$TMP/open/made"
(cd "$TMP" && run "$PORTCULLIS" run good.ini ./victim open/made && echo "$STATUS $OUT$ERR" >"$TMP/got")
is "$(<"$TMP/got")" "0 filtered" "paths may be relative"
mkdir "$TMP/links"
printf '[filter]\ninclude = part.ini\n' >"$TMP/whole.ini"
printf '[allow]\nsyscalls = @stdio\n' >"$TMP/part.ini"
ln -s ../whole.ini "$TMP/links/link.ini"
runs "78 $TMP/links/link.ini:2: error: cannot read '$TMP/links/part.ini': no such file" \
    "includes are relative to the folder of the link by which a whitelist is named" \
    "$TMP/links/link.ini" "$TMP/victim"

# Lines.
line='mkdir = ENOSPC'
runs "1 mkdir: cannot create directory '$TMP/open/made': No space left on device" \
    "lines alone are a whitelist" --default allow --deny "$line" mkdir "$TMP/open/made"
runs "1 mkdir: cannot create directory '$TMP/open/made': No space left on device" \
    "'--' may stand behind them" --default allow --deny "$line" -- mkdir "$TMP/open/made"
runs "1 mkdir: cannot create directory '$TMP/open/made': No space left on device" \
    "over a file they come first" --deny "$line" "$TMP/good.ini" -- mkdir "$TMP/open/made"
runs "1 mkdir: cannot create directory '$TMP/open/made': No space left on device" \
    "without the gate, too" --no-gate --deny "$line" "$TMP/good.ini" -- mkdir "$TMP/open/made"
printf '[allow]\nsyscalls = @stdio @files @memory @process @loader mkdir\n' >"$TMP/list.ini"
runs "1 mkdir: cannot create directory '$TMP/open/made': No space left on device" \
    "a denial takes an allowance of the file back" --deny "$line" "$TMP/list.ini" -- \
    mkdir "$TMP/open/made"
# libseccomp does not know either of these two names.
cat >"$TMP/late.c" <<'END'
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

int main(void)
{
    long mseal = syscall(462, 1, 0, 0), error = errno;
    long listmount = syscall(458, 0, 0, 0, 1);
    printf("%ld %d %d\n", mseal, error == EPERM, listmount < 0 && errno == EPERM);
    return 0;
}
END
"${CC:-gcc}" -D_GNU_SOURCE -o "$TMP/late" "$TMP/late.c" || exit 1
printf '[allow]\nsyscalls = @stdio mseal\nsyscalls = listmount\n' >"$TMP/late.ini"
runs "0 -1 1 0" "and no other one" --deny 'mseal = EPERM' "$TMP/late.ini" -- "$TMP/late"
runs "0 -1 1 0" "by its number as well" --deny '462 = EPERM' "$TMP/late.ini" -- "$TMP/late"
runs "125 nice: cannot get niceness: Operation not permitted" "what a file does not list is refused" \
    "$TMP/list.ini" nice
runs "0 $(nice)" "an allowance adds to it" --allow getpriority "$TMP/list.ini" -- nice
runs "0 " "a line with a condition is one" --allow 'mkdir = mode == 0' --default EPERM \
    --allow '@stdio @files @memory @process @loader @exit' -- true
runs "0 " "an allowance of a group" --allow '@stdio @files @memory @process @loader' true
runs '78 --allow "opne": error: unknown syscall '"'opne'; did you mean 'open'?" \
    "a wrong allowance is told by its option" --allow opne true
runs '78 --deny "open = EPREM": error: unknown action '"'EPREM': it is an error (EPERM), kill or \
trap; did you mean 'EPERM'?" "so is a wrong denial" --default allow --deny 'open = EPREM' true
runs '78 --default "alow": error: unknown action '"'alow': it is an error (EPERM), kill, trap, log \
or allow; did you mean 'allow'?" "and a wrong default" --default alow true
runs '78 --allow "opne": error: unknown syscall '"'opne'; did you mean 'open'?
--allow \"raed\": error: unknown syscall 'raed'; did you mean 'read'?" "all of them are told" \
    --allow opne --allow raed true
for text in '[deny]' '; read' '# read' '=x' '' ' read' $'read\nwrite'; do
    runs "78 --allow \"${text//$'\n'/?}\": error: this is not one line of a whitelist" \
        "'${text//$'\n'/?}' is not a line" --allow "$text" true
done
runs '78 --default "kill": error: '"'default' is set twice
--default \"EPERM\": note: first set here" "two defaults are one too many" \
    --default EPERM --default kill --allow read true
runs "78 command line: error: the whitelist allows nothing; list what the program may call in \
[allow]" "lines that allow nothing are none" --deny 'open = EPERM' true
runs '78 --deny "read = EPERM": error: '"'read' is both allowed and denied without a condition
--allow \"read\": note: first listed here" "a contradiction on the command line is told" \
    --allow read --deny 'read = EPERM' true
runs "78 $TMP/good.ini:4: error: 'mkdir' is both allowed and denied without a condition
--allow \"mkdir\": note: first listed here" "an allowance that a file denies is told" \
    --allow mkdir "$TMP/good.ini" -- true
printf '[filter]\nchildren = reload\n[allow]\nsyscalls = @stdio\n' >"$TMP/reload.ini"
runs "78 $TMP/reload.ini:2: error: 'children = reload' needs a file that stays; it does not go with \
--default, --allow and --deny" "lines do not go with a file that children read again" \
    --allow mkdir "$TMP/reload.ini" -- true
runs "78 $TMP/bad.ini:2: error: unknown syscall 'opne'; did you mean 'open'?" \
    "the mistakes of the file are told first" --allow raed "$TMP/bad.ini" -- true

# What the program finds.
LD_PRELOAD="$TMP/bin/libportcullis.so.no" "$PORTCULLIS" run "$TMP/good.ini" \
    cat /proc/self/environ >"$TMP/environ" 2>"$TMP/err"
is "$(tr '\0' '\n' <"$TMP/environ" | grep -E '^(LD_PRELOAD|PORTCULLIS)')" \
    "LD_PRELOAD=$TMP/bin/libportcullis.so.no"$'\n'"PORTCULLIS_WHITELIST=" \
    "other preloads are kept, and ours is gone once it has loaded"
cat >"$TMP/list.sh" <<'END'
echo /proc/$$/fd/*
cut -d' ' -f 5-8 /proc/$$/stat
grep -E '^(Sig(Blk|Ign|Cgt)|TracerPid|ShdPnd|SigPnd):' /proc/$$/status
pwd
umask
ulimit -a
END
# finds COMMAND...: what a program started by COMMAND finds, as $TMP/found.
finds()
{
    (
        cd "$TMP/open" && exec 7<"$TMP/list.sh" 9>&1 >"$TMP/found" && umask 027 &&
            trap '' USR1 TRAP ILL && "$@" bash "$TMP/list.sh" x y
        exit
    )
    sed -i "s|/proc/[0-9]*/|/proc/PID/|g" "$TMP/found"
}
finds env
cp "$TMP/found" "$TMP/plain"
finds "$PORTCULLIS" run "$TMP/good.ini"
is "$(<"$TMP/found")" "$(<"$TMP/plain")" \
    "descriptors, group, session, signals, folder, mask and limits are the program's own"
finds "$PORTCULLIS" run --default allow --deny mkdir=EPERM
is "$(<"$TMP/found")" "$(<"$TMP/plain")" "under lines, too"
finds "$PORTCULLIS" run --no-gate --default allow --deny mkdir=EPERM
is "$(<"$TMP/found")" "$(<"$TMP/plain")" "and without the gate"
start bash -c 'echo $$; exec "$@"' - "$PORTCULLIS" run "$TMP/good.ini" \
    bash -c 'echo $$ $PPID; sleep 60; :' >"$TMP/pids"
two_lines() { (($(wc -l <"$TMP/pids") == 2)); }
wait_for 5 two_lines
wait_for 5 nobody_watches
mapfile -t pids <"$TMP/pids"
is "${pids[1]}" "${pids[0]} $$" "the program has the command's process id and parent"
is "$(seccomp_modes "$PID") $(watchers)" "2 " "it is filtered, and nothing of ours is left beside it"
is "$(wc -w <"/proc/$PID/task/$PID/children")" 1 "it has no child but its own"
stop "$PID"

# Who adopts orphans does not get ours.
cat >"$TMP/adopts.py" <<'END'
import ctypes, os, sys
PR_SET_CHILD_SUBREAPER, PR_GET_CHILD_SUBREAPER = 36, 37
prctl = ctypes.CDLL(None).prctl
if sys.argv[1] == "-":
    adopts = ctypes.c_int()
    prctl(PR_GET_CHILD_SUBREAPER, ctypes.byref(adopts), 0, 0, 0)
    children = open("/proc/self/task/%d/children" % os.getpid()).read()
    print("adopts %d, children '%s'" % (adopts.value, children))
else:
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    os.execv(sys.argv[1], sys.argv[1:])
END
runs_adopting() { run python3 "$TMP/adopts.py" "$PORTCULLIS" run "$@" python3 "$TMP/adopts.py" -; }
runs_adopting "$TMP/good.ini"
is "$STATUS $OUT$ERR" "0 adopts 1, children ''" "a program that adopts orphans has no child of ours"
if ((EUID == 0)); then
    run unshare --pid --fork --mount-proc "$PORTCULLIS" run "$TMP/good.ini" "$TMP/victim" \
        "$TMP/open/made"
    is "$STATUS $OUT$ERR" "0 filtered" "a container's first process can be held"
    : >"$TMP/empty.so"
    run unshare --pid --fork --mount-proc "$PORTCULLIS" run --shim "$TMP/empty.so" \
        "$TMP/good.ini" "$TMP/victim" "$TMP/open/made"
    is "$STATUS $OUT" "125 " "and stopped"
else
    skip "a container's first process" "this is not root"
fi

# Status.
for code in 0 7 255; do
    runs "$code " "status $code is passed on" "$TMP/good.ini" sh -c "exit $code"
done
for signal in TERM KILL SEGV TRAP; do
    run "$PORTCULLIS" run "$TMP/good.ini" bash -c "kill -$signal \$\$"
    is "$STATUS" $((128 + $(kill -l "$signal"))) "a death by SIG$signal is passed on"
done
printf '[filter]\ndefault = kill\n[allow]\nsyscalls = read\n' >"$TMP/kill.ini"
runs "159 " "a death by the filter is passed on" "$TMP/kill.ini" "$TMP/victim"

# program =
cp "$TMP/victim" "$TMP/other"
printf '[filter]\ndefault = allow\nprogram = %s\n[deny]\nmkdir = EPERM\n' "$TMP/victim" \
    >"$TMP/named.ini"
runs "0 filtered" "a program that the whitelist names is filtered" "$TMP/named.ini" \
    "$TMP/victim" "$TMP/open/made"
runs "0 filtered" "also behind a wrapper that executes it" "$TMP/named.ini" \
    env nice "$TMP/victim" "$TMP/open/made"
runs "0 filtered"$'\n'"filtered" "and in a shell's children" "$TMP/named.ini" \
    sh -c '"$1" "$2"; (:; "$1" "$2")' - "$TMP/victim" "$TMP/open/made"
UNFILTERED="portcullis: warning: nothing was filtered: none of the programs that the whitelist \
names by 'program =' was run"
# tells_and_runs WANTED NAME ARGUMENT...: it also says so; perhaps after the program's end.
tells_and_runs()
{
    run timeout 20 "$PORTCULLIS" run "${@:3}"
    wait_for 5 grep -qxF "$UNFILTERED" "$TMP/.err"
    is "$STATUS $OUT $(<"$TMP/.err")" "$1 $UNFILTERED" "$2"
}
tells_and_runs "0 NOT FILTERED" "another program is not, which is told" "$TMP/named.ini" \
    "$TMP/other" "$TMP/open/made"
rmdir "$TMP/open/made"
cat >"$TMP/thread.py" <<'END'
import os, sys, threading, time
for i in range(5):
    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
threading.Thread(target=os.execv, args=(sys.argv[1], sys.argv[1:])).start()
time.sleep(60)
END
runs "0 filtered" "a wrapper may execute it from any thread" "$TMP/named.ini" \
    python3 "$TMP/thread.py" "$TMP/victim" "$TMP/open/made"
runs "0 100 filtered" "a wrapper may do much at once" "$TMP/named.ini" bash -c \
    'for ((i = 0; i < 50; i++)); do
         ("$1" "$2"; sh -c ": | :; exec \"\$@\"" - "$1" "$2") &
     done | sort | uniq -c | sed "s/^ *//"' - "$TMP/victim" "$TMP/open/made"
tells_and_runs "7 " "where it never comes to the program, the status is the wrapper's" "$TMP/named.ini" \
    sh -c 'true; exit 7'
: >"$TMP/empty.so"
run "$PORTCULLIS" run --shim "$TMP/empty.so" "$TMP/named.ini" sh -c '"$1" "$2"; echo "$?"' - \
    "$TMP/victim" "$TMP/open/made"
is "$STATUS $OUT ${ERR##*$'\n'}" "0 125 portcullis: error: '$TMP/victim' was stopped at its entry \
point: the loader has not loaded '$TMP/empty.so'" "the gate is the named program's, behind a wrapper"
run "$PORTCULLIS" run "$TMP/named.ini" sh -c 'env -u LD_PRELOAD "$1" "$2"; echo "$?"' - \
    "$TMP/victim" "$TMP/open/made"
is "$STATUS $OUT $ERR" "0 125 portcullis: error: '$TMP/victim' was stopped at its entry \
point: the loader has not loaded '$TMP/bin/libportcullis.so'" "so a wrapper that drops LD_PRELOAD is \
found out"
runs "0 filtered" "lines go with it" --allow mkdirat "$TMP/named.ini" -- \
    sh -c '"$1" "$2"' - "$TMP/victim" "$TMP/open/made"
runs "0 filtered" "without the gate, too" --no-gate --allow mkdirat "$TMP/named.ini" -- \
    sh -c '"$1" "$2"' - "$TMP/victim" "$TMP/open/made"
printf '[filter]\ndefault = allow\nprogram = %s\n[deny]\nmkdir = EPERM\n' "$TMP/nothing" \
    >"$TMP/named.ini"
runs "78 $TMP/named.ini:3: error: cannot look at program '$TMP/nothing': ENOENT" \
    "a named program that is not there is told" "$TMP/named.ini" "$TMP/victim"
printf '[filter]\ndefault = allow\nprogram = ?%s ?%s\n[deny]\nmkdir = EPERM\n' "$TMP/nothing" \
    "$TMP/victim" >"$TMP/optional.ini"
runs "0 filtered" "unless it need not be there" "$TMP/optional.ini" sh -c '"$1" "$2"' - \
    "$TMP/victim" "$TMP/open/made"
"${CC:-gcc}" -static -o "$TMP/static" "$ROOT/tests/victims/run_victim.c" || exit 1
printf '[filter]\ndefault = allow\nprogram = %s\n[deny]\nmkdir = EPERM\n' "$TMP/static" \
    >"$TMP/named.ini"
runs "126 portcullis: error: the shim cannot reach '$TMP/static': it is statically linked; link it \
dynamically" "a named program that is static is refused" "$TMP/named.ini" sh -c true

# Experiments.
cat >"$TMP/interrupted.c" <<'END'
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

int main(void)
{
    char buffer[1];
    puts(read(0, buffer, 1) < 0 && errno == EINTR ? "interrupted" : "read");
    return 0;
}
END
"${CC:-gcc}" -o "$TMP/interrupted" "$TMP/interrupted.c" || exit 1
runs "2 dd: failed to open '$TMP/open/new': No space left on device" \
    "an experiment: no space left for a new file" --default allow \
    --deny 'openat = ENOSPC if flags with O_CREAT' bash -c 'dd if=/dev/null of="$1" 2>&1 || exit 2' - \
    "$TMP/open/new"
runs "0 interrupted" "an experiment: every read of standard input is interrupted" --default allow \
    --deny 'read = EINTR if fd == 0' "$TMP/interrupted"
runs "0 NOT FILTERED" "an experiment: @stdio alone is enough to print" --allow @stdio \
    "$TMP/victim"
runs "0 filtered" "and for nothing else" --allow @stdio "$TMP/victim" "$TMP/open/made"
runs "2 ls: cannot access '/': Operation not permitted" "ls can't look" --allow @stdio ls /

wait_for 5 nobody_watches
is "$(watchers)" "" "no watcher is left"
# Where the command itself wants for memory, or for a look at a file.
"${CC:-gcc}" -D_GNU_SOURCE -shared -fPIC -o "$TMP/wanting.so" "$ROOT/tests/victims/run_wanting.c" ||
    exit 1
install -m 755 "$BUILD/tests/portcullis" "$TMP/bin/dynamic" || exit 1
wanting()
{
    run env FAIL="$1" LD_PRELOAD="$TMP/wanting.so" "$TMP/bin/dynamic" run "${@:4}"
    is "$STATUS $OUT$ERR" "$2" "$3"
}
error="portcullis: error:"
wanting setenv "125 $error cannot set the environment: Cannot allocate memory" \
    "without an environment nothing runs" "$TMP/good.ini" true
wanting fstatvfs "126 $error the shim cannot reach '$(type -P true)': it cannot be looked at; \
look at it with 'stat'" "without a look at the program nothing runs" "$TMP/good.ini" true
wanting open_memstream "71 $error out of memory" "without memory for lines nothing runs" \
    --default allow --deny mkdir=EPERM true
wanting reallocarray "125 $error out of memory: the program was killed
$error cannot start the watcher: it is gone" "without memory for the watcher nothing runs" \
    "$TMP/good.ini" true

finish
