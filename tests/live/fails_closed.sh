#!/bin/bash
# Whatever goes wrong in the constructor, the program's main never runs unfiltered: each of the
# constructor's system calls is made to fail in turn, and each of its allocations.
. "$(dirname "$0")/../helpers/tap.sh"

command -v strace >/dev/null || skip_all "there is no strace"
chmod 711 "$TMP"
cp "$SHIM" "$TMP/libportcullis.so"
SHIM=$TMP/libportcullis.so

# Says whether it is filtered: mkdir is what the whitelist forbids.
cat >"$TMP/victim.c" <<'EOF'
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

int main(int count, char **arguments)
{
    if (count > 1 && mkdir(arguments[1], 0700) < 0 && errno == EPERM)
        puts("filtered");
    else
        puts("NOT FILTERED");
    return 0;
}
EOF
cat >"$TMP/good.ini" <<'EOF'
[filter]
default = allow
[deny]
mkdir = EPERM
mkdirat = EPERM
EOF
"${CC:-gcc}" -o "$TMP/glibc" "$TMP/victim.c" || exit 1
LIBCS=(glibc)
if command -v musl-gcc >/dev/null; then
    musl-gcc -o "$TMP/musl" "$TMP/victim.c" || exit 1
    LIBCS+=(musl)
fi

# traced VICTIM STRACE-OPTION...: one run of it, under strace.
traced()
{
    local victim=$1
    shift
    rmdir "$TMP/made" 2>/dev/null
    run timeout 20 strace -o "$TMP/trace" "$@" -E LD_PRELOAD="$SHIM" \
        -E PORTCULLIS_WHITELIST="${WHITELIST-$TMP/good.ini}" "$TMP/$victim" "$TMP/made"
}

# misbehaviour MESSAGE: what the last run did, if it was neither filtered nor refused with a message
# that matches.
misbehaviour()
{
    if ((STATUS == 0)) && [[ $OUT == filtered && $ERR == "" ]]; then
        return
    fi
    if ((STATUS == 71 || STATUS == 78)) && [[ $OUT == "" && $ERR =~ $1 ]]; then
        return
    fi
    echo "status $STATUS, stdout '$OUT', stderr '$ERR'"
}

# The constructor's calls, each as "NAME N": the Nth call of that name in the process. They begin
# with the request for the auxiliary vector and end with the load. (`strace -e inject` counts like
# this.)
constructor_calls()
{
    awk -F'(' '/^[a-z]/ {
            count[$1]++
            if ($1 == "prctl" && $2 ~ /^(0x41555856|PR_GET_AUXV)/)
                inside = 1
            if (inside)
                print $1, count[$1]
            if ($1 == "seccomp" && $2 ~ /{len=/)
                exit
        }' "$TMP/trace"
}

# inject_into VICTIM NAME N: fails the call in many ways; tells what went wrong.
inject_into()
{
    local how wrong message
    local hows=(error={ENOMEM,EPERM,EINTR,ENFILE}:when="$3" error={ENOMEM,EPERM,ENFILE}:when="$3+")
    # The load itself has nobody behind it to ask: that it was only pretended would show in no way.
    # The call before, with a null program, is what tells an outer filter that pretends.
    [[ "$2 $3" == "seccomp 2" ]] || hows+=(retval=0:when="$3" retval=0:when="$3+")
    for how in "${hows[@]}"; do
        traced "$1" -e "inject=$2:$how"
        message=': error: '
        [[ $2 == write && $how == *+ ]] && message='^$' # there is none if it can't be written
        wrong=$(misbehaviour "$message")
        [[ $wrong == "" ]] || echo "$how: $wrong"
    done
}

# inject_into_all VICTIM FORM: of WHITELIST.
inject_into_all()
{
    local victim=$1 form=$2 calls i name n wrong
    traced "$victim"
    is "$STATUS $OUT$ERR" "0 filtered" "$victim, $form: where nothing fails, main runs filtered"
    mapfile -t calls < <(constructor_calls)
    is "${calls[0]%% *} ... ${calls[-1]}" "prctl ... seccomp 2" \
        "$victim, $form: the constructor's calls begin at the auxiliary vector and end with the load"
    for i in "${!calls[@]}"; do
        read -r name n <<<"${calls[i]}"
        wrong=$(inject_into "$victim" "$name" "$n")
        is "$wrong" "" \
            "$victim, $form: when call $((i + 1)), $name, fails, main runs filtered or not at all"
    done
}

# program = ... has more to ask for.
sed 's|^default|program = /bin/true '"$TMP"'/glibc '"$TMP"'/'"${LIBCS[-1]}"'\n&|' "$TMP/good.ini" >"$TMP/program.ini"
"$BUILD/portcullis" compile "$TMP/program.ini" -o "$TMP/good.pcw" || exit 1
for victim in "${LIBCS[@]}"; do
    WHITELIST=$TMP/good.ini
    inject_into_all "$victim" text
    WHITELIST=$TMP/good.pcw
    inject_into_all "$victim" compiled
done
unset WHITELIST

# The way by prctl(2), where seccomp(2) is refused.
traced glibc -e inject=seccomp:error=EPERM
is "$STATUS $OUT$ERR" "0 filtered" "where seccomp(2) is refused, one thread is filtered by prctl(2)"
proof=$(sed -n '/^unshare/,/^prctl(PR_SET_SECCOMP, .*{len=/p' "$TMP/trace")
is "$(cut -d'(' -f1 <<<"$proof" | paste -sd' ')" "unshare unshare prctl prctl" \
    "before that it is proved that there is one thread"
for failing in unshare:error=EPERM unshare:error=EINVAL unshare:error=ENOSYS unshare:retval=0 \
    unshare:error=EPERM:when=2 prctl:retval=0 prctl:error=EPERM; do
    traced glibc -e inject=seccomp:error=EPERM -e "inject=$failing"
    is "$STATUS $OUT" "71 " "nothing runs where seccomp(2) is refused, and $failing"
done

traced glibc -e inject=seccomp:retval=77:when=2
is "$STATUS $ERR" "71 portcullis: error: cannot filter all threads, because of a filter of its own \
in thread 77" "a thread that can't be filtered is named"

# The last words.
WHITELIST=''
traced glibc -e inject=write:error=EIO
is "$STATUS $OUT$ERR" "78 " "where the message can't be written, the process ends all the same"
traced glibc -e inject=write:error=EINTR
is "$STATUS $OUT$ERR" "78 " "where every write is interrupted, too"
traced glibc -e inject=write:error=EINTR:when=1
is "$STATUS $ERR" "78 portcullis: error: PORTCULLIS_WHITELIST is empty; set it to a \
whitelist's path" "a message that is interrupted is written again"
traced glibc -e inject=write:retval=1000000
is "$STATUS $OUT" "78 " "a write that claims more than it was asked for ends the message"
traced glibc -e inject=exit_group:error=EPERM
is "$((STATUS > 128)) $OUT" "1 " "where exit_group is refused, the process dies by a signal"
traced glibc -e inject=exit_group:retval=0
is "$((STATUS > 128)) $OUT" "1 " "where exit_group is pretended, too"
unset WHITELIST

# Whitelists that are none.
for victim in "${LIBCS[@]}"; do
    run env LD_PRELOAD="$SHIM" "$TMP/$victim" "$TMP/made"
    is "$STATUS $OUT$ERR" "78 portcullis: error: PORTCULLIS_WHITELIST is not set; set it to a \
whitelist's path" "$victim: a whitelist that is not named ends with 78"
    run env LD_PRELOAD="$SHIM" PORTCULLIS_WHITELIST= "$TMP/$victim" "$TMP/made"
    is "$STATUS $OUT$ERR" "78 portcullis: error: PORTCULLIS_WHITELIST is empty; set it to a \
whitelist's path" "$victim: an empty name ends with 78"
done

# refuses PATH NAME [COMMAND...]
refuses()
{
    local path=$1 name=$2
    shift 2
    run timeout 20 "$@" env LD_PRELOAD="$SHIM" PORTCULLIS_WHITELIST="$path" "$TMP/glibc" "$TMP/made"
    if ((STATUS == 78)) && [[ $OUT == "" && $ERR =~ ^"$path"(:[0-9]+)?": error: " ]]; then
        pass "$name ends with 78 and a message that names it"
    else
        fail "$name ends with 78 and a message that names it" \
            "status $STATUS, stdout '$OUT', stderr '$ERR'"
    fi
}

mkdir "$TMP/folder"
mkfifo "$TMP/fifo"
truncate -s 100M "$TMP/large"
: >"$TMP/nothing"
cp "$TMP/good.ini" "$TMP/unreadable"
chmod 000 "$TMP/unreadable"
printf '[filter]\ninclude = gone.ini\n[allow]\nsyscalls = read\n' >"$TMP/including"
printf 'no whitelist' >"$TMP/words"
refuses "$TMP/gone" "a file that is not there"
refuses "$TMP/folder" "a folder"
refuses "$TMP/fifo" "a FIFO that nobody writes to"
refuses /dev/zero "/dev/zero"
refuses "$TMP/large" "a file of 100 MB"
refuses "$TMP/nothing" "an empty file"
refuses "$TMP/words" "a file of words"
refuses "$TMP/including" "an include that is gone"
if ((EUID == 0)); then
    refuses "$TMP/unreadable" "an unreadable file" \
        setpriv --reuid=65534 --regid=65534 --clear-groups
else
    refuses "$TMP/unreadable" "an unreadable file"
fi

# Cut short between fstat(2) and read(2): what is left may be a whitelist, too, with half of its lines.
{
    printf '[filter]\ndefault = allow\n[deny]\nfchdir = EPERM\n'
    printf '; %s\n' {1..100}
    printf 'mkdir = EPERM\nmkdirat = EPERM\n'
} >"$TMP/cut.ini"
WHITELIST=$TMP/cut.ini
traced glibc
is "$STATUS $OUT$ERR" "0 filtered" "a whitelist that stays as it is filters"
read_number=$(awk -F'(' '$1 == "read" { n++ } index($0, "cut.ini") { print n + 1; exit }' "$TMP/trace")
(sleep 0.7 && truncate -s 60 "$TMP/cut.ini") &
traced glibc -e "inject=read:delay_enter=1500000:when=$read_number"
wait $!
is "$STATUS $OUT$ERR" "78 $TMP/cut.ini: error: cannot read '$TMP/cut.ini': it is being written" \
    "a whitelist that is cut short while it is read ends with 78"
unset WHITELIST

# Allocations.
run prlimit --data=1000000 env LD_PRELOAD="$SHIM" PORTCULLIS_WHITELIST="$TMP/good.ini" "$TMP/glibc" \
    "$TMP/made"
is "$STATUS $OUT$ERR" "71 portcullis: error: cannot map memory: ENOMEM" \
    "a limit too small for the arena ends with 71"

cp "$BUILD/tests/libportcullis-failing.so" "$TMP/failing.so" || exit 1
wrong=
for ((n = 1; n < 100000; n++)); do
    run env -i LD_PRELOAD="$TMP/failing.so" PORTCULLIS_WHITELIST="$TMP/good.ini" \
        PORTCULLIS_FAIL_AT=$n "$TMP/glibc" "$TMP/made"
    ((STATUS != 0)) || break
    [[ "$STATUS $OUT" == "71 " && $ERR == *"out of memory"* ]] ||
        wrong+="allocation $n: status $STATUS, stdout '$OUT', stderr '$ERR'"$'\n'
done
is "$wrong" "" "when any of the allocations fails, nothing runs"
is "$OUT" filtered "when none fails, main runs filtered"
like "$n" '^[0-9]{2,}$' "there were many to fail"
diag "allocations: $((n - 1))"

finish
