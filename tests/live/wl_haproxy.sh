#!/usr/bin/env bash
# shellcheck disable=SC2317
# Debian's haproxy at work under config/whitelists/haproxy.ini and, with a master, haproxy-master.ini.
. "$(dirname "$0")/../helpers/wl.sh"

shipped haproxy
PATH=$PATH:/usr/sbin
chmod 755 "$TMP"
port=$(free_port)
secure=$(free_port)
plain_tcp=$(free_port)
back=$(free_port)
url=http://127.0.0.1:$port
user=
((EUID != 0)) || user="user haproxy"$'\n'"group haproxy"$'\n'"chroot $TMP/root"
mkdir "$TMP/root" "$TMP/html"
seq 9000 >"$TMP/html/text.txt"
head -c 2000000 /dev/zero >"$TMP/html/large"

openssl req -x509 -newkey rsa:2048 -nodes -keyout "$TMP/key" -out "$TMP/cert" -days 9 \
    -subj /CN=localhost >/dev/null 2>&1
cat "$TMP/key" "$TMP/cert" >"$TMP/both.pem"

cat >"$TMP/haproxy.cfg" <<END
global
    log $TMP/none local0
    log 127.0.0.1:9 local1
    stats socket $TMP/admin mode 600 level admin
    nbthread 2
    hard-stop-after 300ms
    maxconn 200
    pidfile $TMP/pid
    $user
defaults
    mode http
    log global
    option httplog
    option splice-auto
    retries 0
    timeout connect 2s
    timeout client 5s
    timeout server 5s
frontend web
    bind 127.0.0.1:$port
    bind ::1:$port
    bind 127.0.0.1:$secure ssl crt $TMP/both.pem alpn h2,http/1.1
    compression algo gzip
    compression type text/plain
    acl deny path_reg ^/deny[0-9]+\$
    http-request deny if deny
    http-request return status 200 content-type text/plain string "hello" if { path /hello }
    use_backend gone if { path /gone }
    stick-table type ip size 1k expire 10s store http_req_cnt
    http-request track-sc0 src
    stats enable
    stats uri /stats
    default_backend files
listen raw
    mode tcp
    option tcplog
    bind 127.0.0.1:$plain_tcp
    bind $TMP/socket
    server one 127.0.0.1:$back
resolvers here
    nameserver none 127.0.0.1:9
    resolve_retries 1
    timeout retry 1s
cache small
    total-max-size 4
backend files
    http-request cache-use small
    http-response cache-store small
    option httpchk GET /text.txt
    server one localhost:$back check inter 200ms
backend gone
    server none 127.0.0.1:1
END

get()
{
    timeout 10 curl -sS -k "$@" 2>&1
}

sum()
{
    rm -f "$TMP/got"
    get -o "$TMP/got" -w '%{http_code} %{http_version} ' "$@"
    cksum <"$TMP/got"
}

# admin COMMAND: what the socket of the administrator answers.
admin()
{
    timeout 10 /usr/bin/python3 -c "import socket, sys
s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); s.sendall(sys.argv[2].encode() + b'\n')
print(s.makefile().read().strip())" "$TMP/admin" "$1"
}

work()
{
    sum "$url/text.txt"
    sum "$url/large"
    sum "$url/none"
    sum -H 'Accept-Encoding: gzip' --compressed "$url/text.txt"
    sum "http://[::1]:$port/text.txt"
    get "$url/hello"
    get "$url/deny12" | tail -2
    get "$url/gone" | head -1
    get "$url/stats" | grep -c 'Statistics Report'
    sum --http2 "https://127.0.0.1:$secure/text.txt"
    sum --http1.1 "https://127.0.0.1:$secure/large"
    sum "http://127.0.0.1:$plain_tcp/large"
    sum --unix-socket "$TMP/socket" "http://localhost/text.txt"
    timeout 20 ab -q -n 500 -c 20 "$url/text.txt" 2>&1 | grep -E '^(Complete|Failed)' | tr -s ' '
    admin 'show info' | grep -cE '^(Name|Version|Nbthread):'
    admin 'show stat' | grep -c '^files,one,'
    admin 'disable server files/one'
    get "$url/large" | tail -2
    admin 'enable server files/one'
    admin 'show table web' | grep -c '^# table'
    admin 'show sess' | grep -c proto
}

# uses HOW OPTION...
uses()
{
    local how=$1
    shift
    rm -f "$TMP/socket" "$TMP/admin"
    serve "$how" haproxy "$@" -f "$TMP/haproxy.cfg"
    wait_for 10 admin_is_up
    work
    # USR1: it serves what it has begun, and ends
    kill -USR1 "$PID"
    wait "$PID"
    echo "status $?"
}

admin_is_up()
{
    [[ $(admin 'show stat' | grep -c '^files,one,.*,UP,') == 1 ]]
}

# checked HOW: its configuration tested; a start in the background, and its end.
checked()
{
    local words=() pid
    case $1 in
        plain) ;;
        killing) words=("$PORTCULLIS" run "$KILLING" --) ;;
        learned) words=("$PORTCULLIS" learn --quiet -o "$LEARNED" --) ;;
    esac
    words+=(haproxy -f "$TMP/haproxy.cfg")
    rm -f "$TMP/pid"
    timeout 20 "${words[@]}" -c 2>&1 | sed "s, *([0-9]*),,"
    echo "status ${PIPESTATUS[0]}"
    if [[ $1 != learned ]]; then
        timeout 20 "${words[@]}" -D </dev/null 2>&1 | sed "s, *([0-9]*),,"
        echo "status ${PIPESTATUS[0]}"
        pid=$(cat "$TMP/pid")
        TAP_PIDS+=("$pid")
        wait_for 10 admin_is_up
        get "$url/hello"
        kill "$pid"
        wait_for 10 none_alive "$pid" && echo "stopped"
    fi
    echo nonsense >"$TMP/wrong.cfg"
    timeout 20 "${words[@]}" -f "$TMP/wrong.cfg" 2>&1 | grep -o 'unknown keyword.*' | head -1
}

cd "$TMP/html" || exit
# Python's own queue is 5 connections long: of 20 clients some would wait longer than haproxy does.
start /usr/bin/python3 -c 'import http.server as http, sys
http.ThreadingHTTPServer.request_queue_size = 128
http.test(http.SimpleHTTPRequestHandler, http.ThreadingHTTPServer, port=int(sys.argv[1]), bind="127.0.0.1")
' "$back" >/dev/null 2>&1
wait_for 10 listening "$back"
cd "$TMP" || exit
if [[ ${LEARNED:-} ]]; then
    uses learned
    checked learned
    LEARNED=$LEARNED.master uses learned -W
    exit
fi

plain=$(uses plain)
like "$plain" $'^200 1 .*hello.*status 0$' "haproxy works without a filter"
uses reported >"$TMP/used"
is "$(<"$TMP/used")" "$plain" "it works as without a filter under a report"
unrefused "and no call is refused"
is "$(uses killing)" "$plain" "it works where a refused call kills"
plain=$(checked plain)
is "$(checked killing)" "$plain" "and a start in the background, -c, and a wrong configuration"

rm -f "$TMP/socket" "$TMP/admin"
serve filtered haproxy -db -f "$TMP/haproxy.cfg"
wait_for 10 admin_is_up
is "$(seccomp_modes "$PID")" 2 "every thread of it is filtered"
refused_inside "$PID" exec map protect ptrace raw packet unshare uring
is "$(get "$url/hello")" hello "and it answers on"
stop "$PID"

# From its first wait on a stage.
served=$(uses plain)
shipped haproxy-serving haproxy
is "$(uses killing)" "$served" "it serves in its stage where a refused call kills"
rm -f "$TMP/socket" "$TMP/admin"
serve filtered haproxy -db -f "$TMP/haproxy.cfg"
wait_for 10 admin_is_up
is "$(filters "$PID") $(thread_count "$PID")" "2 2" "every thread of it is in the stage"
# what a regular expression's code took at the start is refused, too
ATTACKS[rwx]='((long(*)(long,long,int,int,int,long))mmap)(0,65536,7,0x22,-1,0)'
refused_inside "$PID" exec bind listen fork write-file make-file rwx map load protect ptrace setuid raw \
    packet netlink unshare seccomp
is "$(get "$url/hello")" hello "and it answers on"
stop "$PID"

# With a master, which executes haproxy again.
reloads()
{
    local round
    for round in 1 2; do
        before=$(descendants "$PID" | sed 1d)
        kill -USR2 "$PID"
        wait_for 10 worker_is_new && echo "reload $round"
    done
    get "$url/hello"
}

worker_is_new()
{
    local now
    now=$(descendants "$PID" | sed 1d)
    [[ -n $now && $now != *"$before"* ]] && admin_is_up
}

mastered()
{
    rm -f "$TMP/socket" "$TMP/admin"
    serve "$1" haproxy -W -f "$TMP/haproxy.cfg"
    wait_for 10 admin_is_up
    reloads
    work
    kill -USR1 "$PID"
    wait "$PID"
    echo "status $?"
}

shipped haproxy-master haproxy
plain=$(mastered plain)
like "$plain" $'^reload 1\nreload 2\nhello200 1 .*status 0$' "a master and its workers work without a filter"
mastered reported >"$TMP/used"
is "$(<"$TMP/used")" "$plain" "they work as without a filter under a report"
unrefused "and no call is refused"
is "$(mastered killing)" "$plain" "they work where a refused call kills"

rm -f "$TMP/socket" "$TMP/admin"
serve filtered haproxy -W -f "$TMP/haproxy.cfg"
wait_for 10 admin_is_up
worker=$(descendants "$PID" | sed 1d)
is "$(seccomp_modes "$PID") $(seccomp_modes "$worker")" "2 2" "every thread of them is filtered"
refused_inside "$worker" map protect ptrace raw packet unshare uring
refused_inside "$PID" map protect ptrace
finish
