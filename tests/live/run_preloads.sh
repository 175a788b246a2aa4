#!/usr/bin/env bash
# Other preloads, and other ways for the shim to be there: a runtime that wants to be the first library
# of all, and a program that is linked with the shim.
. "$(dirname "$0")/../helpers/run.sh"
cd "$TMP" || exit 1

# shellcheck disable=SC2016 # the program's own
ECHO='echo "$ASAN_OPTIONS"'

# --- gcc's AddressSanitizer, a shared library
cat >add.c <<'END'
#include <stdio.h>
#include <stdlib.h>
int main(int count, char **arguments)
{
    char *volatile bytes = malloc(8);
    (void)arguments;
    puts("fine");
    fflush(stdout);
    return bytes[count == 1 ? 0 : 8] == 1;
}
END
"${CC:-gcc}" -fsanitize=address -shared-libasan -o add add.c 2>/dev/null ||
    "${CC:-gcc}" -fsanitize=address -o add add.c || exit 1
ASAN=$(ldd add | sed -n 's/.*asan.* => \([^ ]*\) .*/\1/p')
export ASAN_OPTIONS=detect_leaks=0
run timeout 20 "$PORTCULLIS" learn --verify -o add.ini -- ./add
like "$STATUS|$OUT|$ERR" $'^0\\|fine\nfine\\|.*portcullis: verified: add.ini' "asan_is_learned_and_verified"
run timeout 20 "$PORTCULLIS" run add.ini ./add
is "$STATUS|$OUT|$ERR" "0|fine|" "asan_runs_under_the_shim"
run timeout 20 "$PORTCULLIS" run --no-gate add.ini ./add
is "$STATUS|$OUT|$ERR" "0|fine|" "asan_runs_without_the_gate"
run timeout 20 env LD_PRELOAD="$ASAN" "$PORTCULLIS" run add.ini ./add
is "$STATUS|$OUT|$ERR" "0|fine|" "asan_may_be_preloaded_as_well"
run timeout 20 env -u ASAN_OPTIONS LD_PRELOAD="$ASAN" "$PORTCULLIS" run \
    --default allow --deny "mkdir = EPERM" -- sh -c "$ECHO"
is "$STATUS|$OUT" "0|verify_asan_link_order=0" "who_wants_to_be_first_may_be_preloaded_alone"
run timeout 20 "$PORTCULLIS" run --default allow --deny "mkdir = EPERM" -- ./add more
like "$STATUS|$ERR" "^1\\|.*heap-buffer-overflow" "asan_finds_what_it_is_there_to_find"
run timeout 20 env ASAN_OPTIONS=verify_asan_link_order=1:detect_leaks=0 "$PORTCULLIS" run add.ini ./add
like "$STATUS|$OUT|$ERR" "^1\\|\\|.*does not come first" "who_asks_for_the_order_has_it_looked_at"
run timeout 20 "$PORTCULLIS" run --default allow --deny "mkdir = EPERM" -- sh -c "$ECHO"
is "$STATUS|$OUT" "0|detect_leaks=0" "other_programs_find_the_options_as_they_are"
unset ASAN_OPTIONS

# --- linked with the shim, so that a shim that is not there is fatal
cat >host.c <<'END'
#include <stdio.h>
#include <unistd.h>
int main(int count, char **arguments)
{
    puts(count == 1 ? "first" : "again");
    fflush(stdout);
    if (count == 1)
        execl("/proc/self/exe", arguments[0], "again", (char *)0);
    return 0;
}
END
ln -s libportcullis.so bin/libportcullis.so.0
"${CC:-gcc}" -o host host.c -Wl,--no-as-needed "$TMP/bin/libportcullis.so" -Wl,-rpath,"$TMP/bin" || exit 1
printf '[allow]\nsyscalls = @stdio @loader @exec\n' >inherit.ini
printf '[filter]\nchildren = reload\n[allow]\nsyscalls = @stdio @loader @exec @files seccomp prctl\n' \
    >reload.ini
EMPTY="portcullis: error: PORTCULLIS_WHITELIST is empty, and the shim is linked to the program: nothing \
proves that a filter was inherited; where such a program executes others, its whitelist needs \
'children = reload'"
run env PORTCULLIS_WHITELIST=inherit.ini ./host
is "$STATUS|$OUT|$ERR" "78|first|$EMPTY" "what_a_linked_program_executes_fails_closed_with_the_reason"
run "$PORTCULLIS" run inherit.ini ./host
is "$STATUS|$OUT|$ERR" "78|first|$EMPTY" "and_so_under_run"
run env PORTCULLIS_WHITELIST= ./host
is "$STATUS|$OUT|$ERR" "78||$EMPTY" "an_empty_variable_alone_proves_nothing"
run env -u PORTCULLIS_WHITELIST ./host
is "$STATUS|$OUT|$ERR" \
    "78||portcullis: error: PORTCULLIS_WHITELIST is not set; set it to a whitelist's path" \
    "nor_does_none"
run env PORTCULLIS_WHITELIST="$TMP/reload.ini" ./host
is "$STATUS|$OUT|$ERR" $'0|first\nagain|' "where_it_reloads_it_works"
run "$PORTCULLIS" run reload.ini ./host
is "$STATUS|$OUT|$ERR" $'0|first\nagain|' "and_so_under_run"
run "$PORTCULLIS" run --report reload.ini ./host
await_count
is "$STATUS|$OUT|$ERR" $'0|first\nagain|portcullis: no call was refused' "and_with_a_report"
run "$PORTCULLIS" learn -o new.ini -- ./host
is "$STATUS|$OUT|$ERR" "125||portcullis: error: './host' is linked with libportcullis.so, which loads \
a whitelist by itself; learn the program before you link it so" "it_is_not_learned_and_told_why"
is "$(find . -name new.ini)" "" "and_there_is_no_list"

# --- learn --verify: what the program executes loads the list again
"${CC:-gcc}" -o plain host.c || exit 1
cp reload.ini a.ini
run timeout 20 "$PORTCULLIS" learn --verify -o a.ini -- ./plain
like "$STATUS|$ERR" "^0\\|.*portcullis: verified: a.ini" "verify_has_the_shim_reload"
printf '[filter]\nchildren = reload\n[allow]\nsyscalls = @stdio @loader @exec @files prctl\n' >b.ini
run timeout 20 "$PORTCULLIS" learn --verify -o b.ini -- ./plain
like "$STATUS|$ERR" "^1\\|.*refused seccomp\\(.*portcullis: not verified" \
    "and_says_so_where_the_list_does_not_let_it"
cp "$TMP/bin/libportcullis.so" shim.kept
: >"$TMP/bin/libportcullis.so"
run timeout 20 "$PORTCULLIS" learn --verify -o a.ini -- ./plain
like "$STATUS|$ERR" "^137\\|.*'$TMP/plain' was killed: --verify needs the shim in it, with this whitelist
.*not verified: it did not run$" \
    "without_the_shim_nothing_is_verified"
finish
