#!/bin/bash
# What becomes of a filtered program's children and of its environment; which programs are filtered;
# when nothing runs. On glibc; musl.sh has the same facts.
. "$(dirname "$0")/../helpers/tap.sh"
. "$ROOT/tests/helpers/hosts.sh"

compile "${CC:-gcc}" victim victim -pthread
: | "${CC:-gcc}" -x c - -shared -nostdlib -o "$TMP/glibc-empty.so"
VICTIM=$TMP/victim

inherit_facts glibc "$VICTIM"
reload_facts glibc "$VICTIM"
program_facts glibc "$VICTIM"
closed_facts glibc "$VICTIM"

# What the victim needs to run something, and what /bin/echo needs to start and to speak.
cat >"$TMP/echo.ini" <<'END'
[allow]
syscalls = clone wait4 execve set_robust_list gettid
syscalls = openat read pread64 newfstatat fstat close mmap mprotect munmap brk
syscalls = access arch_prctl set_tid_address rseq prlimit64 getrandom
write    = fd in 1..2
END
filtered_by "$TMP/echo.ini" "$VICTIM" ask run /bin/echo from the child
told 0 $'getppid: Operation not permitted\nfrom the child' "" \
    "program_runs_echo_under_a_list_that_suffices_for_both"
sed 's/ execve / /' "$TMP/echo.ini" >"$TMP/no-execve.ini"
filtered_by "$TMP/no-execve.ini" "$VICTIM" run /bin/echo from the child
told 0 $'/bin/echo: Operation not permitted\nchild: status 1' "" \
    "program_runs_nothing_under_a_list_without_execve"

# Whoever is executed finds the filter of who executed it. It has seccomp, and kills for clone.
cat >"$TMP/reload-kill.ini" <<'END'
[filter]
default = kill
children = reload
[allow]
syscalls = @loader @stdio @files execve seccomp prctl
END
filtered_by "$TMP/reload-kill.ini" /usr/bin/env grep Seccomp_filters /proc/self/status
told 0 $'Seccomp_filters:\t2' "" "what_is_executed_loads_the_list_again_where_it_kills_for_clone"

# A shell on the way to the program. It does not get a filter, nor does its environment change.
whitelist shell.ini "program = $VICTIM"
# shellcheck disable=SC2016
filtered_by "$TMP/shell.ini" /bin/sh -c '
    grep Seccomp: /proc/$$/status
    tr "\0" "\n" </proc/$$/environ | grep -c -e "^LD_PRELOAD=$1\$" -e ^PORTCULLIS_WHITELIST=$2\$
    exec "$0" ask environment' "$VICTIM" "$SHIM" "$TMP/shell.ini"
told 0 $'Seccomp:\t0\n2\n'"$REFUSED"$'\nPORTCULLIS_WHITELIST=\nLD_PRELOAD=\n'"$AGREE" "" \
    "shell_on_the_way_is_not_filtered_and_the_program_that_it_executes_is"
# shellcheck disable=SC2016
filtered_by "$TMP/shell.ini" /bin/sh -c '"$0" ask; "$0" ask; /bin/echo end' "$VICTIM"
told 0 "$REFUSED"$'\n'"$REFUSED"$'\nend' "" "each_of_a_script_s_commands_is_looked_at"

run env LD_LIBRARY_PATH="$(dirname "$SHIM")" LD_PRELOAD="$(basename "$SHIM")" \
    PORTCULLIS_WHITELIST="$REFUSING" "$VICTIM" ask environment
told 0 "$REFUSED"$'\nLD_PRELOAD=\n'"$BLANK" "" \
    "shim_that_is_found_by_its_name_alone_takes_itself_out_of_the_environment"
run env LD_PRELOAD="$(realpath --relative-to=. "$SHIM")" PORTCULLIS_WHITELIST="$REFUSING" \
    "$VICTIM" ask environment
told 0 "$REFUSED"$'\nLD_PRELOAD=\n'"$BLANK" "" \
    "shim_with_a_relative_path_takes_itself_out_of_the_environment"
ln -s "$SHIM" "$TMP/alias.so"
run env LD_PRELOAD="$TMP/alias.so" PORTCULLIS_WHITELIST="$REFUSING" "$VICTIM" ask environment
told 0 "$REFUSED"$'\nLD_PRELOAD=\n'"$BLANK" "" \
    "shim_under_another_name_takes_itself_out_of_the_environment"

# ld.so takes its own arguments off the stack, and moves everything down.
run env PORTCULLIS_WHITELIST="$REFUSING" "$(loader_of "$VICTIM")" --argv0 name \
    --library-path /nowhere --preload "$SHIM" "$VICTIM" ask environment
told 0 "$REFUSED"$'\n'"$BLANK" "" "program_is_filtered_that_ld_so_starts_with_options_of_its_own"

# A program that is not moved in memory, where other objects are found in another way.
compile "${CC:-gcc}" fixed victim -pthread -no-pie
filtered "$TMP/fixed" ask environment
told 0 "$REFUSED"$'\nLD_PRELOAD=\n'"$BLANK" "" "program_with_a_fixed_address_is_filtered"
finish
