#!/bin/bash
# portcullis learn --stage: two lists from one run, and what each process had begun.
. "$(dirname "$0")/../helpers/run.sh"
. "$(dirname "$0")/../helpers/learn.sh"
PORTCULLIS=$TMP/bin/portcullis
victim stage
cd "$TMP" || exit 1

# learn ARGUMENT...: STATUS, OUT and ERR of it.
learn()
{
    run timeout 60 "$PORTCULLIS" learn "$@"
}
# staged FILE STAGE: the names of the system calls of [stage STAGE], in a line.
staged()
{
    awk -v section="[stage $2]" '/^\[/ { in_it = $0 == section; next }
        in_it && $1 == "syscalls" { for (i = 3; i <= NF; i++) print $i; next }
        in_it && /^[a-z]/ && $1 != "when" { print $1 }' "$1" | sort | paste -sd ' '
}
has()
{
    grep -qxF "$2" <(listed "$1")
}

# rt_sigprocmask: fork() of newer C libraries blocks signals.
for backend in ptrace notify; do
    rm -f new.ini
    learn --backend $backend -o new.ini --stage serving=poll -- ./stage
    like "$STATUS $ERR" "^0 portcullis: learned [0-9]+ different .*; [0-9]+ new in new.ini
portcullis: the whitelist allows [0-9]+ of .*
portcullis: the stage 'serving', from poll on, has 1[01] different system calls of them\$" \
        "the stage has a summary of its own, by $backend"
    is "$(staged new.ini serving | sed 's/ rt_sigprocmask / /')" \
        "clone close exit_group getegid getpgid getpid poll set_robust_list socket wait4" \
        "what is called from its function on is in the stage, by $backend"
    is "$(grep -A1 '^\[stage' new.ini)" $'[stage serving]\nwhen = poll' "it says when it begins, by $backend"
    succeeds "what it is is a whitelist, by $backend" "$PORTCULLIS" check new.ini
    for name in getuid geteuid getgid getppid getegid getpgid poll; do
        succeeds "[allow] has all of it: $name, by $backend" has new.ini $name
    done
    is "$(grep '^socket' new.ini)" $'socket = domain in AF_UNIX AF_INET and type & SOCK_TYPE_MASK == SOCK_DGRAM
socket = domain == AF_UNIX and type & SOCK_TYPE_MASK == SOCK_DGRAM' \
        "each list has the arguments that were seen in it, by $backend"
done
or_die new.ini kill.ini
run timeout 20 "$PORTCULLIS" run kill.ini ./stage
is "$STATUS $OUT$ERR" "0 " "it runs under what was learned"

cp new.ini before.ini
learn -o new.ini --stage serving=poll -- ./stage
like "$STATUS $ERR" "^0 .*
portcullis: the stage 'serving' has all of it already\$" "a second run finds nothing new"
succeeds "and changes nothing" cmp new.ini before.ini
learn -o new.ini --stage serving=poll -- ./stage once
is "$(staged new.ini serving | sed 's/ rt_sigprocmask / /')" \
    "clone close exit_group getegid getgid getpgid getpid poll set_robust_list socket wait4" \
    "what is new goes into the stage that is there"
is "$(grep -c '^\[' new.ini)" 3 "and into no other"
learn -o new.ini --stage later=poll,ppoll -- ./stage
is "$(grep -c '^\[' new.ini) $(grep -A1 '^\[stage later' new.ini | tail -1)" "4 when = poll ppoll" \
    "another stage is another section"
learn -o main.ini --stage first=main -- ./stage
is "$(staged main.ini first) $(grep -A1 '^\[stage first' main.ini | tail -1)" \
    "$(listed before.ini | paste -sd ' ') when = main" "from main on is from the gate on"
learn -o whole.ini --stage serving=poll --annotate -- ./stage
like "$(sed -n '/^\[stage/,$p' whole.ini)" "syscalls = getegid ; seen 1 time, first from " \
    "stages are annotated, too"

learn --stage poll -- ./stage
is "$(sed -n '/^\[stage/,/^portcullis/p' <<<"$ERR" | sed -n '1,2p')" $'[stage poll]\nwhen = poll' \
    "without a file, the list has the stage"
learn -o none.ini --stage accept -- ./stage
is "$STATUS $(tail -1 <<<"$ERR")" \
    "0 portcullis: warning: there is no stage 'accept', as accept was not called" \
    "a function that is not called makes no stage, which is told"
is "$(grep -c '^\[stage' none.ini)" 0 "and none is written"

see="; see 'portcullis learn --help'"
learn --stage open -- ./stage
is "$STATUS $ERR" "2 portcullis learn: no stage can begin with 'open'$see" "not every function begins a stage"
learn --stage a=poll,open -- ./stage
is "$STATUS $ERR" "2 portcullis learn: no stage can begin with 'poll open'$see" "nor do several"
learn --stage poll,ppoll -- ./stage
is "$STATUS $ERR" "2 portcullis learn: --stage takes a NAME= before several functions$see" \
    "several functions need a name"
learn --stage A=poll -- ./stage
is "$STATUS $ERR" \
    "2 portcullis learn: a stage's name is up to 32 of a to z, 0 to 9, '-' and '_', not 'A'$see" \
    "a name is like others"
learn -o new.ini --stage serving=accept -- ./stage
line=$(grep -n '^\[stage serving' new.ini | cut -d: -f1)
is "$STATUS $ERR" "78 new.ini:$((line + 1)): error: the stage 'serving' begins with poll, not with accept" \
    "a stage that is there begins with what it begins with"
"$PORTCULLIS" compile before.ini -o before.pcw
learn -o before.pcw -- ./stage
is "$STATUS $ERR" "2 portcullis: error: before.pcw: it is compiled, and learn needs the text: name '$TMP/before.ini'" \
    "a compiled whitelist is not added to"
finish
