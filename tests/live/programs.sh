#!/usr/bin/env bash
# shellcheck disable=SC2317
# sqlite3, curl, python3 and gawk do a job each under their whitelists; and one call that each list
# lacks is refused. As in the other tests of examples, the job runs under default = kill.
. "$(dirname "$0")/../helpers/tap.sh"

examples=$ROOT/examples
python=/usr/bin/python3
for name in sqlite3 curl python3 gawk; do
    or_die "$examples/$name/$name.ini" "$TMP/$name.ini"
done
chmod 755 "$TMP"
cd "$TMP" || exit

# A program's input comes from a FIFO, so that it waits until we have looked: pipe FIFO makes it, and
# opens it both ways, for the program's own opening not to wait; feed FIFO leaves us the writing end,
# as descriptor 5.
pipe()
{
    mkfifo "$1"
    exec 6<>"$1"
}

feed()
{
    exec 5>"$1" 6>&-
}

# ended_well NAME: the program that was started last.
ended_well()
{
    local status=0
    wait "$PID" || status=$?
    is "$status" 0 "$1 ends with status 0: its list lacks no call of the job"
}

# sqlite3: two tables' worth of everything, in a rollback journal and in a write-ahead log.
pipe sqlite3.in
start_with "$TMP/sqlite3.ini" sqlite3 job.db <sqlite3.in >sqlite3.out 2>&1 6>&-
feed sqlite3.in
cat >&5 <<'SQL'
CREATE TABLE t(id INTEGER PRIMARY KEY, name TEXT);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
    INSERT INTO t SELECT i, 'name ' || i FROM n;
CREATE INDEX i ON t(name);
BEGIN; DELETE FROM t WHERE id % 2; COMMIT;
VACUUM;
PRAGMA journal_mode = wal;
INSERT INTO t(name) VALUES ('last');
SELECT count(*), sum(id) FROM t;
PRAGMA integrity_check;
SQL
wait_for 20 grep -q ok sqlite3.out
is "$(seccomp_modes "$PID")" 2 "sqlite3 is filtered while it runs"
exec 5>&-
ended_well sqlite3
is "$(<sqlite3.out)" $'wal\n10001|100030001\nok' "sqlite3 computes what it should"
run with "$examples/sqlite3/sqlite3.ini" sqlite3 job.db '.shell echo ran'
is "$STATUS|$OUT|$ERR" "0||System command returns 32512" "sqlite3 is refused to run a program"
run with "$examples/sqlite3/sqlite3.ini" sqlite3 job.db '.cd /'
is "$STATUS|$ERR" '1|Cannot change to directory "/"' "sqlite3 is refused another folder"

# curl: from nginx, under the list of its own.
port=$(free_port)
mkdir html
head -c 4000000 /dev/zero >html/large
echo "portcullis" >html/index.html
sed "s/127.0.0.1:8080/127.0.0.1:$port/" "$examples/nginx/nginx.conf" >nginx.conf
start_with "$examples/nginx/nginx.ini" /usr/sbin/nginx -p "$TMP/" -c nginx.conf 2>nginx.err
wait_for 10 listening "$port"
pipe curl.in
start_with "$TMP/curl.ini" curl -sS -K - <curl.in 6>&-
pid=$PID
is_filtered()
{
    [[ $(seccomp_modes "$pid") == 2 ]]
}
feed curl.in
succeeds "curl is filtered while it runs" wait_for 10 is_filtered
printf '%s\n' "url = http://127.0.0.1:$port/large" "output = curl.out" >&5
exec 5>&-
ended_well curl
succeeds "curl fetches the file as it is" cmp curl.out html/large
run with "$TMP/curl.ini" curl -fsS "http://localhost:$port/"
is "$STATUS|$OUT|$ERR" "0|portcullis|" "curl fetches from localhost to stdout"
run with "$TMP/curl.ini" curl -fsS "http://127.0.0.1:$port/none"
is "$STATUS|$ERR" "22|curl: (22) The requested URL returned error: 404" "curl tells of a missing file"
run strace -f -qq -e trace=socket -o trace -E LD_PRELOAD="$SHIM" \
    -E PORTCULLIS_WHITELIST="$examples/curl/curl.ini" curl -sS "http://[::1]:$port/"
is "$STATUS" 7 "curl can't connect over IPv6"
like "$(<trace)" 'socket\(AF_INET6, [^)]*\) = -1 EPERM ' "curl is refused a socket for IPv6"

# python3: 20 threads that wait, all of them, until we have looked.
cat >job.py <<'PYTHON'
import threading

gate = threading.Event()
results = [0] * 20


def work(n):
    gate.wait()
    results[n] = sum(i * i for i in range(20000)) + n


threads = [threading.Thread(target=work, args=(n,)) for n in range(20)]
for thread in threads:
    thread.start()
input()
gate.set()
for thread in threads:
    thread.join()
print(len(set(results)), sum(results), len(open("html/large", "rb").read()))
PYTHON
pipe python3.in
start_with "$TMP/python3.ini" "$python" job.py <python3.in >python3.out 2>&1 6>&-
pid=$PID
has_all_threads()
{
    [[ $(thread_count "$pid") == 21 ]]
}
feed python3.in
succeeds "python3 starts 20 threads" wait_for 20 has_all_threads
is "$(seccomp_modes "$PID")" 2 "each thread of python3 is filtered"
echo >&5
exec 5>&-
ended_well python3
is "$(<python3.out)" "20 53329333400190 4000000" "python3 computes what it should"
echo 'raise ValueError("wrong")' >wrong.py
run with "$TMP/python3.ini" "$python" wrong.py
is "$STATUS|${ERR##*$'\n'}" "1|ValueError: wrong" "python3 shows a traceback"
run with "$examples/python3/python3.ini" "$python" -c 'import os; os.mkdir("made")'
is "$STATUS|${ERR##*$'\n'}" "1|PermissionError: [Errno 1] Operation not permitted: 'made'" \
    "python3 is refused to make a folder"
run with "$examples/python3/python3.ini" "$python" -c 'open("written", "w")'
is "$STATUS|${ERR##*$'\n'}" "1|PermissionError: [Errno 1] Operation not permitted: 'written'" \
    "python3 is refused to open a file for writing"
succeeds "neither was made" test ! -e made -a ! -e written

# gawk
pipe gawk.in
# shellcheck disable=SC2016
start_with "$TMP/gawk.ini" gawk '
    { sum[$1 % 3] += $1; if (NR == 100000) { print "read"; fflush() } }
    END { n = asorti(sum, keys); for (i = 1; i <= n; i++) print keys[i], sum[keys[i]] > "sums" }
' <gawk.in >gawk.out 2>&1 6>&-
feed gawk.in
seq 100000 >&5
echo 0 >&5
wait_for 20 test -s gawk.out
is "$(seccomp_modes "$PID")" 2 "gawk is filtered while it runs"
exec 5>&-
ended_well gawk
is "$(<sums)" $'0 1666683333\n1 1666716667\n2 1666650000' "gawk computes what it should"
run with "$examples/gawk/gawk.ini" gawk 'BEGIN { print "text" | "cat" }'
is "$STATUS|$OUT|$ERR" \
    "2||gawk: cmd. line:1: fatal: cannot open pipe \`cat' for output: Operation not permitted" \
    "gawk is refused a pipe to a program"
finish
