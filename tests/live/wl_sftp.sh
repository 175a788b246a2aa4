#!/usr/bin/env bash
# shellcheck disable=SC2317,SC2034
# Debian's sftp-server at work under config/whitelists/sftp-server.ini, driven by sftp over pipes.
PATH=$PATH:/usr/lib/openssh
. "$(dirname "$0")/../helpers/wl.sh"
. "$(dirname "$0")/../helpers/wl_inside.sh"

shipped sftp-server
cd "$TMP" || exit

BEFORE=clear_away
clear_away()
{
    rm -rf files
    mkdir -p files/folder
    head -c 500000 "$ROOT/LICENSE" >files/text
    head -c 900000 /dev/zero >files/folder/large
    ln -s text files/link
    touch -d @1000000000 files/text files/folder/large
    chmod 600 files/text
}

# sftp -D COMMAND: the server is our child, as it is sshd's. ask [OPTION...]: commands come from stdin.
ask()
{
    (cd files && sftp -q -b - -D "sftp-server $*" | grep -v '^sftp>')
}

get_and_put()
{
    ask <<'END'
pwd
ls -1
ls -n folder
get folder/large got
get -p text kept
put got put
reput got put
put -p text folder/kept
put -f text synced
get -r folder copied
put -r copied sent
END
    cmp files/got files/folder/large && cmp files/put files/got && cmp files/folder/kept files/text
    stat -c '%n %Y %a' files/kept files/folder/kept
    find files | sort
}

rearrange()
{
    ask <<'END'
mkdir new
chmod 700 new
rename text new/text
rename -l link new/link
ln new/text new/hard
ln -s text new/soft
ls -1 new
chown 0 new/text
chgrp 0 new/text
cp new/text new/copy
rm new/hard
rm new/soft
-rmdir new
rm new/*
rmdir new
END
    find files | sort
}

look()
{
    ask <<'END' | sed 's/[0-9]\+/9/g; s/  */ /g'
df
df -h folder
ls -l link
ls -la
-ls none
-get none
-mkdir folder
-rm none
-put text /nonexistent/x
-cd none
END
}

options()
{
    printf '%s\n' 'ls -1' '-put text new' | ask -R
    printf '%s\n' 'ls -1' '-put text new' '-mkdir x' | ask -p stat,realpath,opendir,readdir,close,lstat
    printf '%s\n' 'put text new' | ask -u 077 -f AUTH -l DEBUG3
    stat -c %a files/new
    printf '%s\n' 'ls -1' | ask -d "$TMP/files/folder"
    printf '%s\n' 'ls -1' | ask -e -l DEBUG3 2>&1 | grep -c 'debug[13]: '
    sftp-server -Q requests | head -n 3
}

same "getting and putting" get_and_put
same "names, links, permissions" rearrange
same "folders, free space and what fails" look
same "options" options

# Why there is no sftp-server-serving.ini: what its start takes that serving doesn't.
learned()
{
    awk -v section="$1" '/^\[/ { in_it = $0 == section; next }
        in_it && $1 == "syscalls" { for (i = 3; i <= NF; i++) print $i; next }
        in_it && /^[a-z]/ && $1 != "when" { print $1 }' "$TMP/learned.ini" | sort -u
}
wrap "'$PORTCULLIS'" learn --quiet -o "'$TMP/learned.ini'" --stage serving=poll --
for uses in get_and_put rearrange look options; do
    clear_away
    $uses >/dev/null 2>&1
done
is "$(comm -23 <(learned '[allow]') <(learned '[stage serving]') | paste -sd ' ')" \
    "chdir getrandom getuid prctl umask" "a stage would take nothing of worth away"
is "$(sed -n '/^\[stage/,$p' "$TMP/learned.ini" | grep ^socket)" \
    $'socket = domain == AF_UNIX and type & SOCK_TYPE_MASK == SOCK_STREAM
socket = domain == AF_UNIX and type & SOCK_TYPE_MASK == SOCK_DGRAM' "it makes sockets as it serves"

intruded sftp-server "$INSIDE_REFUSED" sftp-server
finish
