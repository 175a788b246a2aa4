#!/bin/bash
# Text from outside does not drive the terminal that it is shown on, whoever shows it.
. "$(dirname "$0")/../helpers/run.sh"
cd "$TMP" || exit

# ESC, DEL, a C1 control, one that turns the text round, a byte that is no UTF-8, and a line of ours.
EVIL=$'a\e]0;x\a\x7f\xc2\x9b\xe2\x80\xae\xff\nportcullis: verified'
SHOWN='a\u001b]0;x\u0007\u007f\u009b\u202e\xff\u000aportcullis: verified'

# clean NAME COMMAND...: neither of its streams has a control character, and one has the name in full,
# or with a '?' for each byte that is not printable.
clean()
{
    local name=$1 marks=${EVIL//[! -~]/?}
    shift
    "$@" >out 2>err </dev/null
    is "$(cat out err | LC_ALL=C tr -d '\n\t -~' | od -An -c)" "" "nothing_but_text_is_shown_by: $name"
    [[ $(cat out err) == *"$SHOWN"* || $(cat out err) == *"$marks"* ]] ||
        diag "$(cat -v out err)"
}

cp good.ini "$EVIL.ini"
printf '[allow]\nsyscalls = nothing\n' >"$EVIL.wrong"
clean "a verb that there is not" "$PORTCULLIS" "$EVIL"
is "$(<err)" "portcullis: unknown verb '$SHOWN'; see 'portcullis --help'" \
    "the_name_is_shown_with_escapes_in_one_line"
run "$PORTCULLIS" $'k\u00f6nig'
is "$ERR" "portcullis: unknown verb 'k"$'\u00f6'"nig'; see 'portcullis --help'" "letters_stay_as_they_are"
clean "an option" "$PORTCULLIS" check "--$EVIL"
clean "a mistake" "$PORTCULLIS" check "$EVIL.wrong"
clean "a file that is not there" "$PORTCULLIS" check "$EVIL"
clean "check" "$PORTCULLIS" check "$EVIL.ini"
clean "check --json" "$PORTCULLIS" check --json "$EVIL.wrong"
clean "explain" "$PORTCULLIS" explain "$EVIL.ini"
is "$(grep -c '^portcullis' out)" 0 "explain_has_no_line_of_the_file_s_name"
clean "explain of a call" "$PORTCULLIS" explain "$EVIL.ini" mkdir "$EVIL"
clean "explain --json" "$PORTCULLIS" explain --json "$EVIL.ini"
clean "diff" "$PORTCULLIS" diff good.ini "$EVIL.ini"
clean "run of a whitelist" "$PORTCULLIS" run "$EVIL" -- true
clean "run of a program" "$PORTCULLIS" run good.ini -- "./$EVIL"
clean "run of a line" "$PORTCULLIS" run --allow "$EVIL" -- true
clean "compile" "$PORTCULLIS" compile "$EVIL.ini" -o "$EVIL/none"
clean "export" "$PORTCULLIS" export --to "$EVIL" good.ini
clean "export --to systemd" "$PORTCULLIS" export --to systemd --unit "$EVIL" "$EVIL.ini"
clean "import" "$PORTCULLIS" import --from strace "$EVIL"
printf 'mkdir("%s", 0) = 0\n%s(1) = 0\n' "$EVIL" "$EVIL" >log
clean "import of a log" "$PORTCULLIS" import --from strace log
printf '{"syscalls": [{"names": ["%s"], "action": "%s"}]}' "$EVIL" "$EVIL" >oci
clean "import of a profile" "$PORTCULLIS" import --from oci oci
printf '[Service]\nSystemCallFilter=%s\n' "$EVIL" >unit
clean "import of a unit" "$PORTCULLIS" import --from systemd unit
printf 'type=SECCOMP pid=1 comm="%s" exe="%s" syscall=83 code=0x50000 a0=1\n' "$EVIL" "$EVIL" >audit
clean "explain --audit" "$PORTCULLIS" explain --audit good.ini audit
printf '#!/%s\n' "$EVIL" >script
chmod 755 script
clean "a script's interpreter" "$PORTCULLIS" run good.ini ./script

# A program of that name, which refuses itself as well; and what it is learned as.
build_victim victim
cp victim "$EVIL"
clean "the program's own filter" "$PORTCULLIS" run good.ini "./$EVIL" "$TMP/open/made"
clean "run --report" "$PORTCULLIS" run --report good.ini "./$EVIL" "$TMP/open/made"
wait_for 5 counted err
is "$(LC_ALL=C tr -d '\n\t -~' <err | od -An -c)" "" "nothing_but_text_is_shown_by_the_reporter"
clean "learn" "$PORTCULLIS" learn -- "./$EVIL" "$TMP/open/made"
"$PORTCULLIS" learn --quiet --annotate -o learned.ini -- "./$EVIL" "$TMP/open/made" >/dev/null 2>&1
is "$(LC_ALL=C tr -d '\n\t -~' <learned.ini | od -An -c)" "" "nothing_but_text_is_in_a_learned_list"
is "$(grep -c '^portcullis' learned.ini)" 0 "and_no_line_of_the_program_s"
cat >sleeper.c <<'END'
#include <sys/prctl.h>
#include <unistd.h>
int main(int count, char **arguments)
{
    prctl(PR_SET_NAME, arguments[count - 1]);
    pause();
}
END
"${CC:-gcc}" -o sleeper sleeper.c || exit 1
start ./sleeper $'\e[2J\xc2\x9b\xe2\x80\xae'
wait_for 5 grep -q '\[2J' "/proc/$PID/comm"
clean "verify" "$PORTCULLIS" verify "$PID"
clean "verify of a file" "$PORTCULLIS" verify "$PID" good.ini
start ./sleeper $'x\nyes: it is'
wait_for 5 grep -q '^yes' "/proc/$PID/comm"
run "$PORTCULLIS" verify "$PID"
like "$OUT" '^no: [^'$'\n'']*$' "the_name_of_a_process_makes_no_line"

# The shim's own message.
clean "the shim" env LD_PRELOAD="$SHIM" PORTCULLIS_WHITELIST="$EVIL" /bin/true

# A terminal gets the colours of ours alone.
run script -qec "'$PORTCULLIS' check '$TMP/$EVIL.wrong'" /dev/null
is "$(grep -c $'error' <<<"$OUT")|${OUT//[!$'\e']/}" $'1|\e\e' "colours_are_ours_alone"
# Bytes are bytes.
"$PORTCULLIS" export --to bpf good.ini 2>err >"$TMP/.bytes"
run "$PORTCULLIS" export --to bpf good.ini -o bytes
succeeds "bytes_stay_as_they_are" cmp bytes "$TMP/.bytes"
finish
