#!/usr/bin/env bash
# shellcheck disable=SC2016,SC2317
# Debian's gawk, jq and file at work under their whitelists.
. "$(dirname "$0")/../helpers/wl.sh"
. "$(dirname "$0")/../helpers/wl_inside.sh"

mkdir "$TMP/scratch"
cd "$TMP/scratch" || exit
seq 20000 >numbers
echo '{"a":[1,2,{"b":"c"}],"d":1.5}' >a.json
echo 'def f: 42;' >m.jq
echo '.a[0] + 1' >p.jq
seq 100 | gzip >n.gz
seq 100 | xz >n.xz
ln -s numbers link

# --- gawk ---
shipped gawk

gawk_work()
{
    gawk -F: '{ print $1 > "out" } END { close("out"); while ((getline l < "out") > 0) n++; print n == NR }' /etc/passwd
    gawk '{ s += $1; a[NR] = $1 } END { print s, asort(a, b, "@val_num_desc"), b[1]; printf "%.3f\n", s / 7 }' numbers
    seq 3 | gawk -v x=2 '{ print $1 * x } END { print "to stderr" >"/dev/stderr"; fflush() }'
    gawk 'BEGIN { print gensub(/a/, "b", "g", "aba"), toupper("x"), strftime("%Y") > 2000, PROCINFO["pid"] > 0 }'
    printf 'a\nb\n' >lines
    gawk -i inplace '{ print "x" $0 }' lines
    cat lines
    gawk -M 'BEGIN { print 2 ^ 100 }'
    gawk -l filefuncs -l readdir -l time '{ n++ } END { stat("lines", d); print n > 3, d["size"], gettimeofday() > 0 }' .
    gawk -o/dev/stdout --lint 'BEGIN { print 1 }'
}

gawk_errors()
{
    gawk 'BEGIN { syntax' || echo "status $?"
    gawk '{ print }' none || echo "status $?"
    gawk 'BEGIN { print "x" > "/nonexistent/x" }' || echo "status $?"
    gawk 'BEGIN { exit 3 }' || echo "status $?"
    gawk -f none.awk || echo "status $?"
    gawk --version | head -n 1 | cut -c 1-8
}

same "gawk's work" gawk_work
same "gawk's errors" gawk_errors
attack "system() of gawk" '^0\|127\|$' gawk 'BEGIN { print system("true") }'
attack "gawk's pipe to a program" '^2\|\|.*cannot open pipe .cat. for output: ' \
    gawk 'BEGIN { print "text" | "cat" }'
attack "gawk's pipe from a program" '^2\|\|.*cannot create child process for .true. \(fork: Operation not permitted\)$' \
    gawk 'BEGIN { "true" | getline; print "read" }'
start python3 -c 'import socket
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
while True: server.accept()[0].sendall(b"reached\n")' >port
wait_for 10 test -s port
attack "gawk's /inet" '^0\|-1\|' gawk -v p="$(<port)" 'BEGIN {
    n = ("/inet/tcp/0/127.0.0.1/" p) |& getline; printf "%d", n }'
intruded gawk "$INSIDE_REFUSED" gawk 'BEGIN { print 1 }'

# --- jq ---
shipped jq

jq_work()
{
    jq . a.json
    jq -r '.a[2].b, (.a | length), now > 0, (0 | strftime("%Y")), ($ENV | has("PATH"))' a.json
    jq -c --arg x 1 --slurpfile s a.json --rawfile r p.jq --argjson y '{"k": 2}' '[.. | numbers], $x, $s, $r, $y' a.json
    jq -s add numbers
    jq -n '[range(100000)] | map(. * 2) | add, ("abc" | test("B"; "i")), ("x" | @base64), ([3, 1, 2] | sort)'
    jq -L . 'include "m"; f, ("1 Jan 2020" | strptime("%d %b %Y") | mktime), (0 | localtime | mktime)' a.json
    jq --stream -c --tab -S -C . a.json
    jq --seq --unbuffered -f p.jq a.json a.json
    jq -r .d <a.json
}

jq_errors()
{
    echo '{"a":' | jq . || echo "status $?"
    jq '.[' a.json || echo "status $?"
    jq . none || echo "status $?"
    jq '"x" | error' a.json || echo "status $?"
    jq -e .nothing a.json || echo "status $?"
    jq '"end\n" | halt_error(7)' a.json || echo "status $?"
}

same "jq's work" jq_work
same "jq's errors" jq_errors
intruded jq "$INSIDE_REFUSED" jq -n 1

# --- file ---
shipped file

file_work()
{
    file numbers a.json /usr/bin/env /etc /dev/null link
    file -i /usr/bin/env numbers
    file -b -k -L link /lib64/ld-linux-x86-64.so.2
    file -z n.gz n.xz
    file -b - <numbers
    file -b --mime-type - <a.json
    file -s -p /dev/null numbers
    printf "%s\n" a.json numbers link | file -f -
    printf '0 string 1 my magic\n' >my.magic
    file -m my.magic numbers
    rm my.magic
    file -l | wc -l
}

file_errors()
{
    file none || echo "status $?"
    file -E none || echo "status $?"
    file -m none numbers || echo "status $?"
}

same "file's work" file_work
same "file's errors" file_errors
echo '0 string 1 my magic' >my.magic
attack "what file writes" 'Operation not permitted' file -C -m my.magic
intruded file "$INSIDE_REFUSED" file -b numbers
finish
