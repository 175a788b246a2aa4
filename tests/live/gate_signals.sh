#!/bin/bash
# Signals, terminals, threads and children under the gate do what they do without it.
. "$(dirname "$0")/../helpers/run.sh"

build_victim victim
build_victim entry -Wl,-e,first
"${CC:-gcc}" -shared -fPIC -o "$TMP/slow.so" "$ROOT/tests/victims/run_slow.c" -pthread || exit 1

# slow WHAT COMMAND...: with the library that keeps the program from its entry point.
slow() { local what=$1; shift; run timeout 20 env SLOW="$what" LD_PRELOAD="$TMP/slow.so" "$@"; }
GATED=("$PORTCULLIS" run "$TMP/good.ini")

# Before the entry point: threads, children, signals.
slow threads "${GATED[@]}" "$TMP/entry" "$TMP/open/made"
is "$STATUS $OUT$ERR" "0 entry"$'\n'"filtered" "a program whose library has threads passes the gate"
start env SLOW=threads LD_PRELOAD="$TMP/slow.so" "${GATED[@]}" sleep 60
wait_for 5 test -n "$(watchers)"
passed_with_threads() { (($(thread_count "$PID") == 9)) && nobody_watches; }
wait_for 5 passed_with_threads
is "$(thread_count "$PID") $(seccomp_modes "$PID")" "9 2" "all its threads are filtered"
is "$(cat /proc/"$PID"/task/*/status | sed -n 's/^TracerPid:\t//p' | sort -u)" 0 "and none is traced"
stop "$PID"
slow fork "${GATED[@]}" "$TMP/entry" "$TMP/open/made"
is "$STATUS $OUT$ERR" "0 entry"$'\n'"filtered" "so does one whose library has children"
slow vfork "${GATED[@]}" "$TMP/entry" "$TMP/open/made"
is "$STATUS $OUT $ERR" "0 not true"$'\n'"entry"$'\n'"filtered portcullis: error: '/usr/bin/true' was \
stopped at its entry point: the loader has not loaded '$TMP/bin/libportcullis.so'" \
    "what a library executes without the shim is stopped"
slow runaway "${GATED[@]}" "$TMP/entry" "$TMP/open/made"
is "$STATUS $OUT$ERR" "0 entry"$'\n'"filtered"$'\n'"entry"$'\n'"filtered" \
    "a child of the loader that goes on into the program has a gate of its own"
slow signal "${GATED[@]}" "$TMP/entry" "$TMP/open/made"
is "$STATUS $OUT$ERR" "0 handled"$'\n'"entry"$'\n'"filtered" "a handler that a library sets is called"

# signalled COMMAND...: SIGNALS are sent to it while it is being loaded. STATUS and STATES: what
# became of it, and its state after each of them.
signalled()
{
    local signal
    rmdir "$TMP/open/made" 2>/dev/null
    : >"$TMP/said"
    (
        export SLOW=sleep LD_PRELOAD="$TMP/slow.so"
        "$@" "$TMP/entry" "$TMP/open/made" >"$TMP/said" 2>&1 &
        unset SLOW LD_PRELOAD
        wait_for 5 grep -q loading "$TMP/said"
        for signal in "${SIGNALS[@]}"; do
            kill -"$signal" $!
            sleep 0.1
            sed -n 's/^State:\t\(.\).*/\1/p' "/proc/$!/status" 2>/dev/null
        done >"$TMP/states"
        wait $!
        echo "$?" >"$TMP/status"
    ) 2>/dev/null
    STATUS=$(<"$TMP/status") STATES=$(paste -sd '' "$TMP/states")
}
for signals in TERM INT KILL USR1 HUP "STOP CONT" "STOP TERM CONT" "STOP KILL" "STOP CONT STOP CONT"; do
    read -ra SIGNALS <<<"$signals"
    signalled
    plain="$STATUS $(head -n 2 "$TMP/said")"
    signalled "${GATED[@]}"
    is "$STATUS $(head -n 2 "$TMP/said")" "$plain" "$signals before the gate does what it does without"
done
SIGNALS=(STOP CONT)
signalled "${GATED[@]}"
is "$STATUS $(tail -n 1 "$TMP/said")" "0 filtered" "stopped and continued, it is filtered"
like "$STATES" '^[tT][StR]$' "between them, it was stopped"

# Masks and dispositions that concern the breakpoint.
cat >"$TMP/masked.pl" <<'END'
use POSIX qw(:signal_h);
use constant SIGTRAP => 5;
my $how = shift;
my @signals = (SIGTRAP, SIGILL, SIGSEGV, SIGUSR1, SIGCHLD);
$SIG{TRAP} = $SIG{ILL} = $SIG{SEGV} = "IGNORE" if $how eq "all";
$SIG{TRAP} = "IGNORE" if $how eq "first";
$SIG{TRAP} = $SIG{ILL} = "IGNORE" if $how eq "two";
$SIG{CHLD} = "IGNORE" if $how eq "child";
sigprocmask(SIG_BLOCK, POSIX::SigSet->new(@signals)) if $how =~ /blocked|all/;
exec @ARGV;
END
signals_of() { run perl "$TMP/masked.pl" "$@" grep -E '^(SigBlk|SigIgn|SigPnd|ShdPnd)' /proc/self/status; }
for how in none blocked first two child; do
    signals_of "$how"
    plain=$STATUS$OUT
    signals_of "$how" "${GATED[@]}"
    is "$STATUS$OUT$ERR" "$plain" "signals that are inherited blocked or ignored ($how) stay so"
done
run perl "$TMP/masked.pl" all "${GATED[@]}" "$TMP/entry" "$TMP/open/made"
is "$STATUS $OUT$ERR" "0 entry"$'\n'"filtered" "with all of them ignored, the gate works"

# Standard descriptors.
for closed in '<&-' '>&-' '2>&-' '<&- >&- 2>&-'; do
    run bash -c "echo told 1>&2; exec \"\$@\" $closed" - sh -c 'echo 1; echo 2 >&2; ls /proc/$$/fd'
    plain="$STATUS $OUT $(sed 's/[0-9]*: //' "$TMP/.err")"
    run bash -c "echo told 1>&2; exec \"\$@\" $closed" - "${GATED[@]}" \
        sh -c 'echo 1; echo 2 >&2; ls /proc/$$/fd'
    is "$STATUS $OUT $(sed 's/[0-9]*: //' "$TMP/.err")" "$plain" "with $closed all is as without"
done
status=$("${GATED[@]}" yes 2>/dev/null | head -n 1 >"$TMP/line"; echo "${PIPESTATUS[0]}")
is "$status $(<"$TMP/line")" "141 y" "a pipe that is closed ends it by SIGPIPE"

# A terminal: KEYS are sent when it says "ready".
cat >"$TMP/terminal.py" <<'END'
import os, pty, signal, sys, time
keys, command = sys.argv[1].encode().decode("unicode_escape").encode(), sys.argv[2:]
reader, writer = os.pipe()
pid, terminal = pty.fork()
if pid == 0:
    # a shell with job control, so to speak
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    job = os.fork()
    if job == 0:
        os.setpgid(0, 0)
        os.tcsetpgrp(0, os.getpid())
        signal.signal(signal.SIGTTOU, signal.SIG_DFL)
        os.execvp(command[0], command)
    while True:
        _, status = os.waitpid(job, os.WUNTRACED)
        if os.WIFSTOPPED(status):
            os.write(writer, b"stopped %d\n" % os.WSTOPSIG(status))
            os.kill(job, signal.SIGCONT)
        elif os.WIFSIGNALED(status):
            os.write(writer, b"signal %d\n" % os.WTERMSIG(status))
        else:
            os.write(writer, b"exit %d\n" % os.WEXITSTATUS(status))
        if not os.WIFSTOPPED(status):
            os._exit(0)
os.close(writer)
said = b""
while b"ready" not in said:
    part = os.read(terminal, 1024)
    if not part:
        break
    said += part
for key in keys:
    os.write(terminal, bytes([key]))
    print(os.read(reader, 100).decode().strip(), end=" ")
    time.sleep(0.1)
END
terminal() { run timeout 10 python3 "$TMP/terminal.py" "$@"; }
for keys in '\x03' '\x1c' '\x04' '\x1a\x03' '\x1a\x1a\x04'; do
    terminal "$keys" sh -c 'echo ready; exec cat'
    plain=$OUT
    terminal "$keys" "${GATED[@]}" sh -c 'echo ready; exec cat'
    is "$OUT" "$plain" "the keys $keys do what they do without ($OUT)"
done
cat >"$TMP/ready.c" <<'END'
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

__attribute__((constructor)) static void ready(void)
{
    if (strcmp(program_invocation_short_name, "portcullis") == 0)
        return;
    struct timespec rest = {1, 0};
    if (write(1, "ready", 5) == 5)
        while (nanosleep(&rest, &rest) != 0)
            continue;
}
END
"${CC:-gcc}" -shared -fPIC -o "$TMP/ready.so" "$TMP/ready.c" || exit 1
for keys in '\x03' '\x1c' '\x1a\x03'; do
    terminal "$keys" env LD_PRELOAD="$TMP/ready.so" cat
    plain=$OUT
    terminal "$keys" env LD_PRELOAD="$TMP/ready.so" \
        "${GATED[@]}" cat
    is "$OUT" "$plain" "the keys $keys while a program is being loaded, too ($OUT)"
done

wait_for 5 nobody_watches
is "$(watchers)" "" "no watcher is left"
finish
