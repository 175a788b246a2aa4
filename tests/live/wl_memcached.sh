#!/usr/bin/env bash
# shellcheck disable=SC2317
# Debian's memcached at work under config/whitelists/memcached.ini.
. "$(dirname "$0")/../helpers/wl.sh"

shipped memcached
chmod 777 "$TMP"
port=$(free_port)
user=()
((EUID != 0)) || user=(-u nobody)

# say TEXT: what the server answers to these lines, to its end of the connection.
say()
{
    local out
    exec 3<>"/dev/tcp/127.0.0.1/$port" || return
    printf '%b\r\nquit\r\n' "$1" >&3
    out=$(timeout 10 cat <&3)
    exec 3>&-
    tr -d '\r' <<<"$out"
}

# asked PYTHON: what a client in Python prints; it has the port and the folder.
asked()
{
    timeout 10 /usr/bin/python3 -c "import socket, sys
port, folder = int(sys.argv[1]), sys.argv[2]
$1" "$port" "$TMP"
}

work()
{
    say 'set a 0 0 5\r\nhello\r\nadd a 0 0 1\r\nx\r\nget a\r\nappend a 0 0 1\r\n!\r\ngets none\r\nget a'
    say 'set n 0 60 1\r\n1\r\nincr n 41\r\ndecr n 2\r\ntouch n 5\r\ngat 9 n\r\nincr none 1\r\ndelete n'
    say 'set big 0 0 900000\r\n'"$(head -c 900000 /dev/zero | tr '\0' x)"'\r\nget big' | cksum
    say 'stats\r\nstats items\r\nstats slabs\r\nversion\r\nverbosity 1\r\nnonsense' |
        grep -cE '^(STAT (pid|curr_items)|VERSION|OK|ERROR)'
    say 'mn\r\nms m 2\r\nhi\r\nmg m v\r\nme m' | sed 's/exp=.*//'
    say 'flush_all\r\nget a'
    # fifty at once, so that each of the threads has some
    asked "all = [socket.create_connection(('127.0.0.1', port)) for _ in range(50)]
for i, s in enumerate(all): s.sendall(b'set k%d 0 0 1\r\nv\r\nget k%d\r\n' % (i, i))
print(sum(s.makefile('rb').readline() == b'STORED\r\n' for s in all))"
    asked "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(5)
s.sendto(b'\0\1\0\0\0\1\0\0version\r\n', ('127.0.0.1', port)); print(s.recv(99)[8:15])"
}

unix_work()
{
    asked "s = socket.socket(socket.AF_UNIX); s.connect(folder + '/socket')
s.sendall(b'set a 0 0 1\r\n1\r\nget a\r\nquit\r\n'); print(s.makefile('rb').read())"
}

served()
{
    say version | grep -q VERSION
}

# end: its status by SIGTERM.
end()
{
    kill "-${1:-TERM}" "$PID"
    wait "$PID"
    STATUS=$?
}

# uses HOW: all that the server does while it is used, as text. The last use's stderr is in $TMP/stderr.
uses()
{
    serve "$1" memcached "${user[@]}" -p "$port" -U "$port" -l 127.0.0.1 -t 2 -m 64 -P "$TMP/pid" \
        -c 2000
    wait_for 10 served
    work 2>&1
    end
    echo "status $STATUS"
}

more_uses()
{
    rm -f "$TMP/socket"
    serve "$1" memcached "${user[@]}" -s "$TMP/socket" -a 0777 -vv -o "ext_path=$TMP/store:64m"
    wait_for 10 test -S "$TMP/socket"
    unix_work 2>&1
    end INT
    echo "status $STATUS"
    rm -f "$TMP/store"
}

if [[ ${LEARNED:-} ]]; then
    uses learned
    more_uses learned
    memcached -h >/dev/null
    serve learned memcached "${user[@]}" -p "$port" -l 127.0.0.1,::1 -k -r
    wait_for 10 served
    end USR1
    exit
fi

plain=$(uses plain; more_uses plain)
like "$plain" $'hello.*STORED.*status 0.*status 0$' "memcached works without a filter"
uses reported >"$TMP/first"
unrefused "over TCP and UDP no call is refused (run --report)"
more_uses reported >"$TMP/second"
unrefused "at a socket in a folder, with storage on disk, no call is refused (run --report)"
is "$(cat "$TMP/first" "$TMP/second")" "$plain" "it answers as without a filter under a report"
is "$(uses killing; more_uses killing)" "$plain" "and where a refused call kills"

serve filtered memcached "${user[@]}" -p "$port" -l 127.0.0.1
wait_for 10 served
is "$(seccomp_modes "$PID")" 2 "every thread of it is filtered"
refused_inside "$PID" exec connect map protect ptrace raw packet netlink unshare uring
is "$(say 'set a 0 0 1\r\n1\r\nget a')" $'STORED\nVALUE a 0 1\n1\nEND' "and it answers on"
end
serve filtered memcached "${user[@]}" -p "$port" -l localhost
succeeds "it serves where -l is a name" wait_for 10 served
end
is "$STATUS" 0 "and ends with status 0"

# The same over TCP and UDP, and from the first client on the stage.
plain=$(uses plain)
shipped memcached-serving memcached
is "$(uses killing)" "$plain" "it serves in its stage where a refused call kills"
is "$("$PORTCULLIS" check --json "$WHITELIST" | grep -o '"stages".*' | grep -o '"allowed": [0-9]*, "constrained": [0-9]*')" \
    '"allowed": 26, "constrained": 2' "of the calls few are left"
serve filtered memcached "${user[@]}" -p "$port" -l 127.0.0.1
wait_for 10 listening "$port"
wait_for 10 served
is "$(filters "$PID") $(thread_count "$PID")" "2 10" "every thread of it is in the stage"
refused_inside "$PID" exec tcp udp local bind connect connect-local fork setuid write-file make-file map load \
    protect ptrace raw unshare seccomp
is "$(say 'set a 0 0 1\r\n1\r\nget a')" $'STORED\nVALUE a 0 1\n1\nEND' "and it answers on"
end
is "$STATUS" 0 "and ends with status 0"

serve plain memcached "${user[@]}" -p "$port" -l 127.0.0.1
wait_for 10 served
is "$(inside "$PID" exec connect map protect ptrace)" \
    "exec=ENOENT connect=EBADF map=done protect=done ptrace=ESRCH" \
    "the same attacks get through to the kernel without a filter"
finish
