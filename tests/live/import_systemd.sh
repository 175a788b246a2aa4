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
FOREIGN="-: warning: without SystemCallArchitectures=native systemd lets calls of other \
architectures pass; here they are killed"
imports "[Service]\nSystemCallFilter=write"
is "$STATUS|$ERR" "0|$FOREIGN" "other_architectures_are_told_of"
imports "[Service]\nSystemCallArchitectures=x86-64\nSystemCallFilter=write"
is "$STATUS|$ERR" "0|" "this_one_by_its_name_is_as_good_as_native"
imports "${NATIVE}SystemCallArchitectures=x86\nSystemCallFilter=write"
is "$STATUS|$ERR" "0|-: warning: SystemCallArchitectures= has another architecture; here its calls \
are killed" "another_one_besides_is_told_of"
imports "${NATIVE}SystemCallArchitectures=\nSystemCallArchitectures=frob\nSystemCallFilter=write"
is "$STATUS|$ERR" "0|$FOREIGN
-:4: warning: the architecture 'frob' is unknown here, and left out" \
    "an_empty_list_of_architectures_begins_anew"
for key in SystemCallLog RestrictAddressFamilies MemoryDenyWriteExecute RestrictNamespaces \
    RestrictRealtime RestrictSUIDSGID LockPersonality ProtectClock ProtectKernelModules \
    ProtectKernelLogs ProtectKernelTunables PrivateDevices ProtectHostname; do
    imports "${NATIVE}SystemCallFilter=write\n$key=yes"
    is "$STATUS|$ERR" "0|-:4: warning: '$key=' does not come along: keep it in the unit" \
        "$key is told of"
done
imports "${NATIVE}SystemCallFilter=write\nPrivateDevices=no"
is "$STATUS|$ERR" "0|" "what_is_off_is_not"

# What systemd ignores, with a warning.
ignores()
{
    imports "${NATIVE}$1"
    is "$STATUS|$ERR" "0|$2" "$3"
}

ignores "SystemCallFilter=read 101 165" "-:3: warning: '101' is left out, as by systemd: it takes \
names, and no numbers
-:3: warning: '165' is left out, as by systemd: it takes names, and no numbers" "a_number_is_no_name"
gets mount kill "and_allows_nothing"
ignores 'SystemCallFilter=~@clock:EPERM @frob:EPERM @swap:EPERM' "-:3: warning: this machine's \
systemd knows no group '@frob': it is left out, as by systemd" "an_unknown_group_is_told"
gets swapon EPERM "and_the_others_count"
ignores 'SystemCallFilter=~mount:EFROB bpf:' "-:3: warning: 'EFROB' is no error, and what it is for \
is left out, as by systemd
-:3: warning: '' is no error, and what it is for is left out, as by systemd" "so_is_an_unknown_error"
gets mount allow "and_nothing_is_denied"
ignores 'SystemCallFilter=read\nSystemCallErrorNumber=EPERM\nSystemCallErrorNumber=0' \
    "-:5: warning: '0' is no error: 'SystemCallErrorNumber=' is left out, as by systemd" \
    "so_is_success_as_the_default"
gets mount EPERM "and_the_default_stays"
ignores 'SystemCallFilter=read\nfrob' "-:4: warning: the line has no '=', and is left out, as by \
systemd" "so_is_a_line_without_an_equals_sign"

# Lines and words.
ignores "SystemCallFilter=~@mount \\\\\r\n  ptrace bpf\r\n" "" "a_line_may_go_on_behind_a_carriage_return"
gets bpf kill "and_counts"
ignores "SystemCallFilter=~mount \\\\" "" "the_last_line_may_end_with_a_backslash"
gets mount kill "and_counts_as_well"
ignores "SystemCallFilter=~mo\\\\unt re\\\\ ad\\\\\\\\" "-:3: warning: the system call 're ad\\' is \
unknown, and left out" "a_backslash_stands_for_the_character_behind_it"
gets mount kill "in_a_name_too"
ignores "SystemCallFilter=~mount kexec_load \\\\\\\\\n" \
    "-:3: warning: the system call '\\' is unknown, and left out" \
    "two_of_them_at_the_end_do_not_join_lines"
printf '\xef\xbb\xbf[Service]\0SystemCallArchitectures=native\rSystemCallFilter=~mount\n\rNoNewPrivileges=N' >odd
rm out.ini
run "$PORTCULLIS" import --from systemd odd -o out.ini
is "$STATUS|$ERR" "0|" "a_line_ends_with_a_NUL_or_a_carriage_return_too_and_a_mark_may_come_first"
gets mount kill "with_all_its_settings"
is "$(grep -c '^no-new-privileges = no$' out.ini)" 1 "up_to_the_last_without_a_newline"

# Booleans.
for value in no No FALSE f n off 0; do
    ignores "SystemCallFilter=write\nPrivateDevices=$value\nNoNewPrivileges=$value" "" \
        "${value}_is_a_no"
done
for value in yes True t Y on 1; do
    ignores "SystemCallFilter=write\nNoNewPrivileges=no\nNoNewPrivileges=$value" "" "${value}_is_a_yes"
    is "$(grep -c '^no-new-privileges' out.ini)" 0 "${value}_keeps_privileges_from_being_gained"
done
ignores "SystemCallFilter=write\nNoNewPrivileges=no\nNoNewPrivileges=frob\nNoNewPrivileges=" \
    "-:5: warning: 'frob' is no boolean: 'NoNewPrivileges=' is left out, as by systemd
-:6: warning: '' is no boolean: 'NoNewPrivileges=' is left out, as by systemd" "frob_is_neither"
is "$(grep -c '^no-new-privileges = no$' out.ini)" 1 "and_changes_nothing"

# refuses TEXT MESSAGE NAME [MESSAGE]: the second comes first, as it is about the whole file.
refuses()
{
    imports "$1"
    is "$STATUS|$OUT|$ERR" "78||${4:+$4$'\n'}-:$2" "$3"
}

refuses '[Service]\nExecStart=/bin/true' " error: it has no SystemCallFilter=" \
    "a_unit_without_a_filter_is_an_error"
refuses "${NATIVE}SystemCallFilter=~mount:0" "3: error: '0' is no error that a whitelist can \
give: a name, 1 to 4094, or kill" "so_is_an_error_that_a_whitelist_cannot_give"
refuses "${NATIVE}SystemCallFilter=~mount\nSystemCallErrorNumber=4095" "4: error: '4095' is no \
error that a whitelist can give: a name, 1 to 4094, or kill" "as_the_default_too"
refuses "[Service\nSystemCallFilter=write" \
    "1: error: the head of a section ends with ']': systemd refuses the file" \
    "so_is_a_section_whose_head_does_not_end"
refuses "SystemCallFilter=write\n[Unit]\nSystemCallFilter=read" "1: warning: 'SystemCallFilter=' \
stands before any section, where systemd ignores it: put [Service] above it" \
    "so_is_a_filter_outside_a_section" "-: error: it has no SystemCallFilter= in a section"
run env PATH=/nonexistent "$PORTCULLIS" import --from systemd /lib/systemd/system/systemd-logind.service
like "$STATUS|$ERR" "78\|.*error: systemd-analyze, which knows the members of '@default', is not here" \
    "without_systemd_analyze_groups_are_unknown"
mkdir bin && printf '#!/bin/sh\nexit 1\n' >bin/systemd-analyze && chmod +x bin/systemd-analyze
run env PATH="$PWD/bin:$PATH" "$PORTCULLIS" import --from systemd /lib/systemd/system/systemd-logind.service
like "$STATUS|$ERR" "78\|.*error: systemd-analyze, which knows the members of '@default', fails" \
    "or_where_it_fails"
run env SYSTEMD_COLORS=1 "$PORTCULLIS" import --from systemd /lib/systemd/system/systemd-logind.service
is "$STATUS" 0 "colours_that_are_asked_for_are_no_part_of_names"

# Units of systemd's own, and there and back.
for unit in systemd-logind systemd-hostnamed; do
    run "$PORTCULLIS" import --from systemd "/lib/systemd/system/$unit.service" -o "$unit.ini"
    is "$STATUS" 0 "$unit.service is imported"
done
printf '[filter]\ndefault = EACCES\n[allow]\nsyscalls = @stdio @signals\n[deny]\nmkdir = EXDEV\n?mseal = EACCES\n' >a.ini
"$PORTCULLIS" export --to systemd --native a.ini >native.conf 2>/dev/null
run "$PORTCULLIS" import --from systemd native.conf -o back.ini
is "$STATUS|$ERR" "0|" "our_own_drop_in_is_imported"
sed -i 's/@stdio/execve @loader madvise sched_getaffinity statfs &/' a.ini
run "$PORTCULLIS" diff a.ini back.ini
like "$STATUS|$OUT" '^0\|no difference' "and_decides_as_the_whitelist_and_a_start"
# systemd 257's @default has @sandbox in it
cat >bin/systemd-analyze <<ANALYZE
#!/bin/sh
printf '@sandbox\n    landlock_add_rule\n    landlock_create_ruleset\n'
printf '    landlock_restrict_self\n    seccomp\n\n'
exec $(command -v systemd-analyze) "\$@" | sed 's/^@default\$/&\n    @sandbox/; s/^@sandbox\$/@other/'
ANALYZE
run env PATH="$PWD/bin:$PATH" "$PORTCULLIS" import --from systemd native.conf -o newer.ini
is "$STATUS" 0 "it_is_imported_for_systemd_257"
run "$PORTCULLIS" diff a.ini newer.ini
like "$STATUS|$OUT" '^0\|no difference' "and_so_where_systemd_allows_every_unit_more"
finish
