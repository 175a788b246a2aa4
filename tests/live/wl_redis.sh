#!/usr/bin/env bash
# shellcheck disable=SC2317
# Debian's redis-server at work under config/whitelists/redis-server.ini.
. "$(dirname "$0")/../helpers/wl.sh"

shipped redis-server
port=$(free_port)
second=$(free_port)
secure=$(free_port)
ulimit -S -n 1024 # as in a login shell: redis asks for more

openssl req -x509 -newkey rsa:2048 -nodes -keyout "$TMP/key" -out "$TMP/cert" -days 9 \
    -subj /CN=localhost >/dev/null 2>&1

# more than it keeps in a buffer, and no way to make it smaller
head -c 9000000 /dev/urandom | base64 -w 0 >"$TMP/large"

client()
{
    timeout 10 redis-cli -p "$port" "$@" 2>&1
}

saved()
{
    client INFO persistence |
        grep -cE '^(rdb_bgsave|aof_rewrite)(_in_progress|_scheduled):0' | grep -qx 3
}

followed()
{
    [[ $(timeout 10 redis-cli -p "$second" GET gate) == shut ]]
}

# published: somebody subscribes, is told, and is thrown out.
published()
{
    client --csv SUBSCRIBE hall >"$TMP/subscribed" &
    local subscriber=$!
    wait_for 10 subscribed && wait_for 10 grep -q hello "$TMP/subscribed" && echo "published"
    client CLIENT KILL TYPE pubsub
    wait "$subscriber"
}

subscribed()
{
    [[ $(client PUBLISH hall hello) == 1 ]]
}

work()
{
    client SET gate shut
    redis-benchmark -p "$port" -n 3000 -c 20 -P 16 -q -t set,lpush,zadd >/dev/null && client LLEN mylist
    client EVAL 'redis.call("set", KEYS[1], ARGV[1]); return redis.call("get", KEYS[1])' 1 k v
    client -x SET large <"$TMP/large"
    client GET large | head -c -1 | cksum
    (ulimit -S -n 4096 && exec timeout 20 redis-benchmark -p "$port" -n 2000 -c 1000 -q -t get >/dev/null 2>&1)
    echo "a thousand connections: status $?"
    published
    client XADD stream 1-1 a b
    client XRANGE stream - +
    client GEOADD here 13 38 a 15 37 b
    client PFADD log a b c
    client EXPIRE k 100
    client PUBLISH channel hello
    client CONFIG SET maxmemory 100mb
    client CONFIG REWRITE
    client BGSAVE | cut -c -17
    wait_for 10 saved
    client BGREWRITEAOF | cut -c -17
    wait_for 10 saved
    client DEBUG RELOAD
    client MEMORY PURGE
    client INFO | grep -cE '^(redis_version|used_cpu_sys|total_system_memory|os):?'
    client CLIENT LIST | wc -l
    client SLOWLOG GET 0
    client FLUSHALL ASYNC
    client SET gate shut
    timeout 10 redis-cli -h ::1 -p "$port" GET gate
    timeout 10 redis-cli -s "$TMP/socket" GET gate
    timeout 10 redis-cli --tls --cacert "$TMP/cert" -h localhost -p "$secure" GET gate
    wait_for 10 followed
    timeout 10 redis-cli -p "$second" SET a b 2>&1
}

answers()
{
    [[ $(client PING) == PONG ]]
}

second_answers()
{
    [[ $(timeout 10 redis-cli -p "$second" PING) == PONG ]]
}

prepare()
{
    rm -rf "${TMP:?}/data" "$TMP/second"
    mkdir "$TMP/data" "$TMP/second"
    cat >"$TMP/data/redis.conf" <<END
bind 127.0.0.1 ::1
port $port
tls-port $secure
tls-cert-file $TMP/cert
tls-key-file $TMP/key
tls-ca-cert-file $TMP/cert
tls-auth-clients no
unixsocket $TMP/socket
unixsocketperm 700
pidfile $TMP/data/pid
dir $TMP/data
appendonly yes
appendfsync everysec
save 60 1000
io-threads 2
io-threads-do-reads yes
enable-debug-command yes
enable-module-command yes
syslog-enabled ${SYSLOG:-yes}
lazyfree-lazy-user-del yes
repl-diskless-sync-delay 0
END
    cat >"$TMP/second/redis.conf" <<END
bind 127.0.0.1
port $second
dir $TMP/second
replicaof localhost $port
logfile log
repl-diskless-load swapdb
END
}

# uses HOW: a server and another one that follows it.
uses()
{
    local first
    prepare
    serve "$1" redis-server "$TMP/data/redis.conf"
    first=$PID
    wait_for 10 answers
    LEARNED=${LEARNED:+$LEARNED.second} SAYS=$TMP/second serve "${FOLLOWER:-$1}" redis-server "$TMP/second/redis.conf"
    wait_for 10 second_answers
    work 2>&1
    timeout 10 redis-cli -p "$second" SHUTDOWN NOSAVE
    wait "$PID"
    echo "status $?"
    client SHUTDOWN
    wait "$first"
    echo "status $?"
}

sentinel()
{
    prepare
    echo "sentinel monitor one 127.0.0.1 $port 1" >"$TMP/data/sentinel.conf"
    serve plain redis-server --port "$port" --dir "$TMP/data"
    wait_for 10 answers
    local first=$PID
    serve "$1" redis-server "$TMP/data/sentinel.conf" --sentinel --port "$second"
    wait_for 10 second_answers
    timeout 10 redis-cli -p "$second" SENTINEL CKQUORUM one
    kill "$PID"
    wait "$PID"
    echo "status $?"
    stop "$first"
}

# What it does when it crashes: a report with the stack and a test of its memory.
# How it goes on after a crash is chance: its test of memory, beside threads that still run, may crash
# as well.
crash()
{
    prepare
    serve "$1" redis-server "$TMP/data/redis.conf"
    wait_for 10 answers
    client DEBUG SEGFAULT >/dev/null
    wait "$PID"
    echo "status $?, $(grep -cE 'STACK TRACE|crashed by signal' "$TMP/stdout") marks"
}

if [[ ${LEARNED:-} ]]; then
    uses learned
    sentinel learned
    crash learned
    exit
fi

plain=$(uses plain)
used=$plain
like "$plain" \
    $'^OK\n3008\nv\nOK\n[0-9]+ 12000000\na thousand connections: status 0\npublished\n1\n.*shut\nshut\nshut\n.*READONLY.*status 0\nstatus 0$' \
    "redis works without a filter"
got=$(uses reported)
is "$got" "$plain" "it works as without a filter under a report"
unrefused "and no call is refused"
SAYS=$TMP/second unrefused "nor one of its follower"
is "$(uses killing)" "$plain" "it works where a refused call kills"
plain=$(sentinel plain)
is "$(sentinel killing)" "$plain" "so it does as a sentinel: $plain"
plain=$(crash plain)
is "$(crash killing)" "$plain" "its report of a crash is the same: $plain"

prepare
serve filtered redis-server "$TMP/data/redis.conf"
wait_for 10 answers
is "$(seccomp_modes "$PID")" 2 "every thread of it is filtered"
install -m 755 "$SHIM" "$TMP/module.so" # any library will do
like "$(client MODULE LOAD "$TMP/module.so")" '^ERR Error loading' \
    "a module is not loaded"
like "$(<"$TMP/stdout")" 'failed to load: .*failed to map segment from shared object' \
    "because none of its code can be mapped"
refused_inside "$PID" exec map protect ptrace raw packet unshare uring
is "$(client PING)" PONG "and it answers on"
stop "$PID"

# From its first client on a stage: there is no syslog here that it could be connected to by then.
shipped redis-server-serving redis-server
is "$(SYSLOG=no FOLLOWER=plain uses killing)" "$used" "it serves in its stage where a refused call kills"
SYSLOG=no prepare
serve filtered redis-server "$TMP/data/redis.conf"
wait_for 10 answers
is "$(filters "$PID") $(($(thread_count "$PID") >= 5))" "2 1" "every thread of it is in the stage"
refused_inside "$PID" exec tcp udp local bind listen connect connect-local map load protect ptrace setuid raw \
    unshare seccomp
is "$(client BGSAVE)" "Background saving started" "it can make a snapshot"
wait_for 10 saved
is "$(client INFO persistence | grep -c '^rdb_last_bgsave_status:ok')" 1 "which is good"
finish
