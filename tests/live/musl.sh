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
example_facts musl musl-gcc

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
thread_facts threads_of_a_musl_program_s_library 16 "$TMP/threads" "$TMP/spinners.so:$SHIM"
finish
