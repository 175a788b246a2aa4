#!/bin/bash
# What the command says of stages: check, explain, diff, verify, and lines of the command line.
. "$(dirname "$0")/../helpers/tap.sh"
PORTCULLIS=$BUILD/portcullis
chmod 711 "$TMP"
cd "$TMP" || exit 1

cat >web.ini <<'END'
[filter]
default = EACCES
[allow]
syscalls = read write poll openat mprotect
socket   = domain == AF_UNIX
[stage serving]
when     = poll ppoll
syscalls = read poll mprotect socket
write    = fd == 1
[stage idle]
when     = pause
syscalls = @aio read poll openat
[deny]
mprotect = kill if prot with PROT_EXEC
END

# json EXPRESSION: of what was printed, as d.
json()
{
    python3 -c 'import json,sys; d = json.load(sys.stdin); print(eval(sys.argv[1]))' "$1" \
        <"$TMP/.out" 2>&1
}

# check
run "$PORTCULLIS" check --no-warn writable web.ini
like "$STATUS $OUT" "^0 web.ini: 8 system calls allowed, 2 constrained, [0-9]+ refused; [0-9]+ BPF instructions
web.ini: from the stage 'serving' \(poll or ppoll\) on: 6 system calls allowed, 3 constrained, [0-9]+ refused; [0-9]+ BPF instructions
web.ini: from the stage 'idle' \(pause\) on: 7 system calls allowed, 0 constrained, [0-9]+ refused; [0-9]+ BPF instructions$" \
    "check counts what is left in each stage"
run "$PORTCULLIS" check --no-warn writable --json web.ini
is "$(json '[(s["name"], s["when"], s["allowed"], s["constrained"], s["instructions"] > 30) for s in d["files"][0]["stages"]]')" \
    "[('serving', ['poll', 'ppoll'], 6, 3, True), ('idle', ['pause'], 7, 0, True)]" \
    "check has JSON for it"
"$PORTCULLIS" compile web.ini -o web.pcw || exit 1
run "$PORTCULLIS" check --no-warn writable web.pcw
like "$STATUS $OUT" "^0 web.pcw: compiled; [0-9]+ BPF instructions
web.pcw: from the stage 'serving' \(poll or ppoll\) on: compiled; [0-9]+ BPF instructions
web.pcw: from the stage 'idle' \(pause\) on: compiled; [0-9]+ BPF instructions$" \
    "check tells the stages of a compiled whitelist"
for name in stage-idle stage-open stage-trigger stage-vain; do
    run "$PORTCULLIS" check "$ROOT/tests/data/lint/stages.ini"
    like "$ERR" "\[$name\]" "there is a warning called $name"
    run "$PORTCULLIS" check --no-warn $name "$ROOT/tests/data/lint/stages.ini"
    is "$(grep -cF "[$name]" <<<"$ERR")" 0 "no-warn $name leaves it out"
done
python3 - <<'END'
lines = ['write = fd == %d and count == %d' % (i, 7 * i) for i in range(0, 40000, 50)]
open('long.ini', 'w').write('[allow]\nsyscalls = read write poll\n[stage serving]\nwhen = poll\n' +
                            'syscalls = poll\n' + '\n'.join(lines) + '\n')
END
run "$PORTCULLIS" check long.ini
wanted=$ERR
run env LD_PRELOAD="$SHIM" PORTCULLIS_WHITELIST=long.ini true
is "$STATUS $ERR" "78 $wanted" "check refuses what the shim refuses"

# explain
run "$PORTCULLIS" explain web.ini
like "$OUT" "
\[stage serving\]  +; web.ini:6
when = poll ppoll  +; web.ini:7
syscalls = read  +; web.ini:8
syscalls = poll  +; web.ini:8
syscalls = mprotect  +; web.ini:8
syscalls = socket  +; web.ini:8
write = fd == 1  +; web.ini:9
; rt_sigreturn: allowed, every program needs it" "explain lists a stage as a section"
like "$OUT" "
\[stage idle\]  +; web.ini:10
when = pause  +; web.ini:11
syscalls = io_cancel  +; web.ini:12, by @aio" "explain lists each stage, with its groups expanded"
"$PORTCULLIS" explain web.ini >again.ini
succeeds "what explain prints of stages is the same policy" "$PORTCULLIS" diff web.ini again.ini
run "$PORTCULLIS" explain --json web.ini
is "$(json '[(s["name"], s["line"], s["when"], s["allow"][0]["text"], s["allow"][0]["section"], "clone3" in s["fallback"], len(s["implicit"])) for s in d["stages"]]')" \
    "[('serving', 6, ['poll', 'ppoll'], 'syscalls = read', 'stage serving', True, 4), ('idle', 10, ['pause'], 'syscalls = io_cancel', 'stage idle', True, 4)]" \
    "explain has JSON for stages"
run "$PORTCULLIS" explain web.ini write 2 0 1
is "$OUT" "write(2, 0, 1): allow
  decided by: web.ini:4 [allow]  syscalls = write
from the stage 'serving' (poll or ppoll) on: EACCES
  because no line matches; the default is EACCES (web.ini:2)
  nearest line: web.ini:9 [stage serving]  write = fd == 1
      not met: fd == 1  (fd is 2)
  to allow it, in web.ini [stage serving]:  write = fd == 2
from the stage 'idle' (pause) on: EACCES
  because no line lists it; the default is EACCES (web.ini:2)
  to allow it, in web.ini [stage idle]:  syscalls = write" "explain answers for each stage"
run "$PORTCULLIS" explain web.ini socket AF_INET
is "$OUT" "socket(AF_INET): EACCES
  because no line matches; the default is EACCES (web.ini:2)
  nearest line: web.ini:5 [allow]  socket = domain == AF_UNIX
      not met: domain == AF_UNIX  (domain is AF_INET)
  to allow it whatever its arguments, in web.ini [allow]:  syscalls = socket
from the stage 'serving' (poll or ppoll) on: EACCES
  because what is refused before stays refused
from the stage 'idle' (pause) on: EACCES
  because no line lists it; the default is EACCES (web.ini:2)
  to allow it whatever its arguments, in web.ini [stage idle]:  syscalls = socket" \
    "no stage allows what is refused before"
run "$PORTCULLIS" explain web.ini mprotect 0 1 PROT_EXEC
is "$(grep -c "on: kill" <<<"$OUT") $(grep -c "decided by: web.ini:14 \[deny\]" <<<"$OUT")" "2 3" \
    "a denial holds in every stage"
run "$PORTCULLIS" explain --json web.ini socket AF_INET
is "$(json '[(s["name"], s["verdict"], s["allowed"], s["inherited"], s.get("to_allow")) for s in d["stages"]]')" \
    "[('serving', 'EACCES', False, True, None), ('idle', 'EACCES', False, False, 'syscalls = socket')]" \
    "explain has JSON for the answers"
run bash -c 'echo "write 1" | "$1" explain web.ini -' - "$PORTCULLIS"
is "$(grep -c "^from the stage" <<<"$OUT")" 2 "explain answers for each stage of calls that it reads"
cat >log <<'END'
audit: type=1326 audit(1700000000.1:4): auid=0 uid=0 gid=0 ses=1 subj=unconfined pid=4711 comm="web" exe="/usr/bin/web" sig=0 arch=c000003e syscall=257 compat=0 ip=0x7f12 code=0x50000
END
run bash -c '"$1" explain --audit web.ini <log' - "$PORTCULLIS"
is "$OUT" "openat in web (pid 4711, /usr/bin/web) was refused with an error
  web.ini allows it
  in its stage 'serving': EACCES
  to allow it whatever its arguments, in web.ini [stage serving]:  syscalls = openat" \
    "explain --audit tells the stages that refuse it"
run bash -c '"$1" explain --json --audit web.ini <log' - "$PORTCULLIS"
is "$(json '[d["calls"][0][k] for k in ("verdict", "stages")]')" \
    "['allow', {'serving': 'EACCES', 'idle': 'allow'}]" "and so does its JSON"
run "$PORTCULLIS" explain web.pcw
is "$(grep -cE '^; stage (serving, from the first call of poll ppoll on|idle, from the first call of pause on)$' \
    <<<"$OUT") $(grep -c '^ *0  A = arch' <<<"$OUT")" "2 3" "explain disassembles each program"

# diff
sed 's/^when     = pause/when = accept/; s/^syscalls = read poll mprotect/syscalls = read poll/' web.ini >b.ini
run "$PORTCULLIS" diff web.ini b.ini
is "$STATUS $OUT" "1 from the stage 'serving' on:
mprotect, for example with prot = PROT_NONE
  web.ini: allow  (web.ini:8 [stage serving]  syscalls = mprotect)
  b.ini: EACCES  (the default)
stage idle
  web.ini: begins with pause
  b.ini: begins with accept" "diff compares stages by name, and when they begin"
sed 's/stage idle/stage other/' web.ini >b.ini
run "$PORTCULLIS" diff web.ini b.ini
is "$STATUS $OUT" "1 stage idle
  web.ini: begins with pause
  b.ini: there is none
stage other
  web.ini: there is none
  b.ini: begins with pause" "diff tells a stage that only one has"

# Lines of the command line.
cat >run.ini <<'END'
[allow]
syscalls = @stdio @files @loader @threads @process mprotect
[stage serving]
when     = poll
syscalls = @stdio open openat @threads @process mprotect munmap
END
"${CC:-gcc}" -O2 -DLIBRARY -shared -fPIC -o libcalls.so "$ROOT/tests/victims/stage_calls.c" || exit 1
"${CC:-gcc}" -O2 -o calls "$ROOT/tests/victims/stage_calls.c" -L. -lcalls -Wl,-rpath,. -ldl || exit 1
run "$PORTCULLIS" run run.ini -- ./calls direct
is "$STATUS $OUT" $'0 before: allowed\nafter: Operation not permitted' "run enforces stages"
run "$PORTCULLIS" run --deny 'rmdir = EIO' run.ini -- ./calls direct
is "$STATUS $OUT" $'0 before: allowed\nafter: Operation not permitted' \
    "a line of the command line leaves the stages as they are"
run "$PORTCULLIS" run --allow mkdir run.ini -- ./calls direct
is "$STATUS $OUT" $'0 before: allowed\nafter: allowed' \
    "what the command line allows is allowed in each stage"

# verify: root alone can read filters.
cat >one.ini <<'END'
[allow]
syscalls = @stdio @threads @loader pause poll accept
[stage serving]
when     = poll
syscalls = @stdio @threads pause poll accept
[stage late]
when     = accept
syscalls = @stdio pause
END
sed 's/pause poll accept$/& getcwd/' one.ini >other.ini
sed 's/^syscalls = @stdio pause$/& getcwd/' one.ini >later.ini
sed '/late/,$d' one.ini >fewer.ini
sed 's/^\[allow\]/[filter]\naudit = yes\n&/' one.ini >audit.ini
"$PORTCULLIS" compile one.ini -o one.pcw || exit 1

# begin WHITELIST COMMAND: PID is it.
begin()
{
    rm -f in said
    mkfifo in
    # shellcheck disable=SC2086 # a command and its arguments
    env LD_PRELOAD="$SHIM" PORTCULLIS_WHITELIST="$1" $2 <in >said &
    PID=$!
    TAP_PIDS+=("$PID")
    exec 3>in
    wait_for 10 grep -q ready said
}
# go_on FUNCTION: it calls that.
go_on()
{
    echo "$1" >&3
    wait_for 10 grep -q "begun $1" said
}
end()
{
    exec 3>&-
    wait_for 10 none_alive "$PID"
}
executed()
{
    [[ $(<"/proc/$PID/comm") == sleep ]]
}
# verify STATUS TEXT NAME FILE
verify()
{
    run "$PORTCULLIS" verify "$PID" "$4"
    is "$STATUS $OUT$ERR" "$1 $2" "$3"
}
# verify_facts WHITELIST PROGRAM HOW
verify_facts()
{
    local yes="yes: ${2#./}, 3 threads, is filtered by"
    local no_poll="the stage 'serving' (poll) has not begun yet" poll="the stage 'serving' has begun"
    local no_accept="the stage 'late' (accept) has not begun yet" accept="the stage 'late' has begun"
    begin "$1" "$2"
    verify 0 "$yes one.ini; $no_poll; $no_accept" "before its stages that is told, $3" one.ini
    go_on accept
    verify 0 "$yes one.ini; $no_poll; $accept" "stages begin in any order, $3" one.ini
    go_on poll
    verify 0 "$yes one.ini; $poll; $accept" "a stage that has begun is told, $3" one.ini
    [[ $1 != *.pcw ]] ||
        verify 0 "$yes one.pcw; $poll; $accept" "and by the compiled form, $3" one.pcw
    end
}
if ((EUID == 0)); then
    "${CC:-gcc}" -O2 -pthread -o staged "$ROOT/tests/victims/staged.c" || exit 1
    verify_facts "$TMP/one.ini" ./staged "with a text"
    verify_facts "$TMP/one.pcw" ./staged compiled
    musl-gcc -O2 -pthread -o musl "$ROOT/tests/victims/staged.c" || exit 1
    verify_facts "$TMP/one.ini" ./musl "with musl"

    begin "$TMP/one.ini" ./staged
    run "$PORTCULLIS" verify --json "$PID" one.ini
    is "$(json '[(s["name"], s["when"], s["begun"]) for s in d["stages"]]')" \
        "[('serving', ['poll'], False), ('late', ['accept'], False)]" "verify has JSON for stages"
    for name in other fewer audit; do
        run "$PORTCULLIS" verify "$PID" $name.ini
        like "$STATUS $OUT" "^1 no: thread [0-9]+ of staged is filtered, but not by $name.ini: of its 1 \
filter the nearest differs from instruction [0-9]+ of [0-9]+ on$" "another whitelist is told: $name"
    done
    for when in "before it has begun" "once it has"; do
        verify 1 "no: the stage 'late' of process $PID is not that of later.ini" \
            "a stage that is another one's is told $when" later.ini
        go_on accept
    done
    end

    # What it executes has the filters, and no stage.
    sed 's/@loader/& @process @files execve clock_nanosleep/; /late/,$d' one.ini >exec.ini
    begin "$TMP/exec.ini" "./staged exec"
    wait_for 10 executed
    verify 0 "yes: sleep, 1 thread, is filtered by exec.ini; the stage 'serving' does not begin in \
what it executed" "what another program was executed in has no stages" exec.ini
    stop "$PID"
else
    skip "verify tells stages" "only root can read filters"
fi
# Other formats.
printf '[allow]\nsyscalls = read\n[stage serving]\nwhen = poll\nsyscalls = read\n' >"$TMP/export.ini"
for format in oci bpf pfc "systemd --native"; do
    # shellcheck disable=SC2086
    run "$BUILD/portcullis" export --to $format -o "$TMP/out" "$TMP/export.ini"
    is "$STATUS|$ERR" "78|$TMP/export.ini:3: error: '${format% *}' cannot say the stage 'serving'; name \
a whitelist without it" "export to ${format% *} refuses what has a stage"
done
finish
