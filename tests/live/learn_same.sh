#!/usr/bin/env bash
# shellcheck disable=SC2016
# What is learned is what strace shows from the program's entry point on, call for call: for
# programs without children. Where that begins is marked in strace's log by a preloaded constructor.
. "$(dirname "$0")/../helpers/tap.sh"
. "$(dirname "$0")/../helpers/learn.sh"

cd "$TMP" || exit 1
victim work -pthread
victim mark -shared -nostdlib -fPIC
g++ -std=c++17 -O2 "$ROOT/tests/victims/learn_exceptions.cc" -o exceptions -pthread || exit 1
mkdir -p tree/{a,b}/{d,e}
for folder in tree/*/*; do
    seq 1 200 >"$folder/numbers"
    printf 'alpha\nbeta\ngamma\n' >"$folder/words"
done
# What gets ENOSYS under a whitelist gets it from strace as well: what comes instead is to be seen.
FALLBACK=$("$PORTCULLIS" groups @fallback | grep -v '^;' | sed 's,^?*,?,' | paste -sd ,)

# traced COMMAND...: the calls that it makes, one a line. (How often malloc trims what it maps
# depends on where that is, so everything is always at the same place.)
traced()
{
    setarch -R strace -f -o "$TMP/log" -E LD_PRELOAD="$TMP/mark" \
        -e inject="$FALLBACK:error=ENOSYS" "$@" >"$TMP/.traced" 2>&1 </dev/null
    sed -n '1,/close(-4711)/d; s/^[0-9]* *\([a-z_0-9]*\)(.*/\1/p' "$TMP/log" |
        grep -vxF "$(tr ',?' '\n' <<<"$FALLBACK" | grep .)"
}

# C libraries go to and fro between these two: `learn` lists both where it has seen one.
with_twins()
{
    awk '{ print } /^(fstat|newfstatat)$/ { print "fstat"; print "newfstatat" }' | sort -u
}

clear() { rm -rf "$TMP/made"; mkdir "$TMP/made"; }

# same NAME COMMAND... (COUNTED=no: how many calls it makes is chance)
same()
{
    local name=$1 wanted
    shift
    clear
    wanted=$(traced "$@" | sort)
    clear
    run timeout 60 setarch -R "$PORTCULLIS" learn --quiet -o "$TMP/$name.ini" -- "$@"
    is "$STATUS|$OUT$ERR" "0|$(<"$TMP/.traced")" "$name: it does its work"
    is "$(listed "$TMP/$name.ini" | paste -sd ' ')" "$(with_twins <<<"$wanted" | paste -sd ' ')" \
        "$name: what is learned is what strace shows"
    [[ ${COUNTED-yes} == yes ]] || return 0
    like "$(head -3 "$TMP/$name.ini")" "1 run, $(wc -l <<<"$wanted") calls seen" \
        "$name: as many calls"
}

same ls ls -lR tree
same cp cp -a tree made/tree
same sort sort -rn tree/a/d/numbers
same sha256sum sha256sum tree/a/d/numbers
same dd dd if=tree/a/d/numbers of=made/copy bs=64 status=none
same grep grep -rn 'beta\|199' tree
# it reads what is mapped, the mark among it
COUNTED=no same gawk gawk '{ sum += $1 } END { print sum }' tree/a/d/numbers
same sed sed -e 's/alpha/omega/w made/changed' tree/a/d/words
same sqlite3 sqlite3 made/base \
    'create table t(a); insert into t values (1); select sum(a) from t;'
same openssl openssl dgst -sha256 tree/a/d/numbers
gzip -k tree/b/d/numbers
same gzip gzip -dc tree/b/d/numbers.gz
# how often it asks for memory depends on its environment, and on how it hashes
COUNTED=no same perl perl -MPOSIX -e 'print strftime("%Y", gmtime 0), "\n"'
same python3 /usr/bin/python3 -c 'import json, os; print(json.dumps(sorted(os.listdir("tree"))))'
same uring ./work uring
same signalfd ./work signalfd
same timers ./work timers
COUNTED=no same exceptions ./exceptions

mkdir served && echo hello >served/hello
port=$(free_port)
start /usr/bin/python3 -m http.server "$port" --bind 127.0.0.1 --directory "$TMP/served" \
    >/dev/null 2>&1
wait_for 10 listening "$port"
COUNTED=no same curl curl -sS "http://127.0.0.1:$port/hello"
finish
