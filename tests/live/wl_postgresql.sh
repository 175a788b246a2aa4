#!/usr/bin/env bash
# shellcheck disable=SC2317
# Debian's PostgreSQL server at work under config/whitelists/postgresql.ini.
for folder in /usr/lib/postgresql/*/bin; do PATH=$PATH:$folder; done
. "$(dirname "$0")/../helpers/wl.sh"

shipped postgresql postgres
port=$(free_port)
user=()
((EUID != 0)) || user=(setpriv --reuid=65534 --regid=65534 --clear-groups)
mkdir "$TMP/pg"
chmod 777 "$TMP" "$TMP/pg"
cd "$TMP/pg" || exit
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$TMP/key.pem" \
    -out "$TMP/cert.pem" -days 2 -subj /CN=localhost 2>/dev/null
((EUID != 0)) || chown nobody "$TMP/key.pem"
"${user[@]}" initdb -D "$TMP/pg/new" -A trust -U postgres --no-sync --no-locale -E UTF8 >/dev/null

# ask [OPTION...]: psql, at the Unix socket.
ask()
{
    timeout 20 psql -h "${HOST:-$TMP/pg}" -p "$port" -U postgres -d "${DATABASE:-postgres}" -XAtq "$@"
}

work()
{
    ask <<END
create table t(a int primary key, b text);
insert into t select i, md5(i::text) from generate_series(1, 30000) i;
create index on t(b);
analyze t;
set max_parallel_workers_per_gather = 2; set parallel_setup_cost = 0; set parallel_tuple_cost = 0;
set min_parallel_table_scan_size = 0;
select count(*) from t where b like 'a%';
set work_mem = '64kB';
select count(distinct b) from t;
set jit = on; set jit_above_cost = 0; set jit_optimize_above_cost = 0; set jit_inline_above_cost = 0;
select sum(a + 1) from t where a % 3 = 1;
update t set b = 'x' where a < 100;
delete from t where a > 20000;
END
    ask -c 'vacuum (parallel 2) t' -c 'vacuum full t' -c checkpoint -c 'cluster t using t_pkey' \
        -c 'create database other' -c 'select pg_switch_wal() is not null' -c 'listen x' -c 'notify x' |
        sed 's/PID [0-9]*/PID/'
    DATABASE=other ask -c 'create table u(a int)' -c 'insert into u values (1)' -c 'select * from u'
    ask -c 'drop database other' -c "copy t to '$TMP/pg/copied'" -c 'create table v(like t)' \
        -c "copy v from '$TMP/pg/copied'" -c 'select count(*) from v' -c 'truncate v' \
        -c "select length(pg_read_file('PG_VERSION'))" \
        -c "select lo_from_bytea(4711, 'large')" -c 'select lo_get(4711)' -c "select pg_ls_dir('pg_wal') is not null limit 1"
    rm -rf "$TMP/pg/space" && mkdir -m 777 "$TMP/pg/space"
    ((EUID != 0)) || chown nobody "$TMP/pg/space"
    ask -c "create tablespace s location '$TMP/pg/space'" -c 'create table w(a int) tablespace s' \
        -c 'drop table w' -c 'drop tablespace s'
    HOST=localhost ask -c 'select inet_client_addr()'
    PGSSLMODE=require HOST=127.0.0.1 ask -c 'select ssl from pg_stat_ssl where pid = pg_backend_pid()'
    ask -c 'select 1/0' -c 'select nonsense' 2>&1
    ask -c 'set statement_timeout = 20' -c 'select pg_sleep(9)' 2>&1
    pgbench -h "$TMP/pg" -p "$port" -U postgres -i -q postgres >/dev/null 2>&1
    pgbench -h localhost -p "$port" -U postgres -c 8 -t 20 -n postgres 2>/dev/null | grep 'actually processed'
    ask -c "select pg_create_physical_replication_slot('r') is not null" \
        -c "select pg_drop_replication_slot('r')" -c 'select pg_reload_conf()' -c 'select pg_rotate_logfile()'
    pg_dump -h "$TMP/pg" -p "$port" -U postgres -t t postgres | grep -c '^[0-9]'
    pg_basebackup -h "$TMP/pg" -p "$port" -U postgres -D "$TMP/pg/backup" -X stream --no-sync -c fast
    echo "backup $?, $(cat "$TMP/pg/backup/PG_VERSION")"
}

served()
{
    ask -c 'select 1'
}

# begin HOW [OPTION...]: a fresh cluster, served. PID is the postmaster's.
begin()
{
    rm -rf "$TMP/pg/data" "$TMP/pg/backup" "$TMP/pg/copied"
    cp -a "$TMP/pg/new" "$TMP/pg/data"
    resume "$@"
}

# As nobody, from before the filter on: a server that is started as root refuses to run.
resume()
{
    local words=()
    case $1 in
        filtered) words=("$PORTCULLIS" run "$WHITELIST" --) ;;
        reported) words=("$PORTCULLIS" run --report "$WHITELIST" --) ;;
        killing) words=("$PORTCULLIS" run "$KILLING" --) ;;
    esac
    start "${user[@]}" "${words[@]}" postgres -D "$TMP/pg/data" -k "$TMP/pg" -p "$port" -c fsync=off \
        -c listen_addresses=localhost -c ssl=on -c ssl_cert_file="$TMP/cert.pem" \
        -c ssl_key_file="$TMP/key.pem" -c logging_collector=on -c log_directory="$TMP/pg" \
        -c log_filename=log -c log_destination=stderr,csvlog -c wal_level=replica \
        -c autovacuum_naptime=1 "${@:2}" >"$TMP/stdout" 2>"$TMP/stderr" </dev/null
    wait_for 20 served
}

# end: its status by SIGINT, which is a quick and clean end.
end()
{
    kill -INT "$PID"
    wait "$PID"
    echo "status $?"
}

# crashed: the postmaster has started all its children again after one of them was killed.
crash()
{
    kill -KILL "$(ask -c "select pid from pg_stat_activity where backend_type = 'walwriter'")"
    wait_for 10 grep -q 'all server processes terminated' "$TMP/pg/log"
    wait_for 20 served
    ask -c 'select count(*) from t'
}

uses()
{
    begin "$1"
    work 2>&1
    crash
    end
}

plain=$(uses plain)
like "$plain" $'SSL.*|t\n.*20000\nstatus 0$' "PostgreSQL works without a filter"
uses reported >"$TMP/reported"
unrefused "no call is refused (run --report)"
is "$(<"$TMP/reported")" "$plain" "it answers the same under a report"
is "$(uses killing)" "$plain" "and where a refused call kills"
is "$(grep -c 'Bad system call' "$TMP/pg/log")" 0 "no process of it was killed"

# What its superuser may ask of it, and what a library tries that it loads: its constructor runs even
# though it is no extension.
"${CC:-gcc}" -std=gnu17 -D_GNU_SOURCE -O1 -Wall -Wextra -Werror -shared -fPIC -DWHEN_LOADED \
    -o "$TMP/pg/loaded.so" "$ROOT/tests/victims/wl_inside.c" || exit 1
intrusion()
{
    ask -c "load '$TMP/pg/loaded.so'" 2>&1 | grep -o 'missing magic block'
    wait_for 5 grep -q keyctl= "$TMP/pg/log"
    grep -o 'exec=.*' "$TMP/pg/log"
}

run_program()
{
    ask -c "copy (select 1) to program 'cat >$TMP/pg/ran'" 2>&1
    [[ ! -e $TMP/pg/ran ]] || echo "it ran"
}

rm -f "$TMP/pg/log"
begin plain
is "$(run_program)" "it ran" "COPY TO PROGRAM runs one without a filter"
like "$(intrusion)" 'missing magic block.exec=ENOENT tcp=done .*map=done protect=done ptrace=ESRCH ' \
    "what is tried from inside gets to the kernel without a filter"
end >/dev/null
rm -f "$TMP/pg/log" "$TMP/pg/ran"
begin filtered
is "$(descendants "$PID" | while read -r pid; do seccomp_modes "$pid"; done | grep . | sort | uniq -c | tr -s ' ' |
    sed 's/^ [0-9]* / /')" " 2" "every process of it is filtered"
# popen() says ENOMEM, whatever it was that its clone got.
is "$(run_program)" 'ERROR:  could not execute command "cat >'"$TMP"'/pg/ran": Cannot allocate memory' \
    "COPY TO PROGRAM is refused"
# It needs TCP, and LLVM code that is executed, but never memory that can be written at the same time.
is "$(intrusion)" "missing magic block
exec=EPERM tcp=done raw=EPERM packet=EPERM vsock=EPERM map=EPERM protect=EPERM ptrace=EPERM \
unshare=EPERM bpf=EPERM uring=ENOSYS keyctl=EPERM " "and what is tried from inside is refused"
is "$(ask -c 'select 42')" 42 "the server goes on"
end >"$TMP/ended"
is "$(<"$TMP/ended")" "status 0" "and ends well"

# backend: the process of a client that does nothing.
backend()
{
    ask -c "select pid from pg_stat_activity where query like '%pg_sleep(99)%' and pid <> pg_backend_pid()"
}

has_backend()
{
    [[ -n $(backend) ]]
}

# From a client's first byte on the stage.
shipped postgresql-serving postgres
uses reported >"$TMP/reported"
unrefused "in its stage no call is refused (run --report)"
is "$(<"$TMP/reported")" "$plain" "it answers the same under a report"
is "$(uses killing)" "$plain" "and where a refused call kills"
is "$(grep -c 'Bad system call' "$TMP/pg/log")" 0 "no process of it was killed"
is "$("$PORTCULLIS" check --json "$WHITELIST" | grep -o '"stages".*' | grep -o '"allowed": [0-9]*, "constrained": [0-9]*')" \
    '"allowed": 67, "constrained": 7' "of the calls few are left"

rm -f "$TMP/pg/log" "$TMP/pg/ran"
begin filtered -c wal_level=logical
server=$PID
start ask -c 'select pg_sleep(99)' >/dev/null 2>&1
wait_for 10 has_backend
backend=$(backend)
is "$(filters "$backend")" 2 "a backend is in the stage"
mapfile -t others < <(descendants "$server" | grep -vx "$backend")
is "$((${#others[@]} > 5)) $(filters "${others[@]}")" "1 1" "the postmaster and its workers are not"
refused_inside "$backend" exec tcp udp local bind listen connect connect-local fork setuid chown-file map \
    protect ptrace raw netlink unshare seccomp
is "$(ask -c "select pg_terminate_backend($backend)")" t "and the backend can be ended"

# Who a client is, is asked in the stage: of the socket, of its password.
name=$(id -un)
ask -c "create role \"$name\" login" -c "create role secret login password 'open'"
printf '%s\n' 'local all postgres trust' 'local all all peer' 'host all,replication postgres 127.0.0.1/32 trust' \
    'host all all 127.0.0.1/32 scram-sha-256' >"$TMP/pg/data/pg_hba.conf"
ask -c 'select pg_reload_conf()' >/dev/null
peer()
{
    [[ $(ask -U "$1" -c 'select user') == "$1" ]]
}
succeeds "'peer' knows who comes" wait_for 10 peer "$name"
run ask -U secret
like "$STATUS $ERR" '^2 .*FATAL:  Peer authentication failed for user "secret"$' "and who does not"
is "$(HOST=127.0.0.1 PGPASSWORD=open ask -U secret -c 'select user')" secret "a password is verified"
run env PGPASSWORD=shut psql -h 127.0.0.1 -p "$port" -U secret -d postgres
like "$STATUS $ERR" '^2 .*FATAL:  password authentication failed for user "secret"$' "and a wrong one, too"
is "$(ask -c "select 'slot' from pg_create_logical_replication_slot('l', 'test_decoding')" -c 'create table d(a int)' \
    -c 'insert into d values (1)' -c "select data from pg_logical_slot_get_changes('l', null, null) where data like 't%'" \
    -c "select pg_drop_replication_slot('l')")" $'slot\ntable public.d: INSERT: a[integer]:1' \
    "a library decodes what is replicated"
is "$(ask -c 'show max_stack_depth' -c 'set tcp_keepalives_idle = 9')" 2MB "settings can be asked and made"

# A standby: its receiver connects, and is in no stage.
standby()
{
    port=$standby_port HOST=$TMP/standby ask "$@"
}
received()
{
    [[ $(standby -c 'select a from d') == 1 ]]
}
pg_basebackup -h localhost -p "$port" -U postgres -D "$TMP/pg/standby" -X stream --no-sync -c fast -R
((EUID != 0)) || chown -R nobody "$TMP/pg/standby"
standby_port=$(free_port)
mkdir -m 777 "$TMP/standby"
start "${user[@]}" "$PORTCULLIS" run "$KILLING" -- postgres -D "$TMP/pg/standby" -k "$TMP/standby" -p "$standby_port" \
    -c listen_addresses= -c fsync=off >"$TMP/stdout" 2>"$TMP/standby.err" </dev/null
standby=$PID
succeeds "a standby gets what is new, where a refused call kills" wait_for 20 received
is "$(filters "$(standby -c 'select pid from pg_stat_wal_receiver')")" 1 "its receiver is not in the stage"
PID=$standby
end >"$TMP/ended"
is "$(<"$TMP/ended")" "status 0" "it ends well"

is "$(run_program)" 'ERROR:  could not execute command "cat >'"$TMP"'/pg/ran": Operation not permitted' \
    "COPY TO PROGRAM is refused before it could fork"
like "$(ask -c 'create extension dblink' -c "select dblink_connect('host=127.0.0.1 port=$port user=postgres')" 2>&1)" \
    'DETAIL:  .*could not create socket: Operation not permitted' "so is a connection to another server"
is "$(intrusion)" "missing magic block
exec=EPERM tcp=EPERM raw=EPERM packet=EPERM vsock=EPERM map=EPERM protect=EPERM ptrace=EPERM \
unshare=EPERM bpf=EPERM uring=ENOSYS keyctl=EPERM " "and what is tried from inside is refused"
is "$(ask -c 'select 42')" 42 "the server goes on"
PID=$server
end >"$TMP/ended"
is "$(<"$TMP/ended")" "status 0" "and ends well"
finish
