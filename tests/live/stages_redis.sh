#!/bin/bash
# Redis under a stage: it serves, and saves, with half of the system calls.
. "$(dirname "$0")/../helpers/tap.sh"

here=$ROOT/examples/redis
port=$(free_port)
mkdir "$TMP/data" "$TMP/kill"

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
is "$(($(names | grep -c .) <= 26))" 1 "the stage allows $(names | grep -c .) system calls"

ulimit -S -n 1024
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
run timeout 100 redis-benchmark -p "$port" -n "${REQUESTS:-50000}" -c 50 -P 16 -q -t set,get,lpush,lrange_100
is "$STATUS" 0 "redis-benchmark comes to its end"
run timeout 60 redis-benchmark -p "$port" -n 3000 -c 900 -q -t get
is "$STATUS" 0 "with 900 connections at once, as many as there are descriptors for, too"
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
is "$(client CONFIG SET maxmemory 300mb)|$(client CONFIG SET appendfsync always)|$(client SET a b)" "OK|OK|OK" \
    "it is configured while it runs"
is "$(client CLIENT KILL TYPE pubsub)" 1 "a client is thrown out"
wait "$subscriber"
kill -TERM "$server"
wait "$server"
is "$?" 0 "redis ends with status 0"
is "$(grep -E 'terminated by signal|not permitted' "$TMP/log")" "" "no call was refused"
finish
