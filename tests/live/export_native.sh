#!/bin/bash
# portcullis export --to systemd --native: what a start needs is measured, and is enough for real
# programs that are filtered from before their execution on.
. "$(dirname "$0")/../helpers/tap.sh"
. "$ROOT/tests/helpers/hosts.sh"
cd "$TMP" || exit
chmod 711 .
PATH=$PATH:/usr/sbin
PORTCULLIS=$BUILD/portcullis
POSTGRES=$(printf '%s\n' /usr/lib/postgresql/*/bin/postgres | tail -n 1)
compile "${CC:-gcc}" native_start native_start -lseccomp
compile_library "${CC:-gcc}" marker.so native_marker
compile_library "${CC:-gcc}" libnative.so native_library
compile "${CC:-gcc}" host native_host -L"$TMP" -Wl,-rpath,"$TMP" -lnative
echo 'int main(void) { return 0; }' | "${CC:-gcc}" -static -x c - -o static_host || exit 1
systemd-analyze --no-pager syscall-filter @default | sed -n 's/^ *\([a-z].*\)/\1/p' >defaults

# exports WHITELIST [PROGRAM...]: UNIT becomes the drop-in.
exports()
{
    run timeout 30 "$PORTCULLIS" export --to systemd --native "$1" "${@:2}"
    UNIT=$TMP/unit.conf
    cp .out "$UNIT"
}

# measured: the names that the drop-in tells of as seen, sorted.
measured()
{
    sed -n '/^# from exec to the entry point:$/,/^# and what systemd/p' "$UNIT" | grep '^#   ' |
        tr -d '#' | xargs -n 1 | sort | paste -sd ' '
}

# traced PROGRAM...: what strace sees from its execution up to its entry point.
traced()
{
    strace -f -qq -o trace -E LD_PRELOAD="$TMP/marker.so" "$@" >/dev/null 2>&1 </dev/null
    sed '/sethostname/q' trace | grep -v sethostname |
        sed -nE 's/^[0-9]+ +(<\.\.\. )?([a-z0-9_]+)(\(| resumed).*/\2/p' | sort -u | paste -sd ' '
}

printf '[allow]\nsyscalls = read\n' >little.ini
for program in "$(realpath /bin/true)" /usr/sbin/nginx /usr/bin/redis-server /usr/bin/python3 \
    /usr/bin/ffmpeg "$POSTGRES" "$TMP/host"; do
    name=${program##*/}
    exports little.ini -- "$program"
    is "$STATUS|$ERR" "0|" "$name: its start is measured"
    is "$(sed -n '2,4p' "$UNIT")" "# The filter is in before exec: allowed besides is what was seen of
#   $program
# from exec to the entry point:" "$name: the drop-in says of what"
    is "$(measured)" "$(traced "$program")" "$name: these are the calls that strace shows as well"
done
like "$(measured)" "(^| )getsid( |$)" "a library's constructor counts"
case " $(measured) " in
*" getppid "*) fail "what a program does itself does not count" "$(measured)" ;;
*) pass "what a program does itself does not count" ;;
esac
is "$(grep -c banner "$UNIT")" 0 "what a constructor writes does not get into the drop-in"
NATIVE_SPAWN=1 exports little.ini -- "$TMP/host"
for call in clone execve exit_group getpgid wait4; do
    like " $(measured) " " $call " "nor ends it with what it executes: $call is seen"
done

# Who names a program: the whitelist, the command line, or nobody.
printf '[filter]\nprogram = %s %s\n[allow]\nsyscalls = read\n' "$TMP/host" "$(realpath /bin/true)" \
    >named.ini
exports named.ini
is "$STATUS|$ERR" "0|named.ini:2: warning: 'program' does not carry over: the filter holds for every \
command of the unit" "the programs of the whitelist are measured by themselves"
is "$(sed -n '2,5p' "$UNIT")" "# The filter is in before exec: allowed besides is what was seen of
#   $TMP/host and
#   $(realpath /bin/true)
# from exec to the entry point:" "all of them"
like " $(measured) " " getsid " "and what each needs is allowed"
printf '[filter]\nprogram = ?/none/such ?%s\n[allow]\nsyscalls = read\n' "$TMP/host" >optional.ini
exports optional.ini
is "$STATUS|$ERR|$(sed -n '3,4p' "$UNIT")" "0|optional.ini:2: warning: 'program' does not carry over: \
the filter holds for every command of the unit|#   $TMP/host
# from exec to the entry point:" "those that need not be here are measured where they are"
printf '[filter]\nprogram = ?/none/such\n[allow]\nsyscalls = read\n' >none.ini
exports none.ini
like "$STATUS|$ERR" "^0.*'/none/such' is not here for its start" "one of them has to be here for that"
exports named.ini -- true
is "$(sed -n 3p "$UNIT")" "#   $(type -P true)" "the command line beats the whitelist, and PATH is searched"
exports little.ini
is "$STATUS|$ERR|$(sed -n '2,6p' "$UNIT")" "0||# The filter is in before exec: allowed besides is \
what most programs
# call from exec to main (none was there to be measured):
#   execve @loader madvise sched_getaffinity statfs
# and what systemd itself calls until then:
#   brk clock_gettime mmap munmap write" "without a program it is what most need"
like "$(<"$UNIT")" $'\nSystemCallFilter=read .*statfs' "which is allowed"
printf '[filter]\nprogram = /none/such\n[allow]\nsyscalls = read\n' >absent.ini
exports absent.ini
is "$STATUS|$ERR" "0|absent.ini:2: warning: '/none/such' is not here for its start to be measured: \
what most programs need for theirs is allowed
absent.ini:2: warning: 'program' does not carry over: the filter holds for every command of the unit" \
    "a program that is not installed is told of"
like "$(sed -n 3p "$UNIT")" "none was there to be measured" "and so does the drop-in"
printf '[filter]\ndefault = allow\nprogram = /bin/true\n[deny]\nmount = EPERM\n' >denying.ini
exports denying.ini
is "$STATUS|$(sed -n '2,$p' "$UNIT")" "0|[Service]
NoNewPrivileges=yes
SystemCallArchitectures=
SystemCallArchitectures=native
SystemCallFilter=~mount:EPERM" "what denies only needs nothing for a start"

# What goes wrong.
exports little.ini -- ./none
is "$STATUS|$OUT|$ERR" "127||portcullis: error: cannot run './none': No such file or directory" \
    "a program that is not there is status 127"
exports little.ini -- ./little.ini
is "$STATUS|$OUT|$ERR" "126||portcullis: error: cannot run './little.ini': Permission denied" \
    "one that cannot be run is status 126"
printf 'no program\n' >text
chmod 755 text
exports little.ini -- ./text
is "$STATUS|$OUT|$ERR" "126||portcullis: error: cannot run './text': Exec format error" \
    "so is what the kernel does not take"
NATIVE_END=1 exports little.ini -- "$TMP/host"
is "$STATUS|$OUT|$ERR" "125||portcullis: error: '$TMP/host' ended before its entry point" \
    "one that ends before its entry point is status 125"
compile "${CC:-gcc}" outer run_outer

# cannot NUMBER ERRNO TEXT NAME: where that system call fails.
cannot()
{
    run "$TMP/outer" "$1" "$2" "$PORTCULLIS" export --to systemd --native little.ini -- /bin/true
    is "$STATUS|$OUT|$ERR" "125||portcullis: error: $3" "$4"
}
cannot 56 11 "cannot make a process: Resource temporarily unavailable" "it needs a process"
cannot 33 24 "cannot leave the program without streams: /dev/null: Too many open files" \
    "it needs /dev/null"
cannot 101 1 "cannot hold the program at its entry point: ptrace: Operation not permitted; the \
measuring of a start cannot do without" "it needs ptrace"
cannot 317 1 "cannot load the filter for the measuring of a start: Operation not permitted" \
    "it needs seccomp"
printf '[allow]\nsyscalls = read\n[deny]\ngetsid = trap\n' >trapped.ini
exports trapped.ini -- "$TMP/host"
is "$STATUS|$OUT|$ERR" "125||portcullis: error: '$TMP/host' was killed by signal 31 before its entry \
point" "so is one whose start the whitelist denies"
printf '[allow]\nsyscalls = read\n[deny]\ngetsid = EPERM\n' >denied.ini
exports denied.ini -- "$TMP/host"
like " $(measured) " "^( [a-fh-z][a-z_0-9]*)+ $" "what is denied by errno is not seen"
run "$PORTCULLIS" export --to oci little.ini -- true
is "$STATUS|$ERR" "2|portcullis export: one whitelist at a time; a program goes with '--native'; see \
'portcullis export --help'" "a program goes with --native"
exports little.ini -- "$TMP/static_host"
is "$STATUS|$ERR|$(measured)" "0||execve" "a static program needs to be executed, no more"

# In force: as systemd would start a program, under UNIT.
NATIVE=("$TMP/native_start" "$UNIT" "$TMP/defaults")

# What systemd itself calls, for a program that calls nothing but exit.
echo 'void _start(void) { __asm__("xor %edi, %edi; lea 60(%rdi), %eax; syscall"); }' |
    "${CC:-gcc}" -nostdlib -static -x c - -o bare || exit 1
printf '[filter]\ndefault = kill\n[allow]\nsyscalls = read\n' >kill.ini
exports kill.ini -- ./bare
run "${NATIVE[@]}" ./bare
is "$STATUS|$OUT|$ERR" "0||" "what systemd calls between filter and exec is allowed"
for name in brk execve mmap munmap write; do
    sed "\$aSystemCallFilter=~$name" "$UNIT" >less.conf
    run "$TMP/native_start" less.conf defaults ./bare
    is "$STATUS" $((128 + 31)) "$name is one of them"
done

# The shipped whitelists, with default = kill: what a list lacks shows.
cp "$ROOT"/config/whitelists/*.ini "$TMP"
for list in "$ROOT"/config/whitelists/*.ini; do
    ! grep -q '^default ' "$list" || or_die "$list" "$TMP/${list##*/}"
done

# starts LIST PROGRAM [ARGUMENT...]: under LIST.ini it starts and comes to its end.
starts()
{
    local program
    program=$(realpath "$(type -P "$2")")
    exports "$1.ini" -- "$program"
    run "${NATIVE[@]}" "$program" "${@:3}"
    is "$STATUS" 0 "$1: ${program##*/} starts, and does what it is asked to"
}

echo text >text.txt
starts convert convert-im6.q16 -version
starts curl curl --version
starts dnsmasq dnsmasq --version
starts ffmpeg ffmpeg -version
starts file file -b text.txt
starts gawk gawk 'BEGIN { print 1 }'
starts ghostscript gs -q -dNODISPLAY -dBATCH -c quit
starts git-read git version
starts gzip gzip -kf text.txt
starts haproxy haproxy -v
starts jq jq -n 1
starts memcached memcached --version
starts node node -e 'console.log(1)'
starts pdftotext pdftotext -v
starts postgresql "$POSTGRES" --version
starts sqlite3 sqlite3 :memory: 'select 1'
starts tar-plain tar -cf /dev/null text.txt
starts unzip unzip -v
starts xz xz -kf text.txt
starts zstd zstd -qf text.txt

exports python3.ini -- /usr/bin/python3
is "$STATUS|$(grep -c '^SystemCallErrorNumber=kill$' "$UNIT")" "0|1" "python3: it is exported"
run "${NATIVE[@]}" /usr/bin/python3 -c 'import os, sqlite3, threading
thread = threading.Thread(target=lambda: print("in a thread")); thread.start(); thread.join()
print(sqlite3.connect(":memory:").execute("select 6 * 7").fetchone()[0])
print(open("/proc/self/status").read().split("Seccomp:")[1].split()[0])'
is "$STATUS|$OUT|$ERR" $'0|in a thread\n42\n2|' "python3: it does its work, filtered from before exec on"
run "${NATIVE[@]}" /usr/bin/python3 -c 'import _socket; _socket.socket(2, 1, 0).close()'
is "$STATUS|$OUT|$ERR" "0||" "python3: a condition is lost, as was warned"
run "${NATIVE[@]}" /usr/bin/python3 -c 'import os; os.chroot("/")'
is "$STATUS" $((128 + 31)) "python3: what the list lacks is fatal"
for name in mmap openat execve pread64; do
    sed "\$aSystemCallFilter=~$name" "$UNIT" >less.conf
    run "$TMP/native_start" less.conf defaults /usr/bin/python3 -c pass
    is "$STATUS" $((128 + 31)) "python3: without $name it does not even start"
done

# A drop-in comes after its unit: what that has of the kind would widen ours, or turn it round.
for lines in "SystemCallFilter=chroot" "SystemCallFilter=~getpid" "SystemCallFilter=~chroot:EPERM"; do
    { echo "$lines" && cat "$UNIT"; } >both.conf
    run "$TMP/native_start" both.conf defaults /usr/bin/python3 -c 'import os; os.chroot("/")'
    is "$STATUS" $((128 + 31)) "python3: in a unit with $lines no more is allowed"
    run "$TMP/native_start" both.conf defaults /usr/bin/python3 -c 'import os; os.getpid()'
    is "$STATUS|$ERR" "0|" "python3: nor less"
done
like "$(<"$UNIT")" $'\nSystemCallArchitectures=\nSystemCallArchitectures=native\n' \
    "nor calls of other architectures"

exports redis-server.ini -- /usr/bin/redis-server
port=$(free_port)
start "${NATIVE[@]}" /usr/bin/redis-server --port "$port" --dir "$TMP" --save '' --daemonize no >redis.log 2>&1
wait_for 10 listening "$port"
is "$(timeout 10 redis-cli -p "$port" set gate shut) $(timeout 10 redis-cli -p "$port" get gate) \
$(seccomp_modes "$PID")" "OK shut 2" "redis-server: it serves, filtered from before exec on"
timeout 10 redis-cli -p "$port" shutdown nosave >/dev/null 2>&1
succeeds "redis-server: it ends by itself" wait_for 10 none_alive "$PID"

exports nginx.ini -- /usr/sbin/nginx
port=$(free_port)
mkdir -p site
echo portcullis >site/index.html
printf '%s\n' "$( ((EUID != 0)) || echo 'user www-data;')" "daemon off; pid $TMP/nginx.pid;" \
    "error_log $TMP/error.log; events {}" "http { access_log off;" \
    "client_body_temp_path $TMP/1; proxy_temp_path $TMP/2; fastcgi_temp_path $TMP/3;" \
    "uwsgi_temp_path $TMP/4; scgi_temp_path $TMP/5;" \
    "server { listen 127.0.0.1:$port; root $TMP/site; } }" >nginx.conf
start "${NATIVE[@]}" /usr/sbin/nginx -c "$TMP/nginx.conf" 2>nginx.err
wait_for 10 listening "$port"
is "$(timeout 10 curl -sS "http://127.0.0.1:$port/" 2>&1) $(seccomp_modes "$PID")" "portcullis 2" \
    "nginx: it serves, filtered from before exec on"
stop "$PID"

mkdir -p units/try.service.d
printf '[Service]\nExecStart=/usr/sbin/nginx\n' >units/try.service
cp "$UNIT" units/try.service.d/portcullis.conf
run env SYSTEMD_UNIT_PATH="$TMP/units:" systemd-analyze --man=no --recursive-errors=no verify try.service
is "$STATUS|$OUT|$ERR" "0||" "systemd takes it without a word"
finish
