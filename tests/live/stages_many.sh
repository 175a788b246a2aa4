#!/usr/bin/env bash
# Servers in their stages, where a call that is refused would be the end of them, answer REQUESTS requests each
# and fail none: nginx, redis, memcached, and haproxy in front of nginx. Nine in ten come over connections that
# stay (or many at a time, where the protocol has that), one in ten each over its own or alone.
. "$(dirname "$0")/../helpers/wl.sh"

requests=${REQUESTS:-5000}
few=$((requests / 10))
most=$((requests - few))
seconds=${TEST_SECONDS:-60}
PATH=$PATH:/usr/sbin
chmod 755 "$TMP"

# verified FILE PID...: what verify says of each process; each has to be in the stage, with all its threads.
verified()
{
    local file=$1 pid
    shift
    if ((EUID != 0)); then
        skip "verify says that all of it is in the stage" "only root can read filters"
        return
    fi
    for pid in "$@"; do
        like "$("$PORTCULLIS" verify "$pid" "$file" 2>&1)" "^yes: .*; the stage 'serving' has begun$" \
            "verify says that all of $(<"/proc/$pid/comm") $pid is in the stage"
    done
}

# asked COUNT WORD...: by ab. What it has to say: so many answers, none of them bad.
asked()
{
    run timeout "$seconds" ab -q -n "$1" -c 50 "${@:2}"
    echo "status $STATUS$ERR, $(grep -E '^(Complete|Failed|Non-2xx)' <<<"$OUT" | tr -s ' ' | paste -sd ,)"
}

web()
{
    is "$(asked "$most" -k "$1")" "status 0, Complete requests: $most,Failed requests: 0" \
        "$2 answers $most requests over 50 connections"
    is "$(asked "$few" "$1")" "status 0, Complete requests: $few,Failed requests: 0" \
        "$2 answers $few requests over a connection each"
}

# example NAME: its whitelist, by which a refused call kills.
example()
{
    mkdir "$TMP/kill/$1"
    or_die "$ROOT/examples/$1/$1.ini" "$TMP/kill/$1/$1.ini"
    cp "$ROOT/examples/$1/stages.ini" "$TMP/kill/$1/"
}

ends_well()
{
    kill "-$1" "$2"
    wait "$2"
    is "$?" 0 "$3 ends with status 0"
}

# nginx, and haproxy in front of it.
example nginx
shipped haproxy-serving haproxy
back=$(free_port)
front=$(free_port)
mkdir -p "$TMP/site/html"
echo portcullis >"$TMP/site/html/index.html"
sed "s/127.0.0.1:8080/127.0.0.1:$back/; /thread/d" "$ROOT/examples/nginx/nginx.conf" >"$TMP/site/nginx.conf"
cat >"$TMP/haproxy.cfg" <<END
global
    nbthread 2
    maxconn 200
defaults
    mode http
    timeout connect 9s
    timeout client 9s
    timeout server 9s
listen web
    bind 127.0.0.1:$front
    server one 127.0.0.1:$back
END
MALLOC_MMAP_MAX_=0 start_with "$TMP/kill/nginx/stages.ini" /usr/sbin/nginx -p "$TMP/site/" -c nginx.conf 2>"$TMP/said"
nginx=$PID
serve killing haproxy -db -f "$TMP/haproxy.cfg"
haproxy=$PID
wait_for 10 listening "$back"
wait_for 10 listening "$front"
mapfile -t workers < <(descendants "$nginx" | sed 1d)
wait_for 10 in_the_stage "${workers[@]}"
web "http://127.0.0.1:$back/" nginx
web "http://127.0.0.1:$front/" haproxy
is "${#workers[@]} $(descendants "$nginx" | sed 1d | paste -sd ' ')" "2 ${workers[*]}" \
    "nginx has the two workers that it began with"
verified "$TMP/kill/nginx/stages.ini" "${workers[@]}"
verified "$KILLING" "$haproxy"
ends_well USR1 "$haproxy" haproxy
ends_well QUIT "$nginx" nginx
is "$(grep -E 'exited on signal|not permitted|\[(alert|crit|emerg)\]' "$TMP/site/error.log")" "" \
    "no worker of nginx died"

# redis
example redis
port=$(free_port)
mkdir -p "$TMP/data/appendonlydir"
cd "$TMP/data" || exit 1
start_with "$TMP/kill/redis/stages.ini" redis-server "$ROOT/examples/redis/redis.conf" --port "$port" \
    --jemalloc-bg-thread no >"$TMP/said" 2>&1
redis=$PID
cd "$ROOT" || exit 1
wait_for 10 listening "$port"
# how many calls redis-benchmark made of a command it doesn't say; redis does
told()
{
    timeout 10 redis-cli -p "$port" INFO commandstats |
        grep -oE '^cmdstat_(set|get|incr):calls=[0-9]+|failed_calls=[1-9].*' | paste -sd ' '
}
run timeout "$seconds" redis-benchmark -p "$port" -q -c 50 -P 16 -n "$((most / 2))" -t set,incr
is "$STATUS$ERR" 0 "redis answers $most requests, 16 at a time from each of 50 clients"
run timeout "$seconds" redis-benchmark -p "$port" -q -c 50 -n "$few" -t get
is "$STATUS$ERR" 0 "redis answers $few requests, one at a time from each"
like "$(told)" '^cmdstat_[a-z]+:calls=[0-9]+ cmdstat_[a-z]+:calls=[0-9]+ cmdstat_[a-z]+:calls=[0-9]+$' \
    "it counts no failed call"
is "$((requests <= $(told | grep -oE '[0-9]+' | paste -sd +)))" 1 "and all of the requests"
verified "$TMP/kill/redis/stages.ini" "$redis"
ends_well TERM "$redis" redis

# memcached
shipped memcached-serving memcached
port=$(free_port)
user=()
((EUID != 0)) || user=(-u nobody)
serve killing memcached "${user[@]}" -p "$port" -l 127.0.0.1
memcached=$PID
wait_for 10 listening "$port"
# clients COUNT AT_ONCE: fifty of them, in turn; how many right answers came to sets and gets of theirs
clients()
{
    timeout "$seconds" /usr/bin/python3 -c "import socket, sys
port, count, at_once = map(int, sys.argv[1:])
clients = [socket.create_connection(('127.0.0.1', port)) for _ in range(50)]
answers = [client.makefile('rb') for client in clients]
asked = right = 0
while asked < count:
    i = asked // at_once % 50
    n = min(at_once, count - asked)
    name = b'k%d' % i
    clients[i].sendall(b''.join(b'set %s 0 0 5\r\n%05d\r\n' % (name, k) if k % 2 == 0 else b'get %s\r\n' % name
                                for k in range(n)))
    wanted = b''.join(b'STORED\r\n' if k % 2 == 0 else b'VALUE %s 0 5\r\n%05d\r\nEND\r\n' % (name, k - 1)
                      for k in range(n))
    got = answers[i].read(len(wanted))
    right += n if got == wanted else 0
    asked += n
print(right)" "$port" "$@" 2>&1
}
is "$(clients "$most" 100)" "$most" "memcached answers $most requests, 100 at a time from each of 50 clients"
is "$(clients "$few" 2)" "$few" "memcached answers $few requests, two at a time from each"
verified "$KILLING" "$memcached"
ends_well TERM "$memcached" memcached
finish
