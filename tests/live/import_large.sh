#!/bin/bash
# 10 MB of any format take less than 5 seconds of processor time, however odd they are; so 2 MB take
# less than one. MEGABYTES=10, as in `make soak`, tries it in full.
. "$(dirname "$0")/../helpers/tap.sh"
PORTCULLIS=$BUILD/portcullis
cd "$TMP" || exit 1
MEGABYTES=${MEGABYTES:-2}

# quick NAME STATUS COMMAND...: reads the file `input`.
quick()
{
    run bash -c 'ulimit -t '$((MEGABYTES / 2))'; exec "$@" <input' - "${@:3}"
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

audit=("$PORTCULLIS" explain --audit "$ROOT/examples/mkdir/mkdir.ini")
KERNEL='exe="/t" sig=31 arch=c000003e'
repeat "type=1326 audit(1:%d): pid=%d comm=\"t%d\" $KERNEL syscall=41 code=0x50000\\n" >input
quick "audit_records_of_many_programs" 0 "${audit[@]}"
repeat "SECCOMP pid=1 comm=\"t\" $KERNEL syscall=41 a0=%d a1=1 a2=0 code=0x50000\\n" >input
quick "audit_records_with_many_arguments" 0 "${audit[@]}"
{ printf 'SECCOMP ' && repeat 'comm= exe= arch=i386 syscall=read code= '; } >input
quick "audit_record_of_many_fields" 0 "${audit[@]}"
finish
