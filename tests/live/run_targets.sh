#!/bin/bash
# `portcullis run` refuses what LD_PRELOAD does not reach, says why, and starts nothing.
# shellcheck disable=SC2016 # what other shells expand
. "$(dirname "$0")/../helpers/run.sh"

build_victim victim

# refuses CODE MESSAGE NAME PROGRAM...: by `run`, before anything is started.
refuses()
{
    local code=$1 message=$2 name=$3
    shift 3
    run "${AS[@]}" "$PORTCULLIS" run "${OPTIONS[@]}" "$TMP/good.ini" "$@"
    is "$STATUS $OUT$ERR" "$code $message" "$name"
}
AS=() OPTIONS=()
reach="portcullis: error: the shim cannot reach"

"${CC:-gcc}" -static -o "$TMP/static" "$ROOT/tests/victims/run_victim.c" || exit 1
refuses 126 "$reach '$TMP/static': it is statically linked; link it dynamically" \
    "a static program is refused" "$TMP/static"

"${CC:-gcc}" -static-pie -o "$TMP/pie" "$ROOT/tests/victims/run_victim.c" || exit 1
refuses 126 "$reach '$TMP/pie': it is statically linked (static-pie); link it dynamically" \
    "a static-pie program is refused" "$TMP/pie"

export HOME=${HOME:-$TMP}
printf 'package main\n\nfunc main() { println("NOT FILTERED") }\n' >"$TMP/main.go"
CGO_ENABLED=0 go build -o "$TMP/go" "$TMP/main.go" || exit 1
refuses 126 "$reach '$TMP/go': it is a statically linked Go program; build it with \
'CGO_ENABLED=1 go build -ldflags=-linkmode=external'" "a static Go program is refused" "$TMP/go"
CGO_ENABLED=1 go build -ldflags=-linkmode=external -o "$TMP/go" "$TMP/main.go" || exit 1
run "$PORTCULLIS" run "$TMP/good.ini" "$TMP/go"
is "$STATUS $ERR" "0 NOT FILTERED" "built as the message says, it runs"

# An ELF header of 32 bits, and nothing behind it.
printf '\x7fELF\x01\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\x03\0\x01\0\0\0%032d' 0 >"$TMP/32"
chmod 755 "$TMP/32"
refuses 126 "$reach '$TMP/32': it is not a 64-bit program, as the shim is; build it for 64 bits" \
    "a 32-bit program is refused" "$TMP/32"

cp "$TMP/victim" "$TMP/arm"
printf '\xb7' | dd of="$TMP/arm" bs=1 seek=18 conv=notrunc status=none
refuses 126 "$reach '$TMP/arm': it is built for another machine (ELF machine 183); build it for \
this one" "a program for another machine is refused" "$TMP/arm"

printf '\x7fELF' >"$TMP/short"
chmod 755 "$TMP/short"
refuses 126 "$reach '$TMP/short': it is a damaged ELF file; look at it with 'readelf -h'" \
    "a file that is ELF in its first four bytes only is refused" "$TMP/short"

loader=$(readlink -f /lib64/ld-linux-x86-64.so.2)
refuses 126 "$reach '$loader': it is a loader or a library, not a program; name the program itself" \
    "the loader is refused" "$loader" "$TMP/victim"

printf '#!%s\n' "$TMP/static" >"$TMP/script"
printf '#! %s argument\n' "$TMP/script" >"$TMP/script2"
chmod 755 "$TMP/script" "$TMP/script2"
refuses 126 "$reach '$TMP/static', which runs '$TMP/script': it is statically linked; link it \
dynamically" "a script whose interpreter is static is refused" "$TMP/script"
refuses 126 "$reach '$TMP/static', which runs '$TMP/script2': it is statically linked; link it \
dynamically" "a script whose interpreter is such a script is refused" "$TMP/script2"

printf '#!%s\n' "$TMP/loop" >"$TMP/loop"
printf '#!\n' >"$TMP/bare"
printf '#!/nix/nix\n' >"$TMP/gone"
chmod 755 "$TMP/loop" "$TMP/bare" "$TMP/gone"
refuses 126 "portcullis: error: cannot run '$TMP/loop': Too many levels of symbolic links" \
    "a script that is its own interpreter is refused" "$TMP/loop"
refuses 126 "portcullis: error: cannot run '$TMP/bare': Exec format error" \
    "a script without an interpreter's name is refused" "$TMP/bare"
refuses 126 "portcullis: error: cannot run '$TMP/gone': its interpreter '/nix/nix': No such file or \
directory" "a script whose interpreter is not there is refused" "$TMP/gone"

AS=(env PATH=/usr/bin:/bin)
refuses 127 "portcullis: error: 'no-such-program' is not found in PATH" \
    "a program that is nowhere in PATH is not found" no-such-program
AS=()
refuses 127 "portcullis: error: cannot run '$TMP/nothing': No such file or directory" \
    "a path where nothing is, is not found" "$TMP/nothing"
refuses 127 "portcullis: error: '' is not found in PATH" "an empty name is not found" ""
refuses 126 "portcullis: error: cannot run '$TMP/bin': Is a directory" \
    "a directory is not run" "$TMP/bin"
refuses 126 "portcullis: error: cannot run '$TMP/good.ini': Permission denied" \
    "a file that is not executable is not run" "$TMP/good.ini"

# PATH, as execvp(3) goes through it.
mkdir "$TMP/one" "$TMP/two"
cp "$TMP/good.ini" "$TMP/one/victim"
run env PATH="$TMP/one:/nix" "$PORTCULLIS" run "$TMP/good.ini" victim
is "$STATUS $ERR" "126 portcullis: error: cannot run 'victim': Permission denied" \
    "what may not be executed is told where nothing else is in PATH"
cp "$TMP/victim" "$TMP/two/"
run env PATH="$TMP/one:$TMP/two" "$PORTCULLIS" run "$TMP/good.ini" victim "$TMP/open/made"
is "$STATUS $OUT$ERR" "0 filtered" "and passed by where something is"
printf 'echo script; ! mkdir "$1" 2>/dev/null && echo filtered\n' >"$TMP/plain"
chmod 755 "$TMP/plain"
run "$PORTCULLIS" run "$TMP/good.ini" "$TMP/plain" "$TMP/open/made"
is "$STATUS $OUT$ERR" "0 script"$'\n'"filtered" "a script without '#!' is run by /bin/sh"

echo 'int nothing;' | ${CC:-gcc} -xc -c -o "$TMP/object" -
chmod 755 "$TMP/object"
refuses 126 "$reach '$TMP/object': it is no executable ELF file; link it" \
    "an object file is refused" "$TMP/object"

if ((EUID == 0)); then
    AS=("${NOBODY[@]}")
    ignores="so that the loader ignores LD_PRELOAD; start it without that, or filter it from a unit's \
SystemCallFilter="
    cp "$TMP/victim" "$TMP/setuid"
    chmod 4755 "$TMP/setuid"
    refuses 126 "$reach '$TMP/setuid': it is setuid, $ignores" "a setuid program is refused" \
        "$TMP/setuid"
    cp "$TMP/victim" "$TMP/setgid"
    chmod 2755 "$TMP/setgid"
    refuses 126 "$reach '$TMP/setgid': it is setgid, $ignores" "a setgid program is refused" \
        "$TMP/setgid"
    AS=(setpriv --ruid=65534)
    for option in "--shim=$SHIM" --no-gate; do
        OPTIONS=("$option")
        refuses 126 "$reach '$TMP/victim': it would run with other rights than its real user's, so \
that the loader ignores LD_PRELOAD; start it with the same real and effective user and group" \
            "any program is refused where the real user is another one, with ${option%=*}" "$TMP/victim"
    done
    OPTIONS=()
    AS=("${NOBODY[@]}")
    cp "$TMP/victim" "$TMP/capable"
    setcap cap_net_raw+ep "$TMP/capable" || exit 1
    refuses 126 "$reach '$TMP/capable': it has file capabilities, $ignores" \
        "a program with file capabilities is refused" "$TMP/capable"
    cp "$TMP/victim" "$TMP/unreadable"
    chmod 711 "$TMP/unreadable"
    refuses 126 "portcullis: error: cannot read '$TMP/unreadable': Permission denied; whether the \
shim would reach it can't be seen" "a program that can't be read is refused" "$TMP/unreadable"
    AS=()
    for kind in setuid setgid capable; do
        run "$PORTCULLIS" run "$TMP/good.ini" "$TMP/$kind" "$TMP/open/made"
        is "$STATUS $OUT$ERR" "0 filtered" "for root, whom it gives no rights, $kind runs"
    done
    AS=("${NOBODY[@]}" --no-new-privs)
    run "${AS[@]}" "$PORTCULLIS" run "$TMP/good.ini" "$TMP/setuid" "$TMP/open/made"
    is "$STATUS $OUT$ERR" "0 filtered" "under NO_NEW_PRIVS, setuid has no effect, and runs"
    AS=()
else
    skip "setuid, setgid and file capabilities are refused" "this is not root"
fi

# The shim's path.
for sign in ' ' ':' '$'; do
    mkdir "$TMP/a${sign}b"
    cp "$TMP/bin/libportcullis.so" "$TMP/a${sign}b/"
    OPTIONS=(--shim "$TMP/a${sign}b/libportcullis.so")
    refuses 125 "portcullis: error: the shim's path '$TMP/a${sign}b/libportcullis.so' has a space, a \
colon or a dollar sign in it, where the loader would split it; move it" \
        "a shim's path with '$sign' in it is refused" "$TMP/victim"
done
cp "$PORTCULLIS" "$TMP/a:b/"
run "$TMP/a:b/portcullis" run "$TMP/good.ini" "$TMP/victim"
is "$STATUS $OUT$ERR" "125 portcullis: error: the shim's path '$TMP/a:b/libportcullis.so' has a \
space, a colon or a dollar sign in it, where the loader would split it; move it" \
    "beside a command in such a folder, too"
OPTIONS=(--shim "$TMP/nothing")
refuses 125 "portcullis: error: cannot find the shim '$TMP/nothing': No such file or directory" \
    "a shim that is not there is refused" "$TMP/victim"
OPTIONS=()
mkdir "$TMP/alone"
cp "$PORTCULLIS" "$TMP/alone/"
run "$TMP/alone/portcullis" run "$TMP/good.ini" "$TMP/victim"
is "$STATUS $OUT$ERR" "125 portcullis: error: cannot find libportcullis.so in '$TMP/alone/' or in \
'$TMP/alone/../lib'; install both, or give its path with --shim" "a command without a shim says so"
for place in lib lib/x86_64-linux-gnu; do
    mkdir -p "$TMP/prefix/bin" "$TMP/prefix/$place"
    cp "$PORTCULLIS" "$TMP/prefix/bin/"
    cp "$TMP/bin/libportcullis.so" "$TMP/prefix/$place/"
    run "$TMP/prefix/bin/portcullis" run "$TMP/good.ini" "$TMP/victim" "$TMP/open/made"
    is "$STATUS $OUT$ERR" "0 filtered" "installed, it finds its shim in ../$place"
    rm -r "$TMP/prefix"
done

finish
