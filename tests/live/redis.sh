#!/usr/bin/env bash
# shellcheck disable=SC2317
# Debian's redis at work under its whitelist.
. "$(dirname "$0")/../helpers/tap.sh"

here=$ROOT/examples/redis
port=$(free_port)
mkdir "$TMP/data" "$TMP/second"

client()
{
    timeout 20 redis-cli -p "$port" "$@"
}

# serve WHITELIST FOLDER: sets PID, and waits for the port.
serve()
{
    cd "$2" || exit
    start_with "$1" redis-server "$here/redis.conf" --port "$port" >"$2/log" 2>&1
    wait_for 10 client PING
    cd "$ROOT" || exit
}

bgsave_is_over()
{
    client INFO persistence | grep -q '^rdb_bgsave_in_progress:0'
}

# Under default = kill a call that the list lacks would be the end of the server or its child. Few
# descriptors, as a login shell has: redis asks for more.
or_die "$here/redis.ini" "$TMP/redis.ini"
ulimit -S -n 1024
serve "$TMP/redis.ini" "$TMP/data"
server=$PID
is "$(client SET gate shut)" OK "redis answers"

run timeout 60 redis-benchmark -p "$port" -n 100000 -c 50 -P 16 -q -t set,get,lpush,lrange_100
is "$STATUS|$(tr '\r' '\n' <<<"$OUT" | sed -n 's/ *[(:].*requests per second.*//p' | sort -u | paste -sd ' ')" \
    "0|GET LPUSH LRANGE_100 SET" "redis-benchmark ends its 100,000 of set, get, lpush and lrange"
is "$(client LLEN mylist)" 200000 "every element that it pushed is there"

is "$(seccomp_modes "$server")" 2 "every thread of redis is filtered"
is "$(($(thread_count "$server") >= 5))" 1 "it has threads for input, output and the disk"

is "$(client BGSAVE)" "Background saving started" "BGSAVE starts"
wait_for 20 bgsave_is_over
is "$(client INFO persistence | tr -d '\r' | grep '^rdb_last_bgsave_status')" \
    "rdb_last_bgsave_status:ok" "BGSAVE ends well"
succeeds "the snapshot is a good one" redis-check-rdb "$TMP/data/dump.rdb"

is "$(client GET gate)" shut "it answers after the snapshot"
client SHUTDOWN >/dev/null 2>&1
wait "$server"
is "$?" 0 "redis ends with status 0"
is "$(grep -E 'terminated by signal|not permitted' "$TMP/data/log")" "" "no call was refused"

serve "$here/redis.ini" "$TMP/second"
is "$(client REPLICAOF 127.0.0.1 "$(free_port)")" OK "redis is told to follow another server"
wait_for 10 grep -q 'Unable to connect' "$TMP/second/log"
like "$(<"$TMP/second/log")" 'Unable to connect to MASTER: Operation not permitted' \
    "a connection, which its list lacks, is refused"
finish
