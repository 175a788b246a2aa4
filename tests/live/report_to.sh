#!/usr/bin/env bash
# run --report-to: the report goes into a file or to a descriptor, and the program's standard error is
# the program's alone.
. "$(dirname "$0")/../helpers/run.sh"
cd "$TMP" || exit 1
printf '[filter]\ndefault = allow\n[deny]\nmkdir = EPERM\n' >a.ini
SAID="mkdir: cannot create directory 'x': Operation not permitted"
TOLD="^portcullis: refused mkdir\(.*portcullis: 1 refused call told, 1 in all$"

# to FILE: what came there, when the last line has.
to()
{
    wait_for 10 counted "$1"
    cat "$1"
}

run "$PORTCULLIS" run --report-to new.txt a.ini mkdir x
is "$STATUS|$OUT|$ERR" "1||$SAID" "a_file_takes_the_report_and_standard_error_is_the_program_s"
like "$(to new.txt)" "$TOLD" "and_all_of_it"
yes | head -n 1000 >old.txt
run "$PORTCULLIS" run --report-to=old.txt --report=all a.ini mkdir x
like "$STATUS|$ERR|$(to old.txt)" "^1\\|$SAID\\|portcullis: refused" "a_file_becomes_empty_first"
run "$PORTCULLIS" run --report-to old.txt --default allow --deny "mkdir = EPERM" -- mkdir x
like "$STATUS|$ERR|$(to old.txt)" "^1\\|$SAID\\|portcullis: refused.*--allow \"mkdir\"" "lines_alone_do_as_well"

run "$PORTCULLIS" run --report-to 9 a.ini sh -c 'mkdir x; ls /proc/self/fd' 9>nine.txt
is "$STATUS|$ERR|$(grep -cx 9 <<<"$OUT")" "0|$SAID|0" "a_descriptor_does_not_leak_into_the_program"
like "$(to nine.txt)" "$TOLD" "and_takes_the_report"
run "$PORTCULLIS" run --report-to 4096 a.ini sh -c 'ls /proc/self/fd' 4096>high.txt
is "$STATUS|$ERR|$(grep -cx 4096 <<<"$OUT")|$(to high.txt)" "0||0|portcullis: no call was refused" \
    "however_high_it_is"
run "$PORTCULLIS" run --report-to 1 a.ini sh -c 'mkdir x; echo out'
wait_for 10 counted "$TMP/.out"
like "$STATUS|$ERR|$(<"$TMP/.out")" "^0\\|$SAID\\|.*out" "standard_output_stays_the_program_s"
: >"$TMP/9"
(cd "$TMP" && exec 9>&-; "$PORTCULLIS" run --report-to ./9 a.ini mkdir x) 2>/dev/null
like "$(to 9)" "$TOLD" "a_file_may_be_called_by_a_number"

# --- what is refused
run "$PORTCULLIS" run --report-to 9 a.ini mkdir x 9>&-
is "$STATUS|$OUT|$ERR" "2||portcullis: error: --report-to 9: the descriptor is not open for writing; for a \
file of that name, write './9'" "a_descriptor_must_be_open"
run "$PORTCULLIS" run --report-to 9 a.ini mkdir x 9</dev/zero
like "$STATUS|$ERR" "^2\\|.*not open for writing" "and_writable"
run "$PORTCULLIS" run --report-to 99999999999999999999 a.ini mkdir x
like "$STATUS|$ERR" "^2\\|.*not open for writing" "and_a_number_that_there_is"
run "$PORTCULLIS" run --report-to none/file a.ini mkdir x
is "$STATUS|$ERR" "125|portcullis: error: cannot write 'none/file': No such file or directory" \
    "a_folder_must_be_there"
run "$PORTCULLIS" run --report-to new.txt --no-gate a.ini true
is "$STATUS|$ERR" "2|portcullis run: --report needs the gate; see 'portcullis run --help'" "it_implies_a_report"
run "$PORTCULLIS" run --report-to
is "$STATUS|$ERR" "2|portcullis run: option '--report-to' needs a value; see 'portcullis run --help'" \
    "it_needs_a_value"
if ((EUID == 0)); then
    mkdir -m 1777 sticky
    echo kept >kept.txt
    chmod 666 kept.txt
    setpriv --reuid=65534 --regid=65534 --clear-groups ln -s "$TMP/kept.txt" sticky/link
    run "$PORTCULLIS" run --report-to sticky/link a.ini true
    is "$STATUS $(<kept.txt)" "125 kept" "another_user_s_link_is_not_followed"
fi
finish
