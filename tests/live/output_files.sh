#!/bin/bash
# Every verb that writes a file: not through another user's link, and the old mode stays. Whatever
# fs.protected_symlinks is: the command does not count on it.
. "$(dirname "$0")/../helpers/tap.sh"
PORTCULLIS=$BUILD/portcullis
[[ $EUID == 0 ]] || skip_all "only root can play both parts"
cd "$TMP" || exit
chmod 755 .
mkdir -m 1777 tmp # mkdir(1) obeys no umask with -m
mkdir -m 700 root
printf '[allow]\nsyscalls = @stdio\n' >a.ini
strace -c -o strace.log true
echo '{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ALLOW"}]}' \
    >oci.json

stranger()
{
    setpriv --reuid 65534 --regid 65534 --clear-groups "$@"
}

# What follows the path of the output, for each verb: its status, and the command line.
verbs()
{
    cat <<'END'
71 compile a.ini -o OUT
71 export --to oci a.ini -o OUT
71 export --to bpf a.ini -o OUT
71 import --from oci oci.json -o OUT
125 import --from strace strace.log -o OUT
125 learn --quiet -o OUT -- true
END
}

# try PATH: this verb's command line with PATH for OUT.
try()
{
    read -ra words <<<"${command/OUT/$1}"
    run "$PORTCULLIS" "${words[@]}"
}

REASON="a link or a file there is another user's, in a folder where everybody may make files; \
remove it, or name another file"
while read -r status command; do
    echo "root's own" >root/victim
    chmod 600 root/victim
    stranger ln -s ../root/victim tmp/out
    try tmp/out
    is "$STATUS|$OUT|$(tail -n 1 <<<"$ERR")|$(stat -c %a root/victim) $(<root/victim)" \
        "$status||portcullis: error: cannot write 'tmp/out': $REASON|600 root's own" \
        "another_user_s_link_is_not_followed_by: ${command%% -o*}"
    rm tmp/out
    stranger ln -s ../root/new tmp/out
    try tmp/out
    is "$STATUS $(ls root)" "$status victim" "a_dangling_one_makes_no_file_by: ${command%% -o*}"
    rm tmp/out
    stranger ln -s ../root tmp/folder
    try tmp/folder/victim
    is "$STATUS $(<root/victim)" "$status root's own" \
        "one_on_the_way_is_not_followed_by: ${command%% -o*}"
    rm tmp/folder
done < <(verbs)

# A link that the program lays for its learner while it runs.
run "$PORTCULLIS" learn --quiet -o tmp/out -- setpriv --reuid 65534 --regid 65534 --clear-groups \
    ln -s ../root/victim tmp/out
is "$ERR|$(<root/victim)" "portcullis: error: cannot write '$TMP/tmp/out': $REASON|root's own" \
    "a_link_that_the_program_lays_is_not_followed"
rm tmp/out

# The mode of the old file stays.
for command in "compile a.ini -o out" "export --to pfc a.ini -o out" \
    "learn --quiet -o out -- true" "import --from strace strace.log -o out"; do
    : >out
    chmod 600 out
    try out
    is "$STATUS $(stat -c %a out) $([[ -s out ]] && echo full)" "0 600 full" \
        "the_old_mode_is_kept_by: ${command%% -o*}"
done
finish
