#!/usr/bin/env bash
# shellcheck disable=SC2317
# The drop-in for Debian's nginx.service: systemd takes it, and what it sets filters Debian's nginx
# with Debian's configuration, as the commands of the unit run it, and nothing else.
. "$(dirname "$0")/../helpers/tap.sh"

here=$ROOT/examples/systemd
port=$(free_port)
chmod 755 "$TMP"
cd "$TMP" || exit

verify()
{
    SYSTEMD_UNIT_PATH=$1: systemd-analyze --man=no --recursive-errors=no verify nginx.service
}

mkdir -p units/nginx.service.d bad/nginx.service.d
# systemd looks whether a command is there.
sed "s,/usr/local/bin/portcullis,$BUILD/portcullis," "$here/nginx.service.d/portcullis.conf" \
    >units/nginx.service.d/portcullis.conf
run verify units
is "$STATUS|$OUT|$ERR" "0||" "systemd takes the drop-in without a word"
sed 's/^Environment=/Environment==/' units/nginx.service.d/portcullis.conf \
    >bad/nginx.service.d/portcullis.conf
run verify bad
like "$STATUS|$ERR" '^[01]\|.*portcullis.conf:4: Invalid environment assignment' \
    "systemd reads it: a mistake in it is told"

# The unit's environment, with this build's shim and the files of the repository.
mapfile -t environment < <(sed -n 's/^Environment=//p' "$here/nginx.service.d/portcullis.conf" |
    sed "s,=.*/libportcullis.so$,=$SHIM,; s,=/etc/portcullis/,=$TMP/lists/,")
is "${environment[*]}" "LD_PRELOAD=$SHIM PORTCULLIS_WHITELIST=$TMP/lists/systemd/nginx.ini" \
    "the drop-in sets the two variables"
mkdir -p lists/nginx lists/systemd
or_die "$ROOT/examples/nginx/nginx.ini" lists/nginx/nginx.ini
cp "$here/nginx.ini" lists/systemd/

# Debian's configuration, on another port, with its files in our folder.
cp -rL /etc/nginx etc
find etc -type f -exec sed -i -E "s,/etc/nginx/,$TMP/etc/,g; s,/run/nginx.pid,$TMP/nginx.pid,
    s,/var/log/nginx/,$TMP/,; s/listen \[::\]:80 /listen [::1]:$port /
    s/listen 80 /listen 127.0.0.1:$port /" {} +
rm -f etc/sites-enabled/*
cat >etc/sites-enabled/default <<NGINX
server {
    listen 127.0.0.1:$port default_server;
    listen [::1]:$port default_server;
    root $TMP/html;
}
NGINX
mkdir html
echo "portcullis" >html/index.html

unit()
{
    env "${environment[@]}" "$@"
}

nginx()
{
    unit /usr/sbin/nginx -c "$TMP/etc/nginx.conf" -g 'daemon on; master_process on;' "$@"
}

run nginx -t -q
is "$STATUS|$ERR" "0|" "ExecStartPre: the configuration is good"
run nginx
is "$STATUS|$ERR" "0|" "ExecStart: nginx goes into the background"
wait_for 10 test -s nginx.pid
master=$(<nginx.pid)
TAP_PIDS+=("$master")
is "$(curl -sS "http://127.0.0.1:$port/")" portcullis "it answers over IPv4"
is "$(curl -sS "http://[::1]:$port/")" portcullis "it answers over IPv6"

# ExecStartPost, word for word, in the unit's environment: the command itself is not filtered.
read -ra post < <(sed -n "s,^ExecStartPost=+/usr/local/bin/,$BUILD/,p" \
    "$here/nginx.service.d/portcullis.conf")
run unit "${post[@]/\$MAINPID/$master}"
is "$STATUS|$OUT|$ERR" "0|yes: nginx, 1 thread, is filtered by $TMP/lists/systemd/nginx.ini|" \
    "ExecStartPost: the main process is filtered by its whitelist"
start sleep 60
run unit "${post[@]/\$MAINPID/$PID}"
is "$STATUS|$OUT" "1|no: thread $PID of sleep has no filter" \
    "ExecStartPost: a process that is not would be stopped"
stop "$PID"
is "$(for pid in $(descendants "$master"); do seccomp_modes "$pid"; done | sort -u)" 2 \
    "every process of it is filtered"
run nginx -s reload
like "$STATUS|$ERR" '^0\|[^]]*\[notice\] [0-9#]+: signal process started$' \
    "ExecReload: the signal is sent"
is "$(curl -sS "http://127.0.0.1:$port/")" portcullis "it answers after the reload"

# With its own list every call of start-stop-daemon would be the end of it.
run unit /sbin/start-stop-daemon --quiet --stop --retry QUIT/5 --pidfile "$TMP/nginx.pid"
is "$STATUS|$ERR" "0|" "ExecStop: start-stop-daemon is not filtered, and stops nginx"
succeeds "nginx is gone" wait_for 5 none_alive "$master"
is "$(grep -hE 'exited on signal|not permitted' error.log)" "" "no call was refused"
run unit grep Seccomp: /proc/self/status
is "$OUT" $'Seccomp:\t0' "another program of the unit is not filtered"
finish
