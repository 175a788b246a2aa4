#!/bin/bash
# shellcheck disable=SC2016
# portcullis export --to oci: crun runs a program under the profile; what the format can't say.
. "$(dirname "$0")/../helpers/tap.sh"
. "$ROOT/tests/helpers/engines.sh"
PORTCULLIS=$BUILD/portcullis
cd "$TMP" || exit

# exports TEXT [OPTION...]: of a whitelist of these lines.
exports()
{
    printf '%b\n' "$1" >a.ini
    run "$PORTCULLIS" export --to oci "${@:2}" a.ini
}

# field PROGRAM: what a line of Python says of the profile `p`.
field()
{
    python3 -c "import json,sys; p=json.load(sys.stdin); print($1)" <<<"$OUT"
}

exports '[allow]\nsyscalls = execve read exit\nwrite = fd == 1\n[deny]\nmount = kill\nbpf = 4000'
is "$STATUS|$ERR" "0|" "a_whitelist_becomes_a_profile"
is "$(field 'p["defaultAction"], p["defaultErrnoRet"], p["architectures"]')" \
    "SCMP_ACT_ERRNO 1 ['SCMP_ARCH_X86_64']" "the_default_is_said"
is "$(field '[s for s in p["syscalls"] if "mount" in s["names"]]')" \
    "[{'names': ['mount'], 'action': 'SCMP_ACT_KILL_PROCESS'}]" "kill_is_of_the_process"
is "$(field '[s for s in p["syscalls"] if "bpf" in s["names"]]')" \
    "[{'names': ['bpf'], 'action': 'SCMP_ACT_ERRNO', 'errnoRet': 4000}]" "an_errno_is_a_number"
is "$(field '[s["args"] for s in p["syscalls"] if "write" in s["names"]]')" \
    "[[{'index': 0, 'value': 4294967295, 'valueTwo': 1, 'op': 'SCMP_CMP_MASKED_EQ'}]]" \
    "an_argument_is_compared_as_wide_as_the_kernel_takes_it"
is "$(field '[s["errnoRet"] for s in p["syscalls"] if "clone3" in s["names"]]')" "[38]" \
    "fallbacks_get_ENOSYS"
exports '[filter]\ndefault = kill\naudit = yes\n[allow]\nsyscalls = execve'
is "$(field 'p["defaultAction"], p["flags"], "defaultErrnoRet" in p')" \
    "SCMP_ACT_KILL_PROCESS ['SECCOMP_FILTER_FLAG_LOG'] False" "audit_is_a_flag"
exports '[filter]\ndefault = trap\n[allow]\nsyscalls = execve'
is "$(field 'p["defaultAction"]')" SCMP_ACT_TRAP "trap_is_said"

# What goes elsewhere.
warns()
{
    exports "$1"
    is "$STATUS|$ERR" "0|a.ini:$2" "$3"
}

warns '[allow]\nsyscalls = read' " warning: 'execve' is not allowed, but the program is \
executed under the filter; --startup allows what a start needs" "a_list_without_execve_is_told"
warns '[filter]\nprogram = /bin/true\n[allow]\nsyscalls = execve' "2: warning: 'program' does not \
carry over: the filter holds for every program of the container" "so_is_program"
warns '[filter]\nno-new-privileges = no\n[allow]\nsyscalls = execve' "2: warning: \
'no-new-privileges' does not carry over: the container's configuration says it" "so_are_privileges"
exports '[allow]\nsyscalls = execve\nmprotect = prot without PROT_EXEC' --startup --no-new-privileges
is "$STATUS|$ERR" "0|a.ini:3: warning: a start needs mprotect, which is allowed whatever its \
arguments: mprotect = prot without PROT_EXEC" "a_start_may_cost_a_condition"
is "$(field 'any("mprotect" in s["names"] and "args" not in s for s in p["syscalls"])')" True \
    "then_the_call_is_allowed"

# An allowance without a condition makes those with one superfluous: they are not multiplied out.
exports '[allow]\nsyscalls = execve\nprlimit64 = new_limit == 0
prlimit64 = pid == 0 and resource in RLIMIT_NOFILE RLIMIT_CORE\nsyscalls = prlimit64'
is "$STATUS|$ERR|$(field '[s for s in p["syscalls"] if "args" in s]')" "0||[]" \
    "superseded_conditions_are_left_out"

# rules CALL: the arguments of each of its rules, as "index op value valueTwo".
rules()
{
    field '"|".join(", ".join(" ".join(str(a.get(k, "")) for k in ("index", "op", "value", "valueTwo")).strip()
        .replace("SCMP_CMP_", "") for a in s["args"])
        for s in p["syscalls"] if "'"$1"'" in s["names"] and "args" in s)'
}

# says LINES CALL RULES NAME: no number is above 2^63-1, which jq rounds and Kubernetes refuses.
says()
{
    exports "[allow]\nsyscalls = execve\n$1"
    is "$STATUS|$ERR|$(rules "$2")" "0||$3" "$4"
}

says 'futex = uaddr2 == 0' futex "4 EQ 0" "a_value_of_64_bits_is_an_equality"
says 'mmap = length > 0x10000' mmap "1 GE 65537" "a_lower_limit_is_one_comparison"
says 'mmap = length < 0x10000' mmap "1 LE 65535" "so_is_an_upper_limit"
says 'lseek = offset >= 0' lseek "1 LE 9223372036854775807" "and_the_sign"
says 'lseek = offset < 0' lseek "1 GT 9223372036854775807" "or_its_absence"
says 'futex = uaddr2 != 0' futex "4 GE 1" "a_pointer_that_is_set_is_a_limit"
says 'get_mempolicy = flags only 5' get_mempolicy "4 EQ 5|4 EQ 4|4 LE 1" \
    "flags_of_64_bits_are_their_sums"
says 'mmap = prot without PROT_EXEC' mmap "2 MASKED_EQ 4 0" "flags_that_are_asked_for_are_a_mask"
says 'mmap = length > 0x10000 and prot in 0 1 5\nmmap = fd == -1' mmap \
    "1 GE 65537, 2 MASKED_EQ 4294967295 5|1 GE 65537, 2 MASKED_EQ 4294967294 0|\
4 MASKED_EQ 4294967295 4294967295" \
    "what_two_lines_allow_is_not_cut_into_pieces"
says 'mmap = prot without 4\n[deny]\nmmap = EACCES if length == 0x100000000' mmap \
    "1 EQ 4294967296|1 NE 4294967296, 2 MASKED_EQ 4 0" "what_is_denied_is_cut_out"

# Without no-new-privileges an engine gives up its privileges under the filter.
BESIDES="a.ini: warning: allowed besides, for an engine that gives up its privileges under the filter:"
LEAVES="; '--no-new-privileges' leaves that out, for a container with that option"
exports '[allow]\nsyscalls = read write setuid' --startup --engine crun
is "$STATUS|$ERR" "0|$BESIDES capset pselect6 rt_sigaction setresgid setresuid prctl$LEAVES" \
    "what_crun_needs_besides_is_allowed_and_told"
is "$(rules prctl)" "0 MASKED_EQ 4294967295 47|0 MASKED_EQ 4294967279 8" \
    "of_prctl_as_much_as_it_calls"
exports '[allow]\nsyscalls = read write setuid' --startup --engine docker
is "$STATUS|$ERR" "0|$BESIDES capget capset chdir faccessat2 fchown getcwd getppid setgid setgroups \
prctl fcntl$LEAVES" "docker_s_engine_is_runc"
exports '[allow]\nsyscalls = read write setuid' --startup --engine runc --no-new-privileges
is "$STATUS|$ERR" "0|" "with_no-new-privileges_nothing_is"
exports '[allow]\nsyscalls = read\n[deny]\nprctl = kill\nopenat = EPERM if flags with O_CREAT' \
    --startup --engine crun
like "$STATUS|$ERR" '^0\|.*a.ini:4: warning: a start calls prctl, which is denied all the same: '\
'prctl = kill$' "a_denial_of_what_an_engine_calls_is_told"

# Found by running runc under a profile that logs.
exports '[allow]\nsyscalls = read' --startup
is "$(for name in execve mmap write fstatfs getdents64 epoll_ctl getpid; do
    field "any('$name' in s['names'] for s in p['syscalls'])"
done | sort -u)" True "a_start_by_runc_is_allowed_for"

# What can't be said.
refuses()
{
    exports "$1"
    is "$STATUS|$OUT|$ERR" "78||a.ini:$2" "$3"
}

refuses '[allow]\nsyscalls = execve 1000' "2: error: the format has names only, and the system \
call 1000 has none here" "a_number_without_a_name_is_an_error"
refuses '[allow]\nsyscalls = execve\nmmap = length in 4096..8191' "3: error: the values of 'length' \
need a number above 2^63-1 in the profile, which Kubernetes refuses and jq rounds: leave negative \
values out, write a limit on one side ('<=', '>='), or at most 64 single values in a row" \
    "so_is_a_range_of_64_bits"
refuses '[allow]\nsyscalls = execve\nlseek = offset < 100' "3: error: the values of 'offset' need a \
number above 2^63-1 in the profile, which Kubernetes refuses and jq rounds: leave negative values \
out, write a limit on one side ('<=', '>='), or at most 64 single values in a row" \
    "so_is_what_is_negative_or_small"
says 'lseek = offset >= 0 and offset < 100' lseek "1 LE 99" "small_alone_can_be_said"
DENY='[filter]\ndefault = allow\n[deny]'
refuses "$DENY\nmmap = EPERM if length & 0x3ff00 > 0x10300 and prot with 2
mmap = EACCES if fd not in -1 3 5 9 11
mmap = trap if flags & 0xff > 0x15 and offset & 0xffff > 0x1234" " error: an engine would need more \
than the 4096 BPF instructions that the kernel takes, because it has one comparison an argument and \
rule" "so_are_too_many_instructions"
refuses "$DENY\nmmap = ENOMEM if length > 0x10000 and prot with 2\nmmap = EPERM if fd not in -1 0..9
mmap = trap if flags with 16 and addr == 0\nmmap = kill if offset & 0xffff > 0x1234" "4: error: the \
lines on this call take more than 4096 rules, one comparison an argument each: write them with fewer \
values or clauses" "so_are_too_many_rules"

# What libseccomp 2.5.4 makes of these rules is wrong, or never done; another version may do better.
exports '[filter]\ndefault = kill\n[allow]\nsyscalls = execve\ngetrandom = flags not in 0x800001
getrandom = buf == 0 and buflen only 0x2\n[deny]\ngetrandom = EACCES if buflen >= 0x8'
like "$STATUS|$OUT|$ERR" '^(0\|.*|78\|\|a.ini:[0-9]: error: libseccomp [0-9.]+, with which engines make '\
'the filter, makes a wrong one of the lines on .getrandom.: .*)$' "a_wrong_filter_is_an_error"
exports '[filter]\ndefault = ENOSYS\n[allow]\nsyscalls = execve
preadv2 = iovcnt > 05156507401 and offset_high & 0x204240020100 >= 0x100
[deny]\npreadv2 = kill if fd & 0177 > 020000000001
preadv2 = EACCES if fd only 0x200|0x200 and iovcnt & 077 not in 06 06 0x0'
like "$STATUS|$OUT|$ERR" '^(0\|.*|78\|\|a.ini:[0-9]: error: an engine would take too long to make '\
'the filter: write .preadv2. with fewer lines or values'\
'|78\|\|a.ini: error: an engine would need more than the 4096 .*)$' "so_is_one_that_is_never_done"

# A number that libseccomp has no name for, and the prototypes have: see also test_oci.
python3 - >names <<'PYTHON'
import ctypes, re, sys
library = ctypes.CDLL("libseccomp.so.2")
for number in range(440, 470):
    name = library.seccomp_syscall_resolve_num_arch
    name.restype = ctypes.c_char_p
    if name(0, number) is None:
        print(number)
PYTHON
unknown=
while read -r number; do
    printf '[allow]\nsyscalls = %s\n' "$number" >n.ini
    name=$("$PORTCULLIS" explain n.ini "$number" 2>/dev/null | sed -n '1s/[(:].*//p')
    [[ $name =~ ^[a-z] ]] && unknown=$number && break
done <names
if [[ -n $unknown ]]; then
    exports "[allow]\nsyscalls = execve $unknown"
    like "$STATUS|$ERR" "^0\|a.ini:2: warning: '$name' is unknown to libseccomp [0-9.]+: engines \
with it, or an older one, give the default$" "a_name_that_libseccomp_lacks_is_told"
    exports "[filter]\ndefault = allow\n[deny]\n$unknown = EPERM"
    like "$STATUS|$ERR" "^78\|a.ini:4: error: '$name' cannot be refused by name: libseccomp [0-9.]+ \
does not know it, and what an engine does not know it allows here$" "it_can_t_be_refused"
fi

# crun, as root. without no-new-privileges it gives up its privileges under the filter.
engine_root "$TMP/root"
contained()
{
    bundled crun "$TMP/root" no "$TMP/profile.json" "$@"
}

if ((EUID == 0)); then
    printf '[filter]\ndefault = EACCES\n[allow]\nsyscalls = @stdio @files ioctl\n%s\n' \
        $'[deny]\nmkdir = EXDEV\nopenat = ENOSPC if flags with O_CREAT' >a.ini
    "$PORTCULLIS" export --to oci --startup -o profile.json a.ini 2>/dev/null
    contained /bin/grep Seccomp: /proc/self/status
    is "$STATUS|$OUT|$ERR" $'0|Seccomp:\t2|' "crun_runs_a_program_under_the_profile"
    contained /bin/mkdir /tmp/hall
    is "$STATUS|${ERR#/bin/}" "1|mkdir: cannot create directory '/tmp/hall': Invalid cross-device link" \
        "what_is_denied_gets_its_error"
    contained /bin/sh -c 'echo >/tmp/hall'
    like "$STATUS|$ERR" '^2\|.*: cannot create /tmp/hall: No space left on device$' \
        "by_its_arguments_too"
    contained /bin/chown 1 /tmp
    like "$STATUS|$ERR" '^1\|.*: Permission denied$' "what_is_not_allowed_gets_the_default"
    printf '[allow]\nsyscalls = @stdio @files ioctl\n' >a.ini
    for options in "" "--engine crun" "--engine crun --no-new-privileges"; do
        privileged=yes
        [[ $options != *--no* ]] || privileged=no
        # shellcheck disable=SC2086
        "$PORTCULLIS" export --to oci --startup $options -o profile.json a.ini 2>/dev/null
        bundled crun "$TMP/root" "$privileged" "$TMP/profile.json" /bin/echo inside
        is "$STATUS|$OUT|$ERR" "0|inside|" \
            "crun_starts_by_startup$options,_with_privileges:_$privileged"
    done
    bundled crun "$TMP/root" yes "$TMP/profile.json" /bin/echo inside
    like "$STATUS|$OUT|$ERR" '^1\|\|.*Operation not permitted' \
        "what_no-new-privileges_leaves_out_is_needed_without"
    mapfile -t lists < <(grep -L "^\[stage" "$ROOT"/examples/*/*.ini) # which no format can say
    for list in "${lists[@]}"; do
        "$PORTCULLIS" export --to oci --startup -o profile.json "$list" 2>/dev/null
        contained /bin/true
        is "$STATUS|$ERR" "0|" "crun_takes_the_profile_of_${list##*/}"
    done
else
    skip "crun_runs_a_program_under_the_profile" "crun needs root here"
fi
finish
