#!/bin/bash
# portcullis check: warnings, how they are silenced, the summary, JSON, status.
. "$(dirname "$0")/../helpers/tap.sh"
PORTCULLIS=$BUILD/portcullis
unset NO_COLOR
# Whoever runs this may own the copies, or not: 'writable' has tests of its own below.
cp "$ROOT"/tests/data/lint/*.ini "$TMP"
chmod 755 "$TMP"
chmod 644 "$TMP"/*.ini
cd "$TMP" || exit 1

check()
{
    run "$PORTCULLIS" check --no-warn writable "$@"
}

# json EXPRESSION: of what was printed, as d.
json()
{
    python3 -c 'import json,sys; d = json.load(sys.stdin); print(eval(sys.argv[1]))' "$1" \
        <"$TMP/.out" 2>&1
}

for expected in "$ROOT"/tests/data/lint/*.expected; do
    name=$(basename "$expected" .expected)
    check "$name.ini"
    is "$ERR" "$(<"$expected")" "the_warnings_of_$name"
    is "$STATUS" 0 "warnings_alone_are_no_failure_of_$name"
done

mkdir other
printf '[filter]\ninclude = ../diamond_base.ini\n' >other/way.ini
printf '[filter]\ninclude = diamond_left.ini\ninclude = other/way.ini\n' >ways.ini
check ways.ini
is "$ERR" "" "a_file_that_is_reached_by_two_ways_is_one_however_they_are_written"
printf '[allow]\nread = fd == 1\n' >needless.ini
printf '[filter]\ninclude = needless.ini\n' >needless_too.ini
printf '[filter]\ninclude = needless.ini\ninclude = needless_too.ini\n[allow]\nread = fd in 0..2\n' >ways.ini
check ways.ini
is "$ERR" "needless.ini:2: warning: this line changes nothing for 'read': another line allows as much [swallowed]
ways.ini:5: note: allowed here" "what_no_way_needs_is_told_of_once"

check clean.ini
is "$ERR" "" "a_good_whitelist_gets_no_warning"
like "$OUT" '^clean\.ini: 13 system calls allowed, 6 constrained, [0-9]+ refused; [0-9]+ BPF instructions$' \
    "the_summary_counts_the_system_calls"
printf '[allow]\n%s\n' 'mmap = length != 5 and offset != 7 and flags != 11' \
    'mmap = length != 9 and prot != 3 and offset != 11 and addr == 0' \
    'mmap = addr == 0 and prot != 5 and length != 77 and flags != 2' 'syscalls = mmap' >whole.ini
check whole.ini
like "$OUT" '^whole\.ini: 5 system calls allowed, 0 constrained, ' \
    "a_call_that_is_allowed_by_another_line_is_not_constrained"
check --strict clean.ini
is "$STATUS" 0 "strict_without_a_warning_is_status_0"
check --strict old_pair.ini
is "$STATUS" 1 "strict_with_a_warning_is_status_1"

for name in always-matches:always_matches executable-memory:executable_memory \
    flags-equal:flags_equal hardening:hardening idle-group:idle_group namespaces:namespaces \
    never-matches:never_matches no-loader:no_loader old-pair:old_pair swallowed:swallowed; do
    check "${name#*:}.ini"
    like "$ERR" "\[${name%:*}\]" "there_is_a_warning_called_${name%:*}"
    check --no-warn "${name%:*}" "${name#*:}.ini"
    is "$(grep -cF "[${name%:*}]" <<<"$ERR")" 0 "no_warn_${name%:*}_leaves_it_out"
done
check --no-warn old-pair --no-warn=namespaces --strict old_pair.ini
is "$STATUS$ERR" 0 "what_is_left_out_does_not_count_under_strict"

printf '[allow]\nsyscalls = raed\nmkdir = x\n' >bad.ini
bad="bad.ini:2: error: unknown syscall 'raed'; did you mean 'read'?
bad.ini:3: error: unknown argument 'x' of 'mkdir', which has pathname, mode"
check bad.ini
is "$STATUS" 78 "mistakes_are_status_78"
is "$ERR" "$bad" "mistakes_are_told_like_the_shim_tells_them"
is "$OUT" "" "there_is_no_summary_of_a_wrong_whitelist"
check bad.ini old_pair.ini
is "$STATUS" 78 "of_several_files_the_worst_decides"
like "$ERR" "old_pair.ini:3: warning" "a_file_after_a_wrong_one_is_checked"
check nowhere.ini
is "$STATUS:$ERR" "78:nowhere.ini: error: cannot read 'nowhere.ini': no such file" \
    "a_missing_file_is_a_mistake"

check --json bad.ini old_pair.ini
is "$STATUS:$ERR" "78:" "json_has_the_mistakes_in_it_and_stderr_has_not"
is "$(json '[(f["file"], f["errors"], f["warnings"]) for f in d["files"]]')" \
    "[('bad.ini', 2, 0), ('old_pair.ini', 0, 4)]" "json_has_the_files_and_their_counts"
is "$(json 'd["files"][0]["messages"][0]')" \
    "{'file': 'bad.ini', 'line': 2, 'severity': 'error', 'message': \"unknown syscall 'raed'; did you mean 'read'?\"}" \
    "json_has_the_parts_of_a_mistake"
is "$(json '[d["files"][1]["messages"][0][k] for k in ("line", "severity", "name")]')" \
    "[3, 'warning', 'old-pair']" "json_has_the_name_of_a_warning"
# Nothing is read from the text: a file may be called as a place, and a warning speak like another.
cp old_pair.ini a:5
cp bad.ini 'b: error: c [d]'
check --json a:5 'b: error: c [d]'
is "$(json '[(m["file"], m["line"], m["severity"], m.get("name")) for m in d["files"][0]["messages"] if m["severity"] == "warning"][0]')" \
    "('a:5', 3, 'warning', 'old-pair')" "json_has_a_file_that_is_called_as_a_place"
is "$(json '[(m["file"], m["line"], m["severity"], m.get("name")) for m in d["files"][1]["messages"]][0]')" \
    "('b: error: c [d]', 2, 'error', None)" "json_has_a_file_that_is_called_as_a_message"
check --json bad.ini old_pair.ini
is "$(json '[k for k in d["files"][1] if k not in d["files"][0]]')" \
    "['allowed', 'constrained', 'refused', 'instructions']" "json_has_the_summary_of_a_valid_one"

printf '[filter]\ninclude = inc/part.ini\n[allow]\nsyscalls = read\n' >main.ini
mkdir inc
printf '[allow]\nsyscalls = open ; no-warn: writable\n' >inc/part.ini
chmod 644 main.ini inc/part.ini
chmod 755 inc
check main.ini
like "$ERR" "^inc/part.ini:2: warning: 'open'" "what_is_included_is_checked_too"

# The advice, taken.
printf '[allow]\nsyscalls = @stdio @threads mprotect unshare\n' >advised.ini
check advised.ini
advice=$(sed -n "s/.*: .*; '\(.*\)' in \[deny\] prevents that.*/\1/p" <<<"$ERR")
places=$(sed -n "s/.*; '\(.*\)' in its place prevents that.*/\1/p" <<<"$ERR")
is "$(wc -l <<<"$advice"):$(wc -l <<<"$places")" 2:2 "there_is_advice_for_each_power"
printf '[allow]\nsyscalls = @stdio @threads\n%s\n[deny]\n%s\n' "$places" "$advice" >advised.ini
check --strict advised.ini
is "$STATUS$ERR" 0 "the_advice_is_enough"

# Whitelists that are put together from others.
printf '[filter]\ninclude = base.ini\ninclude = base.ini\n[allow]\nsyscalls = read pause\nclose = fd > 9\n' >whole.ini
printf '[allow]\nsyscalls = read close pause\n' >base.ini
printf '[deny]\npause = kill\n' >>whole.ini
sed -i 's/ pause$//' whole.ini
check whole.ini
is "$ERR" "whole.ini:6: warning: this line changes nothing for 'close': another line allows as much [swallowed]
base.ini:2: note: allowed here" "of_two_files_only_a_condition_that_is_of_no_use_is_told"

# As somebody who can't write the file.
as_other=()
[[ $(id -u) != 0 ]] || as_other=(setpriv --reuid=65534 --regid=65534 --clear-groups)
others="others than root and the file's owner can write it; 'chmod go-w' takes that away"
chmod 646 main.ini
run "$PORTCULLIS" check main.ini
like "$ERR" "^main.ini: warning: $others \[writable\]" "a_file_for_all_to_write_is_told"
chmod 644 main.ini
chmod 664 inc/part.ini
chgrp "$(id -g nobody)" inc/part.ini
run "$PORTCULLIS" check main.ini
like "$ERR" "inc/part.ini: warning: $others" "a_file_for_a_group_to_write_is_told"
sed -i '1s/$/ ; no-warn: writable/' inc/part.ini
run "$PORTCULLIS" check main.ini
is "$(grep -c 'part.ini.*writable' <<<"$ERR")" 0 "a_comment_on_the_first_line_silences_it"
sed -i '1s/ ;.*//' inc/part.ini
chmod 644 inc/part.ini
chmod 777 inc
run "$PORTCULLIS" check main.ini
like "$ERR" "inc/part.ini: warning: others can replace it: its folder can be written by more than root and the owner \[writable\]" \
    "a_folder_for_all_to_write_is_told"
chmod 755 inc
chmod 1777 inc
run "$PORTCULLIS" check main.ini
is "$(grep -c 'replace' <<<"$ERR")" 0 "a_sticky_folder_is_not"
chmod 755 inc
[[ $(id -u) != 0 ]] || chown 65534 main.ini
run "${as_other[@]}" "$PORTCULLIS" check main.ini
like "$ERR" "^main.ini: warning: you can write it, and so can a program that you run under it; let root own it \[writable\]" \
    "a_file_of_ones_own_is_told"

for file in "$ROOT"/examples/*/*.ini; do
    name=${file#"$ROOT"/examples/}
    check --strict "$file"
    is "$STATUS$ERR" 0 "no_warning_for_${name//\//_}"
done

# script gives it a terminal.
check old_pair.ini
is "$(grep -c $'\033' <<<"$ERR")" 0 "there_is_no_colour_in_a_file"
script -qec "$PORTCULLIS check old_pair.ini" /dev/null >coloured </dev/null
like "$(<coloured)" $'old_pair.ini:3: \033\[1;35mwarning\033\[0m: ' "a_terminal_shows_colours"
NO_COLOR=1 script -qec "$PORTCULLIS check old_pair.ini" /dev/null >plain </dev/null
is "$(grep -c $'\033' plain)" 0 "NO_COLOR_shows_none"
script -qec "$PORTCULLIS check bad.ini" /dev/null >coloured </dev/null
like "$(<coloured)" $'bad.ini:2: \033\[1;31merror\033\[0m: ' "mistakes_have_a_colour_of_their_own"

help="see 'portcullis check --help'"
run "$PORTCULLIS" check
is "$STATUS:$ERR" "2:portcullis check: a whitelist is missing; $help" "no_file_is_a_usage_error"
run "$PORTCULLIS" check --fast clean.ini
is "$STATUS:$ERR" "2:portcullis check: unknown option '--fast'; $help" "so_is_an_unknown_option"
run "$PORTCULLIS" check --no-warn pair clean.ini
is "$STATUS:$ERR" "2:portcullis check: there is no warning called 'pair'; $help" \
    "so_is_the_name_of_no_warning"
run "$PORTCULLIS" check --no-warn
is "$STATUS:$ERR" "2:portcullis check: '--no-warn' takes the name of a warning; $help" \
    "so_is_no_name"
run "$PORTCULLIS" check --help
is "$STATUS:$ERR" "0:" "help_is_no_error"
for word in --strict --json --no-warn always-matches executable-memory flags-equal hardening \
    idle-group namespaces never-matches no-loader old-pair swallowed writable; do
    like "$OUT" " $word " "help_tells_of_$word"
done
finish
