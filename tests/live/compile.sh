#!/bin/bash
# Compiled whitelists: made by `portcullis compile`, taken by the shim and by every verb that can.
. "$(dirname "$0")/../helpers/tap.sh"
. "$ROOT/tests/helpers/hosts.sh"

PORTCULLIS=$BUILD/portcullis
COMPILED=$TMP/compiled
mkdir "$COMPILED"

# compiled NAME: $TMP/NAME.ini compiled, in its place.
compiled()
{
    cp "$TMP/$1.ini" "$COMPILED/$1.txt" && "$PORTCULLIS" compile "$COMPILED/$1.txt" -o "$TMP/$1.ini"
}

# The facts of hosts.sh, with compiled whitelists where they write texts.
whitelist()
{
    printf '%s\n' '[filter]' 'default = allow' "${@:2}" '[deny]' 'getppid = ENODATA' >"$TMP/$1"
    compiled "${1%.ini}"
}
TEXT=$TMP/text.ini
cp "$REFUSING" "$TEXT"
compiled refusing || exit 1
MISSING_LINE='' # a line's number is not kept

compile "${CC:-gcc}" victim victim -pthread
compile musl-gcc musl-victim victim -pthread
: | "${CC:-gcc}" -x c - -shared -nostdlib -o "$TMP/glibc-empty.so"
: | musl-gcc -x c - -shared -nostdlib -o "$TMP/musl-empty.so"
VICTIM=$TMP/victim
for libc in glibc musl; do
    victim=$VICTIM
    [[ $libc == glibc ]] || victim=$TMP/musl-victim
    inherit_facts $libc "$victim"
    reload_facts $libc "$victim"
    program_facts $libc "$victim"
done

# The verb itself.
# verb STATUS OUT ERR NAME ARGUMENT...
verb()
{
    run "$PORTCULLIS" "${@:5}"
    told "$1" "$2" "$3" "$4"
}
OUT_FILE=$TMP/out.pcw
verb 0 "" "" "compile_says_nothing" compile "$TEXT" -o "$OUT_FILE"
verb 0 "" "" "output_may_be_written_out_and_come_first" compile --output "$TMP/long.pcw" "$TEXT"
succeeds "same_text_makes_the_same_file" cmp "$OUT_FILE" "$TMP/long.pcw"
run "$PORTCULLIS" compile --help
like "$STATUS $OUT" '^0 usage: portcullis compile FILE -o OUT' "help_is_help"
SEE="; see 'portcullis compile --help'"
verb 2 "" "portcullis compile: one whitelist is wanted$SEE" "a_file_must_be_named" compile -o x
verb 2 "" "portcullis compile: one whitelist is wanted$SEE" "two_files_are_too_many" \
    compile "$TEXT" "$TEXT" -o "$OUT_FILE"
verb 2 "" "portcullis compile: where to? '-o OUT' is missing$SEE" "output_must_be_named" \
    compile "$TEXT"
verb 2 "" "portcullis compile: where to? '-o OUT' is missing$SEE" "empty_output_is_none" \
    compile "$TEXT" -o ''
verb 2 "" "portcullis compile: '-o' takes a path$SEE" "output_takes_a_path" compile "$TEXT" -o
verb 2 "" "portcullis compile: unknown option '--fast'$SEE" "unknown_option_is_told" \
    compile "$TEXT" --fast
printf '[allow]\nsyscalls = opne\n' >"$TMP/wrong.txt"
verb 78 "" "$TMP/wrong.txt:2: error: unknown syscall 'opne'; did you mean 'open'?" \
    "mistake_is_told_as_ever" compile "$TMP/wrong.txt" -o "$TMP/wrong.pcw"
succeeds "mistake_leaves_no_file" test ! -e "$TMP/wrong.pcw"
verb 78 "" "$TMP/none.txt: error: cannot read '$TMP/none.txt': no such file" \
    "missing_file_is_told" compile "$TMP/none.txt" -o "$OUT_FILE"
verb 2 "" "portcullis: error: $OUT_FILE: it is compiled, and compile needs the text: name '$TEXT'" \
    "compiled_one_is_not_compiled_again" compile "$OUT_FILE" -o "$TMP/twice.pcw"
verb 71 "" "portcullis: error: cannot write '$TMP/none/out.pcw': No such file or directory" \
    "folder_that_is_missing_is_told" compile "$TEXT" -o "$TMP/none/out.pcw"
mkdir "$TMP/taken" && touch "$TMP/taken/file"
verb 71 "" "portcullis: error: cannot write '$TMP/taken': Is a directory" \
    "folder_is_not_written_over" compile "$TEXT" -o "$TMP/taken"
is "$(find "$TMP" -maxdepth 1 -name 'taken.*')" "" "failure_leaves_nothing_behind"
ln "$OUT_FILE" "$TMP/before.pcw"
(umask 027 && "$PORTCULLIS" compile "$REFUSING.none" -o "$OUT_FILE" 2>/dev/null)
succeeds "failure_leaves_the_old_file" cmp "$OUT_FILE" "$TMP/before.pcw"
(umask 027 && "$PORTCULLIS" compile "$TEXT" -o "$OUT_FILE")
is "$(stat -c %a "$OUT_FILE") $(stat -c %h "$OUT_FILE" "$TMP/before.pcw" | paste -sd ' ')" \
    "644 1 1" "file_is_replaced_and_keeps_its_mode"
(umask 027 && "$PORTCULLIS" compile "$TEXT" -o "$TMP/new.pcw")
is "$(stat -c %a "$TMP/new.pcw")" 640 "new_file_has_the_usual_mode"

ln -s out.pcw "$TMP/link.pcw"
verb 0 "" "" "link_is_followed" compile "$TEXT" -o "$TMP/link.pcw"
is "$(readlink "$TMP/link.pcw")" out.pcw "link_stays_one"
verb 71 "" "portcullis: error: cannot write '/dev/full': No space left on device" \
    "device_is_written_to" compile "$TEXT" -o /dev/full
succeeds "device_stays_one" test -c /dev/full
cmp "$OUT_FILE" <("$PORTCULLIS" compile "$TEXT" -o /dev/stdout) || status=$?
is "${status:-0}" 0 "pipe_is_written_to"

# What the other verbs do with it.
printf '[filter]\ninclude = part.txt\naudit = yes\n[allow]\nsyscalls = read\nwrite = fd == 1\n' \
    >"$TMP/whole.txt"
printf '[allow]\nsyscalls = close\n' >"$TMP/part.txt"
(cd "$TMP" && "$PORTCULLIS" compile whole.txt -o whole.pcw)
W=$TMP/whole.pcw
run "$PORTCULLIS" check "$W"
like "$STATUS $OUT$ERR" "^0 $W: compiled; [0-9]+ BPF instructions\$" "check_takes_it"
run "$PORTCULLIS" check --json "$W"
is "$STATUS $(python3 -c 'import json, sys
file = json.loads(sys.argv[1])["files"][0]
print(sorted(file), file["compiled"], file["instructions"] > 10)' "$OUT")" "0 ['compiled', 'errors', \
'file', 'instructions', 'messages', 'warnings'] True True" "check_has_json_for_it"
run "$PORTCULLIS" explain "$W"
like "$STATUS $OUT" "^0 ; compiled by portcullis [0-9.]+, libseccomp [0-9.]+, format 1
; from $TMP/whole.txt \(unchanged\)
; from $TMP/part.txt \(unchanged\)
; audit = yes
; children = inherit
; no-new-privileges = yes
    0  A = arch
    1  if arch != " "explain_tells_where_it_is_from_and_its_settings"
for line in 'if nr == close goto [0-9]+' 'A = a0, low half' 'if nr [<=>!]+ x32 goto [0-9]+' \
    'return allow' 'return ENOSYS' 'return EPERM' 'return kill' 'A = nr' 'A &= 0x'; do
    like "$OUT" "$line" "explain_disassembles: $line"
done
run "$PORTCULLIS" explain --json "$W"
is "$STATUS $(python3 -c 'import json, sys
w = json.loads(sys.argv[1])
print(sorted(w), [s["state"] for s in w["sources"]], w["audit"], w["stages"][0]["instructions"][0])' \
    "$OUT")" "0 ['audit', 'children', 'format', 'maker', 'no-new-privileges', 'program', 'sources', \
'stages'] ['unchanged', 'unchanged'] True A = arch" "explain_has_json_for_it"
needs()
{
    echo "portcullis: error: $W: it is compiled, and $1 needs the text: name '$TMP/whole.txt'"
}
verb 2 "" "$(needs "explain of a call")" "explain_of_a_call_needs_the_text" explain "$W" read
verb 2 "" "$(needs "explain --audit")" "explain_of_the_log_needs_the_text" explain --audit "$W"
verb 2 "" "$(needs diff)" "diff_needs_the_text" diff "$W" "$TMP/whole.txt"
verb 2 "" "$(needs diff)" "diff_needs_both_texts" diff "$TMP/whole.txt" "$W"
verb 2 "" "$(needs --report)" "report_needs_the_text" run --report "$W" -- /bin/true
verb 2 "" "$(needs "--allow, --deny or --default")" "lines_need_the_text" \
    run --allow open "$W" -- /bin/true
verb 0 "$REFUSED" "" "run_takes_it" run "$OUT_FILE" -- "$VICTIM" ask
verb 0 "$REFUSED" "" "run_takes_it_without_a_gate" run --no-gate "$OUT_FILE" -- "$VICTIM" ask

# What it was compiled from changes, and goes.
echo '; changed' >>"$TMP/part.txt"
CHANGED="has changed since it was compiled; compile it again"
run "$PORTCULLIS" check "$W"
is "$STATUS $ERR" "0 $W: warning: its source '$TMP/part.txt' $CHANGED [stale]" \
    "check_warns_of_a_source_that_changed"
rm "$TMP/part.txt"
run "$PORTCULLIS" check --strict "$W"
is "$STATUS $ERR" "1 $W: warning: its source '$TMP/part.txt' cannot be read any more [stale]" \
    "check_warns_of_a_source_that_is_gone"
run "$PORTCULLIS" check --strict --no-warn stale "$W"
is "$STATUS $ERR" "0 " "warning_can_be_left_out"
run "$PORTCULLIS" explain "$W"
like "$OUT" "; from $TMP/part.txt \(gone\)" "explain_tells_of_a_source_that_is_gone"

# verify: of a process that was started compiled, and of one that was not.
printf '[allow]\nsyscalls = @stdio @files clock_nanosleep\n' >"$TMP/sleep.txt"
"$PORTCULLIS" compile "$TMP/sleep.txt" -o "$TMP/sleep.pcw"
filtered_now()
{
    [[ $(seccomp_modes "$PID") == 2 ]]
}
start_with "$TMP/sleep.pcw" sleep 60
wait_for 10 filtered_now
YES="yes: sleep, 1 thread, is filtered by"
if ((EUID == 0)); then
    verb 0 "$YES $TMP/sleep.pcw" "" "verify_takes_it" verify "$PID" "$TMP/sleep.pcw"
    verb 0 "$YES $TMP/sleep.txt" "" "verify_knows_it_by_its_text" verify "$PID" "$TMP/sleep.txt"
    run "$PORTCULLIS" verify "$PID" "$OUT_FILE"
    like "$STATUS $OUT" "^1 no: thread $PID of sleep is filtered, but not by $OUT_FILE: " \
        "verify_tells_another_one"
    echo >>"$TMP/sleep.txt"
    verb 0 "$YES $TMP/sleep.pcw" "$TMP/sleep.pcw: warning: its source '$TMP/sleep.txt' $CHANGED" \
        "verify_warns_of_a_source_that_changed" verify "$PID" "$TMP/sleep.pcw"
else
    skip "verify_takes_it" "only root can read filters"
fi
stop "$PID"

# What is wrong with it is told by the shim, by the command, and no program runs.
# wrong FILE TEXT NAME
wrong()
{
    filtered_by "$1" "$VICTIM" ask
    told 78 "" "$1: error: $2" "$3"
    verb 78 "" "$1: error: $2" "$3, for the command" check "$1"
}
# forge OUT EXPRESSION: out.pcw, its header's and stages' fields changed, with a digest that fits.
forge()
{
    python3 "$ROOT/tests/helpers/forge.py" "$OUT_FILE" "$TMP/$1" "$2"
}
CANNOT="cannot use the compiled whitelist:"
forge same.pcw 'pass'
succeeds "forged_file_is_right_to_begin_with" cmp "$OUT_FILE" "$TMP/same.pcw"
forge newer.pcw 'format += 1'
wrong "$TMP/newer.pcw" "$CANNOT its format is newer than this portcullis" "newer_format_is_refused"
forge older.pcw 'format = 0'
wrong "$TMP/older.pcw" "$CANNOT its format is unknown" "format_0_is_refused"
forge other.pcw 'machine = 0x40000003'
wrong "$TMP/other.pcw" "$CANNOT it was compiled for another architecture" \
    "other_architecture_is_refused"
forge flags.pcw 'flags |= 8'
wrong "$TMP/flags.pcw" "$CANNOT it has settings that this portcullis does not know" \
    "unknown_setting_is_refused"
forge long.pcw 'code = code[-1:] * 4097'
wrong "$TMP/long.pcw" "$CANNOT it has more than the 4096 instructions that the kernel takes" \
    "program_that_is_too_long_is_refused"
forge jump.pcw 'code[1] = (5, 0, 0, 0xffffffff)'
wrong "$TMP/jump.pcw" "$CANNOT it has an instruction that no filter has" \
    "jump_out_of_the_program_is_refused"
forge none.pcw 'code = []'
wrong "$TMP/none.pcw" "$CANNOT it contradicts itself" "file_without_a_program_is_refused"
head -c 200 "$OUT_FILE" >"$TMP/cut.pcw"
wrong "$TMP/cut.pcw" "$CANNOT it is cut short, or damaged" "file_that_is_cut_short_is_refused"
head -c 20 "$OUT_FILE" >"$TMP/stump.pcw"
wrong "$TMP/stump.pcw" "$CANNOT it is cut short" "file_without_a_whole_header_is_refused"
{ cat "$OUT_FILE" && echo; } >"$TMP/more.pcw"
wrong "$TMP/more.pcw" "$CANNOT there is more behind its end, or it is damaged" \
    "file_with_more_behind_it_is_refused"
{ head -c 200 "$OUT_FILE" && tr 'A' 'B' </dev/zero | head -c 8 && tail -c +209 "$OUT_FILE"; } \
    >"$TMP/damaged.pcw"
wrong "$TMP/damaged.pcw" "$CANNOT it is damaged: its digest is another" "damaged_file_is_refused"
{ cat "$OUT_FILE" && head -c 300000 /dev/zero; } >"$TMP/large.pcw"
filtered_by "$TMP/large.pcw" "$VICTIM" ask
told 78 "" "$TMP/large.pcw: error: $CANNOT it is larger than 256 KiB" "large_file_is_refused"
forge stages.pcw 'stages += [(0, 0, len(code))]; code += code'
wrong "$TMP/stages.pcw" \
    "$CANNOT it has a stage that begins with a function that this portcullis does not know" \
    "stage_that_nothing_begins_is_refused"

# Every bit, and every length, by the shim itself.
is "$(python3 - "$OUT_FILE" "$TMP/bits.pcw" "$SHIM" "$VICTIM" <<'END'
import os, subprocess, sys
source, path, shim, victim = sys.argv[1:]
whole = open(source, "rb").read()
environment = {"LD_PRELOAD": shim, "PORTCULLIS_WHITELIST": path}

def refused(data):
    with open(path, "wb") as file:
        file.write(data)
    done = subprocess.run([victim, "ask"], env=environment, capture_output=True)
    return done.returncode == 78 and done.stdout == b"" and b": error: " in done.stderr

wrong = [f"length {n}" for n in range(len(whole)) if not refused(whole[:n])]
for i in range(len(whole)):
    bit = 1 << i * 5 % 8
    if not refused(whole[:i] + bytes([whole[i] ^ bit]) + whole[i + 1:]):
        wrong.append(f"byte {i}")
print(len(whole) > 200, wrong)
END
)" "True []" "shim_refuses_every_length_and_a_flipped_bit_in_every_byte"

# What cannot be read, or is not what it seems.
# injected OPTION...: the victim with the compiled whitelist, under strace.
injected()
{
    run strace -o "$TMP/trace" "${@/#/-einject=}" -E LD_PRELOAD="$SHIM" \
        -E PORTCULLIS_WHITELIST="$OUT_FILE" "$VICTIM" ask
}
injected pread64:error=EIO:when=4+
told 78 "" "$OUT_FILE: error: cannot read the compiled whitelist: EIO" \
    "file_that_cannot_be_read_is_told"
injected pread64:retval=1000000:when=4+
told 78 "" "$OUT_FILE: error: cannot read the compiled whitelist: EIO" \
    "read_of_more_than_was_asked_for_is_not_believed"
# The loader's fstat() may be the same call.
strace -y -e trace=fstat -o "$TMP/trace" -E LD_PRELOAD="$SHIM" -E PORTCULLIS_WHITELIST="$OUT_FILE" \
    "$VICTIM" ask >"$TMP/.out" 2>&1
injected "fstat:retval=0:when=$(grep -nF "<$OUT_FILE>" "$TMP/trace" | head -n 1 | cut -d: -f1)"
told 78 "" "$OUT_FILE: error: cannot read the compiled whitelist: it is not a regular file" \
    "file_of_a_kind_that_is_only_pretended_is_refused"

# While a source changes there is no telling which of the two was compiled.
printf '[allow]\nsyscalls = read\n' >"$TMP/one.txt"
printf '[allow]\nsyscalls = write\n' >"$TMP/two.txt"
start python3 -c 'import os, shutil, sys
while True:
    for name in sys.argv[1:3]:
        shutil.copy(name, sys.argv[3] + ".new")
        os.replace(sys.argv[3] + ".new", sys.argv[3])' "$TMP/one.txt" "$TMP/two.txt" "$TMP/moving.txt"
flipper=$PID
wait_for 5 test -e "$TMP/moving.txt"
changing()
{
    run "$PORTCULLIS" compile "$TMP/moving.txt" -o "$TMP/moving.pcw"
    [[ $STATUS == 71 && $ERR == "portcullis: error: $TMP/moving.txt: it is being changed" ]]
}
succeeds "source_that_is_being_changed_is_not_compiled" wait_for 20 changing
stop "$flipper"

# What it costs: the half that reads text is not touched, and no memory is obtained.
# touched WHITELIST: KiB in memory of each mapping of the shim.
touched()
{
    with "$1" cat /proc/self/smaps | awk -v shim="$SHIM" '
        /^[0-9a-f]+-/ { of = $NF == shim; mode = $2 }
        /^Rss:/ && of { print mode, ($2 > 0) }' | paste -sd ' '
}
is "$(touched "$OUT_FILE")" "r-xp 1 r--p 1 r-xp 0 r--p 0 rw-p 0" \
    "compiled_whitelist_touches_nothing_of_the_half_that_reads_text"
is "$(touched "$TEXT")" "r-xp 1 r--p 1 r-xp 1 r--p 1 rw-p 1" "text_touches_both_halves"
like "$(readelf -dW "$SHIM" | grep -c 'RELACOUNT.* 1$') $(readelf -rW "$SHIM" | grep -c RELATIVE)" \
    '^1 [0-9]{2,3}$' "ld_so_is_told_of_one_relocation"
strace -o "$TMP/trace" -E LD_PRELOAD="$SHIM" -E PORTCULLIS_WHITELIST="$OUT_FILE" "$VICTIM" ask \
    >/dev/null
is "$(sed -n "/^openat.*out.pcw/,/^seccomp.*= 0\$/s/(.*//p" "$TMP/trace" | paste -sd ' ')" \
    "openat pread64 fstat pread64 close prctl prctl prctl seccomp seccomp" \
    "compiled_whitelist_takes_ten_system_calls"
strace -o "$TMP/trace" -E LD_PRELOAD="$SHIM" -E PORTCULLIS_WHITELIST="$TEXT" "$VICTIM" ask >/dev/null
is "$(grep -cF "\"$TEXT\"" <(grep ^openat "$TMP/trace"))" 1 "text_is_opened_once"
finish
