# shellcheck shell=bash
# What the tests of the shim's hosts share: programs compiled from tests/victims, a few whitelists,
# and facts that are to hold for a host of either libc. To be sourced after tap.sh.

HOST_FLAGS=(-std=gnu17 -D_GNU_SOURCE -O2 -Wall -Wextra)

# refusing.ini refuses getppid(2), with an error that no program gets from elsewhere.
REFUSING=$TMP/refusing.ini
cat >"$REFUSING" <<'END'
[filter]
default = allow
[deny]
getppid = ENODATA
END

# compile COMPILER OUTPUT NAME [FLAG...]: tests/victims/NAME.c. The test ends where that fails.
compile()
{
    "$1" "${HOST_FLAGS[@]}" "$ROOT/tests/victims/$3.c" -o "$TMP/$2" "${@:4}" || exit 1
}

# compile_library COMPILER OUTPUT NAME [FLAG...]
compile_library()
{
    compile "$@" -shared -fPIC
}

# whitelist NAME LINE...: refusing.ini with more lines for [filter].
whitelist()
{
    {
        printf '%s\n' '[filter]' 'default = allow' "${@:2}" '[deny]' 'getppid = ENODATA'
    } >"$TMP/$1"
}

# filtered COMMAND...: with the shim, under refusing.ini. filtered_by WHITELIST COMMAND...
filtered_by()
{
    run env LD_PRELOAD="$SHIM" PORTCULLIS_WHITELIST="$1" "${@:2}"
}

filtered()
{
    filtered_by "$REFUSING" "$@"
}

# told STATUS OUT ERR NAME: what came of the last run, all of it.
told()
{
    is "status $STATUS, stdout '$OUT', stderr '$ERR'" "status $1, stdout '$2', stderr '$3'" "$4"
}

# loader_of PROGRAM: its ld.so.
loader_of()
{
    readelf -lW "$1" | sed -n 's/.*Requesting program interpreter: \(.*\)\]/\1/p'
}

ALLOWED='getppid: allowed'
REFUSED='getppid: No data available'
AGREE='environ, envp and /proc agree'
BLANK=$'PORTCULLIS_WHITELIST=\n'"$AGREE"
filters()
{
    printf 'NoNewPrivs:\t%d\nSeccomp:\t2\nSeccomp_filters:\t%d' "${2:-1}" "$1"
}

# inherit_facts LIBC VICTIM: children = inherit.
inherit_facts()
{
    local name kept=$TMP/$1-kept other=$TMP/$1-other
    filtered "$2" ask
    told 0 "$REFUSED" "" "${1}_program_is_filtered_and_told_nothing"
    filtered "$2" fork threads
    told 0 "child: $REFUSED"$'\n4 of 4 threads are refused' "" \
        "${1}_children_and_later_threads_inherit_the_filter"
    filtered "$2" filters run "$2" ask filters
    told 0 "$(filters 1)"$'\n'"$REFUSED"$'\n'"$(filters 1)" "" \
        "${1}_program_and_what_it_runs_have_one_filter"
    run env -i LD_PRELOAD="$SHIM" PORTCULLIS_WHITELIST="$REFUSING" "$2" environment run "$2" \
        environment
    told 0 "LD_PRELOAD="$'\n'"$BLANK"$'\nLD_PRELOAD=\n'"$BLANK" "" \
        "${1}_shim_variables_are_blank_in_all_views_of_the_environment"
    filtered "$2" exec "$2" ask
    told 0 "$REFUSED" "" "${1}_filter_survives_exec"

    cp "$TMP/$1-empty.so" "$kept" && cp "$kept" "$other"
    local template wanted
    while IFS='|' read -r template wanted; do
        local preload=$template
        for name in shim:"$SHIM" kept:"$kept" other:"$other"; do
            preload=${preload//@${name%%:*}/${name#*:}}
            wanted=${wanted//@${name%%:*}/${name#*:}}
        done
        run env -i LD_PRELOAD="$preload" PORTCULLIS_WHITELIST="$REFUSING" "$2" ask environment
        told 0 "$REFUSED"$'\nLD_PRELOAD='"$wanted"$'\n'"$BLANK" "" \
            "${1}_other_preloads_are_kept_of_'${template//@/}'"
    done <<'END'
@shim:@kept|@kept
@shim @kept|@kept
@kept:@shim|@kept
@kept @shim|@kept
@shim:@kept:@other|@kept:@other
@kept:@shim:@other|@kept:@other
@kept @shim @other|@kept @other
@kept:@shim @other|@kept:@other
@kept @other:@shim|@kept @other
@shim::@kept|:@kept
END
}

# reload_facts LIBC VICTIM: children = reload.
reload_facts()
{
    whitelist reload.ini 'children = reload'
    filtered_by "$TMP/reload.ini" "$2" filters run "$2" ask filters
    told 0 "$(filters 1)"$'\n'"$REFUSED"$'\n'"$(filters 2)" "" \
        "${1}_child_under_reload_has_two_filters"
    run env -i LD_PRELOAD="$SHIM" PORTCULLIS_WHITELIST="$TMP/reload.ini" "$2" environment
    told 0 "LD_PRELOAD=$SHIM"$'\n'"PORTCULLIS_WHITELIST=$TMP/reload.ini"$'\n'"$AGREE" "" \
        "${1}_reload_leaves_the_environment_as_it_was"
}

# program_facts LIBC VICTIM: program =.
program_facts()
{
    local loader
    loader=$(loader_of "$2")
    cp "$2" "$TMP/$1-copy" && ln -f "$2" "$TMP/$1-hard" && ln -sf "$2" "$TMP/$1-soft"

    whitelist program.ini "program = $2"
    filtered_by "$TMP/program.ini" "$2" ask
    told 0 "$REFUSED" "" "${1}_named_program_is_filtered"
    filtered_by "$TMP/program.ini" "$TMP/$1-copy" ask environment
    told 0 "$ALLOWED"$'\n'"LD_PRELOAD=$SHIM"$'\n'"PORTCULLIS_WHITELIST=$TMP/program.ini
$AGREE" "" "${1}_another_program_is_let_alone_and_so_is_its_environment"
    filtered_by "$TMP/program.ini" "$TMP/$1-hard" ask
    told 0 "$REFUSED" "" "${1}_hard_link_to_the_named_program_is_filtered"
    filtered_by "$TMP/program.ini" "$TMP/$1-soft" ask
    told 0 "$REFUSED" "" "${1}_symbolic_link_to_the_named_program_is_filtered"
    filtered_by "$TMP/program.ini" "$loader" "$2" ask
    told 0 "$REFUSED" "" "${1}_program_started_by_way_of_ld_so_is_filtered"
    filtered_by "$TMP/program.ini" "$TMP/$1-copy" filters exec "$2" ask filters
    told 0 $'NoNewPrivs:\t0\nSeccomp:\t0\nSeccomp_filters:\t0\n'"$REFUSED"$'\n'"$(filters 1)" "" \
        "${1}_program_executed_by_another_one_is_filtered"

    whitelist soft.ini "program = $TMP/$1-soft"
    filtered_by "$TMP/soft.ini" "$2" ask
    told 0 "$REFUSED" "" "${1}_program_may_be_named_by_a_symbolic_link"
    whitelist both.ini "program = /bin/true $TMP/$1-copy"
    filtered_by "$TMP/both.ini" "$TMP/$1-copy" ask
    told 0 "$REFUSED" "" "${1}_second_of_two_named_programs_is_filtered"
    filtered_by "$TMP/both.ini" "$2" ask
    told 0 "$ALLOWED" "" "${1}_third_program_beside_two_named_ones_is_let_alone"
    whitelist missing.ini "program = $2 $TMP/nowhere"
    filtered_by "$TMP/missing.ini" "$2" ask
    told 78 "" "$TMP/missing.ini${MISSING_LINE-:3}: error: cannot look at program '$TMP/nowhere': ENOENT" \
        "${1}_program_path_that_does_not_exist_is_an_error"
}

# closed_facts LIBC VICTIM: no filter, no program.
closed_facts()
{
    local unset='PORTCULLIS_WHITELIST is not set' empty='PORTCULLIS_WHITELIST is empty'
    run env -u PORTCULLIS_WHITELIST LD_PRELOAD="$SHIM" "$2" ask
    told 78 "" "portcullis: error: $unset; set it to a whitelist's path" \
        "${1}_program_does_not_run_without_the_variable"
    run env -i LD_PRELOAD="$SHIM" "$2" ask
    told 78 "" "portcullis: error: $unset; set it to a whitelist's path" \
        "${1}_program_does_not_run_with_no_other_variable_either"
    run env -i LD_PRELOAD="$SHIM" "$2" PORTCULLIS_WHITELIST="$REFUSING"
    told 78 "" "portcullis: error: $unset; set it to a whitelist's path" \
        "${1}_argument_is_not_taken_for_the_variable"
    filtered_by "" "$2" ask
    told 78 "" "portcullis: error: $empty; set it to a whitelist's path" \
        "${1}_program_does_not_run_with_an_empty_variable"
    filtered_by "$TMP/nowhere.ini" "$2" ask
    told 78 "" "$TMP/nowhere.ini: error: cannot read '$TMP/nowhere.ini': no such file" \
        "${1}_program_does_not_run_without_its_whitelist"
    filtered_by "$TMP" "$2" ask
    told 78 "" "$TMP: error: cannot read '$TMP': not a regular file" \
        "${1}_program_does_not_run_with_a_directory"
    printf '[allow]\nsyscalls = opne\n' >"$TMP/wrong.ini"
    filtered_by "$TMP/wrong.ini" "$2" ask
    told 78 "" "$TMP/wrong.ini:2: error: unknown syscall 'opne'; did you mean 'open'?" \
        "${1}_program_does_not_run_with_a_mistake_in_its_whitelist"
    : >"$TMP/empty.ini"
    filtered_by "$TMP/empty.ini" "$2" ask
    told 78 "" "$TMP/empty.ini: error: the file is empty (comments do not count)" \
        "${1}_program_does_not_run_with_an_empty_whitelist"

    mkdir -p "$TMP/copy" && cp "$SHIM" "$TMP/copy"
    run env LD_PRELOAD="$SHIM:$TMP/copy/$(basename "$SHIM")" PORTCULLIS_WHITELIST="$REFUSING" "$2"
    local names=("$SHIM" "$TMP/copy/$(basename "$SHIM")")
    [[ $ERR != *": '${names[1]}' and "* ]] || names=("${names[1]}" "${names[0]}")
    told 78 "" "portcullis: error: the shim is loaded twice: '${names[0]}' and '${names[1]}'" \
        "${1}_second_copy_of_the_shim_is_an_error_that_names_both"
}

# example_facts LIBC COMPILER [FLAG...]: examples/mkdir, under the whitelist that it has everywhere.
example_facts()
{
    "$2" "${HOST_FLAGS[@]}" "${@:3}" "$ROOT/examples/mkdir/mkdir.c" -o "$TMP/$1-mkdir" || exit 1
    run "$TMP/$1-mkdir" "$TMP/$1-unfiltered"
    told 0 "created $TMP/$1-unfiltered"$'\n'"working in $PWD" "" "${1}_example_works_without_a_filter"
    filtered_by "$ROOT/examples/mkdir/mkdir.ini" "$TMP/$1-mkdir" "$TMP/$1-folder" 1
    told 1 "created $TMP/$1-folder" "getcwd: Operation not permitted" \
        "${1}_example_may_make_a_folder_and_may_not_ask_where_it_is"
    succeeds "${1}_example_made_its_folder" test -d "$TMP/$1-folder"
}

# thread_facts NAME BEGAN PROGRAM PRELOAD: what tests/victims/threads.c says, and what the kernel says
# of its threads. BEGAN: how many of those that tests/victims/spinners.c makes began without a filter.
thread_facts()
{
    start env LD_PRELOAD="$4" PORTCULLIS_WHITELIST="$REFUSING" "$3" >"$TMP/$1.out" 2>&1
    wait_for 10 grep -q ready "$TMP/$1.out"
    is "$(<"$TMP/$1.out")" "main: No data available
$2 began without a filter, 16 are refused
8 later ones are refused
ready" "${1}_are_all_refused"
    is "$(thread_count "$PID") threads: $(sed -n '/^Seccomp:/p; /^NoNewPrivs:/p' \
        "/proc/$PID"/task/*/status | tr -d '\t' | sort | uniq -c | tr -s ' ' | paste -sd ' ')" \
        "25 threads:  25 NoNewPrivs:1  25 Seccomp:2" "${1}_have_all_a_filter_and_no_new_privs"
    is "$(sed -n 's/^Seccomp_filters:\t//p' "/proc/$PID"/task/*/status | sort -u)" 1 \
        "${1}_have_one_filter_each"
    stop "$PID"
}
