#!/bin/bash
# 10 MB of any format take less than 5 seconds of processor time, however odd they are. That is tried
# with MEGABYTES=10, as in `make soak`; else 2 MB take less than 2 seconds, which they would not if the
# time grew with the square of the length.
. "$(dirname "$0")/../helpers/tap.sh"
PORTCULLIS=$BUILD/portcullis
cd "$TMP" || exit 1
MEGABYTES=${MEGABYTES:-2}

# quick NAME STATUS COMMAND...: reads the file `input`.
quick()
{
    run bash -c 'ulimit -t '$((MEGABYTES < 4 ? 2 : MEGABYTES / 2))'; exec "$@" <input' - "${@:3}"
    is "$STATUS" "$2" "$1"
}

# repeat TEXT: as often as it takes; '%d' in it counts.
repeat()
{
    python3 -c 'import sys
text = sys.argv[2].encode().decode("unicode_escape")
count = int(sys.argv[1]) * 1000000 // len(text)
sys.stdout.write("".join(text.replace("%d", str(i)) for i in range(count)))' "$MEGABYTES" "$1"
}

systemd=("$PORTCULLIS" import --from systemd -)
NATIVE=$'[Service]\nSystemCallArchitectures=native\n'
{ printf '%sSystemCallFilter=' "$NATIVE" && repeat '@known '; } >input
quick "systemd_groups_on_one_line" 0 "${systemd[@]}"
{ printf '%s' "$NATIVE" && repeat 'SystemCallFilter=@system-service\n'; } >input
quick "systemd_groups_on_many_lines" 0 "${systemd[@]}"
{ printf '%sSystemCallFilter=~' "$NATIVE" && repeat '@frob%d:EPERM frob '; } >input
quick "systemd_groups_that_nobody_knows" 0 "${systemd[@]}"
{ printf '%sSystemCallFilter=' "$NATIVE" && repeat 'read\\\\\n'; } >input
quick "systemd_lines_that_are_one" 0 "${systemd[@]}"
repeat '[Service]\n[' >input
quick "systemd_sections" 78 "${systemd[@]}"

strace=("$PORTCULLIS" import --from strace -)
repeat '%d openat(AT_FDCWD, "x", O_RDONLY) = -1 ENOENT (x)\n' >input
quick "strace_threads" 0 "${strace[@]}"
{
    repeat '[pid %d] read(3,  <unfinished ...>\n' | head -n $((MEGABYTES * 13000))
    repeat '[pid %d] <... read resumed>"", 1) = 0\n' | head -n $((MEGABYTES * 13000))
} >input
quick "strace_calls_that_are_not_finished" 0 "${strace[@]}"
repeat '1 fork() = %d\n1%d fork() = 2%d\n' >input
quick "strace_children" 0 "${strace[@]}"
python3 -c 'print("".join(f"{i+1} close(1) = 0\n{i} fork( <unfinished ...>\n" for i in range(1, 30000)) +
    "".join(f"{i} <... fork resumed>) = {i+1}\n" for i in range(29999, 0, -1)))' >input
quick "strace_children_who_speak_first" 0 "${strace[@]}"
{ echo 'write(1, "a' && repeat 'b) =\n'; } >input
quick "strace_calls_that_are_torn" 0 "${strace[@]}"
{ printf 'socket(' && repeat 'FROB|/*'; } >input
quick "strace_call_of_one_line" 0 "${strace[@]}"
repeat 'frob%d(1) = 0\nfrob\n' >input
quick "strace_lines_that_are_not_understood" 78 "${strace[@]}"

oci=("$PORTCULLIS" import --from oci -)
# profile TEXT: with many elements of that kind.
profile()
{
    printf '{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[' && repeat "$1"
    printf '{"names":["read"],"action":"SCMP_ACT_ALLOW"}]}'
}
comparison='{"index":%d,"value":%s,"op":"SCMP_CMP_%s"}'
# shellcheck disable=SC2059
equal() { printf "$comparison" "$1" 1%d0 EQ; }
profile '{"names":["write","frob%d"],"action":"SCMP_ACT_ALLOW"},' >input
quick "oci_names" 0 "${oci[@]}"
profile "{\"names\":[\"ioctl\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[$(equal 1)]}," >input
quick "oci_values_of_an_argument" 78 "${oci[@]}"
profile "{\"names\":[\"lseek\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[$(equal 1),$(equal 2)]}," >input
quick "oci_values_of_two_arguments" 78 "${oci[@]}"
profile "{\"names\":[\"ioctl\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[$(equal 1)]},
    {\"names\":[\"ioctl\"],\"action\":\"SCMP_ACT_TRAP\",\"args\":[$(equal 0)]}," >input
quick "oci_rules_that_meet" 78 "${oci[@]}"
repeat '[' >input
quick "oci_lists_in_lists" 78 "${oci[@]}"

audit=("$PORTCULLIS" explain --audit "$ROOT/examples/mkdir/mkdir.ini")
KERNEL='exe="/t" sig=31 arch=c000003e'
repeat "type=1326 audit(1:%d): pid=%d comm=\"t%d\" $KERNEL syscall=41 code=0x50000\\n" >input
quick "audit_records_of_many_programs" 0 "${audit[@]}"
repeat "SECCOMP pid=1 comm=\"t\" $KERNEL syscall=41 a0=%d a1=1 a2=0 code=0x50000\\n" >input
quick "audit_records_with_many_arguments" 0 "${audit[@]}"
{ printf 'SECCOMP ' && repeat 'comm= exe= arch=i386 syscall=read code= '; } >input
quick "audit_record_of_many_fields" 0 "${audit[@]}"
finish
