#!/usr/bin/env bash
# What makes a program another one while it is learned: a line says so, and what that line says to use
# instead works as it is typed.
. "$(dirname "$0")/../helpers/run.sh"
. "$(dirname "$0")/../helpers/learn.sh"
PORTCULLIS=$TMP/bin/portcullis
cd "$TMP" || exit 1

# --- a program that traces
TRACE=(strace -o /dev/null true)
for backend in ptrace notify; do
    rm -f t.ini
    run timeout 20 "$PORTCULLIS" learn --quiet --backend $backend -o t.ini -- "${TRACE[@]}"
    is "$STATUS $(grep -c "^portcullis: warning: .* cannot trace while it is learned, which is by tracing; \
what it does then is missing: 'portcullis run --report t.ini PROGRAM' tells of it$" <<<"$ERR")" "1 1" \
        "by_${backend}_one_line_says_that_it_cannot_trace"
    run timeout 20 "$PORTCULLIS" learn --quiet --backend $backend -o t.ini -- "${TRACE[@]}"
    like "$ERR" "cannot trace while it is learned" "by_${backend}_also_where_ptrace_is_listed"
done
# what the line says to use: each round takes what the report proposes, until nothing is refused
for ((round = 0; round < 12; round++)); do
    run timeout 20 "$PORTCULLIS" run --report t.ini "${TRACE[@]}"
    await_count
    [[ $ERR != *"portcullis: no call was refused" ]] || break
    # shellcheck disable=SC2001
    sed -n 's/^    .*, in t.ini \[allow\]:  //p' <<<"$ERR" >>t.ini
done
is "$STATUS $ERR" "0 portcullis: no call was refused" "by_its_report_the_list_becomes_complete"
diag "rounds: $round"
run timeout 20 "$PORTCULLIS" run t.ini "${TRACE[@]}"
is "$STATUS $OUT$ERR" "0 " "and_works"
# what is not learned has no tracer yet
"${CC:-gcc}" -xc -o seize - <<'END' || exit 1
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
int main(int count, char **arguments)
{
    printf("%ld\n", ptrace(PTRACE_SEIZE, count > 1 ? atoi(arguments[1]) : 0, 0, 0));
    return 0;
}
END
start sleep 60
run timeout 20 "$PORTCULLIS" learn --quiet -o o.ini -- ./seize "$PID"
is "$STATUS|$OUT|$ERR" "0|0|" "another_s_process_can_be_traced_and_nothing_is_said"
run timeout 20 "$PORTCULLIS" learn --quiet -o o.ini -- sh -c './seize $$'
like "$STATUS|$OUT|$ERR" "^0\\|-1\\|.*'$TMP/seize' .* cannot trace while it is learned" "one_that_is_learned_cannot"

# --- standard output that is thrown away
echo error >log
WARNING="portcullis: warning: standard output is /dev/null, so some programs do less; use '| cat >/dev/null'"
ERR=$("$PORTCULLIS" learn --quiet -o g.ini -- grep error log 2>&1 >/dev/null)
is "$ERR $(listed g.ini | grep -cx write)" "$WARNING 0" "a_run_whose_output_is_thrown_away_is_warned_of"
rm g.ini
ERR=$({ "$PORTCULLIS" learn --quiet -o g.ini -- grep error log | cat >/dev/null; } 2>&1)
is "$ERR $(listed g.ini | grep -cx write)" " 1" "what_the_warning_says_to_write_is_another_run"
run "$PORTCULLIS" run g.ini -- grep error log
is "$STATUS|$OUT|$ERR" "0|error|" "whose_list_works"
rm g.ini
ERR=$("$PORTCULLIS" learn --verify -o g.ini -- grep error log 2>&1 >/dev/null)
is "$(grep -c '^portcullis: warning: standard' <<<"$ERR")" 1 "with_verify_it_is_said_once"
ERR=$("$PORTCULLIS" learn --quiet -o - -- grep error log 2>&1 >/dev/null)
is "$ERR" "" "where_the_list_goes_there_nothing_is_said"
finish
