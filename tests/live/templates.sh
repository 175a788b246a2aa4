#!/bin/bash
# The drop-ins that `make install` puts beside the shipped whitelists: they are what `portcullis
# export` writes there, systemd takes each without a word, and two of them are at work.
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

for unit in memcached nginx postgresql@ redis-server; do
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
is "$(printf '%s\n' *.ini | sed 's/.ini$//')" "$(printf "%s\n" memcached nginx postgresql@ redis-server)" \
    "there are no others"

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
run env "${environment[@]}" "${post[@]/\$MAINPID/$PID}"
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
run redis
is "$STATUS|$OUT" "159|" "redis-server: the unit's filter alone would kill what loads another"

rm -rf "$BUILD/units$TMP"
run make -s -C "$ROOT" BUILD="$BUILD" PREFIX="$PREFIX" uninstall
is "$STATUS|$(find "$PREFIX/share/portcullis" 2>/dev/null)" "0|" "uninstall takes all of it away"
finish
