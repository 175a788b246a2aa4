#!/bin/bash
# portcullis export --to bpf and --to pfc: bubblewrap loads the bytes, people read the rest.
. "$(dirname "$0")/../helpers/tap.sh"
PORTCULLIS=$BUILD/portcullis
cd "$TMP" || exit
chmod 755 .

printf '[filter]\ndefault = EACCES\n[allow]\nsyscalls = @stdio @files ioctl prctl\n[deny]\n%s\n' \
    'mkdir = EXDEV' >a.ini

run "$PORTCULLIS" export --to bpf --startup -o a.bpf a.ini
is "$STATUS|$ERR" "0|" "the_program_s_bytes_are_exported"
is "$(($(stat -c %s a.bpf) % 8))" 0 "they_are_whole_instructions"

BOX=(--ro-bind / / --proc /proc --tmpfs /tmp --dev /dev)
boxed()
{
    run bwrap "${BOX[@]}" --seccomp 9 "$@" 9<"$TMP/a.bpf"
}

boxed grep Seccomp: /proc/self/status
is "$STATUS|$OUT|$ERR" $'0|Seccomp:\t2|' "bwrap_runs_a_program_under_them"
boxed mkdir /tmp/hall
is "$STATUS|$ERR" "1|mkdir: cannot create directory '/tmp/hall': Invalid cross-device link" \
    "what_is_denied_gets_its_error"
boxed chown nobody /tmp
like "$STATUS|$ERR" '^1\|chown: .*: Permission denied$' "what_is_not_allowed_gets_the_default"
if ((EUID == 0)); then
    # shellcheck disable=SC2024
    run setpriv --reuid=65534 --regid=65534 --clear-groups bwrap --unshare-user "${BOX[@]}" \
        --seccomp 9 mkdir /tmp/hall 9<a.bpf
    is "$STATUS|$ERR" "1|mkdir: cannot create directory '/tmp/hall': Invalid cross-device link" \
        "for_nobody_as_well"
fi


# In a PID namespace bwrap's own process 1 is under the filter, and waits for the program.
for option in --unshare-pid --as-pid-1 --unshare-all; do
    pid=()
    [[ $option != --as-pid-1 ]] || pid=(--unshare-pid)
    boxed "${pid[@]}" "$option" sh -c 'echo done; exit 7'
    is "$STATUS|$OUT|$ERR" "7|done|" "with_${option#--}_it_ends_as_the_program_does"
done

# Without --startup nothing can be executed.
EXECVE="warning: 'execve' is not allowed, but the program is executed under the filter; --startup \
allows what a start needs"
run "$PORTCULLIS" export --to bpf -o bare.bpf a.ini
is "$STATUS|$ERR" "0|a.ini: $EXECVE" "without_startup_it_is_the_whitelist_alone"
run bwrap "${BOX[@]}" --seccomp 9 true 9<bare.bpf
is "$STATUS|$ERR" "1|bwrap: execvp true: Permission denied" "then_bwrap_can_t_execute"

printf '[filter]\naudit = yes\nprogram = /bin/true\n[allow]\nsyscalls = execve\n' >d.ini
run "$PORTCULLIS" export --to bpf -o d.bpf d.ini
is "$STATUS|$ERR" "0|d.ini:2: warning: 'audit' does not carry over: it is a flag of the one who loads
d.ini:3: warning: 'program' does not carry over: the filter holds for every program of the sandbox" \
    "what_is_not_in_the_bytes_is_told"

cat >b.ini <<'END'
[filter]
default = 4000
[allow]
syscalls = read
write    = fd & 0x10 == 0x10
[deny]
ptrace   = kill
mount    = trap
bpf      = ENOENT
socket   = EACCES if domain == AF_NETLINK
socket   = kill if type == SOCK_RAW
END
run "$PORTCULLIS" export --to pfc b.ini
is "$STATUS|$ERR" "0|" "the_program_is_written_in_words"
is "${OUT%%$'\n'*}" "# b.ini: $(grep -c '^ *[0-9]*  ' <<<"$OUT") instructions" \
    "each_instruction_has_a_line"
for line in "A = architecture" "if architecture == x86_64 goto [0-9]+ else [0-9]+" "A = number" \
    "if number == ptrace goto [0-9]+ else [0-9]+" "A = a0.low" "A &= 0x10" \
    "if \(a0.low & 0x10\) == 16 goto [0-9]+ else [0-9]+" "return allow" "return kill the process" \
    "return trap" "return ENOENT" "return ENOSYS" "return errno 4000" "goto [0-9]+"; do
    like "$OUT" $'\n +[0-9]+  '"$line"$'(\n|$)' "a_line_says_$line"
done
printf '[filter]\ndefault = log\n[allow]\nsyscalls = read\n' >c.ini
run "$PORTCULLIS" export --to pfc c.ini
like "$OUT" $'\n +[0-9]+  return log(\n|$)' "a_line_says_return_log"
finish
