#!/bin/bash
# Who starts with a whitelist that allows next to nothing gets to one that works by pasting what
# `run --report` proposes, in six rounds at the most.
. "$(dirname "$0")/../helpers/report.sh"

ROUNDS_MAX=6
cd "$TMP" || exit 1
mkdir www
echo "a page" >www/index.html
printf '%s\n' 3 1 2 >numbers

# paste WHITELIST: what the last run proposed. Fails if that was nothing.
paste_lines()
{
    local lines
    lines=$(sed -nE "s/^    (to allow it|and add|what goes with it), in $1 \[allow\]:  //p" <<<"$ERR")
    [[ -n $lines ]] && sort -u <<<"$lines" >>"$1"
}

# rounds NAME WANTED COMMAND...: until its output is WANTED and nothing is left to be pasted.
rounds()
{
    local name=$1 wanted=$2 whitelist=$1.ini round
    shift 2
    printf '[allow]\nsyscalls = write\n' >"$whitelist"
    for ((round = 1; round <= ROUNDS_MAX; round++)); do
        report --report "$whitelist" -- "$@"
        paste_lines "$whitelist" || break
    done
    diag "$name: round $round, status $STATUS, $(wc -l <"$whitelist") lines"
    is "$STATUS $OUT" "0 $wanted" "${name}_works_after_at_most_${ROUNDS_MAX}_rounds"
    is "$(grep '^portcullis' <<<"$ERR")" "portcullis: no call was refused" \
        "${name}_is_refused_nothing_then"
    run "$PORTCULLIS" run "$whitelist" -- "$@"
    is "$STATUS $OUT" "0 $wanted" "${name}_works_without_report_as_well"
}

PORT=$(free_port)
start python3 -m http.server --bind 127.0.0.1 --directory www "$PORT" >/dev/null 2>&1
wait_for 10 listening "$PORT" || exit 1

rounds sort $'1\n2\n3' sort -n numbers
rounds curl "a page" curl -sS "http://127.0.0.1:$PORT/"
rounds sqlite3 1 sqlite3 "$TMP/data.db" \
    "create table if not exists t(a); delete from t; insert into t values(1); select count(*) from t"
cat >job.py <<'END'
import json, threading
thread = threading.Thread(target=lambda: print(json.dumps([1, 2])))
thread.start()
thread.join()
END
rounds python3 "[1, 2]" /usr/bin/python3 job.py
finish
