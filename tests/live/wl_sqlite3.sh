#!/usr/bin/env bash
# shellcheck disable=SC2317
# Debian's sqlite3 at work under config/whitelists/sqlite3.ini.
. "$(dirname "$0")/../helpers/wl.sh"
. "$(dirname "$0")/../helpers/wl_inside.sh"

mkdir "$TMP/scratch"
cd "$TMP/scratch" || exit
shipped sqlite3

clear_away()
{
    rm -rf ./*
}
BEFORE=clear_away

journals()
{
    sqlite3 a.db 'CREATE TABLE t(a, b); INSERT INTO t VALUES (1, 2), (3, 4); SELECT * FROM t ORDER BY a DESC;'
    sqlite3 a.db 'PRAGMA journal_mode = wal; INSERT INTO t SELECT a.a, b.b FROM t a, t b, t c; VACUUM;
        ANALYZE; SELECT count(*), sum(a) FROM t; PRAGMA integrity_check; PRAGMA wal_checkpoint;'
    seq 500 | sed 's/.*/INSERT INTO t VALUES(&, -&);/' | sqlite3 a.db
    sqlite3 a.db 'BEGIN; DELETE FROM t WHERE a > 3; ROLLBACK; SELECT count(*) FROM t;' '.schema'
}

sorting()
{
    sqlite3 b.db 'CREATE TABLE big AS WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE
        i < 100000) SELECT i, hex(i * i) || i AS s FROM c; CREATE INDEX s ON big(s);
        PRAGMA cache_size = 10; CREATE TEMP TABLE r AS SELECT * FROM big ORDER BY s DESC;
        SELECT i FROM r LIMIT 3; DROP TABLE big;'
    sqlite3 -csv -header b.db "SELECT date('2026-11-23', '+1 day') AS d, strftime('%Y', 'now', 'localtime') > '2000'"
}

files()
{
    printf '1,x\n2,y\n' >y.csv
    sqlite3 c.db '.mode csv' '.import y.csv y' '.headers on' 'SELECT * FROM y'
    sqlite3 c.db .dump
    sqlite3 c.db '.backup d.db' '.clone e.db' '.once o.txt' 'SELECT count(*) FROM y' '.save f.db'
    sqlite3 c.db "SELECT writefile('w.txt', 'text'), readfile('w.txt'); SELECT name FROM fsdir('.') ORDER BY 1"
    sqlite3 -A -cf g.sqlar y.csv o.txt
    mkdir out
    sqlite3 -A -xf g.sqlar -C out
    cat out/* o.txt
    sqlite3 c.db '.timer on' '.cd out' '.timer off' '.log stderr' '.read ../y.csv' '.expert' 'SELECT * FROM y WHERE c = 1'
}

go_wrong()
{
    sqlite3 /nonexistent/x.db 'SELECT 1' || echo "status $?"
    sqlite3 a.db 'SELECT nonsense' || echo "status $?"
    echo text that is no database, and long enough to be taken for one >n.db
    sqlite3 n.db .tables || echo "status $?"
    sqlite3 -bail a.db '.read none.sql' || echo "status $?"
    sqlite3 :memory: 'CREATE TABLE t(a UNIQUE); INSERT INTO t VALUES (1), (1)' || echo "status $?"
    sqlite3 -version | cut -c 1-4
}

same "tables, journals and write-ahead logs" journals
same "sorting what does not fit into memory" sorting
same "files in and out" files
same "what fails" go_wrong

attack ".shell" '^0\|\|System command returns 32512$' sqlite3 :memory: '.shell true'
attack "output to a program" '^1\|\|Error: cannot open pipe "cat"$' sqlite3 :memory: '.output |cat' 'SELECT 1'
# It tries the name as it is, may not map the code, and tells of the second name that it tries.
attack "an extension" '^1\|\|Error: .*/inside\.so\.so: cannot open shared object file: No such file or directory$' sqlite3 :memory: ".load $TMP/inside.so"
intruded sqlite3 "$INSIDE_REFUSED" sqlite3 :memory: 'SELECT 1'
finish
