#!/bin/bash
# run --report with stages: what is refused from a stage on, in which, and in which process.
. "$(dirname "$0")/../helpers/report.sh"
. "$ROOT/tests/helpers/learn.sh"
PORTCULLIS=$TMP/bin/portcullis
victim stage
cd "$TMP" || exit 1
"${CC:-gcc}" -O2 -DLIBRARY -shared -fPIC -o libcalls.so "$ROOT/tests/victims/stage_calls.c" || exit 1
"${CC:-gcc}" -O2 -o calls "$ROOT/tests/victims/stage_calls.c" -L. -lcalls -Wl,-rpath,. -ldl || exit 1
"${CC:-gcc}" -O2 -pthread -o stages "$ROOT/tests/victims/stages.c" || exit 1
cat >stages.ini <<'END'
[allow]
syscalls = @stdio @files @loader @threads @process mprotect setitimer vfork clock_nanosleep
[stage serving]
when     = poll
syscalls = @stdio open openat @threads @process mprotect munmap setitimer vfork
END

# told: what was said, without addresses and numbers.
told()
{
    sed 's/0x[0-9a-f]*/ADDRESS/g; s/(pid [0-9]*/(pid PID/; s/thread [0-9]*/thread TID/; s/in .[0-9]*., or/in PID, or/' <<<"$ERR"
}

report --report stages.ini -- ./calls direct
is "$STATUS $OUT" $'0 before: allowed\nafter: Operation not permitted' \
    "the program gets what it would have got"
is "$(told)" "portcullis: refused mkdir(ADDRESS, 0700) = EPERM
    in calls (pid PID), in its stage 'serving', from libc.so.6!mkdir+ADDRESS, called by calls!say+ADDRESS
    to allow it, in stages.ini [stage serving]:  syscalls = mkdir
portcullis: 1 refused call told, 1 in all" "the stage is told, and the line that it lacks"
echo 'syscalls = mkdir' >>stages.ini
report --report stages.ini -- ./calls direct
is "$STATUS $OUT $ERR" $'0 before: allowed\nafter: allowed portcullis: no call was refused' \
    "which does what it is for"
sed -i '$d' stages.ini

for mode in table library; do
    report --report stages.ini -- ./calls $mode
    is "$OUT" $'before: allowed\nafter: Operation not permitted' "it begins as it does without: $mode"
done
report --report stages.ini -- ./calls raw
is "$STATUS $OUT $ERR" $'0 before: allowed\nafter: allowed portcullis: no call was refused' \
    "a raw system call does not begin it, here either"
report --report stages.ini -- ./stages vfork
is "$OUT" "child refused, parent allowed, and after its own poll() refused, 1 filters" \
    "a vfork child begins it for itself"
report --report stages.ini -- ./stages race 5
like "$(told)" "in stages \(pid PID, thread TID\), in its stage 'serving', from .*
portcullis: [0-9]+ refused calls? told, 3[0-9]* in all\$" "no thread of 64 escapes"

# In which process: the same program as learn's.
cat >processes.ini <<'END'
[allow]
syscalls = @stdio @process getuid geteuid getegid getppid getpid getpgid poll socket
[stage serving]
when     = poll
syscalls = @stdio @process getegid getpid poll
[deny]
getgid   = EIO
END
# refused: the names of the calls that were, with what they got and the stage.
refused()
{
    sed -n '/^portcullis: refused /{N;s/^portcullis: refused \([a-z0-9_]*\)(.*) = \([A-Z]*\)\n.*)\(, in its stage [^,]*\)*, from.*/\1 \2\3/p}' \
        <<<"$ERR" | sort | paste -sd '|'
}
sed -i 's/@process getegid/clone wait4 exit_group set_robust_list getegid/; s/@process getuid/& fork set_robust_list/' processes.ini
report --report processes.ini -- ./stage
is "$STATUS $(refused)" "0 getgid EIO|getpgid EPERM, in its stage 'serving'|socket EPERM, in its stage 'serving'" \
    "a child has what its parent had begun, and no more"
report --report processes.ini -- ./stage child
is "$STATUS $(refused)" "0 getgid EIO|getpgid EPERM, in its stage 'serving'|socket EPERM, in its stage 'serving'" \
    "what a child begins is not begun by its parent"

cat >before.c <<'END'
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
int main(void)
{
    int pipes[2], status;
    char byte;
    if (pipe(pipes) != 0 || mkdir("/", 0700) == 0)
        return 3;
    pid_t child = fork();
    if (child == 0) {
        read(pipes[0], &byte, 1);
        _exit(rmdir("none") != 0);
    }
    usleep(100000); /* /proc counts the starts of processes in 10 milliseconds */
    poll(NULL, 0, 0);
    write(pipes[1], "", 1);
    waitpid(child, &status, 0);
    return rmdir("none") == 0;
}
END
"${CC:-gcc}" -O2 -w -o before before.c || exit 1
report --report stages.ini -- ./before
is "$(grep -c '^portcullis: refused' <<<"$ERR") $(refused)" "1 rmdir EPERM, in its stage 'serving'" \
    "what a parent begins is not begun by a child that was there before"

# Two layers, and the command line.
sed 's/ socket$//' processes.ini >less.ini
report --report less.ini -- ./stage
like "$(told)" "refused socket\(AF_UNIX, SOCK_DGRAM, 0\) = EPERM
    in stage \(pid PID\), from [^
]*
    to allow it, in less.ini \[allow\]:  socket = domain == AF_UNIX
    and add, in less.ini \[stage serving\]:  socket = domain == AF_UNIX" "each list that lacks it is told"
report --report --deny 'rmdir = EIO' stages.ini -- ./calls direct
is "$STATUS $OUT" $'0 before: allowed\nafter: Operation not permitted' "lines of the command line keep stages"
report --report --allow mkdir stages.ini -- ./calls direct
is "$STATUS $OUT" $'0 before: allowed\nafter: allowed' "and allow in each"

# Without the shim nobody would know.
report --report --shim "$TMP/libcalls.so" stages.ini -- ./calls direct
is "$STATUS $(told | grep -v '^portcullis: no call')" \
    "137 portcullis: error: '$TMP/calls' was killed: for stages, --report needs the shim in it, with this whitelist" \
    "a program without the shim is killed"
{ printf '[filter]\ndefault = kill\n' && cat stages.ini; } >kill.ini
report --report kill.ini -- ./calls direct
is "$STATUS $(told | grep -c "= kill$")" "159 1" "a stage's refusal may kill"
musl-gcc -O2 -idirafter /usr/include -idirafter "/usr/include/$("${CC:-gcc}" -print-multiarch)" \
    -pthread -o musl "$ROOT/tests/victims/stages.c" || exit 1
report --report stages.ini -- ./musl vfork
is "$OUT" "child refused, parent allowed, and after its own poll() refused, 1 filters" \
    "a program of musl is told of likewise"

run timeout 60 "$PORTCULLIS" learn --quiet --verify --stage serving=poll -o learned.ini -- ./stage
is "$STATUS $ERR" "0 portcullis: running it again, under learned.ini
portcullis: no call was refused
portcullis: verified: learned.ini allows all that it did" "learn --verify knows stages"

python3 - <<'END'
lines = ['write = fd == %d and count == %d' % (i, 7 * i) for i in range(0, 9000, 50)]
body = 'syscalls = read poll\n' + '\n'.join(lines) + '\n'
open('long.ini', 'w').write('[allow]\n' + body + '[stage serving]\nwhen = poll\n' + body)
END
report --report long.ini -- ./calls direct
is "$STATUS $ERR" "125 portcullis: error: --report: all stages together have more instructions than \
the kernel takes" "what is too long for a report is told"
finish
