#!/bin/bash
# portcullis import --from oci: the engines' default, our own exports, and what can't be imported.
. "$(dirname "$0")/../helpers/tap.sh"
PORTCULLIS=$BUILD/portcullis
cd "$TMP" || exit
DEFAULT=/usr/share/containers/seccomp.json

# imports JSON [OPTION...]: from standard input.
imports()
{
    STATUS=0
    OUT=$("$PORTCULLIS" import --from oci "${@:2}" - <<<"$1" 2>err) || STATUS=$?
    ERR=$(<err)
}

# The engines' own: which calls get what is simulated in test_oci.
run "$PORTCULLIS" import --from oci "$DEFAULT" -o default.ini
is "$STATUS|$OUT" "0|" "the_engines_default_is_imported"
like "$ERR" "'bpf' ...\) is left out: it is for those who have CAP_SYS_ADMIN" \
    "what_a_capability_would_allow_is_told"
like "$ERR" "'(bpf|fanotify_init)' ...\) is taken, and holds here for those too who have CAP_SYS_ADMIN" \
    "so_is_what_would_be_otherwise"
like "$ERR" "the profile is for SCMP_ARCH_X86 too; here its calls are killed" \
    "so_are_other_architectures"
like "$ERR" "10 comparisons look at all 64 bits of an argument of which the kernel takes fewer" \
    "so_are_comparisons_of_garbage"
run "$PORTCULLIS" check default.ini
is "$STATUS" 0 "the_whitelist_has_no_mistake"
run "$PORTCULLIS" run default.ini -- grep Seccomp: /proc/self/status
is "$STATUS|$OUT" $'0|Seccomp:\t2' "a_program_runs_under_it"
run "$PORTCULLIS" explain default.ini bpf
like "$OUT" "^bpf.*: EPERM" "without_a_capability_bpf_is_refused"
run "$PORTCULLIS" import --from oci --cap sys_admin --cap CAP_SYS_CHROOT "$DEFAULT"
printf '%s\n' "$OUT" >admin.ini
like "$ERR" "'bpf' ...\) is taken, and holds here for those too who have not CAP_SYS_ADMIN" \
    "what_is_taken_for_a_capability_is_told"
like "$ERR" "'(bpf|fanotify_init)' ...\) is left out: it is for those who have not CAP_SYS_ADMIN" \
    "and_what_is_not"
run "$PORTCULLIS" explain admin.ini bpf
like "$OUT" "^bpf.*: allow" "with_CAP_SYS_ADMIN_it_is_allowed"
run "$PORTCULLIS" explain admin.ini chroot
like "$OUT" "^chroot.*: allow" "with_CAP_SYS_CHROOT_chroot_is"

# There and back.
mapfile -t lists < <(grep -L "^\[stage" "$ROOT"/examples/*/*.ini) # which no format can say
for list in "${lists[@]}"; do
    name=$(basename "$(dirname "$list")")-${list##*/}
    "$PORTCULLIS" export --to oci "$list" -o out.json 2>/dev/null
    run "$PORTCULLIS" import --from oci out.json -o "back-$name"
    run "$PORTCULLIS" diff "$list" "back-$name"
    like "$OUT" "^no difference|^program" "$name is the same there and back"
done

# Shapes.
imports '{"ociVersion":"1.0.0","linux":{"seccomp":{"defaultAction":"SCMP_ACT_ERRNO",
    "flags":["SECCOMP_FILTER_FLAG_LOG"],"syscalls":[
    {"names":["read","exit","exit_group","rt_sigreturn","restart_syscall"],
     "action":"SCMP_ACT_ALLOW"},
    {"name":"socket","action":"SCMP_ACT_ALLOW","args":[
        {"index":0,"value":1,"op":"SCMP_CMP_EQ"},
        {"index":1,"value":15,"valueTwo":1,"op":"SCMP_CMP_MASKED_EQ"}]},
    {"names":["mprotect"],"action":"SCMP_ACT_ALLOW","args":[
        {"index":2,"value":4,"valueTwo":0,"op":"SCMP_CMP_MASKED_EQ"}]},
    {"names":["bpf"],"action":"SCMP_ACT_ERRNO","errno":"EACCES"},
    {"names":["mount","_llseek"],"action":"SCMP_ACT_KILL_PROCESS"},
    {"names":["write"],"action":"SCMP_ACT_ALLOW","args":[
        {"index":0,"value":1,"op":"SCMP_CMP_EQ"},
        {"index":0,"value":2,"op":"SCMP_CMP_EQ"}]}]}}}'
is "$STATUS" 0 "a_runtime_s_config_json_has_a_profile_too"
is "$(grep -v '= EPERM$' <<<"$OUT")" "; Made of an OCI profile by: portcullis import
[filter]
audit = yes

[allow]
syscalls        = exit exit_group read restart_syscall rt_sigreturn
socket          = domain == AF_UNIX and type & 0xf == SOCK_STREAM
mprotect        = prot & PROT_EXEC == 0
write           = fd in 1 2

[deny]
bpf             = EACCES
mount           = kill" "it_becomes_lines_that_people_would_write"
like "$OUT" $'\nclone3          = EPERM\n' "calls_for_which_we_have_rules_of_our_own_get_its_default"

ALLOW='{"names":["read"],"action":"SCMP_ACT_ALLOW"}'
profile()
{
    echo "{\"defaultAction\":\"${2:-SCMP_ACT_ERRNO}\",\"syscalls\":[$ALLOW,$1]}"
}

imports "$(profile '{"names":["kill"],"action":"SCMP_ACT_KILL"}')"
is "$STATUS|$ERR" "0|-:1: warning: SCMP_ACT_KILL kills one thread; here it is the process" \
    "to_kill_a_thread_becomes_to_kill_the_process"
imports "$(profile '{"names":["kill"],"action":"SCMP_ACT_ERRNO"}' SCMP_ACT_ALLOW)"
is "$STATUS|$ERR|$(sed 1d <<<"$OUT")" $'0||[filter]\ndefault = allow\n\n[allow]\n\n[deny]
kill            = EPERM' "a_profile_may_deny_only"
imports "$(profile '{"names":["clone"],"action":"SCMP_ACT_ERRNO","args":[{"index":0,
    "value":1,"op":"SCMP_CMP_EQ"}]}' SCMP_ACT_ALLOW)"
like "$OUT" $'\nsyscalls        = clone3\n' "then_a_newer_call_is_as_free_as_there"

imports "$(profile '{"names":["frobnicate","_llseek","write"],"action":"SCMP_ACT_ALLOW"}')"
is "$STATUS|$ERR" "0|-:1: warning: the system call 'frobnicate' is unknown, and left out" \
    "a_name_that_nobody_knows_is_told_and_left_out"

# Parts that hold here, or elsewhere.
held()
{
    imports "$(profile "{\"names\":[\"bpf\"],\"action\":\"SCMP_ACT_ALLOW\",$1}")"
    is "$STATUS|$ERR|$(grep -cw bpf <<<"$OUT")" "0||$2" "$3"
}

held '"includes":{"minKernel":"4.8"}' 1 "what_an_older_kernel_has_holds"
held '"includes":{"minKernel":"99.0"}' 0 "what_a_newer_kernel_has_does_not"
held '"excludes":{"minKernel":"4.8"}' 0 "nor_what_is_not_for_this_kernel"
held '"excludes":{"minKernel":"99"}' 1 "what_is_not_for_newer_ones_does"
held '"includes":{"arches":["amd64","arm64"]}' 1 "what_is_for_this_architecture_holds"
held '"includes":{"arches":["s390x"]}' 0 "what_is_for_another_does_not"
held '"excludes":{"arches":["amd64","arm64"]}' 0 "nor_what_is_not_for_this_one"
held '"includes":null,"excludes":{},"args":null' 1 "what_has_no_condition_holds"

# What can't be said.
refuses()
{
    imports "$(profile "$1" "${4-}")"
    is "$STATUS|$OUT|$ERR" "78||-:1: error: $2" "$3"
}

refuses '{"names":["kill"],"action":"SCMP_ACT_FROB"}' \
    "the action 'SCMP_ACT_FROB' is none that a whitelist has" "an_unknown_action_is_an_error"
refuses '{"names":["kill"]}' "'action' is missing" "so_is_none"
refuses '{"names":["kill"],"action":"SCMP_ACT_ERRNO","errnoRet":0}' \
    "the errno '0' can't be given: errors go from 1 to 4094" "so_is_success"
refuses '{"names":["kill"],"action":"SCMP_ACT_ERRNO","errno":"EFROB"}' \
    "the errno 'EFROB' can't be given: errors go from 1 to 4094" "so_is_an_unknown_error"
refuses '{"names":["kill"],"action":"SCMP_ACT_ALLOW","args":[{"index":6,"op":"SCMP_CMP_EQ"}]}' \
    "syscalls[1] ('kill'): args[0] is no comparison" "so_is_a_seventh_argument"
refuses '{"names":["kill"],"action":"SCMP_ACT_ALLOW","args":[{"index":0,"op":"SCMP_CMP_XX"}]}' \
    "syscalls[1] ('kill'): args[0] is no comparison" "so_is_an_unknown_operator"
seven=$(printf '{"index":0,"value":%d,"op":"SCMP_CMP_EQ"},' 1 2 3 4 5 6 7)
refuses '{"names":["kill"],"action":"SCMP_ACT_ALLOW","args":['"${seven%,}]}" \
    "syscalls[1] ('kill'): more than 6 comparisons" "so_are_seven_of_them"
refuses '{"names":["write"],"action":"SCMP_ACT_ALLOW","args":[{"index":1,"value":5,
    "op":"SCMP_CMP_EQ"}]}' \
    "'buf' of 'write' is a pointer, and compared with something else than 0" "so_is_an_address"
refuses '{"names":["close"],"action":"SCMP_ACT_ALLOW","args":[{"index":1,"value":5,
    "op":"SCMP_CMP_EQ"}]}' \
    "argument 1 of 'close' is compared, which has 1: what it holds is chance" "so_is_garbage"
refuses '{"names":["exit"],"action":"SCMP_ACT_ALLOW","args":[{"index":0,"value":5,
    "op":"SCMP_CMP_EQ"}]}' \
    "'exit' has conditions; here it is allowed unless denied" "so_is_a_condition_on_exit"
refuses '{"names":["lseek"],"action":"SCMP_ACT_ALLOW","args":[{"index":1,"value":5,"op":"SCMP_CMP_GT"}]}, {"names":["lseek"],"action":"SCMP_ACT_TRAP","args":[{"index":2,"value":1,
    "op":"SCMP_CMP_EQ"}]}' "two rules on 'lseek' with different actions are about some of the \
same arguments: which of them holds depends on libseccomp" "so_are_rules_that_contradict_each_other"
python3 - >big.json <<'PYTHON'
import json
masks = [1 << i | 1 << j for i in range(30) for j in range(i + 2, 31)][:92]
print(json.dumps({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [
    {"names": ["lseek"], "action": "SCMP_ACT_ALLOW", "args": [
        {"index": i, "value": mask, "valueTwo": mask, "op": "SCMP_CMP_MASKED_EQ"}
        for i, mask in ((0, one), (2, two))]} for one in masks for two in masks]}))
PYTHON
run "$PORTCULLIS" import --from oci big.json
is "$STATUS|$OUT|$ERR" "78||big.json:1: error: the rules on 'lseek' are more than a filter has room for" \
    "so_are_more_rules_than_anybody_would_read"
imports '{"syscalls":[]}'
is "$STATUS|$ERR" "78|-:1: error: 'defaultAction' is missing" "without_a_default_there_is_no_profile"
imports 'defaultAction'
like "$STATUS|$ERR" "^78\|-:1: error: it is not JSON: unexpected character$" "what_is_no_JSON_is_status_78"
imports '[]'
is "$STATUS|$ERR" "78|-:1: error: a profile is an object, and this is a list" "so_is_a_list"

# Wrong types, and what stands beside them. A line is that of the mistake.
wrong()
{
    imports "{\"defaultAction\":\"SCMP_ACT_ERRNO\",
    \"syscalls\":[$ALLOW,
        $1]}"
    is "$STATUS|$OUT|$ERR" "78||-:${4:-3}: error: $2" "$3"
}

# kill VALUE: an element with VALUE for an argument's value.
kill() { echo "{\"names\":[\"kill\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0,\"value\":$1,\"op\":\"SCMP_CMP_EQ\"}]}"; }

NUMBER="has to be a number from 0 to 2^64-1, and there is"
wrong '{"names":["kill"],"action":"SCMP_ACT_ALLOW","args":{"index":0,"op":"SCMP_CMP_EQ"}}' "'args' of \
an element of 'syscalls' has to be a list of objects, and there is an object" "args_are_a_list"
wrong '{"names":"kill","action":"SCMP_ACT_ALLOW"}' "'names' of an element of 'syscalls' has to be a \
list of strings, and there is a string" "so_are_names"
wrong '{"names":["kill",
    7],"action":"SCMP_ACT_ALLOW"}' "'names' of an element of 'syscalls' has to be a list of strings, and \
there is a number" "of_strings" 4
wrong '7' "'syscalls' of a profile has to be a list of objects, and there is a number" \
    "an_element_is_an_object"
wrong "$(kill -1)" "'value' of a comparison $NUMBER a number" "a_value_is_not_negative"
wrong "$(kill '"AF_INET"')" "'value' of a comparison $NUMBER a string" "nor_a_string"
wrong "$(kill 1.5)" "'value' of a comparison $NUMBER a fraction" "nor_a_fraction"
wrong "$(kill 1e3)" "'value' of a comparison $NUMBER a fraction" "nor_written_as_one"
wrong "$(kill true)" "'value' of a comparison $NUMBER a boolean" "nor_a_boolean"
wrong "$(kill 18446744073709551616)" "a number is above 2^64-1" "nor_2^64"
wrong '{"names":["ki\u0000ll"],"action":"SCMP_ACT_ALLOW"}' "'names' of an element of 'syscalls' has to \
be a list of strings, and there is a string" "nothing_hides_behind_a_NUL"
wrong '{"names":["kill"],"action":7}' "'action' of an element of 'syscalls' has to be a string without \
NUL, and there is a number" "an_action_is_a_string"
wrong '{"names":["kill"],"action":"SCMP_ACT_ALLOW","includes":[]}' "'includes' of an element of \
'syscalls' has to be an object, and there is a list" "includes_are_an_object"
wrong '{"names":["kill"],"action":"SCMP_ACT_ALLOW","excludes":{"caps":"CAP_KILL"}}' "'caps' of \
'excludes' has to be a list of strings, and there is a string" "with_lists_in_it"
wrong '{"names":["kill"],"action":"SCMP_ACT_ALLOW","action":"SCMP_ACT_ERRNO"}' "'action' stands twice: \
which of them holds is chance" "no_key_stands_twice"
wrong '{"names":["kill"],"act\u0069on":"SCMP_ACT_ALLOW","action":"SCMP_ACT_ERRNO"}' "'action' stands \
twice: which of them holds is chance" "however_it_is_written"
wrong '{"names":["kill"],"action":"SCMP_ACT_ALLOW",}' "it is not JSON: unexpected character" \
    "there_is_no_comma_before_the_end"
bad()
{
    imports "$1"
    is "$STATUS|$OUT|$ERR" "78||-:$2" "$3"
}
bad '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":{"names":["mount"],"action":"SCMP_ACT_ERRNO"}}' "1: \
error: 'syscalls' of a profile has to be a list of objects, and there is an object" "syscalls_are_a_list"
bad $'{"defaultAction":"SCMP_ACT_ALLOW"}\n\n{"defaultAction":"SCMP_ACT_ERRNO"}' \
    "3: error: something stands behind the end of the JSON" "there_is_one_document"
bad '{"defaultAction":"SCMP_ACT_ALLOW"} text' \
    "1: error: something stands behind the end of the JSON" "and_no_text_behind_it"
bad $'{"defaultAction":\n"SCMP_ACT_ALLOW"' "3: error: it is not JSON: it ends too early" "to_its_end"
bad '' "2: error: it is not JSON: it ends too early" "nothing_is_no_profile"
bad $'\xef\xbb\xbf{"defaultAction":"SCMP_ACT_ALLOW"}' "1: error: it is not JSON: unexpected character" \
    "no_mark_stands_before_it"
bad "$(printf '{"a":%.0s' {1..100})" "1: error: it is not JSON: nesting too deep" "it_is_not_deep"
bad '{"ociVersion":"1.0.2","linux":{"namespaces":[]}}' "1: error: it is a runtime's configuration, and \
has no object 'linux.seccomp'" "a_configuration_may_have_none"
bad '{"defaultAction":"SCMP_ACT_NOTIFY"}' "1: error: the action 'SCMP_ACT_NOTIFY' is none that a \
default has" "nobody_asks_a_supervisor_by_default"
printf '{"defaultAction":"SCMP_ACT_ALLOW"}\0{}' >nul.json
run "$PORTCULLIS" import --from oci nul.json
is "$STATUS|$OUT|$ERR" "78||nul.json:1: error: something stands behind the end of the JSON" \
    "a_NUL_ends_nothing"
imports '{"apiVersion":"security-profiles-operator.x-k8s.io/v1beta1","kind":"SeccompProfile",
    "spec":{"defaultAction":"SCMP_ACT_ERRNO","syscalls":['"$ALLOW"']}}'
is "$STATUS|$ERR|$(grep -c '= read$' <<<"$OUT")" "0||1" "an_object_of_Kubernetes_has_a_profile"
imports "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscall\":[],
    \"syscalls\":[$ALLOW,
    {\"names\":[],\"action\":\"SCMP_ACT_ALLOW\",\"arg\":[]}]}"
is "$STATUS|$ERR" "0|-:1: warning: 'syscall' is nothing that a profile has, and left out
-:3: warning: 'arg' is nothing that an element of 'syscalls' has, and left out
-:3: warning: syscalls[1] names no system call" "what_no_engine_knows_is_told"

# Actions that a whitelist has not.
imports "$(profile '{"names":["kill","mount"],"action":"SCMP_ACT_LOG"}')"
is "$STATUS|$ERR|$(grep '^syscalls' <<<"$OUT")" "0|-:1: warning: 'kill' is allowed and logged; here it \
is allowed, and not logged: only a default can be 'log'|syscalls        = kill mount read" \
    "what_is_logged_is_allowed"
imports "$(profile '{"names":["kill"],"action":"SCMP_ACT_NOTIFY"}')"
is "$STATUS|$ERR|$(grep '^kill' <<<"$OUT")" "0|-:1: warning: SCMP_ACT_NOTIFY asks a supervisor; here the \
call fails with ENOSYS, as it does without one|kill            = ENOSYS" "a_supervisor_is_not_asked"
imports "$(profile '{"names":["kill"],"action":"SCMP_ACT_TRACE"}' SCMP_ACT_ALLOW)"
is "$STATUS|$ERR|$(grep '^kill' <<<"$OUT")" "0|-:1: warning: SCMP_ACT_TRACE asks a tracer; here the \
call fails with ENOSYS, as it does without one|kill            = ENOSYS" "nor_a_tracer"

# Two ">=" of two arguments: what they leave out is shorter.
args='"args":[{"index":0,"op":"SCMP_CMP_GE","value":5},{"index":1,"op":"SCMP_CMP_GE","value":5}]'
imports "$(profile "{\"names\":[\"lseek\"],\"action\":\"SCMP_ACT_ALLOW\",$args}")"
is "$STATUS|$(grep lseek <<<"$OUT")" "0|syscalls        = lseek read
lseek           = EPERM if fd <= 4
lseek           = EPERM if offset in 0..4" "two_comparisons_of_two_arguments_fit"
imports "$(profile '{"names":["clone"],"action":"SCMP_ACT_ALLOW","args":[
    {"index":0,"op":"SCMP_CMP_NE","value":0}]}')"
is "$STATUS|$(grep '^clone ' <<<"$OUT")" "0|clone           = flags != 0" "no_name_is_wider_than_its_argument"

# The command line.
usage()
{
    run "$PORTCULLIS" import "${@:3}"
    is "$STATUS|$OUT|$ERR" "2||portcullis import: $1; see 'portcullis import --help'" "$2"
}

usage "there is no capability 'sys_frob'" "an_unknown_capability_is_told" \
    --from oci --cap sys_frob "$DEFAULT"
caps=()
for ((i = 0; i < 65; i++)); do
    caps+=(--cap chown)
done
usage "more than 64 capabilities" "there_are_not_so_many" --from oci "${caps[@]}" "$DEFAULT"
usage "'--cap' goes with '--from oci'" "capabilities_are_oci_s" --from strace --cap sys_admin x
touch there.ini
run "$PORTCULLIS" import --from oci "$DEFAULT" -o there.ini
is "$STATUS|$(tail -n 1 <<<"$ERR")" "71|portcullis: error: 'there.ini' exists; a whole whitelist is \
not added to another: remove it, or write to standard output" "what_is_there_is_not_overwritten"
run "$PORTCULLIS" import --from oci "$DEFAULT" -o none/there.ini
is "$STATUS|$(tail -n 1 <<<"$ERR")" \
    "71|portcullis: error: cannot write 'none/there.ini': No such file or directory" \
    "a_folder_has_to_be_there"
run "$PORTCULLIS" import --from oci none.json
is "$STATUS|$ERR" "71|portcullis: error: cannot read 'none.json': No such file or directory" \
    "so_has_the_profile"
run "$PORTCULLIS" import --help
like "$OUT" $'\n  oci  .*\n  systemd  .*--cap ' "help_tells_of_it"
# One glibc's fstat() is the one, another's the other.
imports '{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["newfstatat"],"action":"SCMP_ACT_ALLOW"}]}'
is "$STATUS|$ERR" "0|-: warning: 'newfstatat' is allowed, but not 'fstat', which other releases of glibc call instead" \
    "a_list_for_some_releases_of_glibc_is_told_of"
is "$(grep -c ' fstat' <<<"$OUT")" 0 "and_left_as_it_is"
finish
