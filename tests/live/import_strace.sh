#!/usr/bin/env bash
# portcullis import --from strace, over logs of Debian's strace.
. "$(dirname "$0")/../helpers/tap.sh"
. "$(dirname "$0")/../helpers/learn.sh"

cd "$TMP" || exit 1
victim work -pthread
seq 1 50 >numbers
IMPORT=("$PORTCULLIS" import --from strace)
# What learn refuses is not in the log either.
printf '[filter]\ndefault = log\n[allow]\nsyscalls = read\n[deny]\n@fallback = ENOSYS\n' >mark.ini
MARK=(-E LD_PRELOAD="$SHIM" -E PORTCULLIS_WHITELIST="$TMP/mark.ini")

# lines TEXT: what a whitelist allows, without what it says about itself.
lines() { sed -n '/^\[allow\]/,$p' <<<"$1" | grep -vE '^(;|$)'; }

# marked LOG COMMAND... (OPTIONS: strace's own)
OPTIONS=()
marked() { strace -f -o "$1" "${OPTIONS[@]}" "${MARK[@]}" "${@:2}" >out 2>&1 </dev/null; }

# From the mark on it is what learn sees.
for program in 'sort -rn numbers' './work uring' './work timers' './work signalfd' \
    '/usr/bin/python3 -c print(1)'; do
    read -ra command <<<"$program"
    marked log "${command[@]}"
    run "${IMPORT[@]}" log
    imported=$OUT
    is "$STATUS|$ERR" "0|" "$program: its log is imported"
    rm -f learned.ini
    learned learned "${command[@]}"
    is "$(lines "$imported")" "$(lines "$(<learned.ini)")" "$program: to what is learned of it"
done

# However the log is decorated.
# shellcheck disable=SC2016
PIPELINE='echo a | cat >/dev/null; (exec ls / >/dev/null) & wait; x=$(ls numbers); echo $x'
marked log dash -c "$PIPELINE"
run "${IMPORT[@]}" log
wanted=$(lines "$OUT")
is "$STATUS|$ERR|$(grep -c 'only PROT_READ|PROT_EXEC' <<<"$OUT")" "0||1" \
    "a log of several processes is imported, what they execute included"
for options in -t -tt -ttt -r -T -i -n -y -yy -k -Y -v '-X raw' '-X verbose' '-s 0' '-a 1' \
    '-tt -T -y' '-ttt -r -T -yy -Y -n -i' '-q' '-qq' '--absolute-timestamps=precision:ns'; do
    read -ra OPTIONS <<<"$options"
    marked log dash -c "$PIPELINE"
    run "${IMPORT[@]}" log
    is "$STATUS|$ERR|$(lines "$OUT")" "0||$wanted" "strace $options is understood"
done
OPTIONS=()
for options in -f '-f -q' '-f -tt -y' '-f -r -T'; do
    read -ra command <<<"$options"
    strace "${command[@]}" "${MARK[@]}" dash -c "$PIPELINE" >out 2>log </dev/null
    run "${IMPORT[@]}" log
    is "$STATUS|$ERR|$(lines "$OUT")" "0||$wanted" "strace $options to standard error is understood"
done
run bash -c '"$@" <log' - "${IMPORT[@]}" -
is "$STATUS|$ERR|$(lines "$OUT")" "0||$wanted" "standard input is read"
run bash -c 'cat log | "$@"' - "${IMPORT[@]}" -
is "$STATUS|$ERR|$(lines "$OUT")" "0||$wanted" "even from a pipe"

# Logs of another day, of strace 6.1: to standard error and with -o, with a mark, without, a table.
for log in "$ROOT"/tests/data/strace/*.log; do
    name=${log##*/}
    run "${IMPORT[@]}" "$log"
    is "$STATUS|$(lines "$OUT")" "0|$(<"${log%.log}.expected")" "$name is understood"
    is "$(grep -c 'not a line\|unknown' <<<"$ERR")" 0 "$name: all of it"
done

# It is enough.
marked log dash -c "$PIPELINE"
"${IMPORT[@]}" log -o enough.ini 2>/dev/null
or_die enough.ini kill.ini
run "$PORTCULLIS" run kill.ini -- dash -c "$PIPELINE"
is "$STATUS|$OUT|$ERR" "0|numbers|" "what was imported is enough for the program"

# Whose the calls are.
strace -f -o log dash -c \
    "uname -a; LD_PRELOAD=$SHIM PORTCULLIS_WHITELIST=mark.ini ./work fork; id" >/dev/null 2>&1
run "${IMPORT[@]}" log
is "$STATUS|$ERR|$(lines "$OUT" | grep -cE '\b(uname|geteuid|execve|prctl|seccomp)\b')" "0||0" \
    "only the marked process counts"
like "$OUT" 'syscalls = .*getpriority' "with its children"

# Without a mark.
strace -f -o log ./work uring >/dev/null 2>&1
run "${IMPORT[@]}" log
NO_MARK="nothing in it tells where the program begins, so the calls of its loader count; strace -f \
-E LD_PRELOAD=libportcullis.so -E PORTCULLIS_WHITELIST=FILE leaves a mark"
is "$STATUS|$ERR" "0|log: warning: $NO_MARK" "a log without a mark is imported with a warning"
like "$OUT" 'mmap = prot only PROT_READ\|PROT_EXEC' "the calls of the loader are in it"
is "$(grep -c execve <<<"$OUT")" 0 "but not strace's own execve"
strace -c -f -o table ./work uring >/dev/null 2>&1
run "${IMPORT[@]}" table
is "$STATUS|$ERR" "0|table: warning: $NO_MARK"$'\n'"table:1: warning: a table of strace -c has no \
arguments, and lacks exit_group; a log of strace -f has both" "a table of strace -c is imported"
like "$(lines "$OUT")" 'io_uring_setup' "with its names"
is "$(lines "$OUT" | grep -c ' = .* = \|mmap = ')" 0 "and no conditions"
{ cat log; echo 'a line of another kind'; echo '12 frobnicate(1) = 0'; } >mixed
run "${IMPORT[@]}" mixed
last=$(wc -l <mixed)
is "$STATUS|$ERR" "0|mixed: warning: $NO_MARK
mixed:$((last - 1)): warning: not a line of strace's: 'a line of another kind'
mixed:$last: warning: unknown system call 'frobnicate'" \
    "what is not understood is told with its line"

# Tables of other columns, and in another language.
rows()
{
    printf '%s\n' "$1" >rows
    run "${IMPORT[@]}" rows
    is "$STATUS|$(lines "$OUT")" $'0|[allow]\nsyscalls = mmap read' "$2"
    is "$(grep -c 'not a line\|unknown' <<<"$ERR")" 0 "and nothing in it is odd"
}
rows '% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 33,78    0,000229          28         8           mmap
 12,83    0,000087          29         3         1 read
------ ----------- ----------- --------- --------- ----------------
100,00    0,000316          28        11         1 total' "a table with decimal commas is imported"
rows 'syscall              calls
---------------- ---------
read                     4
mmap                     9
---------------- ---------
total                   13' "a table of -U is imported"
rows '   errors syscall
--------- ----------------
        1 read
          mmap
--------- ----------------
        1 total' "even where it does not say how often"
for columns in name,calls calls,errors,name time-percent,min-time,max-time,avg-time,errors,name; do
    strace -c -f -U "$columns" -o rows dash -c "$PIPELINE" >/dev/null 2>&1 </dev/null
    run "${IMPORT[@]}" rows
    is "$STATUS|$(grep -c 'not a line' <<<"$ERR")|$(grep -c ' = .* = ' <<<"$(lines "$OUT")")" "0|0|0" \
        "strace -c -U $columns is understood"
done

# A log with a table behind it: the log counts.
OPTIONS=(-C)
marked log dash -c "$PIPELINE"
OPTIONS=()
is "$(grep -c '^% time' log)" 1 "strace -C writes a table behind the log"
run "${IMPORT[@]}" log
is "$STATUS|$ERR|$(lines "$OUT")" "0||$wanted" "which changes nothing"

# What strace adds.
marked log dash -c "$PIPELINE"
OPTIONS=(-e read=all -e write=all)
marked dumped dash -c "$PIPELINE"
OPTIONS=()
is "$(grep -c '^ | 00000 ' dumped | sed 's/[1-9].*/some/')" some "strace -e write= adds what is written"
run "${IMPORT[@]}" dumped
is "$STATUS|$ERR|$(lines "$OUT")" "0||$wanted" "which changes nothing either"
sed -e '1i Process 2649 attached with 2 threads - interrupt to quit' -e '$a Process 2649 detached' \
    log >old
run "${IMPORT[@]}" old
is "$STATUS|$ERR|$(lines "$OUT")" "0||$wanted" "nor do the words of older versions"

# Constants.
cat >ioctl.log <<'END'
ioctl(3, TCGETS, 0x7f) = 0
ioctl(4, FROBGET, [4096]) = 0
ioctl(4, FROBSET, [4096]) = 0
socket(AF_UNIX, SOCK_STREAM, 0) = 3
socket(AF_UNIX, <unfinished ...>
END
run "${IMPORT[@]}" ioctl.log
is "$STATUS|$ERR" "0|ioctl.log: warning: $NO_MARK
ioctl.log:2: warning: 'request' of 'ioctl' is unknown here: 'FROBGET', so 'ioctl' is allowed whatever \
its arguments; strace -X verbose writes numbers
ioctl.log:5: warning: 'type' of 'socket' is not there, so 'socket' is allowed whatever its arguments" \
    "a call is told whose arguments can't be read"
is "$(lines "$OUT")" $'[allow]\nsyscalls = ioctl socket' "and allowed whatever they are"
sed -e 's/FROBGET/0x1234 \/* FROBGET *\//' -e 's/FROBSET/0x4321/' -e '$d' ioctl.log >numbers.log
run "${IMPORT[@]}" numbers.log
is "$(lines "$OUT")" $'[allow]
ioctl = request in 4660 17185 TCGETS
socket = domain == AF_UNIX and type & SOCK_TYPE_MASK == SOCK_STREAM' "numbers keep the condition"

# Calls of another architecture.
cat >foreign.c <<'END'
int main(void)
{
    long result = 20; /* getpid of i386 */
    __asm__ volatile("int $0x80" : "+a"(result) : : "r8", "r9", "r10", "r11", "memory");
    return result <= 0;
}
END
"${CC:-gcc}" -o foreign foreign.c && strace ./foreign 2>log
run "${IMPORT[@]}" log
like "$STATUS|$ERR" '^0\|.*log:[0-9]+: warning: calls of another architecture are left out: a '\
'filter for this one kills them$' "calls of another architecture are told"
is "$(lines "$OUT" | grep -cw getpid)" 0 "and left out"

# Into a file.
marked log ./work threads
rm -f file.ini
run "${IMPORT[@]}" log -o file.ini
is "$STATUS|$OUT|$ERR" "0||portcullis: added to file.ini: $(lines "$(<file.ini)" | grep -v '^\[' |
    sed 's/^syscalls = //; t; s/.*/x/' | wc -w)" "a new file is written"
cp file.ini before
run "${IMPORT[@]}" -o file.ini log
is "$STATUS|$OUT|$ERR" "0||portcullis: file.ini has all of it already" "a second time it has it all"
succeeds "and keeps its bytes" cmp file.ini before
printf '[allow]\nsyscalls = write ; mine\nmmap = prot == PROT_EXEC\n' >mine.ini
run "${IMPORT[@]}" log --output mine.ini
is "$STATUS|$(grep -cxF 'syscalls = write ; mine' mine.ini) $(grep -c '^mmap' mine.ini)" "0|1 2" \
    "what a file has stays"
echo 'nonsense' >wrong.ini
run "${IMPORT[@]}" log -o wrong.ini
is "$STATUS|${ERR%%:*}" "78|wrong.ini" "a wrong whitelist is not added to"

# Mistakes.
: >empty
run "${IMPORT[@]}" empty
is "$STATUS|$OUT|$ERR" "78||portcullis: error: empty: there is no system call in it" "an empty log"
run "${IMPORT[@]}" none
is "$STATUS|$ERR" "71|portcullis: error: cannot read 'none': No such file or directory" "no log"
run "${IMPORT[@]}" .
is "$STATUS|$ERR" "71|portcullis: error: cannot read '.': Is a directory" "a folder"
printf '10 newfstatat(1, "", {st_mode=S_IFCHR}, AT_EMPTY_PATH) = 0\n' >old.log
run "${IMPORT[@]}" old.log
like "$OUT" 'syscalls = fstat newfstatat' "fstat comes with newfstatat, which other releases of glibc swap"
SEE="see 'portcullis import --help'"
run "$PORTCULLIS" import log
is "$STATUS|$ERR" "2|portcullis import: '--from FORMAT' is missing; $SEE" "no format"
run "$PORTCULLIS" import --from tarot log
is "$STATUS|$ERR" "2|portcullis import: unknown format 'tarot'; $SEE" "an unknown format"
run "${IMPORT[@]}"
is "$STATUS|$ERR" "2|portcullis import: a file is missing; $SEE" "no file"
run "${IMPORT[@]}" log log
is "$STATUS|$ERR" "2|portcullis import: one file at a time; $SEE" "two files"
run "${IMPORT[@]}" --frob log
is "$STATUS|$ERR" "2|portcullis import: unknown option '--frob'; $SEE" "an unknown option"
run "${IMPORT[@]}" log -o
is "$STATUS|$ERR" "2|portcullis import: option '-o' needs a value; $SEE" \
    "an option without its value"
run "$PORTCULLIS" import --help
is "$STATUS|${OUT%%$'\n'*}" "0|usage: portcullis import --from FORMAT FILE [-o FILE]" "help"
finish
