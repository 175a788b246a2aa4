#!/usr/bin/env bash
# The closed loop for servers: each is at work while it is learned, and does the same work under
# what was learned.
. "$(dirname "$0")/../helpers/tap.sh"
. "$(dirname "$0")/../helpers/learn.sh"

chmod 755 "$TMP"
ulimit -S -n 1024

# redis NAME COMMAND...: starts it by COMMAND, lets it work, ends it. SAID: what came of it.
redis()
{
    local name=$1 port
    shift
    port=$(free_port)
    mkdir -p "$TMP/$name"
    start "$@" redis-server "$ROOT/examples/redis/redis.conf" --port "$port" --dir "$TMP/$name" \
        >"$TMP/$name/log" 2>&1
    client() { timeout 20 redis-cli -p "$port" "$@"; }
    saved() { client INFO persistence | grep -q '^rdb_bgsave_in_progress:0'; }
    wait_for 30 client PING
    timeout 60 redis-benchmark -p "$port" -n 20000 -c 50 -P 16 -q -t set,get,lpush,lrange_100 \
        >/dev/null 2>&1
    SAID="benchmark $?, $(client SET gate shut)"
    SAID+=", $(client BGSAVE)"
    wait_for 30 saved
    SAID+=", $(client INFO persistence | tr -d '\r' | grep '^rdb_last_bgsave_status')"
    SAID+=", $(client LLEN mylist)"
    client SHUTDOWN >/dev/null 2>&1
    wait "$PID"
    SAID+=", status $?, $(grep -cE 'not permitted|terminated by signal' "$TMP/$name/log") refused"
}

# nginx NAME COMMAND...
nginx()
{
    local name=$1 port url before
    shift
    port=$(free_port)
    url=http://127.0.0.1:$port
    mkdir -p "$TMP/$name/html"
    echo portcullis >"$TMP/$name/html/index.html"
    head -c 300000 /dev/zero >"$TMP/$name/html/large"
    sed "s/127.0.0.1:8080/127.0.0.1:$port/" "$ROOT/examples/nginx/nginx.conf" \
        >"$TMP/$name/nginx.conf"
    start "$@" /usr/sbin/nginx -p "$TMP/$name/" -c nginx.conf 2>"$TMP/$name/stderr"
    wait_for 30 listening "$port"
    SAID=$(curl -sS "$url/")
    SAID+=", $(timeout 60 ab -q -n 2000 -c 20 "$url/" | grep -E '^(Complete|Failed)' |
        tr -s ' \n' ' ')"
    SAID+="$(timeout 60 ab -q -k -n 200 -c 20 "$url/large" | grep -E '^(Complete|Failed)' |
        tr -s ' \n' ' ')"
    before=$(descendants "$PID" | sed 1d | sort)
    kill -HUP "$PID"
    replaced()
    {
        local now
        now=$(descendants "$PID" | sed 1d | sort)
        [[ $(wc -w <<<"$now") == 2 && -z $(comm -12 <(echo "$before") <(echo "$now")) ]]
    }
    wait_for 8 replaced
    for _ in 1 2 3 4 5 6; do
        SAID+="$(curl -sS -o /dev/null -w '%{http_code} %{size_download} ' "$url/large")"
    done
    SAID+="$(curl -sS -o /dev/null -w '%{http_code}' "$url/none")"
    kill -QUIT "$PID"
    wait "$PID"
    SAID+=", status $?, $(grep -cE 'exited on signal|not permitted|alert|crit|emerg' \
        "$TMP/$name/error.log") refused"
}

for server in redis nginx; do
    "$server" "$server-plain"
    plain=$SAID
    like "$plain" ', status 0, 0 refused$' "$server works"
    for round in one two; do
        "$server" "$server-$round" "$PORTCULLIS" learn --quiet -o "$TMP/$server.ini" --
        is "$SAID" "$plain" "$server works while it is learned, run $round"
    done
    or_die "$TMP/$server.ini" "$TMP/$server.kill.ini"
    "$server" "$server-kill" "$PORTCULLIS" run "$TMP/$server.kill.ini" --
    is "$SAID" "$plain" "$server works under what was learned"
done
finish
