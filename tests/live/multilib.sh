#!/bin/bash
# The 32-bit shim: the same facts in 32-bit programs, every verdict three ways on i386's numbers, and
# one LD_PRELOAD for both classes.
. "$(dirname "$0")/../helpers/tap.sh"
. "$ROOT/tests/helpers/hosts.sh"

cd "$ROOT" || exit 1
[[ $(uname -m) == x86_64 ]] || skip_all "only x86-64 runs i386's programs as well"
run make -s BUILD="$BUILD" i386-tests
is "$STATUS $ERR" "0 " "shim_and_unit_tests_are_built_for_i386"
SHIM64=$SHIM
SHIM=$BUILD/i386/libportcullis.so
M32=(-m32 -idirafter /usr/include/x86_64-linux-gnu)
cd "$TMP" || exit 1

# dynamic TAG: the values of that tag in the dynamic section.
dynamic()
{
    readelf -dW "$SHIM" | sed -n "s/^ *0x[0-9a-f]* ($1) *//p"
}

like "$(readelf -hW "$SHIM")" 'ELF32.*Intel 80386' "object_is_for_i386"
is "$(nm -D "$SHIM" 2>&1)" "nm: $SHIM: no symbols" "i386_object_has_no_dynamic_symbol"
is "$(dynamic NEEDED)$(dynamic TEXTREL)$(dynamic RPATH)$(dynamic RUNPATH)" "" \
    "i386_object_needs_no_other_and_no_text_relocation"
is "$(dynamic FLAGS_1)" "Flags: NOW NOOPEN" "i386_object_cannot_be_opened_later"
is "$(readelf -rW "$SHIM" | grep ' R_' | grep -vc ' R_386_RELATIVE ')" 0 \
    "i386_object_asks_the_loader_for_no_symbol"
is "$(readelf -lW "$SHIM" | grep -c GNU_RELRO) $(readelf -lW "$SHIM" | grep -cE ' (RWE|WE) ')" "1 0" \
    "i386_object_has_relro_and_no_segment_that_is_writable_and_executable"

compile "${CC:-gcc}" victim victim "${M32[@]}" -pthread
compile "${CC:-gcc}" victim64 victim -pthread
compile "${CC:-gcc}" calls multilib_calls "${M32[@]}" -no-pie -fno-pie
: | "${CC:-gcc}" -m32 -x c - -shared -nostdlib -o "$TMP/i386-empty.so"
VICTIM=$TMP/victim

inherit_facts i386 "$VICTIM"
reload_facts i386 "$VICTIM"
program_facts i386 "$VICTIM"
closed_facts i386 "$VICTIM"
example_facts i386 "${CC:-gcc}" "${M32[@]}"

# Names that stand for several calls, and numbers that stand for many.
cat >"$TMP/stdio.ini" <<'INI'
[filter]
default = kill
[allow]
syscalls = @stdio socket
[deny]
mmap = ENODATA if prot with PROT_EXEC
INI
filtered_by "$TMP/stdio.ini" "$TMP/calls" socket socketcall unix fstat execmem
told 0 "socket by libc: allowed
socket by socketcall: allowed
unix socket: allowed
fstat: allowed
executable memory: No data available" "" "names_hold_for_every_call_that_does_the_same_on_i386"

printf '[allow]\nsyscalls = @stdio\nsocket = domain == AF_UNIX\n' >"$TMP/unix.ini"
filtered_by "$TMP/unix.ini" "$TMP/calls" socketcall unix inet
told 0 "socket by socketcall: Operation not permitted
unix socket: allowed
inet socket: Operation not permitted" "" "condition_on_socket_refuses_it_by_way_of_socketcall"
printf '[allow]\nsyscalls = @stdio socket\n[deny]\nsocket = EACCES\n' >"$TMP/both.ini"
printf '[allow]\nsyscalls = @stdio @network\n[deny]\nsocket = EACCES\n' >"$TMP/denied.ini"
filtered_by "$TMP/denied.ini" "$TMP/calls" socket socketcall unix
told 0 "socket by libc: Permission denied
socket by socketcall: Permission denied
unix socket: Permission denied" "" "denied_socket_is_denied_by_way_of_socketcall"
filtered_by "$TMP/both.ini" "$TMP/calls"
told 78 "" "$TMP/both.ini:4: error: 'socket' is both allowed and denied without a condition
$TMP/both.ini:2: note: first listed here" "mistake_is_told_once_whatever_a_name_stands_for"
printf '[filter]\ndefault = allow\n[deny]\nsocket = EACCES if domain == AF_INET\n' >"$TMP/round.ini"
filtered_by "$TMP/round.ini" "$TMP/calls" inet
told 78 "" "$TMP/round.ini:4: error: 'socket' is allowed by way of 'socketcall', where a condition \
can't see its arguments; deny 'socketcall' as well, or list it in [allow] if that is acceptable" \
    "denial_that_socketcall_gets_round_is_an_error"

# The groups are enough for threads, children and what they execute.
cat >"$TMP/groups.ini" <<'INI'
[filter]
default  = kill
[allow]
syscalls = @stdio @threads @process
mprotect = prot without PROT_EXEC     ; a thread's stack
[deny]
getppid  = ENODATA
INI
filtered_by "$TMP/groups.ini" "$VICTIM" ask threads fork
told 0 "$REFUSED"$'\n4 of 4 threads are refused\nchild: '"$REFUSED" "" \
    "32_bit_program_with_threads_and_children_runs_under_the_groups"
sed 's/@process/@process @exec @loader/; /^mprotect/d' "$TMP/groups.ini" >"$TMP/loader.ini"
filtered_by "$TMP/loader.ini" "$VICTIM" ask run "$VICTIM" ask threads
told 0 "$REFUSED"$'\n'"$REFUSED"$'\n4 of 4 threads are refused' "" \
    "32_bit_program_executes_another_one_under_the_loader_s_group"

# Calls of the other table.
run "$TMP/calls" foreign
told 0 "64-bit getppid: allowed" "" "a_32_bit_program_can_make_a_64_bit_call"
filtered "$TMP/calls" foreign
told $((128 + 31)) "" "" "64_bit_call_of_a_filtered_32_bit_program_is_killed"
printf '[filter]\ndefault = log\n[allow]\nsyscalls = read\n' >"$TMP/log.ini"
filtered_by "$TMP/log.ini" "$TMP/calls" foreign
told $((128 + 31)) "" "" "and_so_it_is_where_all_other_calls_are_logged"
run env LD_PRELOAD="$SHIM64" PORTCULLIS_WHITELIST="$REFUSING" "$TMP/victim64" ask fork exec "$VICTIM"
is "$STATUS $(head -n 1 <<<"$OUT")" "$((128 + 31)) $REFUSED" \
    "32_bit_program_dies_under_the_filter_of_a_64_bit_one"

# Threads of a preloaded library, made before the filter and after it.
compile "${CC:-gcc}" threads threads "${M32[@]}" -pthread
compile_library "${CC:-gcc}" spinners.so spinners "${M32[@]}" -pthread
thread_facts threads_of_a_32_bit_program_s_library 16 "$TMP/threads" "$SHIM:$TMP/spinners.so"

# Both classes by one path.
run make -s -C "$ROOT" BUILD="$BUILD" DESTDIR="$TMP/root" PREFIX=/usr install-multilib
is "$STATUS$OUT$ERR" 0 "install_multilib_says_nothing_and_succeeds"
# shellcheck disable=SC2016
BOTH=$TMP/root/usr/'$LIB/libportcullis.so'
for victim in "$VICTIM" "$TMP/victim64"; do
    run env LD_PRELOAD="$BOTH" PORTCULLIS_WHITELIST="$REFUSING" "$victim" ask environment
    told 0 "$REFUSED"$'\nLD_PRELOAD=\n'"$BLANK" "" \
        "one_path_with_LIB_filters_$(basename "$victim")_and_is_blanked"
done
run "$BUILD/portcullis" compile "$REFUSING" -o "$TMP/refusing.pcw"
is "$STATUS$OUT$ERR" 0 "whitelist_is_compiled_for_64_bits"
run env LD_PRELOAD="$BOTH" PORTCULLIS_WHITELIST="$TMP/refusing.pcw" "$TMP/victim64" ask
told 0 "$REFUSED" "" "compiled_whitelist_filters_a_64_bit_program"
run env LD_PRELOAD="$BOTH" PORTCULLIS_WHITELIST="$TMP/refusing.pcw" "$VICTIM" ask
told 78 "" "$TMP/refusing.pcw: error: cannot use the compiled whitelist: it was compiled for \
another architecture" "32_bit_program_does_not_run_under_what_was_compiled_for_64_bits"
printf '[filter]\ndefault = allow\nchildren = reload\nprogram = %s %s\n[deny]\ngetppid = ENODATA\n' \
    "$VICTIM" "$TMP/victim64" >"$TMP/classes.ini"
run env LD_PRELOAD="$BOTH" PORTCULLIS_WHITELIST="$TMP/classes.ini" bash -c \
    "'$VICTIM' ask; '$TMP/victim64' ask"
told 0 "$REFUSED"$'\n'"$REFUSED" "" "shell_runs_filtered_programs_of_both_classes"
run make -s -C "$ROOT" BUILD="$BUILD" DESTDIR="$TMP/root" PREFIX=/usr uninstall-multilib
is "$STATUS$OUT$ERR$(find "$TMP/root" ! -type d)" 0 "uninstall_multilib_leaves_nothing"

# Rules, simulation and kernel; and the parts of the shim, with 32 bits. From the repository: they
# read its whitelists.
cd "$ROOT" || exit 1
for name in random verdicts spellings environment load freestanding_{arena,format,libc,memory}; do
    succeeds "test_${name}_holds_on_i386" "$BUILD/i386/tests/shim/test_$name"
done
finish
