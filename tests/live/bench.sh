#!/usr/bin/env bash
# The benchmark measures, and writes what it measured. No figure is asserted.
. "$(dirname "$0")/../helpers/tap.sh"

mkdir "$TMP/build"
cp "$BUILD/libportcullis.so" "$BUILD/portcullis" "$TMP/build"
bench=("$ROOT/tests/bench/bench.py" --build "$TMP/build" --rounds 2)

run timeout 100 python3 -B "${bench[@]}" start
is "$STATUS|$ERR" "0|" "the section 'start' runs"
csv=$TMP/build/bench/start.csv
is "$(head -n 1 "$csv" | tr -d '\r')" \
    "section,variant,size,unit,median,p10,p90,samples,added,to_plain,to_floor" \
    "the columns of its table are these"
is "$(tr -d '\r' <"$csv" | awk -F, 'NR > 1 && NF != 11' | wc -l)" 0 "each of its rows has them all"
for size in 20 40 100 300; do
    is "$(grep -cE "^start,(floor|libseccomp in the source|portcullis (INI|compiled)),$size," \
        "$csv")" 4 "floor, source, INI and compiled are measured with $size names"
done
like "$(<"$TMP/build/bench/start.svg")" '</svg>' "there is a plot of it"
like "$OUT" 'load [0-9.]+' "it says what load the machine is under"
like "$OUT" 'INI, 40 names, to libseccomp in the source: ' "it says what becomes of a promise"

run timeout 100 python3 -B "${bench[@]}" stages
is "$STATUS|$ERR" "0|" "the section 'stages' runs"
like "$OUT" 'what a stage adds to a call of its function, nanoseconds, to one: ' \
    "it says what a stage costs once it has begun"

run timeout 100 python3 -B "${bench[@]}" --rounds 1 learn
is "$STATUS|$ERR" "0|" "the section 'learn' runs"
like "$OUT" 'learn: (the work is done in memory, in /|no memory file system has room)' \
    "it says where the work is done"
for line in "ls -lR: what strace -f adds, to learn by notify: .* \(at least 10.00\)" \
    "grep -r: what strace -f adds, to learn by ptrace: .* \(at least 1.50\)" \
    "ls -lR: learn again, to plain: .* \(at most 1.05\)" \
    "grep -r: a filter of one instruction, to plain: [0-9.]+" \
    "grep -r: learn again, to a filter of one instruction: [0-9.]+"; do
    like "$OUT" "  $line" "it says: $line"
done
folder=$(sed -n 's/.*done in memory, in //p' <<<"$OUT")
is "$(ls -d "${folder:-/nowhere}" 2>&1)" \
    "ls: cannot access '${folder:-/nowhere}': No such file or directory" "nothing of it is left there"

run timeout 100 python3 -B "${bench[@]}" servers
is "$STATUS|$ERR" "0|" "the section 'servers' runs"
for server in nginx haproxy redis memcached; do
    for way in "portcullis INI" "in its stage"; do
        like "$OUT" "  $server, $way, to plain: [0-9.]+ \(at least 0.97\): " \
            "it says what is left of the requests that $server answers, $way"
    done
    like "$(<"$TMP/build/bench/processor.csv")" "processor,$server: in its stage,,microseconds,[0-9.]+," \
        "and what a request to it takes of its processor in its stage"
done
for way in "a filter of one instruction" "portcullis INI" "in its stage"; do
    like "$OUT" "  nginx, connections kept, $way, to plain: [0-9.]+[,"$'\n'"]" \
        "it says what is left where connections are kept, $way, and demands nothing"
done

run timeout 20 python3 -B "${bench[@]}" sprint
is "$STATUS" 2 "a section that there is not is an error"
like "$ERR" "no section 'sprint'; there are: start calls stages" "which names those that there are"

# a preload that ld.so can't find makes a program fast, and is no figure
rm "$TMP/build/libportcullis.so"
run timeout 100 python3 -B "${bench[@]}" run
is "$STATUS" 1 "a missing shim is an error"
like "$ERR" "^bench: .*libportcullis.so" "which is told"
finish
