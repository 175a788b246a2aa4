#!/bin/bash
# Redis under a stage: it serves, and saves, with less than half of the system calls. REQUESTS: how
# many are made of it, pipelined; a tenth of them one by one.
. "$(dirname "$0")/../helpers/tap.sh"

here=$ROOT/examples/redis
port=$(free_port)
mkdir -p "$TMP/data/appendonlydir" "$TMP/kill"
requests=${REQUESTS:-50000}

client()
{
    timeout 20 redis-cli -p "$port" "$@" 2>&1
}

# told FIELD: of INFO
told()
{
    client INFO "$1" | tr -d '\r' | sed -n "s/^$2://p"
}

is_over()
{
    [[ $(told persistence rdb_bgsave_in_progress)$(told persistence aof_rewrite_in_progress) == 00 ]]
}

filters()
{
    sed -n 's/^Seccomp_filters:\t//p' /proc/"$1"/task/*/status | sort -u | paste -sd ' '
}

names()
{
    sed -n '/^\[stage/,$p' "$here/stages.ini" | sed 's/;.*//; /^\[/d; /^when/d; s/^syscalls *=//; s/ *=.*//' |
        tr -s ' ' '\n' | grep . | sort -u
}

# Under default = kill a call that the list lacks would be the end of the server or its child.
or_die "$here/redis.ini" "$TMP/kill/redis.ini"
cp "$here/stages.ini" "$TMP/kill/"
is "$(names | grep -c .)" 26 "the stage allows 26 system calls"

ulimit -S -n 1024 # as in a login shell: redis asks for more
serve()
{
    cd "$TMP/data" || exit
    start_with "$1" redis-server "$here/redis.conf" --port "$port" --jemalloc-bg-thread no >"$TMP/log" 2>&1
    cd "$ROOT" || exit
    server=$PID
    wait_for 10 client PING
}

serve "$TMP/kill/stages.ini"
is "$(client SET gate shut)" OK "redis answers"
is "$(filters "$server") $(thread_count "$server")" "2 5" "all 5 threads are under both filters"
# benchmark WORD...: by redis-benchmark; it says no word of a request that failed, but ends with 1.
benchmark()
{
    ulimit -S -n 4096
    timeout "${TEST_SECONDS:-100}" redis-benchmark -p "$port" -q "$@" 2>&1
}

run benchmark -n "$((requests / 4))" -c 50 -P 16 -t set,get,lpush,lrange_100
is "$STATUS" 0 "it answers $requests requests, 16 at a time from each of 50 clients"
run benchmark -n "$((requests / 10))" -c 50 -t get
is "$STATUS" 0 "it answers $((requests / 10)) requests, one at a time from each"
run benchmark -n 4000 -c 1000 -t get
is "$STATUS" 0 "and with 1,000 connections at once"
# More than redis keeps in a buffer, for a client or a file, and no way to make it smaller.
head -c 15000000 /dev/urandom | base64 -w 0 >"$TMP/large"
is "$(client -x SET large <"$TMP/large")" OK "a large value comes"
is "$(client GET large | head -c -1 | cksum)" "$(cksum <"$TMP/large")" "and goes"
is "$(client BGSAVE)" "Background saving started" "BGSAVE starts"
wait_for 20 is_over
is "$(told persistence rdb_last_bgsave_status)" ok "BGSAVE ends well"
succeeds "the snapshot is a good one" redis-check-rdb "$TMP/data/dump.rdb"
is "$(client BGREWRITEAOF)" "Background append only file rewriting started" "the file is written anew"
wait_for 20 is_over
is "$(told persistence aof_last_bgrewrite_status)" ok "which ends well"
client --csv SUBSCRIBE hall >"$TMP/subscribed" &
subscriber=$!
subscribed()
{
    [[ $(client PUBLISH hall hello) == 1 ]]
}
wait_for 5 subscribed
succeeds "what is published arrives" wait_for 5 grep -q hello "$TMP/subscribed"
run redis-check-aof "$TMP/data/appendonlydir/appendonly.aof.manifest"
like "$STATUS|$OUT" '^0\|.*All AOF files and manifest are valid' "the new one is a good one"
is "$(client CONFIG SET maxmemory 300mb)|$(client CONFIG SET appendfsync always)|$(client SET a b)" "OK|OK|OK" \
    "it is configured while it runs"
is "$(client CLIENT KILL TYPE pubsub)" 1 "a client is thrown out"
wait "$subscriber"
# thrown_out WHAT: a connection's end of which redis is told by its ID or its ADDRess.
thrown_out()
{
    timeout 10 /usr/bin/python3 -c "import socket, sys
s = socket.create_connection(('127.0.0.1', int(sys.argv[1])))
s.sendall(b'CLIENT ID\r\n')
told = {'ID': s.recv(99)[1:].strip().decode(), 'ADDR': '%s:%d' % s.getsockname()}
other = socket.create_connection(s.getpeername())
other.sendall(('CLIENT KILL %s %s\r\n' % (sys.argv[2], told[sys.argv[2]])).encode())
print(other.recv(99), s.recv(99))" "$port" "$1" 2>&1
}
is "$(thrown_out ID)" "b':1\r\n' b''" "another one by its number"
is "$(thrown_out ADDR)" "b':1\r\n' b''" "and by its address"
like "$(told cpu used_cpu_user)" '^[0-9]{1,5}\.[0-9]+$' "INFO tells the time it took"
if ((EUID == 0)); then
    is "$("$BUILD/portcullis" verify "$server" "$TMP/kill/stages.ini" 2>&1)" \
        "yes: redis-server, 5 threads, is filtered by $TMP/kill/stages.ini; the stage 'serving' has begun" \
        "verify says so of every thread, when all is done"
else
    skip "verify says so of every thread" "only root can read filters"
fi
kill -TERM "$server"
wait "$server"
is "$?" 0 "redis ends with status 0"
is "$(grep -E 'terminated by signal|not permitted' "$TMP/log")" "" "no call was refused"
finish
