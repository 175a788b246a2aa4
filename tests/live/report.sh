#!/bin/bash
# run --report: refused calls are told, by name, with their arguments, verdict, place and remedy; and
# the program sees what it would have seen.
. "$(dirname "$0")/../helpers/report.sh"

"${CC:-gcc}" -O1 -o "$TMP/victim" "$ROOT/tests/victims/report_calls.c" || exit 1
cp "$TMP/victim" "$TMP/naked"
strip -s "$TMP/naked"
cd "$TMP" || exit 1

# whitelist ACTION: everything that the victim needs; mkdir gets ACTION.
whitelist()
{
    cat >w.ini <<END
[allow]
syscalls = @stdio @files @threads @process @signals @loader mprotect execve ioctl
[deny]
mkdir = $1
END
}

# plain TEXT: without what differs from run to run.
plain()
{
    sed -E 's/pid [0-9]+/pid P/g; s/thread [0-9]+/thread T/g; s/\+0x[0-9a-f]+/+N/g
        s/0x[0-9a-f]{6,}/PTR/g' <<<"$1"
}

MKDIR="portcullis: refused mkdir(PTR, 0750) = EROFS
    in victim (pid P), from libc.so.6!mkdir+N, called by victim!make_folder+N
    to allow it, change w.ini:4 [deny]:  mkdir = EROFS"

whitelist EROFS
report --report w.ini -- ./victim plain
is "$(plain "$ERR")" "$MKDIR
portcullis: 1 refused call told, 1 in all" "a_refused_call_is_told_with_its_place_and_its_line"
is "$STATUS $OUT" "3 mkdir: -1, Read-only file system" "the_program_sees_its_error_and_ends_as_ever"

report --report w.ini -- ./victim nothing
is "$STATUS $ERR" "3 portcullis: no call was refused" "where_nothing_is_refused_that_is_said"

cat >curl.ini <<'END'
[allow]
syscalls = @stdio @files @loader
socket = domain in AF_UNIX AF_INET and type & SOCK_TYPE_MASK == SOCK_STREAM
END
report --report curl.ini -- ./victim netlink
is "$(plain "$ERR")" "portcullis: refused socket(AF_NETLINK, SOCK_RAW|SOCK_CLOEXEC, 0) = EPERM
    in victim (pid P), from libc.so.6!socket+N, called by victim!open_netlink+N
    to allow it, in curl.ini [allow]:  socket = domain == AF_NETLINK
portcullis: 1 refused call told, 1 in all" "flags_are_joined_and_the_line_is_a_condition"
like "$ERR" "libc\.so\.6!socket\+0x7," "the_offset_is_that_of_the_instruction"
is "$OUT" "socket: -1, Operation not permitted" "the_default_is_what_the_program_gets"

# --- where a handler would not see it
report --report=all w.ini -- ./victim thread
is "$(plain "$ERR" | sed -n '1,2p;4,$p')" \
    "portcullis: refused clone3(PTR, 88) = ENOSYS
    in victim (pid P), from libc.so.6+N
portcullis: refused mkdir(PTR, 0750) = EROFS
    in victim (pid P, thread T), from libc.so.6!mkdir+N, called by victim!make_folder+N
    to allow it, change w.ini:4 [deny]:  mkdir = EROFS
portcullis: 2 refused calls told, 2 in all" "clone3_of_pthread_create_and_a_thread_s_own_call_are_told"
is "$(plain "$ERR" | sed -n 3p)" "    to allow it, in w.ini [allow]:  syscalls = clone3" \
    "what_fallback_refuses_has_its_line_as_well"
report --report w.ini -- ./victim thread
is "$(grep -c clone3 <<<"$ERR")" 0 "what_fallback_refuses_is_told_with_all_only"

sed 's/ execve / /' w.ini >no_exec.ini
report --report no_exec.ini -- ./victim system true
is "$(plain "$ERR" | head -n 1)" "portcullis: refused execve(PTR, PTR, PTR) = EPERM" \
    "the_execve_of_system_is_told"
is "$(plain "$ERR" | sed -n '3,$p')" "    to allow it, in no_exec.ini [allow]:  syscalls = execve
portcullis: 1 refused call told, 1 in all" \
    "and_nothing_goes_with_it_that_is_there"
is "$OUT" "system: 32512, no error" "system_sees_what_it_would_have_seen"

report --report w.ini -- /bin/sh -c '/bin/sh -c "./victim plain; exit 4"; exit $?'
is "$(plain "$ERR" | head -n 3)" "$MKDIR" "a_child_of_a_child_is_told_of_after_exec"
is "$STATUS $OUT" "4 mkdir: -1, Read-only file system" "and_its_status_is_handed_on"

report --report w.ini -- ./victim blocked
is "$(plain "$ERR" | head -n 3)" "$MKDIR" "a_call_with_SIGSYS_blocked_is_told"

report --report w.ini -- ./naked plain
NAKED=${MKDIR//victim!make_folder/naked}
is "$(plain "$ERR" | head -n 3)" "${NAKED//in victim/in naked}" \
    "a_call_of_a_stripped_program_is_told_with_an_offset_in_it"

cp victim $'mali\e[31mcious'
report --report w.ini -- $'./mali\e[31mcious' plain
is "$(plain "$ERR" | sed -n 2p)" \
    "    in mali?[31mcious (pid P), from libc.so.6!mkdir+N, called by mali?[31mcious!make_folder+N" \
    "a_hostile_name_does_not_drive_the_terminal"

run bash -c 'ulimit -Sn 8; "$@"' - "$PORTCULLIS" run --report w.ini -- ./victim plain
wait_for 10 counted "$TMP/.err"
is "$(plain "$(<"$TMP/.err")" | head -n 3)" "$MKDIR" "a_program_of_few_descriptors_is_told_of_as_well"

report --report w.ini -- ./victim raw
is "$(plain "$ERR" | sed -n '1p;3p')" \
    "portcullis: refused system call 400(0x1, 0x2, 0x3, 0x4, 0x5, 0x6) = EPERM
    to allow it, in w.ini [allow]:  syscalls = 400" "a_call_without_a_name_is_told_by_its_number"

report --report w.ini -- ./victim loop
is "$(plain "$ERR" | tail -n 1)" "portcullis: 1 refused call told, 200 in all" \
    "a_place_is_told_once_and_every_call_is_counted"
is "$OUT" "refused 200 times" "every_one_of_them_is_refused"

# --- kill and trap
for verdict in kill trap; do
    whitelist "$verdict"
    for kind in plain thread blocked ignored; do
        report --report w.ini -- ./victim "$kind"
        is "$STATUS $(grep -c " = $verdict\$" <<<"$ERR")" "159 2" \
            "${verdict}_ends_it_by_SIGSYS_and_is_told_where_the_call_is_$kind"
    done
    report --report w.ini -- ./victim child
    is "$STATUS $OUT" "3 child: signal 31" "${verdict}_is_SIGSYS_to_the_parent_of_a_child"
done
report --report w.ini -- ./victim handled
is "$STATUS $OUT" "3 signal 31, code 1, call 83
mkdir: 83" "trap_reaches_a_handler_as_the_kernel_s_own"
whitelist kill
report --report w.ini -- ./victim handled
is "$STATUS" 159 "kill_reaches_no_handler"
if ((EUID == 0)); then
    chmod 755 "$TMP" victim
    report_by setpriv --reuid=65534 --regid=65534 --clear-groups -- --report w.ini -- \
        ./victim hidden
    is "$STATUS" 137 "kill_ends_a_program_that_may_not_be_traced_by_SIGKILL"
    is "$(plain "$ERR" | sed -n '1p;3p')" "portcullis: refused mkdir(PTR, 0750) = kill
    to allow it, change w.ini:4 [deny]:  mkdir = kill" "and_it_is_told_nevertheless"
fi

# --- the process
whitelist EROFS
start "$PORTCULLIS" run --report w.ini -- ./victim pid >pid.out 2>/dev/null
wait "$PID"
is "$? $(<pid.out)" "3 $PID" "status_and_pid_are_the_program_s_own"

mkfifo fifo
exec 9<>fifo
start "$PORTCULLIS" run --report w.ini -- ./victim wait <fifo >wait.out 2>wait.err 9>&-
wait_for 10 grep -q waiting wait.out
WATCHER=
for pid in $(pgrep -x portcullis); do
    [[ $(readlink "/proc/$pid/fd/2") != "$TMP/wait.err" ]] || WATCHER=$pid
done
like "$WATCHER" '^[0-9]+$' "the_supervisor_is_there_while_the_program_runs"
kill -KILL "$WATCHER"
wait_for 10 ended "$WATCHER"
echo >&9
wait "$PID"
is "$? $(tail -n 1 wait.out)" "3 mkdir: -1, Function not implemented" \
    "if_the_supervisor_dies_what_is_refused_stays_refused"
exec 9>&-

# in_state STATE: the state letter of the program's process.
in_state()
{
    [[ $(cut -d' ' -f3 "/proc/$PID/stat") == "$1" ]]
}

# start_waiting: a program that waits for a byte from descriptor 9.
start_waiting()
{
    : >wait.out
    start env --default-signal=INT "$PORTCULLIS" run --report w.ini -- ./victim wait \
        <fifo >wait.out 2>wait.err 9>&-
    wait_for 10 grep -q waiting wait.out
}

exec 9<>fifo
for signal in INT TERM; do
    start_waiting
    kill -"$signal" "$PID"
    wait "$PID"
    is "$?" $((128 + $(kill -l "$signal"))) "SIG${signal}_ends_it_as_ever"
done
start_waiting
kill -STOP "$PID"
wait_for 10 in_state T
succeeds "it_stops_by_SIGSTOP" in_state T
kill -CONT "$PID"
echo >&9
wait "$PID"
is "$? $(tail -n 1 wait.out)" "3 mkdir: -1, Read-only file system" "and_goes_on_by_SIGCONT"
exec 9>&-
run bash -c '"$@" >&-' - "$PORTCULLIS" run --report w.ini -- ./victim plain
is "$STATUS" 3 "a_closed_stdout_is_the_program_s_own_affair"

# --- what is proposed
cat >few.ini <<'END'
[allow]
syscalls = access arch_prctl brk close fstat getrandom munmap newfstatat pread64 prlimit64
syscalls = read write set_tid_address
pwrite64 = fd == 1 and count <= 4096
END
report --report few.ini -- ./victim many
is "$(sed -nE 's/^portcullis: refused (.*) = EPERM$/\1/p' <<<"$ERR")" \
    "socket(AF_INET, SOCK_DGRAM|SOCK_NONBLOCK, 17)
openat(AT_FDCWD, NULL, O_RDONLY|O_CLOEXEC)
openat(AT_FDCWD, NULL, O_WRONLY|O_CREAT|O_TRUNC, 0644)
mmap(NULL, 0, PROT_READ|PROT_EXEC, MAP_PRIVATE|MAP_FIXED, -1, 0)
mprotect(NULL, 4096, PROT_READ)
ioctl(99, TCGETS, 0)
ioctl(99, 0xdeadbeef, 5)
fcntl(99, F_GETFL)
prctl(PR_GET_NAME, 0, 3, 4, 5)
clone(SIGCHLD|CLONE_THREAD|CLONE_NEWNS|CLONE_NEWUSER, NULL, NULL, NULL, NULL)
kill(-99999, SIGCONT)
madvise(NULL, 0, MADV_DONTNEED)
lseek(99, -10, SEEK_CUR)
futex(NULL, FUTEX_WAKE|FUTEX_PRIVATE_FLAG, 1, NULL, NULL, 0)
umask(022)
fchmod(99, 0755)
pwrite64(99, NULL, 1048576, 8192)" "arguments_are_told_in_words"
is "$(sed -n 's/^    to allow it, in few.ini \[allow\]:  //p' <<<"$ERR")" \
    "socket = domain == AF_INET
syscalls = openat
syscalls = openat
mmap = prot only PROT_READ|PROT_EXEC
mprotect = prot without PROT_EXEC
ioctl = request == TCGETS
ioctl = request == 0xdeadbeef
fcntl = cmd == F_GETFL
prctl = option == PR_GET_NAME
clone = flags with CLONE_NEWNS|CLONE_NEWUSER
syscalls = kill
syscalls = madvise
syscalls = lseek
syscalls = futex
syscalls = umask
syscalls = fchmod
pwrite64 = fd == 99 and count <= 1048576" "the_lines_are_as_narrow_as_people_write_them"
is "$(sed -n 's/^    what goes with it, in few.ini \[allow\]:  //p' <<<"$ERR")" \
    "syscalls = getdents64 lseek readlink
syscalls = @stdio
syscalls = futex gettid madvise rseq sched_getaffinity set_robust_list" \
    "what_goes_with_a_call_is_told_once"

# One number is another option at another level.
cat >options.ini <<'END'
[allow]
syscalls = @stdio @loader
setsockopt = level == SOL_SOCKET and optname in SO_DEBUG SO_REUSEADDR
setsockopt = level == SOL_TCP and optname == TCP_KEEPIDLE
getsockopt = level == SOL_TCP and optname in TCP_KEEPIDLE TCP_KEEPINTVL and optname != TCP_CORK
END
report --report options.ini -- ./victim options
is "$(sed -n 's/^    to allow it, in options.ini \[allow\]:  //p' <<<"$ERR")" \
    "setsockopt = level == SOL_TCP and optname == TCP_NODELAY
setsockopt = level == IPPROTO_IP and optname == IP_TOS
setsockopt = level == SOL_SOCKET and optname == SO_KEEPALIVE
getsockopt = level == SOL_SOCKET and optname == SO_ERROR
getsockopt = level == SOL_NETLINK and optname == 4" "the_options_of_a_socket_are_those_of_their_level"

cat >deny.ini <<'END'
[allow]
syscalls = @stdio @loader
[deny]
mkdir = kill if mode == 0700
mkdir = EROFS if mode with 0740
END
report --report deny.ini -- ./victim plain
is "$(plain "$ERR" | sed -n '3,4p')" \
    "    to allow it, change deny.ini:5 [deny]:  mkdir = EROFS if mode with 0740
    and add, in deny.ini [allow]:  syscalls = mkdir" "a_denial_is_named_and_what_else_is_missing"
report --report --allow "@stdio @loader" --deny "mkdir = EROFS" ./victim plain
is "$(plain "$ERR" | sed -n '3,4p')" \
    "    to allow it, change --deny \"mkdir = EROFS\" [deny]:  mkdir = EROFS
    and add, on the command line:  --allow \"mkdir\"" "options_are_named_as_such"

# --- where it cannot be
run "$PORTCULLIS" run --report --default allow --deny reboot=EPERM -- bash -c 'exec "$@"' - \
    "$PORTCULLIS" run --report w.ini -- ./victim plain
like "$STATUS $ERR" "^125 .*portcullis: error: --report cannot run under another listener to system \
calls: Device or resource busy" "one_report_under_another_says_that_it_cannot"
${CC:-gcc} -o outer "$ROOT/tests/victims/run_outer.c"
run ./outer 101 1 "$PORTCULLIS" run --report w.ini -- ./victim plain
is "$STATUS $OUT$ERR" "125 portcullis: error: cannot hold the program at its entry point: ptrace: \
Operation not permitted; --report cannot do without" "without_ptrace_there_is_no_report"
run ./outer 317 38 "$PORTCULLIS" run --report w.ini -- ./victim plain
is "$STATUS $OUT$ERR" "125 portcullis: error: --report needs a kernel that notifies of system calls: \
Function not implemented" "without_seccomp_there_is_no_report"
run ./outer 438 1 "$PORTCULLIS" run --report w.ini -- ./victim plain
is "$STATUS $OUT$ERR" "137 portcullis: error: cannot take the listener: Operation not permitted" \
    "a_supervisor_that_can_not_listen_ends_the_program"
if ((EUID == 0)); then
    sed '1i [filter]\nno-new-privileges = no' w.ini >new.ini
    run setpriv --reuid=65534 --regid=65534 --clear-groups "$PORTCULLIS" run --report new.ini -- \
        ./victim plain
    is "$STATUS $OUT$ERR" "125 portcullis: error: cannot load the filter for --report: Permission \
denied" "a_filter_that_the_kernel_refuses_is_told"
fi

# --- what no line can allow
cat >foreign.c <<'END'
#include <sys/syscall.h>
#include <unistd.h>

int main(int count, char **arguments)
{
    long result = 39; /* i386's mkdir, getpid here */

    (void)arguments;
    if (count > 1)
        return (int)syscall(0x40000000 | SYS_mkdir, "/", 0700);
    __asm__ volatile("int $0x80" : "+a"(result) : "b"(0L), "c"(0L) : "memory");
    return (int)result;
}
END
${CC:-gcc} -o foreign foreign.c || exit 1
for number in 39 1073741907; do
    arguments=()
    ((number == 39)) || arguments=(x32)
    report --report w.ini -- ./foreign "${arguments[@]}"
    is "$STATUS $(sed '2s/,.*//; s/pid [0-9]*/pid P/' <<<"$ERR")" \
        "159 portcullis: refused call $number of another architecture = kill
    in foreign (pid P)
    no line allows it: calls of another architecture are always refused
portcullis: 1 refused call told, 1 in all" "call_${number}_of_another_architecture_is_called_so"
done

# --- usage
run "$PORTCULLIS" run --report=some w.ini -- ./victim plain
is "$STATUS $ERR" "2 portcullis run: --report takes 'all' or nothing, not 'some'; see 'portcullis \
run --help'" "a_report_of_anything_else_is_a_usage_error"
run "$PORTCULLIS" run --report --no-gate w.ini -- ./victim plain
is "$STATUS $ERR" "2 portcullis run: --report needs the gate; see 'portcullis run --help'" \
    "there_is_no_report_without_the_gate"
finish
