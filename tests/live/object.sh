#!/bin/bash
# The shared object itself: it needs nothing, exports nothing, and its last system call is the one
# that loads the filter. And how odd a start may be.
. "$(dirname "$0")/../helpers/tap.sh"
. "$ROOT/tests/helpers/hosts.sh"

# dynamic TAG: the values of that tag in the dynamic section.
dynamic()
{
    readelf -dW "$SHIM" | sed -n "s/^ *0x[0-9a-f]* ($1) *//p"
}

is "$(nm -D "$SHIM" 2>&1)" "nm: $SHIM: no symbols" "object_has_no_dynamic_symbol"
is "$(nm "$SHIM" 2>&1)" "nm: $SHIM: no symbols" "object_is_stripped"
is "$(dynamic NEEDED)" "" "object_needs_no_other"
is "$(dynamic TEXTREL)$(dynamic FLAGS | grep TEXTREL)" "" "object_has_no_text_relocation"
is "$(dynamic SONAME)" "Library soname: [libportcullis.so.0]" "object_has_a_soname"
like "$(dynamic FLAGS)" BIND_NOW "object_is_bound_at_once"
is "$(dynamic FLAGS_1)" "Flags: NOW NOOPEN" "object_cannot_be_opened_later"
is "$(dynamic RPATH)$(dynamic RUNPATH)" "" "object_searches_nowhere"
readelf -lW "$SHIM" >"$TMP/segments"
is "$(grep -c GNU_RELRO "$TMP/segments")" 1 "relocated_data_is_read_only_afterwards"
like "$(grep GNU_STACK "$TMP/segments")" ' RW +0x' "object_wants_no_executable_stack"
is "$(grep -cE ' (RWE|WE) ' "$TMP/segments")" 0 "no_segment_is_writable_and_executable"
is "$(grep -c ' INTERP ' "$TMP/segments")" 0 "object_names_no_interpreter"
is "$(readelf -rW "$SHIM" | grep ' R_' | grep -vcE ' R_[A-Z0-9_]*RELATIVE ')" 0 \
    "object_asks_the_loader_for_no_symbol"
like "$(stat -c %s "$SHIM")" '^([0-9]{1,5}|[1-3][0-9]{5}|4[0-2][0-9]{4})$' \
    "object_is_smaller_than_430000_bytes"

compile "${CC:-gcc}" victim victim -pthread
compile "${CC:-gcc}" launch launch
compile_library "${CC:-gcc}" unset.so unset
VICTIM=$TMP/victim
run strace -o "$TMP/trace" -E LD_PRELOAD="$SHIM" -E PORTCULLIS_WHITELIST="$REFUSING" \
    "$VICTIM" mark ask
told 0 "$REFUSED" "" "traced_program_is_filtered"
is "$(grep -A1 '^seccomp(SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, {.*= 0$' "$TMP/trace" |
    sed '1d; s/  *= / = /')" 'write(-1, "main", 4) = -1 EBADF (Bad file descriptor)' \
    "next_call_after_the_filter_is_the_program_s_own"
is "$(sed -n '/^seccomp.*= 0$/,$d; s/^mmap(NULL, \([0-9]*\), .*MAP_ANON.* = \(0x.*\)/\2, \1/p' \
    "$TMP/trace" | tail -n 1)" "$(sed -n 's/^munmap(\(0x.*\)) *= 0/\1/p' "$TMP/trace" | tail -n 1)" \
    "memory_that_the_shim_mapped_is_gone_when_the_filter_is_in"
is "$(sed '/"main"/q' "$TMP/trace" | grep -cE '^(write|writev|sendto)\([12],')" 0 \
    "shim_writes_nothing"
is "$(sed -n '/^execve/,/^seccomp.*= 0$/p' "$TMP/trace" |
    grep -E '^(open|openat|memfd_create|dup|close)\(' | awk '
    / = -1 / { next }
    /^close/ { split($0, p, /[()]/); delete open[p[2]]; next }
    { open[$NF] = $0 }
    END { for (fd in open) print open[fd] }')" "" "shim_leaves_no_descriptor_open"
is "$(sed -n '/^openat.*refusing\.ini/,/^seccomp.*= 0$/p' "$TMP/trace" |
    grep -cE '^(brk|rt_sig|clone|futex)')" 0 "shim_touches_neither_heap_nor_signals_nor_threads"

# Odd starts. preloaded OPTION...: launched with the shim, and no environment but what OPTIONs add.
preloaded()
{
    run "$TMP/launch" -i "$@"
}
SET=(-e "LD_PRELOAD=$SHIM" -e "PORTCULLIS_WHITELIST=$REFUSING")
preloaded "${SET[@]}" "$VICTIM" ask environment
told 0 "$REFUSED"$'\nLD_PRELOAD=\n'"$BLANK" "" "two_variables_are_environment_enough"
preloaded "${SET[@]}" -0 "$VICTIM"
told 0 "$REFUSED" "" "program_without_arguments_is_filtered"
preloaded "${SET[@]}" -e "PORTCULLIS_WHITELIST=$TMP/nowhere.ini" "$VICTIM" ask environment
told 0 "$REFUSED"$'\nLD_PRELOAD=\nPORTCULLIS_WHITELIST=\n'"$BLANK" "" \
    "first_of_two_whitelist_variables_counts_and_both_are_blanked"
preloaded -e "PORTCULLIS_WHITELIST=$TMP/nowhere.ini" "${SET[@]}" "$VICTIM" ask environment
told 78 "" "$TMP/nowhere.ini: error: cannot read '$TMP/nowhere.ini': no such file" \
    "first_of_two_whitelist_variables_counts_where_it_is_wrong"
preloaded "${SET[@]}" -e "LD_PRELOAD=$SHIM" "$VICTIM" ask environment
told 0 "$REFUSED"$'\nLD_PRELOAD=\nPORTCULLIS_WHITELIST=\nLD_PRELOAD=\n'"$AGREE" "" \
    "both_of_two_preload_variables_are_blanked"
preloaded -e "PORTCULLIS_WHITELIST" -e "PORTCULLIS_WHITELISTS=x" -e "" -e "=y" "${SET[@]}" \
    "$VICTIM" ask
told 0 "$REFUSED" "" "variables_of_similar_names_and_without_one_do_not_count"
preloaded -e "LD_PRELOAD=$SHIM" "$VICTIM" "PORTCULLIS_WHITELIST=$REFUSING" ask
told 78 "" "portcullis: error: PORTCULLIS_WHITELIST is not set; set it to a whitelist's path" \
    "argument_is_not_taken_for_the_variable"
preloaded "${SET[@]}" "$VICTIM" ask exec /bin/echo "PORTCULLIS_WHITELIST=x" "LD_PRELOAD=$SHIM"
told 0 "$REFUSED"$'\nPORTCULLIS_WHITELIST=x LD_PRELOAD='"$SHIM" "" "arguments_are_not_blanked"

LARGE=(-v 120 -v 120 -v 120 -v 120 -v 120)
preloaded "${LARGE[@]}" "${SET[@]}" "${LARGE[@]}" "$VICTIM" ask environment
told 0 "$REFUSED"$'\nLD_PRELOAD=\n'"$BLANK" "" "program_with_a_megabyte_of_environment_is_filtered"
mapfile -t MANY < <(yes ask | head -n 5000)
run "$TMP/launch" "${SET[@]}" "$VICTIM" ask "${MANY[@]}"
is "$STATUS $(sort -u <<<"$OUT") $(wc -l <<<"$OUT")" "0 $REFUSED 5001" \
    "program_with_thousands_of_arguments_is_filtered"

# A library's constructor, run before the shim's, that takes variables away.
export DROPPED=1
run env LD_PRELOAD="$SHIM:$TMP/unset.so" PORTCULLIS_WHITELIST="$REFUSING" "$VICTIM" ask
told 0 "$REFUSED" "" "program_is_filtered_after_another_library_unset_a_variable"
run "$TMP/launch" -i -e DROPPED=1 -e DROPPED=2 -e DROPPED=3 -e "LD_PRELOAD=$SHIM:$TMP/unset.so" \
    -e "PORTCULLIS_WHITELIST=$REFUSING" "$VICTIM" ask run /usr/bin/env
told 0 "$REFUSED"$'\nLD_PRELOAD='"$TMP/unset.so"$'\nPORTCULLIS_WHITELIST=' "" \
    "environment_that_moved_is_found_and_blanked"

# A program with more rights than its user. ld.so drops a preload for it, so the shim is linked in.
NAME=program_with_rights_of_its_own_does_not_run_by_its_user_s_whitelist
if ((EUID == 0)); then
    chmod -R a+rX "$TMP" && cp "$SHIM" "$TMP/libportcullis.so.0"
    compile "${CC:-gcc}" rights victim -Wl,--no-as-needed "$TMP/libportcullis.so.0" \
        -Wl,-rpath,"$TMP"
    run env PORTCULLIS_WHITELIST="$REFUSING" "$TMP/rights" ask
    told 0 "$REFUSED" "" "shim_that_is_linked_in_filters_as_well"
    # What `setcap cap_chown=ep` writes: struct vfs_cap_data, revision 2.
    python3 -c 'import os, struct, sys; os.setxattr(sys.argv[1], "security.capability",
        struct.pack("<IIIII", 0x02000001, 1, 0, 0, 0))' "$TMP/rights"
    run setpriv --reuid=65534 --regid=65534 --clear-groups \
        env PORTCULLIS_WHITELIST="$REFUSING" "$TMP/rights" ask
    told 78 "" "portcullis: error: the program runs with more rights than its user's (setuid, \
capabilities): PORTCULLIS_WHITELIST is not to be believed" "$NAME"
else
    skip "$NAME" "only root can give a program rights"
fi
finish
