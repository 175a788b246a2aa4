#!/bin/bash
# portcullis learn: its options, what it says, and its errors.
. "$(dirname "$0")/../helpers/run.sh"
. "$(dirname "$0")/../helpers/learn.sh"
PORTCULLIS=$TMP/bin/portcullis
victim denied
victim crowd -pthread
build_victim outer
cd "$TMP" || exit 1

# learn ARGUMENT...: STATUS, OUT and ERR of it.
learn()
{
    run timeout 60 "$PORTCULLIS" learn "$@"
}

# --- the command line
learn --help
is "$STATUS $ERR" "0 " "help_is_no_error"
is "$(head -n 1 <<<"$OUT")" "usage: portcullis learn [OPTION...] [--] PROGRAM [ARGUMENT...]" \
    "help_says_how"
see="see 'portcullis learn --help'"
learn
is "$STATUS $OUT$ERR" "2 portcullis learn: a program is missing; $see" "a_program_is_needed"
learn --arguments some true
is "$STATUS $OUT$ERR" "2 portcullis learn: --arguments takes none, safe or all, not 'some'; $see" \
    "arguments_takes_one_of_three"
learn --backend magic true
is "$STATUS $OUT$ERR" "2 portcullis learn: --backend takes ptrace or notify, not 'magic'; $see" \
    "backend_takes_one_of_two"
for seconds in 0 -1 x 1x "" inf nan; do
    learn --timeout "$seconds" true
    is "$STATUS $OUT$ERR" \
        "2 portcullis learn: --timeout takes seconds, more than 0, not '$seconds'; $see" \
        "timeout_does_not_take_'$seconds'"
done
learn --magic true
is "$STATUS $OUT$ERR" "2 portcullis learn: unknown option '--magic'; $see" \
    "an_unknown_option_is_an_error"
learn -o
is "$STATUS $OUT$ERR" "2 portcullis learn: option '-o' needs a value; $see" \
    "an_option_without_its_value_is_an_error"
for output in "" "-o -"; do
    # shellcheck disable=SC2086
    learn --verify $output true
    is "$STATUS $OUT$ERR" "2 portcullis learn: --verify needs '-o FILE'; $see" \
        "verify_needs_a_file_${output:-none}"
done
learn nowhere-to-be-found
is "$STATUS $OUT$ERR" "127 portcullis: error: 'nowhere-to-be-found' is not found in PATH" "a_program_that_is_not_there_is_127"
printf 'text\n' >text
chmod 644 text
learn ./text
is "$STATUS $OUT" "126 " "one_that_cannot_be_run_is_126"

# --- where the list goes
learn -o new.ini -- sh -c 'echo said; exit 7'
is "$STATUS $OUT" "7 said" "status_and_output_are_the_program_s"
like "$ERR" "^portcullis: learned [0-9]+ different system calls from [0-9]+ calls of the program; \
[0-9]+ new in new.ini
portcullis: the whitelist allows [0-9]+ of this machine's [0-9]+ system calls\$" "a_summary_is_told"
succeeds "the_list_is_a_whitelist" "$PORTCULLIS" check new.ini
run "$PORTCULLIS" run new.ini sh -c 'echo said; exit 7'
is "$STATUS $OUT$ERR" "7 said" "under_which_the_program_runs"
before=$(sha256sum new.ini; stat -c '%i %Y %Z' new.ini)
learn -o new.ini -- sh -c 'echo said; exit 7'
is "$(sha256sum new.ini; stat -c '%i %Y %Z' new.ini)" "$before" \
    "a_run_that_adds_nothing_leaves_the_file_alone"
is "$STATUS $(tail -n 1 <<<"$ERR")" "7 portcullis: new.ini has all of it already" "and_says_so"
learn --quiet -o new.ini -- sh -c 'umask 0'
is "$STATUS $OUT$ERR" "0 " "quiet_says_nothing"
is "$(listed new.ini | grep -c '^umask$')" 1 "what_is_new_is_added"
ln -s new.ini link.ini
learn --quiet -o link.ini -- sh -c 'times >/dev/null'
is "$(readlink link.ini) $(listed new.ini | grep -c '^times$')" "new.ini 1" "a_link_is_followed"
learn --quiet -o - -- sh -c 'echo said'
is "$STATUS $ERR" "0 " "standard_output_gets_the_list"
is "$(head -n 1 <<<"$OUT") $(grep -c '^\[allow\]$' <<<"$OUT")" "said 1" "after_the_program_s_own"
learn --quiet -- sh -c 'echo said'
is "$STATUS $OUT $(grep -c '^\[allow\]$' <<<"$ERR")" "0 said 1" "without_o_standard_error_gets_it"
learn -- true
like "$(tail -n 2 <<<"$ERR")" "^portcullis: learned [0-9]+ different system calls? from [0-9]+ \
calls? of the program; [0-9]+ new
portcullis: the whitelist allows" "and_the_summary_after_it"

# --- where it cannot go
learn -o folder/x.ini true
is "$STATUS $OUT$ERR" \
    "125 portcullis: error: cannot write 'folder/x.ini': No such file or directory" \
    "a_folder_must_be_there"
mkdir folder
learn -o folder/ true
is "$STATUS $OUT$ERR" "125 portcullis: error: cannot write 'folder/': Is a directory" \
    "a_folder_is_no_file"
learn -o nothing/ true
is "$STATUS $OUT$ERR" \
    "125 portcullis: error: cannot write 'nothing/': No such file or directory" \
    "nor_is_one_that_is_not_there"
long=$(printf '%05000d' 0)
learn -o "$long" true
is "$STATUS $OUT$ERR" "125 portcullis: error: cannot write '$long': File name too long" \
    "a_name_has_a_limit"
if ((${#NOBODY[@]} > 0)); then
    run "${NOBODY[@]}" "$PORTCULLIS" learn -o folder/x.ini true
    is "$STATUS $OUT$ERR" "125 portcullis: error: cannot write 'folder/x.ini': Permission denied" \
        "a_folder_must_be_writable"
    run "${NOBODY[@]}" "$PORTCULLIS" learn -o "$TMP/open/x.ini" -- sh -c 'exit 4'
    is "$STATUS $(listed open/x.ini | grep -c '^exit_group$')" "4 1" "nobody_learns"
    run "${NOBODY[@]}" unshare -Ur "$PORTCULLIS" learn -o "$TMP/open/y.ini" -- sh -c 'exit 4'
    is "$STATUS $(listed open/y.ini | grep -c '^exit_group$')" "4 1" "so_does_who_is_root_in_a_namespace"
    run setpriv --bounding-set=-sys_ptrace "$PORTCULLIS" learn -o z.ini -- sh -c 'exit 4'
    is "$STATUS $(listed z.ini | grep -c '^exit_group$')" "4 1" "so_does_root_without_the_capability"
else
    skip "learning as nobody" "this is not root"
fi
run bash -c "exec >&-; exec '$PORTCULLIS' learn -o - true"
is "$STATUS $ERR" "125 portcullis: error: cannot write to standard output: Bad file descriptor" \
    "standard_output_must_be_open"
run bash -c "exec >/dev/full; exec '$PORTCULLIS' learn --quiet -o - true"
is "$STATUS $ERR" "0 portcullis: error: cannot write the whitelist: No space left on device" \
    "a_list_that_cannot_be_printed_is_told"
cp new.ini broken.ini
# shellcheck disable=SC2016
learn -o broken.ini -- sh -c 'cd /; echo "]" >"$OLDPWD/broken.ini"; exit 3'
like "$STATUS $OUT$ERR" "^78 broken.ini:1: error: |^78 $TMP/broken.ini:1: error: " \
    "a_file_that_has_become_wrong_is_told_and_changes_the_status"
is "$(<broken.ini)" "]" "and_stays_as_it_is"
learn -o folder/x.ini -- sh -c 'rm -r folder; exit 3'
like "$STATUS $OUT$ERR" "^125 portcullis: error: .*folder.*No such file or directory\$" \
    "a_folder_that_has_gone_is_told_and_changes_the_status"

# --- a file that is there
printf '[allow]\nsyscalls = nothing_of_the_kind\n' >wrong.ini
learn -o wrong.ini true
is "$STATUS $OUT$ERR" "78 wrong.ini:2: error: unknown syscall 'nothing_of_the_kind'" \
    "a_wrong_whitelist_is_told_and_nothing_runs"
printf '[allow]\nsyscalls = read\n' >text.ini
"$PORTCULLIS" compile text.ini -o compiled.ini || diag "nothing is compiled"
before=$(sha256sum compiled.ini)
learn -o compiled.ini true
is "$STATUS $OUT$ERR" "2 portcullis: error: compiled.ini: it is compiled, and learn needs the text: \
name '$TMP/text.ini'" "a_compiled_whitelist_is_told_and_nothing_runs"
is "$(sha256sum compiled.ini)" "$before" "and_it_stays_as_it_is"
for default in allow log; do
    printf '[filter]\ndefault = %s\n[allow]\nsyscalls = read\n' "$default" >open.ini
    learn --quiet -o open.ini -- sh -c 'exit 5'
    is "$STATUS $OUT$ERR" "5 portcullis: warning: open.ini allows what it does not list \
('default = $default'): there is nothing to learn for it" "with_default_${default}_that_is_said"
done
for backend in ptrace notify; do
    for action in EROFS kill trap; do
        for how in plain handler blocked; do
            printf '[allow]\nsyscalls = @stdio @loader @signals\n[deny]\nmkdir = %s\n' $action \
                >denied.ini
            run timeout 20 "$PORTCULLIS" run denied.ini ./denied "$how"
            enforced="$STATUS $OUT$ERR"
            learn --quiet --backend "$backend" -o denied.ini -- ./denied "$how"
            is "$STATUS $OUT$ERR" "$enforced" "by_${backend}_a_denial_by_${action}_holds_$how"
            is "$(grep -c mkdir denied.ini)" 1 "and_is_not_learned"
        done
    done
    printf '[filter]\nprogram = %s\n[allow]\nsyscalls = read\n' "$(type -P true)" >program.ini
    learn --quiet --backend "$backend" -o program.ini -- sh -c 'umask 0; true; exec true'
    is "$STATUS $(listed program.ini | grep -c '^umask$')$(listed program.ini |
        grep -c '^exit_group$')" "0 01" "by_${backend}_only_the_programs_that_it_names_are_recorded"
done

# --- what is recorded
for backend in ptrace notify; do
    rm -f a.ini
    learn --quiet --annotate --backend "$backend" -o a.ini -- ./crowd 4 3 20
    is "$STATUS $OUT" "0 done" "by_${backend}_a_crowd_is_learned"
    like "$(grep ioctl a.ini | head -n 1)" "seen 240 times, first from libc.so.6!syscall\+0x[0-9a-f]+" \
        "by_${backend}_annotations_tell_how_often_and_where"
    rm -f c.ini
    learn --quiet --no-children --backend "$backend" -o c.ini -- sh -c \
        'sh -c "umask 0"; env true; env true; (times >/dev/null)'
    is "$STATUS $ERR" "0 portcullis: a child runs '$(realpath /bin/sh)', of which nothing is recorded
portcullis: a child runs '$(realpath "$(type -P env)")', of which nothing is recorded
portcullis: a child runs '$(realpath "$(type -P true)")', of which nothing is recorded" \
        "by_${backend}_no_children_tells_what_they_execute"
    is "$(listed c.ini | grep -c '^umask$') $(listed c.ini | grep -c '^times$')" "0 1" \
        "by_${backend}_and_records_only_what_they_do_before"
    printf '[allow]\nsyscalls = read\n[deny]\nmkdir = ENODATA\nmkdirat = ENODATA\n' >c.ini
    learn --quiet --no-children --backend "$backend" -o c.ini -- sh -c 'mkdir made; :'
    is "$STATUS ${ERR##*$'\n'}" "0 mkdir: cannot create directory 'made': No data available" \
        "by_${backend}_and_a_denial_holds_for_them"
done
cp "$(type -P true)" $'esc\e[31m\n'
learn --quiet --no-children -o c.ini -- sh -c './esc*; :'
is "$STATUS $ERR" "0 portcullis: a child runs '$TMP/esc?[31m?', of which nothing is recorded" \
    "a_file_s_name_does_not_drive_the_terminal"
learn --quiet --arguments none -o none.ini -- ls /
is "$(grep -cE '^[a-z]+ = ' none.ini) $(grep -cE '^syscalls = ' none.ini | sed 's/[1-9]/n/')" \
    "$(grep -cE '^syscalls = |^default = ' none.ini) n" "arguments_none_makes_no_conditions"
learn --quiet --arguments safe -o safe.ini -- ls /
is "$(grep -c '^ioctl = request ' safe.ini)" 1 "arguments_safe_makes_some"
learn --quiet --arguments all -o all.ini -- ls /
is "$(($(grep -cE '^[a-z0-9]+ = ' all.ini) > $(grep -cE '^[a-z0-9]+ = ' safe.ini)))" 1 \
    "arguments_all_makes_more"

# --- time
for backend in ptrace notify; do
    rm -f t.ini
    learn --quiet --backend "$backend" --timeout 0.3 -o t.ini -- sleep 60
    is "$STATUS $OUT$ERR" "143 portcullis: --timeout 0.3 is over: the program gets SIGTERM" \
        "by_${backend}_a_timeout_ends_the_program"
    is "$(listed t.ini | grep -c '^clock_nanosleep$')" 1 "and_the_list_is_there"
done
rm -f t.ini
learn --quiet --timeout 0.2 -o t.ini -- sh -c 'trap "" TERM; while :; do sleep 0.05; done'
is "$STATUS $OUT$ERR" "137 portcullis: --timeout 0.2 is over: the program gets SIGTERM
portcullis: it went on for 5 seconds: the program is killed" "one_that_goes_on_is_killed"
is "$(listed t.ini | grep -c '^wait4$')" 1 "and_even_then_the_list_is_there"

# --- verify
rm -f made v.ini
learn --quiet --verify -o v.ini -- sh -c 'exit 9'
is "$STATUS $OUT$ERR" "0 portcullis: running it again, under v.ini
portcullis: no call was refused
portcullis: verified: v.ini allows all that it did" "verify_says_that_nothing_was_refused"
rm -f v.ini
learn --quiet --verify -o v.ini -- sh -c 'if [ -e made ]; then umask 0; else : >made; fi'
like "$STATUS $ERR" "^1 .*portcullis: refused umask\(0\) = EPERM.*
portcullis: not verified: ([2-9] calls were|1 call was) refused\$" "verify_says_what_was_refused"
learn --quiet --verify -o v.ini -- nowhere-to-be-found
is "$STATUS" 127 "verify_needs_a_first_run"
run "$TMP/outer" 293 24 "$PORTCULLIS" learn --quiet --verify -o v.ini -- true
is "$STATUS $ERR" "125 portcullis: error: cannot make a pipe: Too many open files" \
    "verify_needs_a_pipe"
run "$TMP/outer" 56 11 "$PORTCULLIS" learn --quiet --verify -o v.ini -- true
is "$STATUS $ERR" "125 portcullis: error: cannot make a process: Resource temporarily unavailable" \
    "verify_needs_a_process"

# --- what the kernel or somebody outside refuses
run "$TMP/outer" 101 1 "$PORTCULLIS" learn -o w.ini -- true
is "$STATUS $OUT$ERR" "125 portcullis: error: cannot hold the program at its entry point: ptrace: \
Operation not permitted; learn cannot do without" "without_ptrace_nothing_runs"
run "$TMP/outer" 317 1 "$PORTCULLIS" learn -o w.ini -- true
is "$STATUS $OUT$ERR" "125 portcullis: error: cannot load the filter for learn: \
Operation not permitted" "without_seccomp_nothing_runs"
run "$TMP/outer" 317 1 "$PORTCULLIS" learn --backend notify -o w.ini -- true
is "$STATUS $OUT$ERR" "125 portcullis: error: --backend notify needs a kernel that notifies of system \
calls: Operation not permitted" "without_notification_nothing_runs"
run "$TMP/outer" 319 1 "$PORTCULLIS" learn -o w.ini -- true
is "$STATUS $OUT$ERR" "71 portcullis: error: cannot make a filter: Operation not permitted" \
    "without_a_filter_nothing_runs"
printf '[filter]\ndefault = allow\n[deny]\nmkdir = EPERM\n' >allow.ini
run "$PORTCULLIS" run --report allow.ini -- bash -c 'exec "$@"' - "$PORTCULLIS" learn \
    --backend notify -o w.ini -- true
is "$STATUS $(head -n 1 <<<"$ERR")" "125 portcullis: error: learn cannot run under another listener \
to system calls: Device or resource busy" "two_listeners_do_not_go_together"
is "$(ls w.ini 2>&1)" "ls: cannot access 'w.ini': No such file or directory" "and_there_is_no_list"

finish
