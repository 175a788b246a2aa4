#!/bin/bash
# What `portcullis learn -o FILE` does to FILE: it makes it, adds to it and nothing else, and
# neither many learners at once nor those that are killed do it any harm.
. "$(dirname "$0")/../helpers/run.sh"

cd "$TMP/open" || exit 1

# learn FILE COMMAND...
learn()
{
    run timeout 60 "$PORTCULLIS" learn -o "$@"
}

# calls NUMBER...: makes the system calls with these numbers, without arguments.
# shellcheck disable=SC2016 # for perl
calls=(perl -e 'syscall($_ + 0, 0, 0, 0) for @ARGV')

# lines_kept BEFORE AFTER: AFTER is BEFORE with lines put in.
lines_kept()
{
    ! diff <(cat "$1"; echo) <(cat "$2"; echo) | grep '^<'
}

# the_same FILE: what may not change where nothing is added.
the_same()
{
    stat -c '%i %y %z %s' "$1"
    cksum <"$1"
}

# valid FILE
valid()
{
    "$PORTCULLIS" check "$1"
}

# A new file.
learn a.ini -- cat /dev/null
is "$STATUS|$OUT" "0|" "cat is learned"
is "$(sed -n '1p; 3,7p' a.ini)" "; learned from: cat /dev/null
; 1 run, $(sed -n 's/^; 1 run, \([0-9]*\) calls seen$/\1/p' a.ini) calls seen
[filter]
default = EPERM

[allow]" "the file begins with what it was learned from, runs, calls, and a default"
like "$(sed -n 2p a.ini)" \
    "^; by portcullis [0-9.]+, on Linux $(uname -r) $(uname -m), $(getconf GNU_LIBC_VERSION)$" \
    "and tells version, kernel and libc"
like "$(sed -n 8,9p a.ini)" "^; learned:"$'\n'"syscalls = brk close exit_group " \
    "the names come in alphabetical order"
like "$(<a.ini)" $'\n\n; not seen, but likely needed:\n; [^\n]*:\n;syscalls = ' \
    "what is likely needed is proposed in comments"
succeeds "the file is a whitelist" valid a.ini
is "$(stat -c %a a.ini)" 644 "it has the mode of any new file"
is "$(ls -A)" "a.ini" "and is alone in its folder"
sed 's/^;syscalls/syscalls/' a.ini >uncommented.ini
succeeds "so is it with all that was proposed" valid uncommented.ini
rm uncommented.ini

: >empty.ini
echo "; by hand" >comment.ini
for name in empty comment; do
    learn $name.ini -- cat /dev/null
    like "$STATUS $(grep -c '^syscalls = brk close ' $name.ini)" "^0 1$" \
        "a whitelist that says nothing yet ($name) is added to"
done
is "$(head -n 1 comment.ini)" "; by hand" "and keeps its comments"
rm empty.ini comment.ini

# The same again.
before=$(the_same a.ini)
learn a.ini -- cat /dev/null
like "$ERR" "portcullis: a.ini has all of it already" "the same again is told to be nothing new"
is "$(the_same a.ini)" "$before" "and not a byte, nor a time, of the file is touched"
learn gone.ini -- rm -f none
learn gone.ini -- rm -f gone.ini
is "$STATUS $(tail -n 1 <<<"$ERR")" "0 portcullis: warning: gone.ini had all of it, and is gone" \
    "that the program has removed the file is told"

# Something more.
cp a.ini old.ini
learn a.ini -- "${calls[@]}" 124
like "$(<a.ini)" $'\nsyscalls = [a-z0-9_ ]* getsid ' "another call goes where it belongs"
like "$(<a.ini)" \
    "^; learned from: cat /dev/null"$'\n'"; learned from: perl -e .*"$'\n'"; 2 runs, " \
    "the header names the second program and counts the run"
succeeds "the file is still a whitelist" valid a.ini

# Files of a user's.
printf '%s' "; mine
[deny] ; first
ptrace   = kill

[allow]
# one
syscalls = @stdio,	openat   ; files
write    = fd in 1..2
#two
[filter]
default = EACCES ; why
include = more.ini
[allow]
ioctl	=	request == TCGETS" >user.ini
printf '[allow]\nsyscalls = @loader\n' >more.ini
for ending in lf crlf; do
    cp user.ini "$ending.ini"
    [[ $ending == lf ]] || sed -i 's/$/\r/' "$ending.ini"
    cp "$ending.ini" "$ending.old"
    learn "$ending.ini" -- "${calls[@]}" 124 121
    is "$STATUS" 0 "a user's file ($ending) is added to"
    succeeds "its lines ($ending) keep their bytes and their order" lines_kept \
        "$ending.old" "$ending.ini"
    like "$(<"$ending.ini")" $'; files\r?\n; learned:\r?\nsyscalls = .*getpgid getsid' \
        "names ($ending) go behind the last names"
    succeeds "and it ($ending) is a whitelist" valid "$ending.ini"
done
is "$(grep -vc $'\r$' crlf.ini)" 0 "each new line ends as the others do"
is "$(grep -c '@loader' lf.ini more.ini | paste -sd ' ')" "lf.ini:0 more.ini:1" \
    "what is included stays where it is"

# A command line is not to be trusted.
long=$(head -c 100000 /dev/zero | tr '\0' x)
learn hostile.ini -- sh -c ':' $'a\n[filter]\ndefault = allow\r' $'\e]0;title\a' $'\xff' "$long"
is "$STATUS" 0 "a program with a hostile command line is learned"
succeeds "the file is a whitelist" valid hostile.ini
is "$(grep -c '^default' hostile.ini)" 1 "the command line did not become lines"
is "$(LC_ALL=C grep -c '[^ -~]' hostile.ini)" 0 "nor control characters"
is "$(awk 'length > 100' hostile.ini)" "" "nor long lines"
like "$(head -n 1 hostile.ini)" '^; learned from: sh -c : a\?\[filter\]\?default = allow\? ' \
    "but is told"

# --annotate
learn annotated.ini --annotate -- "${calls[@]}" 124 124 124
like "$(<annotated.ini)" \
    $'\nsyscalls = getsid ; seen 3 times, first from libc.so.6!syscall[+]0x[0-9a-f]+' \
    "--annotate tells how often a call was made, and where first"
succeeds "and the file is a whitelist" valid annotated.ini

# What can't be written stays as it is.
mkdir sub
cp a.ini sub/linked.ini
ln -s sub/linked.ini link.ini
learn link.ini -- "${calls[@]}" 121
is "$STATUS $(readlink link.ini) $(grep -c getpgid sub/linked.ini)" "0 sub/linked.ini 1" \
    "through a symbolic link the file behind it is written"
ln sub/linked.ini sub/hard.ini
before=$(the_same sub/hard.ini)
learn sub/hard.ini -- "${calls[@]}" 111
like "$ERR" "portcullis: error: cannot write '[^']*sub/hard.ini': it has other names as well" \
    "a file with two names is refused"
is "$(the_same sub/hard.ini)" "$before" "and stays as it is"
chmod 444 a.ini
cp a.ini old.ini
run timeout 60 "${NOBODY[@]}" "$PORTCULLIS" learn -o a.ini -- "${calls[@]}" 111
like "$ERR" "portcullis: error: cannot write '[^']*a.ini': Permission denied" \
    "so is one that one may not write"
succeeds "and stays as it is, too" cmp a.ini old.ini
chmod 644 a.ini

learn a.ini -- sh -c 'echo "[allow]" >a.ini; echo "syscalls = opne" >>a.ini'
like "$ERR" "a.ini:2: error: unknown syscall 'opne'; did you mean 'open'\?" \
    "a file that has become wrong meanwhile is told of"
is "$(<a.ini)" "[allow]"$'\n'"syscalls = opne" "and left alone"
cp old.ini a.ini

learn a.ini -- sh -c 'echo "syscalls = kcmp" >>a.ini'
like "$(tail -n 1 a.ini)" '^syscalls = kcmp$' "lines that were written meanwhile are kept"
succeeds "and the file is a whitelist" valid a.ini

if ((EUID == 0)); then
    mkdir full
    # shellcheck disable=SC2016 # for that shell
    full=$(unshare -m bash -c 'mount -t tmpfs -o size=12k full full && cp a.ini full/ &&
        { head -c 6000 /dev/zero | tr "\0" "\n"; } >>full/a.ini && cksum <full/a.ini &&
        timeout 60 "$@" 2>&1; cksum <full/a.ini; ls -A full' - \
        "$PORTCULLIS" learn --quiet -o full/a.ini -- "${calls[@]}" 111)
    like "$full" "^[0-9]+ [0-9]+"$'\n'"portcullis: error: cannot write '[^']*full/a.ini': No \
space left on device"$'\n' "a full disk is told of"
    is "$(tail -n 2 <<<"$full" | head -n 1)" "$(head -n 1 <<<"$full")" "and the file stays as it is"
    is "$(tail -n 1 <<<"$full")" a.ini "with nothing beside it"
else
    skip "a full disk" "only root can mount one"
fi

# Twenty at once.
NUMBERS=(24 39 63 95 100 102 104 107 108 110 111 121 124 127 140 145 186 290 291 309)
pids=()
for number in "${NUMBERS[@]}"; do
    timeout 60 "$PORTCULLIS" learn --quiet -o many.ini -- "${calls[@]}" "$number" 2>>many.err &
    pids+=("$!")
done
wait "${pids[@]}"
is "$(<many.err)" "" "twenty learners of one file have nothing to complain of"
run timeout 60 "$PORTCULLIS" run --report many.ini -- "${calls[@]}" "${NUMBERS[@]}"
await_count
is "$ERR" "portcullis: no call was refused" "and nothing that one of them saw is lost"
is "$(find . -name '.*.portcullis')" "" "nor is anything left over"

# Killed.
build_victim assassin
seed=${SEED:-$RANDOM}
RANDOM=$seed
diag "SEED=$seed"
wrong='' killed=0 written=0 span=20000
for ((i = 0; i < 1500 && killed < 200; i++)); do
    cp old.ini victim.ini
    run timeout 20 "$TMP/assassin" $((RANDOM % span)) "$PORTCULLIS" learn --quiet -o victim.ini -- \
        "$BASH" -c 'kill -0 $$; ulimit -a; umask 0' >/dev/null
    [[ $ERR != *killed* ]] || killed=$((killed + 1))
    ((STATUS == 124)) && wrong+="run $i hangs"$'\n'
    if cmp -s victim.ini old.ini; then
        continue
    fi
    written=$((written + 1))
    valid victim.ini >/dev/null 2>&1 || wrong+="run $i: $(<victim.ini)"$'\n'
    (($(wc -l <victim.ini) >= $(wc -l <old.ini))) && [[ -z $(tail -c 1 victim.ini | tr -d '\n') ]] ||
        wrong+="run $i is cut"$'\n'
done
is "$wrong" "" "learners that are killed leave the old file or a whole new one, and nobody hangs"
is "$killed" 200 "200 of them were killed"
is "$((written > 0))" 1 "some had written before"
diag "written: $written of $i"
learn victim.ini -- "${calls[@]}" 290 291 309
is "$(find . -name '.*.portcullis')" "" "what one left over is removed by the next"
wait_for 5 nobody_watches
is "$(watchers)" "" "no learner is left"
finish
