#!/usr/bin/env bash
# shellcheck disable=SC2016
# The closed loop: what is learned of a command is enough for it. Commands of every day.
. "$(dirname "$0")/../helpers/tap.sh"
. "$(dirname "$0")/../helpers/learn.sh"

cd "$TMP" || exit 1
mkdir -p tree/{a,b,c}/{d,e}
for folder in tree/*/*; do
    seq 1 200 >"$folder/numbers"
    printf 'alpha\nbeta\ngamma\n' >"$folder/words"
done
clear() { rm -rf "$TMP/made"; mkdir "$TMP/made"; }
BEFORE=clear

loop ls ls -lR tree
# what the older call does not know: when it was made
loop stat stat -c '%n %W' tree tree/a/d/words
loop cp cp -a tree made/tree
loop sort sort -rn tree/a/d/numbers
loop sha256sum sha256sum tree/a/d/numbers
loop find find tree -name words -exec wc -l {} +
loop dd dd if=tree/a/d/numbers of=made/copy bs=64 status=none
loop grep grep -rn 'beta\|199' tree
loop gawk gawk '{ sum += $1; print toupper($0) | "sort -r" } END { print sum }' tree/a/d/words
# (sed -i takes names by chance for its file, and calls getrandom for some of them.)
loop sed sed -e 's/alpha/omega/w made/changed' -e '/beta/d' tree/b/d/words
loop sqlite3 sqlite3 made/base 'create table t(a, b); begin; insert into t values (1, 2), (3, 4);
    commit; select sum(a), sum(b) from t;'
loop openssl openssl dgst -sha256 tree/a/d/numbers
loop openssl-enc openssl enc -aes-256-cbc -pbkdf2 -S 0011223344556677 -k word -in tree/a/d/words -a
loop perl perl -MPOSIX -e \
    'my $pid = open my $kid, "-|", "echo", "from a child" or die; print <$kid>;
    close $kid; print strftime("%Y", gmtime 0), "\n"; printf "%d\n", scalar(() = glob "tree/*/*")'
# Which of two processes is quicker differs from run to run, and with it what they call.
ROUNDS=3
loop bash bash -c 'seq 5 | while read -r n; do echo $((n * n)); done | tac | tr "\n" " "; wait
    cat <(echo one) <<<two; (exit 3); echo $?'
loop dash dash -c 'echo a | cat | cat; x=$(ls tree | wc -l); echo $x; (exit 4) || echo $?
    sleep 0 & wait'
loop tar sh -c 'tar czf made/t.gz tree && tar xzf made/t.gz -C made && tar cf made/t.tar tree &&
    xz made/t.tar && xz -t made/t.tar.xz && gzip -dc made/t.gz | tar tf - | sort | tail -3'

git init -q "$TMP/origin" &&
    cd "$TMP/origin" && cp -a ../tree . && git add . &&
    git -c user.name=a -c user.email=a@b.c commit -q -m one && cd "$TMP" || exit 1
loop git git -c protocol.file.allow=always clone -q --no-hardlinks origin made/clone

port=$(free_port)
start /usr/bin/python3 -m http.server "$port" --bind 127.0.0.1 --directory "$TMP/tree" 2>/dev/null
wait_for 10 listening "$port"
loop curl curl -sS -o made/got -w '%{http_code} %{size_download}\n' \
    "http://127.0.0.1:$port/a/d/numbers"
finish
