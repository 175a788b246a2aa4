#!/bin/bash
# The drop-ins that `make install` puts beside the shipped whitelists: they are what `portcullis
# export` writes there, systemd takes each without a word, and four of them are at work.
. "$(dirname "$0")/../helpers/tap.sh"

chmod 711 "$TMP"
PREFIX=$TMP/opt
run make -s -C "$ROOT" BUILD="$BUILD" PREFIX="$PREFIX" install
is "$STATUS|$OUT|$ERR" "0||" "they are installed"
PORTCULLIS=$PREFIX/bin/portcullis
cd "$PREFIX/share/portcullis/systemd" || exit 1

# settings FILE: the lines of it that are no comments.
settings()
{
    grep -v '^#' "$1"
}

# of_systemd FILE...: the filter that systemd itself makes of a unit and drop-ins, for bwrap.
of_systemd()
{
    cat "$@" >"$TMP/unit"
    "$PORTCULLIS" import --from systemd "$TMP/unit" >"$TMP/unit.ini" 2>"$TMP/warnings" &&
        "$PORTCULLIS" export --to bpf --startup -o "$TMP/unit.bpf" "$TMP/unit.ini"
}

for unit in dnsmasq haproxy memcached nginx postgresql@ redis-server; do
    whitelist=$PREFIX/share/portcullis/systemd/$unit.ini
    run "$PORTCULLIS" check --strict "$unit.ini"
    is "$STATUS|$ERR" "0|" "$unit.ini: check --strict has nothing to say"
    "$PORTCULLIS" export --to systemd --unit "$unit" "$whitelist" >"$TMP/exported"
    is "$(head -n "$(wc -l <"$TMP/exported")" "$unit.service.d/portcullis.conf")" \
        "$(<"$TMP/exported")" "$unit: the drop-in begins with what export writes there"
    is "$(settings "$unit.service.d/portcullis.conf" | head -n 4)" "[Service]
Environment=LD_PRELOAD=$PREFIX/lib/libportcullis.so
Environment=PORTCULLIS_WHITELIST=$whitelist
ExecStartPost=+\"$PORTCULLIS\" verify --wait 5 \$MAINPID" \
        "$unit: it sets the two variables, and stops a service that is not filtered"

    mkdir -p "$TMP/units"
    cp -r "$unit.service.d" "$TMP/units"
    # Debian's unit where the package has one; a template's is verified as one of its instances.
    name=${unit/%@/@15-main}.service
    [[ -e /lib/systemd/system/$unit.service ]] ||
        printf '[Service]\nExecStart=/bin/true\n' >"$TMP/units/$unit.service"
    run env SYSTEMD_UNIT_PATH="$TMP/units:" systemd-analyze --man=no --recursive-errors=no verify \
        "$name"
    is "$STATUS|$OUT|$ERR" "0||" "$unit: systemd takes the drop-in without a word"
done
is "$(printf '%s ' *.ini)" "dnsmasq.ini haproxy.ini memcached.ini nginx.ini postgresql@.ini \
redis-server.ini " "there are no others"

# memcached, as its unit starts it: by a script in perl, in the environment of the drop-in.
port=$(free_port)
printf -- '-p %s\n-U 0\n-l 127.0.0.1\n-u nobody\n' "$port" >"$TMP/memcached.conf"
mapfile -t environment < <(sed -n 's/^Environment=//p' memcached.service.d/portcullis.conf)
started=$(sed -n 's/^ExecStart=\([^ ]*\) .*/\1/p' /lib/systemd/system/memcached.service)
start env "${environment[@]}" "$started" "$TMP/memcached.conf"
memcached=$PID
succeeds "memcached: the unit's command starts it" wait_for 10 listening "$port"
is "$(readlink "/proc/$memcached/exe")" /usr/bin/memcached "memcached: the script has become it"
read -ra post < <(sed -n 's/^ExecStartPost=+//p' memcached.service.d/portcullis.conf | tr -d '"')
run env "${environment[@]}" "${post[@]/\$MAINPID/$memcached}"
like "$STATUS|$OUT|$ERR" "^0\|yes: memcached, [0-9]+ threads, is filtered by \
$PREFIX/share/portcullis/systemd/memcached.ini\|$" "memcached: ExecStartPost finds it filtered"
exec 3<>"/dev/tcp/127.0.0.1/$port"
printf 'set a 0 0 1\r\nb\r\nget a\r\nquit\r\n' >&3
is "$(tr -d '\r' <&3)" $'STORED\nVALUE a 0 1\nb\nEND' "memcached: it stores and finds"
exec 3>&-
start env "${environment[@]}" sleep 60
wait_for 10 grep -qx sleep "/proc/$PID/comm"
run env "${environment[@]}" "$PORTCULLIS" verify "$PID"
is "$STATUS|$OUT" "1|no: thread $PID of sleep has no filter" \
    "memcached: another program of the unit is not filtered, and would not do as its main process"

# Redis under the filter that its unit has already, by bwrap in systemd's place.
redis()
{
    env "${environment[@]}" bwrap --dev-bind / / --seccomp 3 /usr/bin/redis-server --port 0 \
        --unixsocket "$TMP/redis" --save '' --dir "$TMP" 3<"$TMP/unit.bpf"
}

answers()
{
    redis-cli -s "$TMP/redis" ping 2>/dev/null | grep -qx PONG
}

mapfile -t environment < <(sed -n 's/^Environment=//p' redis-server.service.d/portcullis.conf)
succeeds "redis-server: unit and drop-in are imported" of_systemd \
    /lib/systemd/system/redis-server.service redis-server.service.d/portcullis.conf
start redis >"$TMP/log" 2>&1
succeeds "redis-server: it runs under the unit's filter and ours" wait_for 10 answers
main=$(redis-cli -s "$TMP/redis" info server | sed -n 's/^process_id:\([0-9]*\).*/\1/p')
run env "${environment[@]}" "$PORTCULLIS" verify "$main"
like "$STATUS|$OUT" "^0\|yes: redis-server, [0-9]+ threads, is filtered by" "redis-server: it is filtered"
redis-cli -s "$TMP/redis" shutdown nosave
succeeds "redis-server: the unit is imported without the drop-in" of_systemd \
    /lib/systemd/system/redis-server.service
start redis >"$TMP/log" 2>&1
succeeds "redis-server: it runs where the unit's filter kills for seccomp(2)" wait_for 10 answers
main=$(redis-cli -s "$TMP/redis" info server | sed -n 's/^process_id:\([0-9]*\).*/\1/p')
run env "${environment[@]}" "$PORTCULLIS" verify "$main"
like "$STATUS|$OUT" "^0\|yes: redis-server, [0-9]+ threads, is filtered by" \
    "redis-server: and is filtered there too"
redis-cli -s "$TMP/redis" shutdown nosave

# HAProxy, as its unit starts and reloads it: a master that executes itself again, and a worker.
port=$(free_port)
cat >"$TMP/haproxy.cfg" <<HAPROXY
global
  user haproxy
defaults
  mode http
  timeout connect 5s
  timeout client 5s
  timeout server 5s
frontend here
  bind 127.0.0.1:$port
  http-request return status 200 content-type text/plain string portcullis
HAPROXY
mapfile -t environment < <(sed -n 's/^Environment=//p' haproxy.service.d/portcullis.conf)
start env "${environment[@]}" /usr/sbin/haproxy -Ws -f "$TMP/haproxy.cfg" -p "$TMP/haproxy.pid" \
    -S "$TMP/haproxy.sock" >"$TMP/log" 2>&1
master=$PID
succeeds "haproxy: it starts" wait_for 10 grep -q 'Loading success' "$TMP/log"
is "$(curl -sS "http://127.0.0.1:$port/")" portcullis "haproxy: it answers"
run env "${environment[@]}" /usr/sbin/haproxy -Ws -f "$TMP/haproxy.cfg" -c -q
is "$STATUS|$OUT|$ERR" "0||" "haproxy: ExecReload finds the configuration good"
env "${environment[@]}" /bin/kill -USR2 "$master"
succeeds "haproxy: a worker gives way to another" wait_for 10 grep -q 'Former worker' "$TMP/log"
is "$(curl -sS "http://127.0.0.1:$port/")" portcullis "haproxy: it answers again"
for pid in $(descendants "$master"); do
    env "${environment[@]}" "$PORTCULLIS" verify "$pid"
done >"$TMP/answers"
is "$(sed 's/[0-9]* threads*/N/' "$TMP/answers" | sort -u)" \
    "yes: haproxy, N, is filtered by $PREFIX/share/portcullis/systemd/haproxy.ini" \
    "haproxy: master and worker are filtered"
stop "$master"

# PostgreSQL, as its unit starts it: by pg_ctlcluster, with the two lines of the drop-in's comment in
# the cluster's own environment.
cluster()
{
    env "${environment[@]}" PG_CLUSTER_CONF_ROOT="$TMP/clusters" "$@"
}

mapfile -t environment < <(sed -n 's/^Environment=//p' postgresql@.service.d/portcullis.conf)
VERSION=$(basename "$(printf '%s\n' /usr/lib/postgresql/*/ | tail -n 1)")
# Names of sockets are short.
install -d -o postgres "$TMP/clusters" "$TMP/data" "$TMP/s"
succeeds "postgresql: there is a cluster" env PG_CLUSTER_CONF_ROOT="$TMP/clusters" pg_createcluster \
    "$VERSION" main -u postgres -d "$TMP/data/$VERSION" -p "$(free_port)" -s "$TMP/s" -l "$TMP/data/log" -- --no-sync
cluster pg_ctlcluster --skip-systemctl-redirect "$VERSION" main start >"$TMP/log" 2>&1
main=$(head -n 1 "$TMP/data/$VERSION/postmaster.pid")
TAP_PIDS+=("$main")
read -ra post < <(sed -n 's/^ExecStartPost=+//p' postgresql@.service.d/portcullis.conf | tr -d '"')
run cluster "$PORTCULLIS" verify "$main"
is "$STATUS|$OUT" "1|no: thread $main of postgres has no filter; its loader has finished, and has \
not loaded the shim" \
    "postgresql: the unit's environment alone does not reach the server, which is noticed"
cluster pg_ctlcluster --skip-systemctl-redirect -m fast "$VERSION" main stop
sed -n 's/^#   //p' postgresql@.service.d/portcullis.conf >>"$TMP/clusters/$VERSION/main/environment"
run cluster pg_ctlcluster --skip-systemctl-redirect "$VERSION" main start
is "$STATUS|$OUT|$ERR" "0||" "postgresql: with the two lines pg_ctlcluster starts it"
main=$(head -n 1 "$TMP/data/$VERSION/postmaster.pid")
TAP_PIDS+=("$main")
run cluster "${post[@]/\$MAINPID/$main}"
like "$STATUS|$OUT" "^0\|yes: postgres, 1 thread, is filtered by " "postgresql: ExecStartPost agrees"
run setpriv --reuid postgres --regid postgres --clear-groups psql -XAt -h "$TMP/s" \
    -p "$(sed -n 4p "$TMP/data/$VERSION/postmaster.pid")" -c 'select 6 * 7'
is "$STATUS|$OUT|$ERR" "0|42|" "postgresql: it knows who asks, and answers"
run cluster pg_ctlcluster --skip-systemctl-redirect -m fast "$VERSION" main stop
is "$STATUS|$OUT|$ERR" "0||" "postgresql: pg_ctlcluster stops it"

rm -rf "$BUILD/units$TMP" "$BUILD/pkgconfig$TMP"
run make -s -C "$ROOT" BUILD="$BUILD" PREFIX="$PREFIX" uninstall
is "$STATUS|$(find "$PREFIX/share/portcullis" 2>/dev/null)" "0|" "uninstall takes all of it away"
finish
