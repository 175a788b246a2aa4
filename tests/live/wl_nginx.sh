#!/usr/bin/env bash
# shellcheck disable=SC2317
# Debian's nginx at work under config/whitelists/nginx.ini.
. "$(dirname "$0")/../helpers/wl.sh"

shipped nginx
PATH=$PATH:/usr/sbin
chmod 755 "$TMP"
port=$(free_port)
secure=$(free_port)
back=$(free_port)
url=http://127.0.0.1:$port
tls=https://127.0.0.1:$secure
user=
((EUID != 0)) || user="user www-data;"

openssl req -x509 -newkey rsa:2048 -nodes -keyout "$TMP/key" -out "$TMP/cert" -days 9 \
    -subj /CN=localhost >/dev/null 2>&1

prepare()
{
    rm -rf "${TMP:?}/site"
    mkdir -p "$TMP/site/html/dav" "$TMP/site/cache"
    chmod 777 "$TMP/site/html/dav" "$TMP/site/cache"
    echo portcullis >"$TMP/site/html/index.html"
    head -c 3000000 /dev/zero >"$TMP/site/html/large"
    seq 9000 >"$TMP/site/html/text.txt"
    cat >"$TMP/site/nginx.conf" <<END
$user
worker_processes 2;
daemon ${1:-off};
pid nginx.pid;
error_log error.log notice;
thread_pool default threads=2;
worker_rlimit_nofile 2048;
events { worker_connections 256; }
http {
    access_log access.log;
    log_format main '\$remote_addr \$request';
    access_log syslog:server=unix:$TMP/none main;
    client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi; scgi_temp_path scgi;
    proxy_cache_path cache keys_zone=one:1m inactive=1m;
    sendfile on; tcp_nopush on; gzip on; gzip_types text/plain; server_tokens off;
    open_file_cache max=100;
    upstream behind { server localhost:$back; keepalive 4; }
    upstream near { server unix:$TMP/site/socket; }
    server {
        listen 127.0.0.1:$port reuseport; listen [::1]:$port;
        root html;
        location /threads/ { alias html/; aio threads; }
        location /dav/ { dav_methods PUT DELETE MKCOL COPY MOVE; client_max_body_size 9m; }
        location /list/ { alias html/dav/; autoindex on; }
        location ~ ^/re/(.*)$ { return 200 "\$1\n"; }
        location /behind/ { proxy_pass http://behind/; proxy_cache one; proxy_cache_valid 1m;
            proxy_http_version 1.1; proxy_set_header Connection ""; }
        location /near/ { proxy_pass http://near/; proxy_buffers 4 4k;
            proxy_buffer_size 4k; proxy_busy_buffers_size 8k; }
        location /dead/ { proxy_pass http://127.0.0.1:1/; }
        location /limited/ { alias html/; limit_rate 20m; sub_filter port gate; sub_filter_once on; }
        location /private/ { alias html/; auth_basic x; auth_basic_user_file $TMP/users; }
        location /status { stub_status; }
    }
    server { listen 127.0.0.1:$back; listen unix:$TMP/site/socket; root html; }
    server { listen 127.0.0.1:$secure ssl http2; root html; ssl_session_cache shared:s:1m;
        ssl_certificate $TMP/cert; ssl_certificate_key $TMP/key; }
}
END
}

get()
{
    timeout 10 curl -sS -k "$@" 2>&1
}

sum()
{
    get -o "$TMP/got" -w '%{http_code} %{http_version} ' "$@"
    cksum <"$TMP/got"
}

workers()
{
    descendants "$(cat "$TMP/site/nginx.pid")" | sed 1d | sort | paste -sd ' '
}

workers_are_new()
{
    local now
    now=$(workers)
    [[ $(wc -w <<<"$now") -ge 2 && -z $(comm -12 <(tr ' ' '\n' <<<"$before") <(tr ' ' '\n' <<<"$now")) ]]
}

files()
{
    get "$url/"
    sum "$url/large"
    sum -r 1000-2999 "$url/threads/large"
    sum "$url/threads/large"
    sum -H 'Accept-Encoding: gzip' "$url/text.txt"
    get -o /dev/null -w '%{http_code}\n' -z "$TMP/site/html/text.txt" "$url/text.txt"
    sum "http://[::1]:$port/text.txt"
    sum "$url/none"
    get "$url/list/" | grep -c href
    get "$url/re/abc"
    get "$url/status" | head -1 | tr -dc a-zA-Z
    sum "$url/limited/"
    sum -u a:b "$url/private/"
    sum --http2 "$tls/text.txt"
    sum --http1.1 "$tls/large"
    timeout 20 ab -q -n 500 -c 20 "$url/text.txt" 2>&1 | grep -E '^(Complete|Failed)' | tr -s ' '
}

elsewhere()
{
    sum -T "$TMP/site/html/large" "$url/dav/one"
    sum -X MKCOL "$url/dav/folder/"
    sum -X COPY -H "Destination: $url/dav/two" "$url/dav/one"
    sum -X MOVE -H "Destination: $url/dav/folder/three" "$url/dav/two"
    sum -X DELETE "$url/dav/folder/"
    sum "$url/behind/text.txt"
    sum "$url/behind/text.txt"
    sum "$url/near/large"
    sum "$url/dead/"
}

signals()
{
    grep -cE '" (206|304|404) ' "$TMP/site/access.log"
    before=$(workers)
    kill -HUP "$(cat "$TMP/site/nginx.pid")"
    wait_for 10 workers_are_new && echo "new workers"
    get "$url/"
    mv "$TMP/site/access.log" "$TMP/site/access.old"
    kill -USR1 "$(cat "$TMP/site/nginx.pid")"
    wait_for 10 test -e "$TMP/site/access.log" && echo "new log"
}

work()
{
    files
    elsewhere
    signals
}

uses()
{
    prepare
    serve "$1" nginx -p "$TMP/site/" -c nginx.conf
    wait_for 10 listening "$port"
    work
    kill -QUIT "$PID"
    wait "$PID"
    echo "status $?"
    grep -cE 'exited on signal|not permitted' "$TMP/site/error.log"
}

# As its unit does: a test of the configuration, a start in the background, reload and stop by -s.
pid_is_there()
{
    [[ -s $TMP/site/nginx.pid ]]
}

background()
{
    local words=()
    prepare on
    case $1 in
        plain) ;;
        killing) words=("$PORTCULLIS" run "$KILLING" --) ;;
        learned) words=("$PORTCULLIS" learn --quiet -o "$LEARNED" --) ;;
    esac
    words+=(nginx -p "$TMP/site/" -c nginx.conf)
    timeout 20 "${words[@]}" -t 2>&1
    echo "status $?"
    if [[ $1 == learned ]]; then
        "${words[@]}" &
    else
        timeout 20 "${words[@]}" 2>&1
        echo "status $?"
    fi
    wait_for 10 pid_is_there
    wait_for 10 listening "$port"
    local pid
    pid=$(cat "$TMP/site/nginx.pid")
    TAP_PIDS+=("$pid")
    get "$url/"
    timeout 20 "${words[@]}" -s reload 2>&1 | sed 's/.*\[notice\].*: //'
    get "$url/"
    timeout 20 "${words[@]}" -s stop 2>&1 | sed 's/.*\[notice\].*: //'
    wait_for 10 none_alive "$pid" && echo "stopped"
    echo "nonsense" >>"$TMP/site/nginx.conf"
    timeout 20 "${words[@]}" 2>&1 | sed 's/.*\[emerg\].*: //'
}

# htpasswd's kind of file: a, b
printf 'a:%s\n' "$(openssl passwd -apr1 -salt abcdefgh b)" >"$TMP/users"
if [[ ${LEARNED:-} ]]; then
    uses learned
    background learned
    exit
fi

plain=$(uses plain)
like "$plain" $'^portcullis\n200 1.1 .*new workers\nportcullis\nnew log\nstatus 0\n0$' \
    "nginx works without a filter"
uses reported >"$TMP/used"
is "$(<"$TMP/used")" "$plain" "it works as without a filter under a report"
unrefused "and no call is refused"
is "$(uses killing)" "$plain" "it works where a refused call kills"
plain=$(background plain)
is "$(background killing)" "$plain" "so it does in the background, with -t and -s, and wrongly configured"

prepare
serve filtered nginx -p "$TMP/site/" -c nginx.conf
wait_for 10 listening "$port"
is "$(for pid in $(descendants "$PID"); do seccomp_modes "$pid"; done | sort -u)" 2 \
    "every thread of master and workers is filtered"
read -r worker _ <<<"$(workers)"
refused_inside "$worker" exec map protect ptrace raw packet unshare uring
refused_inside "$PID" exec map ptrace
is "$(get "$url/")" portcullis "and it answers on"
kill -QUIT "$PID"
wait "$PID"

# Workers in their stage, at a site of files.
serve_files()
{
    prepare
    sed -i '/thread_pool/d; s/ aio threads;//; /syslog/d; /proxy_cache_path/d; /upstream/d; /dav_methods/d
        /location .behind/,/location .dead/d' "$TMP/site/nginx.conf"
    serve "$1" nginx -p "$TMP/site/" -c nginx.conf
    wait_for 10 listening "$port"
}

file_uses()
{
    serve_files "$1"
    files
    sum --data-binary "@$TMP/site/html/text.txt" "$url/index.html"
    signals
    kill -QUIT "$PID"
    wait "$PID"
    echo "status $?"
    grep -cE 'exited on signal|not permitted' "$TMP/site/error.log"
}

plain=$(file_uses plain)
like "$plain" $'^portcullis\n200 1.1 .*\n304\n.*405 1.1 .*\n3\nnew workers\nportcullis\nnew log\nstatus 0\n0$' \
    "a site of files works without a filter"
shipped nginx-serving nginx
is "$(file_uses killing)" "$plain" "it serves in its stage where a refused call kills"
serve_files filtered
wait_for 10 test "$(workers | wc -w)" = 2
read -ra both <<<"$(workers)"
succeeds "every worker is in the stage" wait_for 10 in_the_stage "${both[@]}"
is "${#both[@]} $(filters "$PID")" "2 1" "there are two, and the master is in none"
refused_inside "${both[0]}" exec tcp udp local bind listen connect connect-local fork write-file make-file map load \
    protect ptrace setuid raw unshare seccomp
is "$(inside "$PID" tcp bind setuid make-file)" "tcp=done bind=EBADF setuid=22 make-file=ENOENT" \
    "the master has what a reload takes"
is "$(get "$url/")" portcullis "and it answers on"
finish
