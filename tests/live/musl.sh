#!/bin/bash
# The shim in programs of another libc: the same file, the same facts.
. "$(dirname "$0")/../helpers/tap.sh"
. "$ROOT/tests/helpers/hosts.sh"

compile musl-gcc victim victim -pthread
: | musl-gcc -x c - -shared -nostdlib -o "$TMP/musl-empty.so"
VICTIM=$TMP/victim

like "$(loader_of "$VICTIM")" '/ld-musl-' "the_program_is_dynamically_linked_with_musl"
like "$(ldd "$BUILD/libportcullis.so" 2>&1)" 'statically linked' "the_shim_is_linked_with_no_libc"

inherit_facts musl "$VICTIM"
reload_facts musl "$VICTIM"
program_facts musl "$VICTIM"
closed_facts musl "$VICTIM"

# The example, from the whitelist that glibc's has.
musl-gcc "${HOST_FLAGS[@]}" "$ROOT/examples/mkdir/mkdir.c" -o "$TMP/mkdir" || exit 1
run "$TMP/mkdir" "$TMP/unfiltered"
told 0 "created $TMP/unfiltered"$'\n'"working in $PWD" "" "musl_example_works_without_a_filter"
filtered_by "$ROOT/examples/mkdir/mkdir.ini" "$TMP/mkdir" "$TMP/folder"
told 1 "created $TMP/folder" "getcwd: Operation not permitted" \
    "musl_example_may_make_a_folder_and_may_not_ask_where_it_is"
succeeds "musl_example_made_its_folder" test -d "$TMP/folder"

# A list that suffices for threads and children, from the groups.
cat >"$TMP/groups.ini" <<'END'
[allow]
syscalls = @stdio @threads @process
mprotect = prot without PROT_EXEC     ; a thread's stack
[deny]
getppid  = ENODATA
END
filtered_by "$TMP/groups.ini" "$VICTIM" ask threads
told 0 "$REFUSED"$'\n4 of 4 threads are refused' "" \
    "threaded_musl_program_runs_under_stdio_and_threads"
filtered_by "$TMP/groups.ini" "$VICTIM" fork
told 0 "child: $REFUSED" "" "forking_musl_program_runs_under_stdio_and_process"

# Threads of a preloaded library, made before the filter and after it. Here the first one listed is
# constructed first.
compile musl-gcc threads threads -pthread
compile_library musl-gcc spinners.so spinners -pthread -idirafter /usr/include \
    -idirafter "/usr/include/$("${CC:-gcc}" -print-multiarch)" # linux/, asm/: musl has none
start env LD_PRELOAD="$TMP/spinners.so:$SHIM" PORTCULLIS_WHITELIST="$REFUSING" "$TMP/threads" \
    >"$TMP/threads.out" 2>&1
wait_for 10 grep -q ready "$TMP/threads.out"
is "$(<"$TMP/threads.out")" "main: No data available
16 began without a filter, 16 are refused
8 later ones are refused
ready" "threads_of_a_musl_program_s_library_are_all_refused"
is "$(thread_count "$PID") $(seccomp_modes "$PID")" "25 2" \
    "threads_of_a_musl_program_are_all_filtered"
stop "$PID"
finish
