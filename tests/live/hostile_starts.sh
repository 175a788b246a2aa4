#!/bin/bash
# Starts that are odd, or meant to get round the filter: it is in, or the program does not run and
# says why. What is in nobody's power to mend is shown as it is, and README.md says so.
. "$(dirname "$0")/../helpers/tap.sh"
. "$ROOT/tests/helpers/hosts.sh"

compile "${CC:-gcc}" victim victim -pthread
compile "${CC:-gcc}" launch launch
compile_library "${CC:-gcc}" earlier.so earlier -pthread
VICTIM=$TMP/victim
TOOL=$BUILD/portcullis
SCRIPT_TEXT="it is a script, or no ELF file; name the program that runs it"
cd "$TMP" || exit 1

# earlier WHAT WHITELIST COMMAND...: a library does WHAT before the shim is asked.
earlier()
{
    run timeout 20 env EARLIER="$1" LD_PRELOAD="$SHIM:$TMP/earlier.so" PORTCULLIS_WHITELIST="$2" \
        "${@:3}"
}

# --- program = ------------------------------------------------------------------------------------

# named PATH: program.ini, and the compiled program.pcw.
named()
{
    whitelist program.ini "program = $1"
    "$TOOL" compile program.ini -o program.pcw
}

printf '#!/bin/sh\nexec "%s" ask\n' "$VICTIM" >script
chmod 755 script
printf 'words\n' >words
chmod 755 words
mkfifo fifo
# what no process ever executes as itself, and why
while read -r name path text; do
    named "$path"
    filtered_by program.ini "$VICTIM" ask
    told 78 "" "program.ini:3: error: cannot look at program '$path': $text" \
        "a_named_${name}_is_an_error"
    filtered_by program.pcw "$VICTIM" ask
    told 78 "" "program.pcw: error: cannot look at program '$path': $text" \
        "a_named_${name}_is_one_in_a_compiled_whitelist"
    run "$TOOL" run program.ini ./script
    told 78 "" "program.ini:3: error: cannot look at program '$path': $text" \
        "a_named_${name}_is_one_for_run"
done <<END
script $TMP/script $SCRIPT_TEXT
text $TMP/words $SCRIPT_TEXT
folder $TMP it is not a regular file
fifo $TMP/fifo it is not a regular file
device /dev/null it is not a regular file
END
named "$TMP/copy"
cp "$VICTIM" copy
chmod 111 copy
NOBODY=()
((EUID != 0)) || NOBODY=(setpriv --reuid=65534 --regid=65534 --clear-groups)
chmod a+rx . victim && cp "$SHIM" libportcullis.so && chmod a+r program.ini libportcullis.so
run "${NOBODY[@]}" env LD_PRELOAD="$TMP/libportcullis.so" PORTCULLIS_WHITELIST="$TMP/program.ini" \
    "$VICTIM" ask
told 0 "$ALLOWED" "" "a_named_program_that_may_not_be_read_is_another_one"
run "${NOBODY[@]}" env LD_PRELOAD="$TMP/libportcullis.so" PORTCULLIS_WHITELIST="$TMP/program.ini" \
    "$TMP/copy" ask
told 0 "$REFUSED" "" "and_it_is_filtered"
chmod 755 copy

# An upgrade between exec and the shim: another file has the name now.
ln -s copy soft
for name in copy soft; do
    named "$TMP/$name"
    for form in program.ini program.pcw; do
        cp "$VICTIM" new
        FROM=new TO=copy earlier replace $form ./copy ask
        told 0 "$REFUSED" "" \
            "a_program_named_${name}_that_is_replaced_while_it_starts_is_filtered_by_$form"
    done
done
cp "$VICTIM" other && cp "$VICTIM" new
named "$TMP/copy"
FROM=new TO=other earlier replace program.ini ./other ask
told 0 "$ALLOWED" "" "another_program_that_is_replaced_is_another_one"
FROM=copy earlier remove program.ini ./copy ask
told 78 "" "program.ini:3: error: cannot look at program '$TMP/copy': ENOENT" \
    "a_program_that_is_removed_while_it_starts_does_not_run"
cp "$VICTIM" copy
named "$VICTIM"
# shellcheck disable=SC2016
filtered_by program.ini bash -c 'exec -a /bin/true "$0" ask' "$VICTIM"
told 0 "$REFUSED" "" "a_false_name_in_argv_does_not_help"
run env LD_PRELOAD="$SHIM" PORTCULLIS_WHITELIST="$TMP/program.ini" python3 -c '
import os, sys
fd = os.memfd_create("x")
os.write(fd, open(sys.argv[1], "rb").read())
os.execve(fd, ["x", "ask"], os.environ)' "$VICTIM"
told 0 "$ALLOWED" "" "a_copy_in_memory_is_another_program_as_any_copy_is"

# Where none of them is run, nobody shall think that there was a filter.
unfiltered()
{
    run timeout 20 "$TOOL" run "${@:2}"
    wait_for 5 grep -q 'nothing was filtered' "$TMP/.err"
    ERR=$(<"$TMP/.err")
    told 0 "$ALLOWED" "portcullis: warning: nothing was filtered: none of the programs that the \
whitelist names by 'program =' was run$1" "$NAME"
}
NAME=run_tells_that_no_named_program_was_run
unfiltered "" program.ini ./copy ask
NAME=so_it_does_behind_a_wrapper
unfiltered "" program.ini env nice ./copy ask
NAME=and_with_a_report
unfiltered $'\nportcullis: no call was refused' --report program.ini ./copy ask

LOADER=$(loader_of "$VICTIM")
run timeout 20 "$TOOL" run program.ini env "$LOADER" "$VICTIM" ask
sleep 0.2
ERR=$(<"$TMP/.err")
told 0 "$REFUSED" "" "but_not_where_ld_so_was_given_a_program_which_is_filtered"

# What is setuid only when it is executed: the loader drops the shim, and the gate sees that.
NAME=a_program_that_becomes_setuid_behind_run_s_back_is_stopped
if ((EUID == 0)); then
    cp "$VICTIM" becoming
    named "$TMP/becoming"
    # shellcheck disable=SC2016
    run timeout 20 "$TOOL" run program.ini sh -c 'chown nobody "$0"; chmod 4755 "$0"; exec "$0" ask' \
        "$TMP/becoming"
    told 125 "" "portcullis: error: '$TMP/becoming' was stopped at its entry point: the loader has not \
loaded '$SHIM'" "$NAME"
    run timeout 20 "$TOOL" run "$REFUSING" "${NOBODY[@]}" "$TMP/becoming" ask
    told 0 "$REFUSED" "" "a_setuid_program_that_a_filtered_one_executes_is_filtered"
else
    skip "$NAME" "only root can"
fi

# --- the process ----------------------------------------------------------------------------------

earlier timer "$REFUSING" "$VICTIM" ask
told 0 "$REFUSED" "" "signals_that_interrupt_the_shim_all_the_time_change_nothing"
earlier mask "$REFUSING" "$VICTIM" ask
told 0 "$REFUSED" "" "blocked_signals_change_nothing"
earlier filter "$REFUSING" "$VICTIM" ask
like "$STATUS $OUT $ERR" \
    '^71  portcullis: error: cannot filter all threads, because of a filter of its own in thread [0-9]+$' \
    "a_thread_with_a_filter_of_its_own_ends_with_71_and_its_id"
run timeout 20 "$TMP/launch" -o exit_group=EPERM -e EARLIER=trap -e LD_PRELOAD="$SHIM:$TMP/earlier.so" \
    -e PORTCULLIS_WHITELIST=/nowhere "$VICTIM" ask
told 132 "" "/nowhere: error: cannot read '/nowhere': no such file" \
    "where_even_exit_group_is_refused_no_handler_of_the_program_s_goes_on"
ln -s "$REFUSING" link.ini
printf '[filter]\ninclude = refusing.ini\n' >including.ini
TO=/ earlier elsewhere link.ini "$VICTIM" ask
told 78 "" "link.ini: error: cannot read 'link.ini': no such file" \
    "a_relative_name_is_looked_for_where_the_process_is_then"
earlier close "$REFUSING" "$VICTIM" run env -u EARLIER \
    sh -c "exec >$TMP/told; exec '$VICTIM' ask"
is "$STATUS $OUT$ERR $(<told)" "0  $REFUSED" "closed_descriptors_change_nothing"
earlier close "$TMP/nowhere.ini" "$VICTIM" ask
told 78 "" "" "without_standard_error_the_status_tells"
earlier descriptors "$REFUSING" "$VICTIM" ask
told 78 "" "$REFUSING: error: cannot read '$REFUSING': EMFILE" \
    "without_a_descriptor_to_spare_nothing_runs"
for what in data space; do
    earlier $what "$REFUSING" "$VICTIM" ask
    told 71 "" "portcullis: error: cannot map memory: ENOMEM" "without_memory_nothing_runs_$what"
done
earlier stack "$REFUSING" "$VICTIM" ask
is "$((STATUS == 0 || STATUS > 128)) ${OUT/#$REFUSED/}" "1 " "without_a_stack_nothing_runs_unfiltered"
if ((EUID == 0)); then
    mkdir -p root/dev && cp "$REFUSING" root/refusing.ini
    named "$VICTIM"
    cp program.ini root/
    TO=$TMP/root earlier unroot /refusing.ini "$VICTIM" ask
    told 0 "$REFUSED" "" "without_proc_a_program_is_filtered"
    TO=$TMP/root earlier unroot /program.ini "$VICTIM" ask
    told 71 "" "portcullis: error: cannot look at /proc/self/exe: ENOENT" \
        "where_proc_is_needed_to_tell_which_program_it_is_nothing_runs"
else
    skip "without_proc_a_program_is_filtered" "only root can take it away"
    skip "where_proc_is_needed_to_tell_which_program_it_is_nothing_runs" "only root can take it away"
fi
for personality in -X -R -L -B -Z; do
    filtered setarch $personality "$VICTIM" ask
    told 0 "$REFUSED" "" "setarch_${personality}_changes_nothing"
done
filtered setpriv --no-new-privs "$VICTIM" ask
told 0 "$REFUSED" "" "no_new_privs_beforehand_changes_nothing"
run timeout 20 bash -c 'trap "" SYS SEGV ILL CHLD PIPE; exec "$@"' - env LD_PRELOAD="$SHIM" \
    PORTCULLIS_WHITELIST="$REFUSING" "$VICTIM" ask
told 0 "$REFUSED" "" "ignored_signals_change_nothing"
sed 's/= ENODATA/= kill/' "$REFUSING" >kill.ini
run timeout 20 bash -c 'trap "" SYS; exec "$@"' - env LD_PRELOAD="$SHIM" \
    PORTCULLIS_WHITELIST=kill.ini "$VICTIM" ask
told 159 "" "" "a_process_that_ignores_sigsys_is_killed_all_the_same"
run timeout 20 env LD_BIND_NOT=1 LD_BIND_NOW=1 LD_DEBUG=none LD_PRELOAD="$SHIM" \
    PORTCULLIS_WHITELIST="$REFUSING" "$VICTIM" ask
is "$STATUS $OUT" "0 $REFUSED" "the_loader_s_own_variables_change_nothing"

# What is before any preload's constructor, which README.md says.
cat >first.c <<'END'
#include <errno.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char *ask(void)
{
    long result;

    __asm__ volatile("syscall" : "=a"(result) : "a"(SYS_getppid) : "rcx", "r11", "memory");
    return result < 0 ? "refused" : "allowed";
}

static const char *chosen;

static int nothing(void)
{
    return 0;
}

static int (*choose(void))(void)
{
    chosen = ask();
    return nothing;
}

int function(void) __attribute__((ifunc("choose")));

static void first(void)
{
    printf("chosen %s, first %s, ", chosen, ask());
}

static void (*const preinit)(void) __attribute__((section(".preinit_array"), used)) = first;

__attribute__((constructor)) static void second(void)
{
    printf("constructor %s, ", ask());
}

int main(void)
{
    printf("main %s\n", ask());
    return function();
}
END
"${CC:-gcc}" -o first first.c || exit 1
filtered ./first
told 0 "chosen allowed, first allowed, constructor refused, main refused" "" \
    "what_chooses_functions_and_the_preinit_array_are_before_the_filter"

# --- the whitelist --------------------------------------------------------------------------------

TEXT=$(<"$REFUSING")
good() # NAME, the whitelist on standard input
{
    cat >odd.ini
    filtered_by odd.ini "$VICTIM" ask
    told 0 "$REFUSED" "" "$1"
}
wrong() # NAME MESSAGE, likewise
{
    cat >odd.ini
    filtered_by odd.ini "$VICTIM" ask
    is "$STATUS $OUT${ERR%%$'\n'*}" "78 odd.ini$2" "$1"
}
# shellcheck disable=SC2001
good "lines_of_windows_are_lines" < <(sed 's/$/\r/' <<<"$TEXT")
good "a_byte_order_mark_and_no_end_of_the_last_line_are_no_matter" \
    < <(printf '\357\273\277%s' "$TEXT")
wrong "two_marks_are" ":1: error: a line is 'key = value' or '[section]'" \
    < <(printf '\357\273\277\357\273\277%s\n' "$TEXT")
wrong "lines_of_old_macs_are_none" ":1: error: the line has a control character (0xd)" \
    < <(tr '\n' '\r' <<<"$TEXT")
wrong "sixteen_bits_are_none" ":1: error: the line has a NUL byte" < <(iconv -t UTF-16 <<<"$TEXT")
wrong "a_nul_behind_the_last_line_is_told" ":5: error: the line has a NUL byte" \
    < <(printf '%s\n\0\n' "$TEXT")
# shellcheck disable=SC2001
wrong "a_space_that_is_none_is_no_space" \
    ":4: error: unknown syscall '??getppid'; did you mean 'getppid'?" \
    < <(sed 's/^getppid/\xc2\xa0getppid/' <<<"$TEXT")
printf '%s\n' "$TEXT" >sparse.ini
truncate -s 1M sparse.ini
filtered_by sparse.ini "$VICTIM" ask
told 78 "" "sparse.ini:5: error: the line has a NUL byte" "a_sparse_file_is_read_to_its_end"
truncate -s $(((1 << 20) + 1)) sparse.ini
filtered_by sparse.ini "$VICTIM" ask
told 78 "" "sparse.ini: error: cannot read 'sparse.ini': larger than 1 MiB" "one_byte_more_is_too_much"
ln -s loop.ini loop.ini
filtered_by loop.ini "$VICTIM" ask
told 78 "" "loop.ini: error: cannot read 'loop.ini': too many symbolic links" "a_link_to_itself_is_told"
filtered_by link.ini "$VICTIM" ask
told 0 "$REFUSED" "" "a_link_to_a_whitelist_is_one"
filtered_by /proc/self/environ "$VICTIM" ask
is "$STATUS $OUT" "78 " "a_file_whose_size_is_a_lie_is_none"
printf '[filter]\ninclude = fifo\n[allow]\nsyscalls = read\n' >odd.ini
filtered_by odd.ini "$VICTIM" ask
told 78 "" "odd.ini:2: error: cannot read 'fifo': not a regular file" "a_fifo_is_not_waited_for_by_an_include"
ln -s odd.ini self.ini
printf '[filter]\ninclude = self.ini\n[allow]\nsyscalls = read\n' >odd.ini
filtered_by odd.ini "$VICTIM" ask
told 78 "" "odd.ini:2: error: 'self.ini' includes itself" "a_loop_by_a_link_is_a_loop"
filtered_by "$(printf 'x%.0s' {1..5000})" "$VICTIM" ask
is "$STATUS $OUT" "78 " "a_name_of_5000_bytes_ends_with_78"

# With children = reload each child reads it again.
whitelist reload.ini 'children = reload'
# shellcheck disable=SC2016
filtered_by reload.ini bash -c 'rm "$1"; "$0" ask; echo "$?"' "$VICTIM" reload.ini
told 0 78 "reload.ini: error: cannot read 'reload.ini': no such file" \
    "a_child_does_not_run_when_its_whitelist_was_deleted"
whitelist reload.ini 'children = reload'
# shellcheck disable=SC2016
filtered_by reload.ini bash -c \
    'printf "[filter]\ndefault = allow\n[deny]\nmkdir = EPERM\n" >"$1"; "$0" ask' "$VICTIM" reload.ini
told 0 "$REFUSED" "" "a_child_whose_whitelist_was_loosened_has_the_first_filter_all_the_same"

# --- the command ----------------------------------------------------------------------------------

# Of several variables ld.so takes the last, getenv(3) the first.
TWICE=(-e LD_PRELOAD= -e "LD_PRELOAD=$TMP/earlier.so" -e PORTCULLIS_WHITELIST=/nowhere
    -e PORTCULLIS_WHITELIST=/nowhere)
for option in "" --no-gate; do
    # shellcheck disable=SC2086
    run timeout 20 "$TMP/launch" "${TWICE[@]}" "$TOOL" run $option "$REFUSING" "$VICTIM" ask environment
    told 0 "$REFUSED"$'\nLD_PRELOAD='"$TMP/earlier.so"$'\n'"$BLANK" "" \
        "variables_that_are_there_twice_are_one_afterwards${option/--/_with_}"
done
for shim in /etc/passwd "$TMP/earlier.so" "$REFUSING"; do
    run timeout 20 "$TOOL" run --no-gate --shim "$shim" "$REFUSING" "$VICTIM" ask
    told 125 "" "portcullis: error: '$shim' is not a shim that the loader would take for a 64-bit \
program, and without the gate nothing would tell" "without_the_gate_${shim##*/}_is_no_shim"
done
run timeout 20 "$TOOL" run --no-gate "$REFUSING" "$VICTIM" ask
told 0 "$REFUSED" "" "without_the_gate_the_shim_is_one"
finish
