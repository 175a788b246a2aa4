#!/bin/bash
# portcullis groups: the groups, and the members of one.
. "$(dirname "$0")/../helpers/tap.sh"
PORTCULLIS=$BUILD/portcullis

run "$PORTCULLIS" groups
is "$STATUS:$ERR" "0:" "groups_is_status_0"
like "$OUT" $'(^|\n)@stdio +use open descriptors, allocate memory' "each_group_says_what_it_is_for"
is "$(grep -cvE '^@[a-z]+ +[^ ]' <<<"$OUT")" 0 "every_line_is_a_group_and_its_purpose"
for group in stdio files network threads memory time signals process exec loader exit fallback; do
    like "$OUT" $'(^|\n)'"@$group " "there_is_a_group_$group"
done

run "$PORTCULLIS" groups @exit
exit_group="; end, and return from signals; allowed unless denied
exit
exit_group
restart_syscall
rt_sigreturn"
is "$OUT" "$exit_group" "a_group_is_told_with_its_members"
run "$PORTCULLIS" groups exit
is "$STATUS:$OUT" "0:$exit_group" "the_at_sign_can_be_left_away"
run "$PORTCULLIS" groups @fallback
like "$OUT" $'\n\\?fchmodat2\n' "a_member_that_may_be_unknown_has_a_question_mark"

# Every member can be pasted into a whitelist.
for group in $("$PORTCULLIS" groups | sed 's/ .*//'); do
    {
        printf '[allow]\n'
        "$PORTCULLIS" groups "$group" | sed '/^;/d; s/^/syscalls = /'
    } >"$TMP/members.ini"
    printf '[allow]\nsyscalls = %s\n' "$group" >"$TMP/group.ini"
    succeeds "the_members_of_${group#@}_are_the_group" "$PORTCULLIS" diff "$TMP/members.ini" \
        "$TMP/group.ini"
done

help="see 'portcullis groups --help'"
run "$PORTCULLIS" groups @stdoi
is "$STATUS:$OUT:$ERR" "1::portcullis: error: unknown group '@stdoi'; did you mean 'stdio'?" \
    "an_unknown_group_is_status_1"
run "$PORTCULLIS" groups @stdio @files
is "$STATUS:$ERR" "2:portcullis groups: one group at a time; $help" "two_groups_are_a_usage_error"
run "$PORTCULLIS" groups --all
is "$STATUS:$ERR" "2:portcullis groups: unknown option '--all'; $help" "so_is_an_unknown_option"
run "$PORTCULLIS" groups --help
is "$STATUS:$ERR" "0:" "help_is_no_error"
like "$OUT" "usage: portcullis groups \[@GROUP\]" "help_shows_the_usage"
finish
