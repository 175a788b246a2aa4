#!/usr/bin/env bash
# shellcheck disable=SC2317
# Debian's nginx at work under its whitelist.
. "$(dirname "$0")/../helpers/tap.sh"

here=$ROOT/examples/nginx
port=$(free_port)
url=http://127.0.0.1:$port
nginx=/usr/sbin/nginx
chmod 755 "$TMP"
mkdir "$TMP/html"
echo "portcullis" >"$TMP/html/index.html"
head -c 3000000 /dev/zero >"$TMP/html/large"
sed "s/127.0.0.1:8080/127.0.0.1:$port/" "$here/nginx.conf" >"$TMP/nginx.conf"

workers()
{
    descendants "$master" | sed 1d | sort | paste -sd ' '
}

workers_are_new()
{
    local now
    now=$(workers)
    [[ $(wc -w <<<"$now") == 2 && $now != "$before" ]] &&
        [[ -z $(comm -12 <(tr ' ' '\n' <<<"$before") <(tr ' ' '\n' <<<"$now")) ]]
}

answer()
{
    curl -sS -o /dev/null -w '%{http_code} %{size_download}' "$@"
}

# Under default = kill a call that the list lacks would be the end of a worker or of the master.
or_die "$here/nginx.ini" "$TMP/nginx.ini"
start_with "$TMP/nginx.ini" "$nginx" -p "$TMP/" -c nginx.conf 2>"$TMP/stderr"
master=$PID
wait_for 10 listening "$port"
is "$(curl -sS "$url/")" portcullis "nginx answers"

run timeout 60 ab -q -n 10000 -c 50 "$url/"
is "$STATUS|$(grep -E '^(Complete|Failed|Non-2xx)' <<<"$OUT" | tr -s ' ')" \
    $'0|Complete requests: 10000\nFailed requests: 0' \
    "it answers 10,000 requests over 50 connections"
run timeout 60 ab -q -k -n 1000 -c 50 "$url/large"
is "$(grep -E '^(Complete|Failed|Non-2xx)' <<<"$OUT" | tr -s ' ')" \
    $'Complete requests: 1000\nFailed requests: 0' "its threads send a large file 1,000 times"
is "$(answer -r 1000-2999 "$url/large")" "206 2000" "it answers for a part of a file"
is "$(answer "$url/none")" "404 153" "it answers for a file that is not there"
is "$(answer --data-binary "@$TMP/html/index.html" "$url/")" "405 157" "it refuses a POST"

modes=$(for pid in $(descendants "$master"); do seccomp_modes "$pid"; done | sort -u)
is "$modes" 2 "every thread of master and workers is filtered"
for pid in $(descendants "$master"); do
    run "$BUILD/portcullis" verify "$pid" "$TMP/nginx.ini"
    is "$STATUS $ERR" "0 " "by this whitelist: ${OUT//$TMP\//}"
done
sed 's/ sendfile$//' "$TMP/nginx.ini" >"$TMP/less.ini"
run "$BUILD/portcullis" verify "$master" "$TMP/less.ini"
like "$STATUS $OUT" "^1 no: .* not by $TMP/less.ini" "and by no list that has one name less"
is "$(for pid in $(workers); do thread_count "$pid"; done)" $'5\n5' \
    "there are two workers, each with a pool of four threads"

before=$(workers)
kill -HUP "$master"
wait_for 10 workers_are_new
succeeds "a reload replaces both workers" workers_are_new
is "$(curl -sS "$url/")" portcullis "nginx answers after the reload"
mv "$TMP/access.log" "$TMP/access.old"
kill -USR1 "$master"
succeeds "it opens its logs again" wait_for 10 test -e "$TMP/access.log"

mapfile -t last < <(descendants "$master")
kill -QUIT "$master"
wait "$master"
is "$?" 0 "nginx ends gracefully with status 0"
succeeds "its workers are gone" none_alive "${last[@]}"
is "$(grep -E 'exited on signal|not permitted|\[(alert|crit|emerg)\]' "$TMP/error.log")" "" \
    "no worker died and no call was refused"

sed "s/127.0.0.1:$port/[::1]:$port/" "$TMP/nginx.conf" >"$TMP/six.conf"
run timeout 20 env LD_PRELOAD="$SHIM" PORTCULLIS_WHITELIST="$here/nginx.ini" \
    "$nginx" -p "$TMP/" -c six.conf
is "$STATUS|$ERR" "1|nginx: [emerg] socket() [::1]:$port failed (1: Operation not permitted)" \
    "a socket for IPv6, which its list lacks, is refused"
finish
