#!/bin/bash
# A filter that is there already, and lies or refuses: the program is filtered, or does not run. And
# programs of other users, with and without no_new_privs.
. "$(dirname "$0")/../helpers/tap.sh"
. "$ROOT/tests/helpers/hosts.sh"

compile "${CC:-gcc}" launch launch
compile "${CC:-gcc}" victim victim -pthread
compile "${CC:-gcc}" threads threads -pthread
compile_library "${CC:-gcc}" libspinners.so spinners -pthread
VICTIM=$TMP/victim

# outer WHITELIST PRELOAD OPTION... -- PROGRAM ARG...: under an outer filter.
outer()
{
    local options=() whitelist=$1 preload=$2
    shift 2
    while [[ $1 != -- ]]; do
        options+=(-o "$1")
        shift
    done
    shift
    # The program with threads would stay, should it run.
    run timeout 5 "$TMP/launch" -e "LD_PRELOAD=$preload" -e "PORTCULLIS_WHITELIST=$whitelist" \
        "${options[@]}" "$@"
}

SET_SECCOMP=prctl:22 SET_NO_NEW_PRIVS=prctl:38
PRETENDED='portcullis: error: an outer filter only pretends to make system calls'
SEVERAL='portcullis: error: seccomp(2) is refused, and this may not be the only thread'
BOTH='portcullis: error: both seccomp(2) and prctl(2) are refused'
whitelist audit.ini 'audit = yes'

# The launcher itself does what it says.
run "$TMP/launch" -o unshare=EBUSY /usr/bin/unshare -m true
told 1 "" "unshare: unshare failed: Device or resource busy" "launcher_s_filter_answers_for_a_call"
run "$TMP/launch" -o $SET_NO_NEW_PRIVS=EBUSY /usr/bin/setpriv --no-new-privs true
told 1 "" "setpriv: disallow granting new privileges failed: Device or resource busy" \
    "launcher_s_filter_answers_for_a_first_argument"
run "$TMP/launch" -o $SET_SECCOMP=EBUSY -o unshare=EBUSY /usr/bin/setpriv --no-new-privs true
told 0 "" "" "launcher_s_filter_lets_other_first_arguments_and_calls_pass"

# lone NAME STATUS OUT ERR CALL=ERROR...: a program with one thread.
lone()
{
    outer "$REFUSING" "$SHIM" "${@:5}" -- "$VICTIM" ask
    told "$2" "$3" "$4" "$1"
}
# crowd NAME ERR CALL=ERROR...: a program with several threads, which never runs.
crowd()
{
    outer "$REFUSING" "$SHIM:$TMP/libspinners.so" "${@:3}" -- "$TMP/threads"
    told 71 "" "$2" "$1"
}

for error in EPERM ENOSYS EACCES EINVAL; do
    lone "one_thread_is_filtered_where_seccomp_is_refused_with_$error" \
        0 "$REFUSED" "" seccomp=$error
    crowd "several_threads_do_not_run_where_seccomp_is_refused_with_$error" \
        "$SEVERAL: EINVAL" seccomp=$error
done
outer "$REFUSING" "$SHIM" seccomp=EPERM -- "$VICTIM" filters threads run "$VICTIM" ask filters
told 0 "$(filters 2)"$'\n4 of 4 threads are refused\n'"$REFUSED"$'\n'"$(filters 2)" "" \
    "filter_that_came_by_prctl_holds_for_threads_and_children"

lone "one_thread_does_not_run_where_seccomp_pretends" 71 "" "$PRETENDED" seccomp=success
crowd "several_threads_do_not_run_where_seccomp_pretends" "$PRETENDED" seccomp=success
lone "program_does_not_run_where_seccomp_fails_as_if_it_was_real" 71 "" \
    "portcullis: error: cannot load the filter: EFAULT" seccomp=EFAULT
lone "program_does_not_run_where_prctl_pretends" 71 "" "$PRETENDED" \
    seccomp=EPERM $SET_SECCOMP=success
lone "program_does_not_run_where_prctl_fails_as_if_it_was_real" 71 "" \
    "portcullis: error: cannot load the filter by prctl(2): EFAULT" \
    seccomp=EPERM $SET_SECCOMP=EFAULT
lone "program_does_not_run_where_both_ways_are_refused" 71 "" "$BOTH: EPERM" \
    seccomp=EPERM $SET_SECCOMP=EPERM
lone "program_does_not_run_where_every_call_to_do_with_it_pretends" 71 "" "$PRETENDED" \
    seccomp=success prctl=success unshare=success

crowd "several_threads_do_not_run_where_unshare_pretends" "$PRETENDED" \
    seccomp=EPERM unshare=success
lone "one_thread_does_not_run_where_unshare_pretends" 71 "" "$PRETENDED" \
    seccomp=EPERM unshare=success
lone "program_does_not_run_where_nobody_can_tell_how_many_threads_it_has" 71 "" \
    "$SEVERAL: EPERM" seccomp=EPERM unshare=EPERM
crowd "several_threads_do_not_run_where_nobody_can_tell_of_them" \
    "$SEVERAL: EINVAL" seccomp=EPERM unshare=EINVAL

lone "program_does_not_run_where_no_new_privs_is_refused" 71 "" \
    "portcullis: error: cannot set no_new_privs: EPERM" $SET_NO_NEW_PRIVS=EPERM
outer "$TMP/audit.ini" "$SHIM" seccomp=EPERM -- "$VICTIM" ask
told 71 "" "portcullis: error: seccomp(2) is refused, and 'audit' needs it: EPERM" \
    "program_does_not_run_where_seccomp_is_refused_and_the_whitelist_wants_an_audit"
outer "$TMP/audit.ini" "$SHIM" unshare=EPERM -- "$VICTIM" ask
told 0 "$REFUSED" "" "audited_program_is_filtered_where_seccomp_works"

# One that kills for seccomp(2): a child finds out, and the process has its way or its say.
ALLOW_IT='; allow it there (in a unit: SystemCallFilter=seccomp)'
KILLED='portcullis: error: an outer filter kills processes that call seccomp(2)'
for action in kill kill-thread trap; do
    lone "one_thread_is_filtered_where_seccomp_leads_to_$action" 0 "$REFUSED" "" seccomp=$action
    crowd "several_threads_say_so_where_seccomp_leads_to_$action" "$SEVERAL: EINVAL" seccomp=$action
    outer "$TMP/audit.ini" "$SHIM" seccomp=$action -- "$VICTIM" ask
    told 71 "" "$KILLED, and 'audit' needs it$ALLOW_IT" \
        "audited_program_says_so_where_seccomp_leads_to_$action"
    lone "program_says_so_where_seccomp_and_unshare_lead_to_$action" 71 "" "portcullis: error: an \
outer filter refuses seccomp(2), and kills processes that call unshare(2), so that this may not be the \
only thread$ALLOW_IT" seccomp=$action unshare=$action
    lone "program_says_so_where_seccomp_and_prctl_lead_to_$action" 71 "" "portcullis: error: an outer \
filter refuses seccomp(2), and kills processes that call prctl(2)$ALLOW_IT" \
        seccomp=EPERM $SET_SECCOMP=$action
done
lone "program_is_filtered_where_seccomp_is_logged" 0 "$REFUSED" "" seccomp=log
lone "program_is_filtered_where_seccomp_is_traced_by_nobody" 0 "$REFUSED" "" seccomp=trace
lone "program_is_filtered_where_no_child_can_be_made" 0 "$REFUSED" "" seccomp=EPERM clone=EPERM
lone "program_is_filtered_where_no_child_can_be_waited_for" 0 "$REFUSED" "" \
    seccomp=EPERM wait4=EPERM
printf '[allow]\nsyscalls = @stdio @files\n[stage main]\nwhen = main\nsyscalls = @stdio\n' \
    >"$TMP/staged.ini"
outer "$TMP/staged.ini" "$SHIM" seccomp=kill -- "$VICTIM" ask
told 71 "" "$KILLED, and stages need it$ALLOW_IT" "staged_program_says_so_where_seccomp_kills"

# The same in a unit with SystemCallFilter=@system-service, whose filter kills for what it lacks.
compile "${CC:-gcc}" outer_default outer_default -lseccomp
mapfile -t service < <(systemd-analyze syscall-filter 2>/dev/null | awk '
    /^[^ ]/ { set = $1 } /^    [^#]/ { members[set] = members[set] " " $1 }
    function open_set(name,   i, n, parts) { n = split(members[name], parts, " ")
        for (i = 1; i <= n; i++) if (parts[i] ~ /^@/) open_set(parts[i]); else print parts[i] }
    END { open_set("@system-service"); open_set("@default") }' | sort -u)
is "$((${#service[@]} > 200)) $(printf '%s\n' "${service[@]}" | grep -cxE 'prctl|seccomp')" "1 1" \
    "system_service_has_prctl_and_not_seccomp"
run timeout 5 "$TMP/outer_default" "${service[@]}" -- /usr/bin/env LD_PRELOAD="$SHIM" \
    PORTCULLIS_WHITELIST="$REFUSING" "$VICTIM" ask filters
told 0 "$REFUSED"$'\n'"$(filters 2)" "" "program_is_filtered_under_system_service"
# The command's own filters.
TELLS="an outer filter kills processes that call seccomp(2)$ALLOW_IT"
run "$TMP/launch" -o seccomp=kill "$BUILD/portcullis" run "$REFUSING" "$VICTIM" ask
told 0 "$REFUSED" "" "run_filters_where_seccomp_kills"
run "$TMP/launch" -o seccomp=kill "$BUILD/portcullis" run --report "$REFUSING" "$VICTIM" ask
told 125 "" "portcullis: error: cannot load the filter for --report: $TELLS" "report_says_so"
run "$TMP/launch" -o seccomp=kill "$BUILD/portcullis" learn "$VICTIM" ask
told 125 "" "portcullis: error: cannot load the filter for learn: $TELLS" "learn_says_so"
run "$TMP/launch" -o seccomp=kill "$BUILD/portcullis" learn --backend notify "$VICTIM" ask
told 125 "" "portcullis: error: cannot load the filter for --backend notify: $TELLS" \
    "learn_by_notification_says_so"
# The child leaves nothing behind: no zombie, no signal, no core.
run timeout 5 "$TMP/outer_default" "${service[@]}" -- /usr/bin/env LD_PRELOAD="$SHIM" \
    PORTCULLIS_WHITELIST="$REFUSING" /bin/cat /proc/thread-self/children /proc/self/status
like "$OUT" $'^(.*\n)?SigPnd:\t0000000000000000\n' "no_signal_is_left"
is "$(sed '/^Name/,$d' <<<"$OUT")" "" "no_child_is_left"

# Without rights: a filter needs no_new_privs.
whitelist with-privs.ini 'no-new-privileges = no'
cp "$SHIM" "$TMP/libportcullis.so"
chmod -R a+rX "$TMP"
SHIM=$TMP/libportcullis.so
NOBODY=()
((EUID != 0)) || NOBODY=(setpriv --reuid=65534 --regid=65534 --clear-groups)
run "${NOBODY[@]}" env LD_PRELOAD="$SHIM" PORTCULLIS_WHITELIST="$REFUSING" "$VICTIM" ask filters
told 0 "$REFUSED"$'\n'"$(filters 1)" "" "program_of_an_ordinary_user_is_filtered"
run "${NOBODY[@]}" env LD_PRELOAD="$SHIM" PORTCULLIS_WHITELIST="$TMP/with-privs.ini" "$VICTIM" ask
told 71 "" "portcullis: error: cannot load the filter: EACCES" \
    "program_of_an_ordinary_user_does_not_run_without_no_new_privs"
NAMES=(program_of_root_is_filtered_without_no_new_privs
    program_does_not_run_where_no_new_privs_is_pretended)
if ((EUID == 0)); then
    filtered_by "$TMP/with-privs.ini" "$VICTIM" ask filters
    told 0 "$REFUSED"$'\n'"$(filters 1 0)" "" "${NAMES[0]}"
    lone "${NAMES[1]}" 71 "" "$PRETENDED" $SET_NO_NEW_PRIVS=success
else
    skip "${NAMES[0]}" "only root can"
    skip "${NAMES[1]}" "only root can do without no_new_privs beforehand"
fi
finish
