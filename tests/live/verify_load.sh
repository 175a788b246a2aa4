#!/bin/bash
# portcullis verify says nothing but yes of servers under load, and they lose no request by it: nginx
# and redis, and under SOAK a Java program that makes a thread for each request. TRIES: how often each
# is asked about.
. "$(dirname "$0")/../helpers/tap.sh"
((EUID == 0)) || skip_all "only root can read filters"

tries=${TRIES:-60}
VERIFY=("$BUILD/portcullis" verify)
chmod 755 "$TMP"

# load COMMAND...: again and again, until there is the file "enough".
load()
{
    until [[ -e $TMP/enough ]]; do
        "$@" || echo "failed: $?"
    done
}

# asked NAME FILE PID...: TRIES times about one of these in turn.
asked()
{
    local name=$1 file=$2 pids=("${@:3}") yes=0 i
    for ((i = 0; i < tries; i++)); do
        "${VERIFY[@]}" "${pids[i % ${#pids[@]}]}" "$file" >>"$TMP/$name.said" 2>&1 && yes=$((yes + 1))
    done
    is "$yes" "$tries" "$name: nothing but yes in $tries tries"
    ((yes == tries)) || diag "$(grep -v '^yes' "$TMP/$name.said" | sort | uniq -c | head)"
}

# under_load NAME FILE PID... -- COMMAND...
under_load()
{
    local words=("$@") pids=() i
    for ((i = 2; i < $#; i++)); do
        [[ ${words[i]} != -- ]] || break
        pids+=("${words[i]}")
    done
    rm -f "$TMP/enough"
    load "${words[@]:i+1}" >"$TMP/load" 2>&1 &
    LOADER=$!
    asked "$1" "$2" "${pids[@]}"
    : >"$TMP/enough"
    wait "$LOADER"
}

# What ab says: how many requests, and how many of them failed.
web_lost()
{
    is "$(grep -cE '^failed|^Non-2xx' "$TMP/load") $(sed -n 's/^Failed requests: *//p' "$TMP/load" |
        sort -u)" "0 0" "$1: no request is lost"
    diag "$1: $(awk '/^Complete requests/ { sum += $3 } END { print sum }' "$TMP/load") requests"
}

port=$(free_port)
mkdir "$TMP/html"
echo portcullis >"$TMP/html/index.html"
sed "s/127.0.0.1:8080/127.0.0.1:$port/" "$ROOT/examples/nginx/nginx.conf" >"$TMP/nginx.conf"
start_with "$ROOT/examples/nginx/nginx.ini" /usr/sbin/nginx -p "$TMP/" -c nginx.conf 2>/dev/null
nginx=$PID
wait_for 10 listening "$port"
mapfile -t pids < <(descendants "$nginx")
under_load nginx "$ROOT/examples/nginx/nginx.ini" "${pids[@]}" -- \
    ab -q -n 2000 -c 20 "http://127.0.0.1:$port/"
web_lost nginx
is "$(descendants "$nginx" | paste -sd ' ')" "${pids[*]}" "nginx: its processes are the same"
is "$(grep -E '\[(alert|crit|emerg|error)\]' "$TMP/error.log")" "" "nginx: it complains of nothing"
stop "$nginx"

port=$(free_port)
mkdir "$TMP/data"
cd "$TMP/data" || exit 1
start_with "$ROOT/examples/redis/redis.ini" redis-server "$ROOT/examples/redis/redis.conf" \
    --port "$port" >"$TMP/redis.log" 2>&1
redis=$PID
cd "$ROOT" || exit 1
wait_for 10 listening "$port"
under_load redis "$ROOT/examples/redis/redis.ini" "$redis" -- \
    redis-benchmark -p "$port" -n 20000 -c 20 -q -t set,get
is "$(grep -ciE 'error|failed' "$TMP/load")" 0 "redis: no request is lost"
diag "redis: $(($(grep -c 'SET:.*per second' <(tr '\r' '\n' <"$TMP/load")) * 40000)) requests or more"
is "$(redis-cli -p "$port" PING)" PONG "redis: it answers"
stop "$redis"

if [[ -n ${SOAK:-} ]]; then
    port=$(free_port)
    cp "$ROOT/tests/victims/VerifyServer.java" "$TMP/"
    printf '[filter]\ndefault = allow\n[deny]\nswapon = EPERM\n' >"$TMP/all.ini"
    start_with "$TMP/all.ini" java "$TMP/VerifyServer.java" "$port"
    java=$PID
    wait_for 60 listening "$port"
    under_load java "$TMP/all.ini" "$java" -- ab -q -n 2000 -c 20 "http://127.0.0.1:$port/"
    web_lost java
    succeeds "java: it is there" alive "$java"
fi
finish
