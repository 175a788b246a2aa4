#!/bin/bash
# portcullis import --from systemd: units, drop-ins and `systemctl cat`, read as systemd reads them.
. "$(dirname "$0")/../helpers/tap.sh"
PORTCULLIS=$BUILD/portcullis
cd "$TMP" || exit

# imports TEXT: lines of a unit.
imports()
{
    STATUS=0
    OUT=$(printf '%b\n' "$1" | "$PORTCULLIS" import --from systemd - 2>err) || STATUS=$?
    ERR=$(<err)
    printf '%s\n' "$OUT" >out.ini
}

# gets CALL VERDICT NAME
gets()
{
    run "$PORTCULLIS" explain out.ini "$1"
    like "$OUT" "^$1[^:]*: $2" "$3"
}

NATIVE='[Service]\nSystemCallArchitectures=native\n'

imports "# /lib/systemd/system/x.service
[Unit]
SystemCallFilter=ptrace
[Service]
ExecStart=/bin/true
SystemCallFilter=write \\\\
# a comment does not part them
    mount
SystemCallErrorNumber=EACCES

# /etc/systemd/system/x.service.d/y.conf
[Service]
SystemCallFilter=~mount getpid bpf:EXDEV
SystemCallFilter=~reboot:kill
SystemCallArchitectures=native
NoNewPrivileges=yes"
is "$STATUS|$ERR" "0|" "what_systemctl_cat_prints_is_imported"
is "$(sed -n 1,3p <<<"$OUT")" "; Made of systemd's settings by: portcullis import
[filter]
default = EACCES" "the_error_number_is_the_default"
gets write allow "what_is_listed_is_allowed"
gets execve allow "and_so_is_systemd_s_default_group"
gets ptrace EACCES "other_sections_do_not_count"
gets mount EACCES "a_name_is_taken_off_again"
gets getpid EACCES "even_one_of_the_default_group"
gets bpf EXDEV "what_is_taken_off_may_have_an_error_of_its_own"
gets reboot kill "or_kill"
gets clone3 EACCES "there_is_no_ENOSYS_for_fallbacks"
imports "${NATIVE}SystemCallFilter=write"
gets mount kill "without_an_error_number_it_kills"
imports "${NATIVE}SystemCallFilter=write\nNoNewPrivileges=no"
is "$(grep -c '^no-new-privileges = no$' out.ini)" 1 "privileges_may_be_gained"
imports "${NATIVE}SystemCallFilter=write\nSystemCallErrorNumber=13\nSystemCallErrorNumber="
gets mount kill "an_empty_error_number_is_none"
imports "${NATIVE}SystemCallFilter=write\nSystemCallErrorNumber=13"
gets mount EACCES "an_error_may_be_a_number"
imports "${NATIVE}SystemCallFilter=write\nSystemCallFilter=\nSystemCallFilter=~@mount bpf:EPERM"
is "$STATUS|$ERR" "0|" "an_empty_list_begins_anew"
gets write allow "a_list_of_denials_allows_the_rest"
gets mount kill "groups_are_what_systemd_says_they_are"
gets bpf EPERM "a_denial_may_have_its_error"
gets clone3 allow "fallbacks_are_as_free_as_there"
imports "${NATIVE}SystemCallFilter=~mount bpf\nSystemCallFilter=mount"
gets mount allow "what_is_denied_is_allowed_again"
gets bpf kill "and_nothing_else"
imports "${NATIVE}SystemCallFilter=@system-service"
is "$STATUS|$ERR" "0|" "groups_of_groups_are_imported"
gets epoll_wait allow "with_all_their_members"
gets mount kill "and_no_others"

imports "${NATIVE}SystemCallFilter=write:EPERM read frob"
is "$STATUS|$ERR" "0|-:3: warning: 'write:EPERM' is left out, as by systemd: what is allowed has no error
-:3: warning: the system call 'frob' is unknown, and left out" "what_systemd_ignores_is_told"
gets write kill "and_ignored"
imports "[Service]\nSystemCallFilter=write"
is "$STATUS|$ERR" "0|-: warning: without SystemCallArchitectures=native systemd lets calls of \
other architectures pass; here they are killed" "other_architectures_are_told_of"
for key in SystemCallLog RestrictAddressFamilies MemoryDenyWriteExecute RestrictNamespaces \
    RestrictRealtime RestrictSUIDSGID LockPersonality ProtectClock ProtectKernelModules \
    ProtectKernelLogs ProtectKernelTunables PrivateDevices ProtectHostname; do
    imports "${NATIVE}SystemCallFilter=write\n$key=yes"
    is "$STATUS|$ERR" "0|-:4: warning: '$key=' does not come along: keep it in the unit" \
        "$key is told of"
done
imports "${NATIVE}SystemCallFilter=write\nPrivateDevices=no"
is "$STATUS|$ERR" "0|" "what_is_off_is_not"

refuses()
{
    imports "$1"
    is "$STATUS|$OUT|$ERR" "78||-:$2" "$3"
}

refuses '[Service]\nExecStart=/bin/true' " error: it has no SystemCallFilter=" \
    "a_unit_without_a_filter_is_an_error"
refuses "${NATIVE}SystemCallFilter=~mount:EFROB" "3: error: 'EFROB' is no error that a whitelist \
can give: a name, 1 to 4094, or kill" "so_is_an_unknown_error"
refuses "${NATIVE}SystemCallFilter=~mount\nSystemCallErrorNumber=0" "4: error: '0' is no error that \
a whitelist can give: a name, 1 to 4094, or kill" "so_is_success"
refuses "${NATIVE}SystemCallFilter=@frob" "3: error: systemd-analyze knows no group '@frob'" \
    "so_is_an_unknown_group"
run env PATH=/nonexistent "$PORTCULLIS" import --from systemd /lib/systemd/system/systemd-logind.service
like "$STATUS|$ERR" "78\|.*error: systemd-analyze, which knows the members of '@default', is not here" \
    "without_systemd_analyze_groups_are_unknown"

# Units of systemd's own, and there and back.
for unit in systemd-logind systemd-hostnamed; do
    run "$PORTCULLIS" import --from systemd "/lib/systemd/system/$unit.service" -o "$unit.ini"
    is "$STATUS" 0 "$unit.service is imported"
done
printf '[filter]\ndefault = EACCES\n[allow]\nsyscalls = @stdio @signals\n[deny]\nmkdir = EXDEV\n' >a.ini
"$PORTCULLIS" export --to systemd --native a.ini >native.conf 2>/dev/null
run "$PORTCULLIS" import --from systemd native.conf -o back.ini
is "$STATUS|$ERR" "0|" "our_own_drop_in_is_imported"
sed -i 's/@stdio/execve @loader madvise sched_getaffinity statfs &/' a.ini
run "$PORTCULLIS" diff a.ini back.ini
like "$STATUS|$OUT" '^0\|no difference' "and_decides_as_the_whitelist_and_a_start"
finish
