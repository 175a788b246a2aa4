#!/bin/bash
# nginx' workers under a stage: they serve as before, with a third of the system calls, and what an
# attacker inside would want is gone.
. "$(dirname "$0")/../helpers/tap.sh"
. "$(dirname "$0")/../helpers/gdb.sh"

here=$ROOT/examples/nginx
port=$(free_port)
url=http://127.0.0.1:$port
chmod 755 "$TMP"
mkdir "$TMP/html"
echo "portcullis" >"$TMP/html/index.html"
head -c 3000000 /dev/zero >"$TMP/html/large"
seq 20000 >"$TMP/html/text"
mkdir "$TMP/html/list"
touch "$TMP/html/list/one" "$TMP/html/list/two"
sed "s/127.0.0.1:8080/127.0.0.1:$port/; s/sendfile on;/&  gzip on; gzip_types *; autoindex on;/; /thread/d" \
    "$here/nginx.conf" >"$TMP/nginx.conf"

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
    curl -sS -m 10 -o /dev/null -w '%{http_code} %{size_download}' "$@"
}

filters()
{
    sed -n 's/^Seccomp_filters:\t//p' /proc/"$1"/task/*/status | sort -u | paste -sd ' '
}

serving()
{
    local pid
    for pid in $(workers); do
        [[ $(filters "$pid") == 2 ]] || return 1
    done
}

# Two whitelists: the example's, and one under which a call that it lacks is the end of the process.
mkdir "$TMP/kill"
or_die "$here/nginx.ini" "$TMP/kill/nginx.ini"
cp "$here/stages.ini" "$TMP/kill/"
export MALLOC_MMAP_MAX_=0 # as the whitelist's head says
start_with "$TMP/kill/stages.ini" /usr/sbin/nginx -p "$TMP/" -c nginx.conf 2>"$TMP/stderr"
master=$PID
wait_for 10 listening "$port"
is "$(curl -sS -m 10 "$url/")" portcullis "nginx answers"
is "$(sed -n '/^\[stage/,$p' "$here/stages.ini" | sed 's/;.*//; /^\[/d; /^when/d; s/^syscalls *=//; s/ *=.*//' |
    tr -s ' ' '\n' | grep . | sort -u | grep -c .)" 20 "the stage allows 20 system calls"
succeeds "every thread of each worker is under both filters" wait_for 10 serving
is "$(filters "$master")" 1 "its master is under one"

run timeout 60 ab -q -n "${REQUESTS:-10000}" -c 50 "$url/"
is "$STATUS|$(grep -E '^(Failed|Non-2xx)' <<<"$OUT" | tr -s ' ')" '0|Failed requests: 0' \
    "it answers ${REQUESTS:-10,000} requests"
run timeout 60 ab -q -k -n 500 -c 50 "$url/large"
is "$(grep -E '^(Failed|Non-2xx)' <<<"$OUT" | tr -s ' ')" 'Failed requests: 0' \
    "it sends a large file 500 times"
is "$(answer -r 1000-2999 "$url/large")" "206 2000" "it answers for a part of a file"
is "$(answer "$url/none")" "404 153" "it answers for a file that is not there"
is "$(answer --data-binary "@$TMP/html/index.html" "$url/")" "405 157" "it refuses a POST"
is "$(curl -sS -m 10 --compressed "$url/text" | cksum)" "$(cksum <"$TMP/html/text")" "it compresses"
is "$(curl -sS -m 10 "$url/list/" | grep -oE 'href="[a-z]+"' | paste -sd ' ')" 'href="one" href="two"' \
    "it lists a folder"
modified=$(curl -sSI -m 10 "$url/text" | tr -d '\r' | sed -n 's/^Last-Modified: //p')
is "$(answer -H "If-Modified-Since: $modified" "$url/text")" "304 0" "it knows what has not changed"
succeeds "it writes its log" grep -q '"GET /none HTTP/1.1" 404' "$TMP/access.log"

before=$(workers)
kill -HUP "$master"
wait_for 10 workers_are_new
succeeds "a reload replaces both workers" workers_are_new
is "$(curl -sS -m 10 "$url/")" portcullis "nginx answers after the reload"
succeeds "the new workers are under both filters" wait_for 10 serving
mv "$TMP/access.log" "$TMP/access.old"
kill -USR1 "$master"
succeeds "it opens its logs again" wait_for 10 test -e "$TMP/access.log"
reopened()
{
    curl -sS -m 10 -o /dev/null "$url/again" && grep -q again "$TMP/access.log"
}
succeeds "its workers write to the new one" wait_for 10 reopened
mapfile -t last < <(descendants "$master")
kill -QUIT "$master"
wait "$master"
is "$?" 0 "nginx ends gracefully with status 0"
succeeds "its workers are gone" none_alive "${last[@]}"
is "$(grep -E 'exited on signal|not permitted|\[(alert|crit|emerg)\]' "$TMP/error.log")" "" \
    "no worker died and no call was refused"

# Without it malloc asks for maps, which are refused, and does without.
unset MALLOC_MMAP_MAX_

# From inside: what gdb has the process call. Each answer is "RESULT ERRNO".
start_with "$here/stages.ini" /usr/sbin/nginx -p "$TMP/" -c nginx.conf 2>"$TMP/stderr"
master=$PID
wait_for 10 listening "$port"
wait_for 10 serving
read -r worker _ <<<"$(workers)"

# inside PID NUMBER ARGUMENT...
inside()
{
    local arguments
    arguments=$(printf ', %s' "${@:3}")
    attached "$1" 2>/dev/null \
        -ex "print ((long (*)(long, long, long, long, long, long, long))syscall)($2$arguments)" \
        -ex 'print *((int *(*)(void))__errno_location)()' | sed -n 's/^\$[12] = //p' | paste -sd ' '
}

attacks=(
    "execve 59 0 0 0 0 0 0"
    "socket 41 2 1 0 0 0 0"
    "bind 49 3 0 0 0 0 0"
    "connect 42 3 0 0 0 0 0"
    "clone 56 17 0 0 0 0 0"
    "mprotect-executable 10 0 4096 7 0 0 0"
    "mmap-executable 9 0 4096 7 34 -1 0"
    "mmap 9 0 4096 3 34 -1 0"
    "ptrace 101 0 0 0 0 0 0"
    "setuid 105 0 0 0 0 0 0"
    "kill 62 1 0 0 0 0 0"
    "openat-to-write 257 -100 0 2 0 0 0"
    "openat-to-make 257 -100 0 65 420 0 0"
    "openat-to-empty-a-log 257 -100 0 1601 420 0 0"
    "openat-of-no-name 257 -100 0 4259842 384 0 0"
    "seccomp-strict 317 0 0 0 0 0 0"
    "seccomp-filter 317 1 0 0 0 0 0"
    "seccomp-listener 317 1 8 0 0 0 0"
    "seccomp-all-threads 317 1 1 4096 0 0 0"
)
for attack in "${attacks[@]}"; do
    read -ra words <<<"$attack"
    is "$(inside "$worker" "${words[@]:1}")" "-1 1" "in a worker that serves, ${words[0]} is refused"
done
# In the master, under [allow] alone. 14: EFAULT, 22: EINVAL: the call was made.
is "$(inside "$master" 41 2 1 0 0 0 0 | cut -d' ' -f1 | grep -c '^[0-9]')" 1 \
    "in the master, before the stage, socket is allowed"
is "$(inside "$master" 105 0 0 0 0 0 0 | cut -d' ' -f1)" 0 "in the master setuid is allowed"
is "$(inside "$master" 257 -100 0 65 420 0 0)" "-1 14" "in the master a file may be made"
is "$(inside "$master" 59 0 0 0 0 0 0)" "-1 1" "in the master, too, execve is refused"
is "$(inside "$master" 317 1 8 0 0 0 0)" "-1 1" "in the master seccomp with a listener is refused"
is "$(inside "$master" 317 1 1 4096 0 0 0)" "-1 1" \
    "in the master seccomp with another address is refused"
is "$(curl -sS -m 10 "$url/")" portcullis "the worker serves on"
is "$(curl -sS -m 10 --compressed "$url/text" | cksum)" "$(cksum <"$TMP/html/text")" \
    "it compresses where malloc gets no map"
kill -QUIT "$master"
wait "$master"
finish
