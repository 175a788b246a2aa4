#!/bin/bash
# portcullis explain: the policy as a whole, single calls, the audit log; as text and as JSON.
. "$(dirname "$0")/../helpers/tap.sh"
PORTCULLIS=$BUILD/portcullis
cd "$TMP" || exit 1

cat >base.ini <<'EOF'
[filter]
audit    = yes
[allow]
syscalls = @aio read
EOF
cat >web.ini <<'EOF'
; a server
[filter]
include  = base.ini
default  = EACCES
program  = /usr/bin/web /usr/sbin/web

[allow]
syscalls = read write ?no_such_call 452 execve
socket   = domain in AF_UNIX AF_INET and type & SOCK_TYPE_MASK == SOCK_STREAM
socket   = domain == AF_NETLINK
write    = fd == 1
mmap     = length <= 0x100000

[deny]
io_setup = kill
execve   = trap if argv == 0
mmap     = ENOMEM if prot with PROT_EXEC
EOF

explain()
{
    run "$PORTCULLIS" explain "$@"
}

# json EXPRESSION: of what was printed, as d.
json()
{
    python3 -c 'import json,sys; d = json.load(sys.stdin); print(eval(sys.argv[1]))' "$1" \
        <"$TMP/.out" 2>&1
}

explain web.ini
FIRST=$(sed -n 's/^; \([0-9]*\) and higher.*/\1/p' <<<"$OUT")
is "$OUT" "[filter]
default = EACCES                    ; web.ini:4
audit = yes                         ; base.ini:2
children = inherit                  ; built in
no-new-privileges = yes             ; built in
; web.ini:5
program = /usr/bin/web /usr/sbin/web

[allow]
syscalls = io_cancel                ; base.ini:4, by @aio
syscalls = io_destroy               ; base.ini:4, by @aio
syscalls = io_getevents             ; base.ini:4, by @aio
syscalls = io_pgetevents            ; base.ini:4, by @aio
syscalls = io_submit                ; base.ini:4, by @aio
syscalls = read                     ; base.ini:4
syscalls = write                    ; web.ini:8
syscalls = 452                      ; web.ini:8
syscalls = execve                   ; web.ini:8
socket = domain in AF_UNIX AF_INET and type & SOCK_TYPE_MASK == SOCK_STREAM ; web.ini:9
socket = domain == AF_NETLINK       ; web.ini:10
mmap = length <= 0x100000           ; web.ini:12
; rt_sigreturn: allowed, every program needs it
; exit: allowed, every program needs it
; restart_syscall: allowed, every program needs it
; exit_group: allowed, every program needs it
; renameat2: ENOSYS, programs do without it (@fallback)
; copy_file_range: ENOSYS, programs do without it (@fallback)
; preadv2: ENOSYS, programs do without it (@fallback)
; pwritev2: ENOSYS, programs do without it (@fallback)
; io_uring_setup: ENOSYS, programs do without it (@fallback)
; pidfd_open: ENOSYS, programs do without it (@fallback)
; clone3: ENOSYS, programs do without it (@fallback)
; close_range: ENOSYS, programs do without it (@fallback)
; openat2: ENOSYS, programs do without it (@fallback)
; faccessat2: ENOSYS, programs do without it (@fallback)
; process_madvise: ENOSYS, programs do without it (@fallback)
; epoll_pwait2: ENOSYS, programs do without it (@fallback)
; futex_waitv: ENOSYS, programs do without it (@fallback)
; mseal: ENOSYS, programs do without it (@fallback)
; $FIRST and higher, if not listed: ENOSYS, newer than this portcullis
; of other architectures: kill

[deny]
io_setup = kill                     ; web.ini:15
execve = trap if argv == 0          ; web.ini:16
mmap = ENOMEM if prot with PROT_EXEC ; web.ini:17" "the_policy_has_every_line_with_its_origin"
is "$STATUS:$ERR" "0:" "explaining_a_policy_is_status_0"

for file in "$ROOT"/examples/*/*.ini "$ROOT"/tests/data/verdicts/*.ini "$ROOT"/tests/data/good/*.ini; do
    name=${file#"$ROOT"/}
    "$PORTCULLIS" explain "$file" >again.ini
    succeeds "what_explain_prints_is_the_same_policy_for_${name//\//_}" \
        "$PORTCULLIS" diff "$file" again.ini
done

explain --json web.ini
is "$(json 'd["filter"]')" "{'default': 'EACCES', 'audit': True, 'children': 'inherit', 'no-new-privileges': True, 'program': ['/usr/bin/web', '/usr/sbin/web']}" \
    "json_has_the_settings"
is "$(json 'd["allow"][0]')" \
    "{'file': 'base.ini', 'line': 4, 'section': 'allow', 'group': 'aio', 'text': 'syscalls = io_cancel', 'syscall': 'io_cancel'}" \
    "json_has_the_lines_that_allow"
is "$(json '[l["text"] for l in d["deny"]]')" \
    "['io_setup = kill', 'execve = trap if argv == 0', 'mmap = ENOMEM if prot with PROT_EXEC']" \
    "json_has_the_lines_that_deny"
is "$(json 'len(d["implicit"]), "clone3" in d["fallback"]')" "(4, True)" "json_has_what_no_line_says"

explain web.ini read 0 4096 10
is "$OUT" "read(0, 4096, 10): allow
  decided by: base.ini:4 [allow]  syscalls = read" "an_allowed_call_names_its_line"
explain web.ini 0
is "$OUT" "read(): allow
  decided by: base.ini:4 [allow]  syscalls = read" "a_call_can_be_a_number"
explain web.ini socket AF_INET 'SOCK_DGRAM|SOCK_CLOEXEC' 0
is "$OUT" "socket(AF_INET, SOCK_DGRAM|SOCK_CLOEXEC, 0): EACCES
  because no line matches; the default is EACCES (web.ini:4)
  nearest line: web.ini:9 [allow]  socket = domain in AF_UNIX AF_INET and type & SOCK_TYPE_MASK == SOCK_STREAM
      not met: type & SOCK_TYPE_MASK == SOCK_STREAM  (type is SOCK_DGRAM|SOCK_CLOEXEC)
  to allow it, in web.ini [allow]:  socket = domain in AF_UNIX AF_INET and type & SOCK_TYPE_MASK == SOCK_DGRAM" \
    "a_refused_call_names_the_nearest_line_and_what_is_not_met"
is "$STATUS" 0 "a_refusal_is_an_answer_not_a_failure"
explain web.ini socket
like "$OUT" "not met: domain == AF_NETLINK  \(domain is 0\)" "arguments_that_are_missing_are_0"
explain web.ini mmap 0 4096 PROT_EXEC
is "$OUT" "mmap(0, 4096, PROT_EXEC): ENOMEM
  decided by: web.ini:17 [deny]  mmap = ENOMEM if prot with PROT_EXEC
  overruled: web.ini:12 [allow]  mmap = length <= 0x100000" "a_denial_names_the_line_it_overrules"
explain web.ini mmap 0 4096 PROT_READ
is "$OUT" "mmap(0, 4096, PROT_READ): allow
  decided by: web.ini:12 [allow]  mmap = length <= 0x100000
  nearest line: web.ini:17 [deny]  mmap = ENOMEM if prot with PROT_EXEC
      not met: prot with PROT_EXEC  (prot is PROT_READ)" "an_allowed_call_names_the_nearest_denial"
explain web.ini io_setup
like "$OUT" "io_setup\(\): kill
  decided by: web.ini:15 \[deny\]  io_setup = kill
  overruled: base.ini:4 \[allow\]  syscalls = io_setup  \(by @aio\)" "a_line_says_by_which_group"
explain web.ini exit
is "$OUT" "exit(): allow
  because no line denies it, and every program needs it" "exit_is_allowed_without_a_line"
explain web.ini clone3
is "$OUT" "clone3(): ENOSYS
  because no line lists it, and programs do without it (@fallback)" \
    "fallback_is_told"
explain web.ini 0x40000000
is "$OUT" "1073741824(): kill
  because the number belongs to another architecture" "so_is_another_architecture"
explain web.ini getcwd
is "$OUT" "getcwd(): EACCES
  because no line lists it; the default is EACCES (web.ini:4)
  to allow it whatever its arguments, in web.ini [allow]:  syscalls = getcwd" \
    "what_no_line_lists_is_told_with_the_line_to_add"
explain base.ini write
like "$OUT" "the default is EPERM \(built in\)" "so_is_a_default_that_is_built_in"
explain web.ini write 4294967295 -1 0777
like "$OUT" '^write\(4294967295, -1, 0777\): allow' "numbers_may_be_negative_or_octal"

# The lines to add do what they are for.
cp "$ROOT/examples/nginx/nginx.ini" pasted.ini
for call in 'getcwd 4096 100' 'socket AF_NETLINK SOCK_RAW 0' 'mprotect 4096 4096 PROT_EXEC' \
    'ioctl 0 TIOCSTI 4096' 'fcntl 3 F_DUPFD 0' 'madvise 4096 4096 MADV_FREE' 'reboot 1 2 3 4' \
    'clone CLONE_NEWUSER 0 0 0 0' 'prctl PR_SET_NAME 4096 0 0 0' 'openat2 1 2 3 4'; do
    read -ra words <<<"$call"
    explain pasted.ini "${words[@]}"
    line=$(sed -n 's/^  to allow it, in pasted.ini \[allow\]:  //p' <<<"$OUT")
    if [[ ${words[0]} == openat2 ]]; then
        is "$line" "" "no_line_is_proposed_for_what_falls_back"
        continue
    fi
    printf '[allow]\n%s\n' "$line" >>pasted.ini
    explain pasted.ini "${words[@]}"
    like "$OUT" "\): allow"$'\n' "the_line_proposed_for_${words[0]}_allows_it"
done

explain --json web.ini socket AF_INET SOCK_DGRAM
is "$(json '[d[k] for k in ("syscall", "number", "arguments", "verdict", "allowed", "reason")]')" \
    "['socket', 41, [2, 2, 0, 0, 0, 0], 'EACCES', False, 'default']" "json_has_the_verdict"
is "$(json 'd["nearest"]["line"], d["nearest"]["unmet"]')" \
    "(9, ['type & SOCK_TYPE_MASK == SOCK_STREAM'])" "json_has_the_nearest_line"
is "$(json 'd["to_allow"]')" "syscalls = socket" "json_has_the_line_to_add"
explain --json web.ini read
is "$(json 'd["line"]["file"], d["line"]["line"], d["allowed"]')" "('base.ini', 4, True)" \
    "json_has_the_line_that_decides"

printf 'read 0\n; a comment\n\nsocket AF_INET 1\nreed\nclose\n' >calls
run bash -c '"$1" explain web.ini - <calls' - "$PORTCULLIS"
is "$(grep -c '):' <<<"$OUT")" 3 "calls_can_be_read_one_a_line"
is "$STATUS:$ERR" "2:portcullis explain: line 5 of standard input: unknown syscall 'reed'; did you mean 'read'?; see 'portcullis explain --help'" \
    "a_wrong_one_among_them_is_told_by_its_line"

cat >log <<'EOF'
[  12.3] audit: type=1326 audit(1700000000.1:4): auid=0 uid=0 gid=0 ses=1 subj=unconfined pid=4711 comm="curl" exe="/usr/bin/curl" sig=0 arch=c000003e syscall=41 compat=0 ip=0x7f12 code=0x50000
[  12.4] audit: type=1326 audit(1700000000.2:5): auid=0 uid=0 gid=0 ses=1 subj=unconfined pid=4711 comm="curl" exe="/usr/bin/curl" sig=0 arch=c000003e syscall=41 compat=0 ip=0x7f12 code=0x50000
[  12.5] usb 1-1: new device
type=SECCOMP msg=audit(11/23/26 20:00:00.123:456) : auid=unset uid=root pid=12 comm=my exe=/usr/bin/my sig=SIGSYS arch=x86_64 syscall=io_setup compat=0 ip=0x7f code=kill-process
type=1326 audit(1.0:1): pid=9 comm=6120 exe="/x" sig=31 arch=40000003 syscall=11 compat=1 ip=0x7f12 code=0x80000000
type=1326 audit(1.0:1): pid=8 comm="w" exe="/w" arch=c000003e syscall=41 a0=10 a1=3 a2=0 code=0x7ffc0000
type=1326 audit(1.0:1): pid=7 comm="v" exe="/v" arch=c000003e syscall=2 code=0x30000
type=1326 audit(1.0:1): pid=7 comm="v" exe="/v" arch=c000003e syscall=none code=0x30000
EOF
run bash -c '"$1" explain --audit <log' - "$PORTCULLIS"
is "$OUT" "socket in curl (pid 4711, /usr/bin/curl) was refused with an error, 2 times
  to allow it whatever its arguments, in [allow]:  syscalls = socket
io_setup in my (pid 12, /usr/bin/my) was refused, and the process was killed
  to allow it whatever its arguments, in [allow]:  syscalls = io_setup
call 11 (execve) of i386 in a  (pid 9, /x) was refused, and the process was killed
  no line allows it: calls of another architecture are always refused
socket in w (pid 8, /w) was let through, and logged
  with domain = AF_NETLINK, type = SOCK_RAW, protocol = 0
  to allow it whatever its arguments, in [allow]:  syscalls = socket
open in v (pid 7, /v) was refused, and the thread got SIGSYS
  to allow it whatever its arguments, in [allow]:  syscalls = open
2 other lines passed over" "the_audit_log_is_told_in_words"
is "$STATUS:$ERR" "0:" "lines_of_others_are_no_failure"
run bash -c '"$1" explain --audit web.ini <log' - "$PORTCULLIS"
is "$OUT" "socket in curl (pid 4711, /usr/bin/curl) was refused with an error, 2 times
  web.ini: it depends on the arguments, see 'portcullis explain web.ini socket'
  to allow it whatever its arguments, in web.ini [allow]:  syscalls = socket
io_setup in my (pid 12, /usr/bin/my) was refused, and the process was killed
  to allow it, take away or narrow web.ini:15 [deny]:  io_setup = kill
call 11 (execve) of i386 in a  (pid 9, /x) was refused, and the process was killed
  no line allows it: calls of another architecture are always refused
socket in w (pid 8, /w) was let through, and logged
  with domain = AF_NETLINK, type = SOCK_RAW, protocol = 0
  web.ini allows it
open in v (pid 7, /v) was refused, and the thread got SIGSYS
  web.ini says: EACCES
  to allow it whatever its arguments, in web.ini [allow]:  syscalls = open
2 other lines passed over" "with_a_whitelist_it_says_what_that_says"
run bash -c '"$1" explain --json --audit web.ini <log' - "$PORTCULLIS"
is "$(json '[(c["syscall"], c["count"], c["verdict"], c["to_allow"]) for c in d["calls"]], d["passed_over"]')" \
    "([('socket', 2, None, 'syscalls = socket'), ('io_setup', 1, 'kill', 'syscalls = io_setup'), ('call 11 (execve) of i386', 1, 'kill', None), ('socket', 1, 'allow', None), ('open', 1, 'EACCES', 'syscalls = open')], 2)" \
    "json_has_the_log"
printf '[allow]\nsyscalls = read\nsocket = domain == AF_UNIX\nmmap = prot == PROT_READ\nmmap = offset == 4096 and addr == 0\n' >narrow.ini
run bash -c '"$1" explain --audit narrow.ini < <(grep "a0=" log)' - "$PORTCULLIS"
is "$OUT" "socket in w (pid 8, /w) was let through, and logged
  with domain = AF_NETLINK, type = SOCK_RAW, protocol = 0
  narrow.ini says: EPERM
  to allow it, in narrow.ini [allow]:  socket = domain == AF_NETLINK" \
    "with_arguments_the_line_is_as_narrow_as_the_call"

# A record of the kernel's for the call as a whole has four arguments.
sed -n 's/syscall=41 a0=10 a1=3 a2=0/syscall=9 a0=0 a1=10 a2=3 a3=22/p' log >mmap
run bash -c '"$1" explain --audit narrow.ini <mmap' - "$PORTCULLIS"
like "$OUT" "with addr = NULL, length = 16, prot = PROT_READ\|PROT_WRITE, flags = MAP_PRIVATE\|MAP_ANONYMOUS
  narrow.ini: it depends on the arguments, see 'portcullis explain narrow.ini mmap'
  to allow it whatever its arguments, in narrow.ini \[allow\]:  syscalls = mmap" \
    "where_arguments_are_not_known_the_line_takes_any"

# What others make of a record, and a name that looks like a field.
cat >others <<'EOF'
Dec 01 12:00:00 host audit[7053]: SECCOMP auid=4294967295 uid=998 gid=998 ses=4294967295 pid=7053 comm="tool" exe="/usr/bin/tool" sig=31 arch=c000003e syscall=141 compat=0 ip=0x7f code=0x0
type=SECCOMP msg=audit(12/01/26 14:37:03.181:108) : auid=u uid=u gid=u ses=1 subj=unconfined pid=77 comm=x syscall=read exe=/usr/bin/tool sig=SIGSYS arch=x86_64 syscall=mount compat=0 ip=0x7f code=kill
type=SECCOMP msg=audit(1600000000.1:1): auid=0 pid=7 comm="tool" exe="/usr/bin/tool" sig=31 arch=c000003e syscall=141 compat=0 ip=0x7f code=0x80000000AUID="me" ARCH=x86_64 SYSCALL=setpriority
type=SECCOMP msg=audit(03/04/2025 07:39:37.599:4) : auid=unset uid=root pid=4 comm=tool exe=/usr/bin/tool sig=SIGSYS arch=aarch64 syscall=faccessat compat=0 ip=0x7f code=kill-process
EOF
sed -i '3s/AUID/\x1d&/' others
run bash -c '"$1" explain --audit <others' - "$PORTCULLIS"
is "$(grep -v '^  ' <<<"$OUT")" "setpriority in tool (pid 7053, /usr/bin/tool) was refused, and the thread was killed
mount in x syscall=read (pid 77, /usr/bin/tool) was refused, and the thread or the process was killed
setpriority in tool (pid 7, /usr/bin/tool) was refused, and the process was killed
call 48 (faccessat) of aarch64 in tool (pid 4, /usr/bin/tool) was refused, and the process was killed" \
    "journald_auditd_and_ausearch_are_understood"
wanted=$OUT
run bash -c '"$1" explain --audit < <(sed "s/$/\r/" others)' - "$PORTCULLIS"
is "$OUT" "$wanted" "with_carriage_returns_too"
run bash -c '"$1" explain --audit <.' - "$PORTCULLIS"
is "$STATUS:$OUT:$ERR" "71::portcullis: error: cannot read standard input: Is a directory" \
    "a_log_that_cannot_be_read_is_status_71"

run "$PORTCULLIS" explain --audit
is "$OUT" "the log tells of no system call that a filter refused" "an_empty_log_is_told"

help="see 'portcullis explain --help'"
explain
is "$STATUS:$ERR" "2:portcullis explain: a whitelist is missing; $help" "no_file_is_a_usage_error"
explain --colour web.ini
is "$STATUS:$ERR" "2:portcullis explain: unknown option '--colour'; $help" "so_is_an_unknown_option"
explain --audit web.ini base.ini
is "$STATUS:$ERR" "2:portcullis explain: --audit takes one whitelist at most; $help" \
    "so_are_two_files_for_audit"
explain web.ini sokcet
is "$STATUS:$ERR" "2:portcullis explain: unknown syscall 'sokcet'; did you mean 'socket'?; $help" \
    "so_is_an_unknown_call"
explain web.ini socket AF_INTE
is "$STATUS:$ERR" "2:portcullis explain: argument 'AF_INTE' is neither a number nor a constant; $help" \
    "so_is_an_unknown_constant"
explain web.ini read 1 2 3 4 5 6 7
is "$STATUS:$ERR" "2:portcullis explain: a system call has at most 6 arguments; $help" \
    "so_are_seven_arguments"
explain nowhere.ini read
is "$STATUS:$ERR" "78:nowhere.ini: error: cannot read 'nowhere.ini': no such file" \
    "a_missing_whitelist_is_status_78"
explain --audit nowhere.ini
is "$STATUS" 78 "for_audit_as_well"
explain --help
is "$STATUS:$ERR" "0:" "help_is_no_error"
for word in --audit --json SYSCALL; do
    like "$OUT" "$word" "help_tells_of_$word"
done
finish
