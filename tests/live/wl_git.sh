#!/usr/bin/env bash
# shellcheck disable=SC2317,SC2034
# Debian's git at work under config/whitelists/git.ini and, without running anything, git-read.ini.
. "$(dirname "$0")/../helpers/wl.sh"
. "$(dirname "$0")/../helpers/wl_inside.sh"

export HOME=$TMP/home GIT_CONFIG_NOSYSTEM=1 LESS=FRX
mkdir "$HOME"
git config --global init.defaultBranch main
git config --global user.name Porter
git config --global user.email porter@example.org
git init -q "$TMP/origin"
for i in {1..20}; do
    seq "$i" $((i * 50)) >"$TMP/origin/file$i"
    mkdir -p "$TMP/origin/folder$((i % 3))"
    echo "line $i needle" >>"$TMP/origin/folder$((i % 3))/text"
    git -C "$TMP/origin" add -A
    GIT_COMMITTER_DATE="@$((1700000000 + i)) +0000" git -C "$TMP/origin" commit -q \
        --date="@$((1700000000 + i)) +0000" -m "Commit $i"
done
git -C "$TMP/origin" tag v1

BEFORE=clear_away
clear_away()
{
    cd "$TMP" || exit
    rm -rf copies work
    mkdir copies
    /usr/bin/git clone -q origin work
    cd "$TMP/work" || exit
    echo changed >>file1
    echo new >added
}

read_commits()
{
    git --no-pager log --oneline | head -n 3
    git log -p --stat | cksum
    git log --graph --format=%s --all -S needle -- folder1 | wc -l
    git log --follow --format=%h -- file3
    git show HEAD~3 | cksum
    git show v1:file3 | head -n 2
    git shortlog -sn HEAD
    git rev-list --objects --all | wc -l
    git branch -a
    git describe --tags
    git reflog | wc -l
    git for-each-ref --format='%(refname)'
    git archive HEAD file1 | tar t
}

read_files()
{
    git diff
    git diff --stat -M -C HEAD~5
    git diff --word-diff --color HEAD~1 | cksum
    git status
    git status -sb --ignored --untracked-files=all
    git grep -n 'need.e'
    git grep --threads=4 -c 'need.e' HEAD~9
    git blame -s folder1/text
    git blame -C -C -e file3 | wc -l
    git ls-files | wc -l
    git ls-tree -r HEAD | wc -l
    git cat-file -p HEAD | tail -n 1
    git count-objects
    git diff --no-index file2 file3 | wc -l
}

go_wrong()
{
    {
        git log nonesuch || echo "status $?"
        git show nonesuch:file || echo "status $?"
        git -C / status || echo "status $?"
        git nonesuch || echo "status $?"
        git diff --check || echo "status $?"
        git version
    } 2>&1
}

clones()
{
    git clone -q "file://$TMP/origin" "$TMP/copies/file"
    git clone -q "$TMP/origin" "$TMP/copies/folder"
    git clone -q --depth 3 --no-tags "file://$TMP/origin" "$TMP/copies/shallow"
    git clone --bare --progress "file://$TMP/origin" "$TMP/copies/bare" 2>&1 |
        tr '\r' '\n' | grep -c ', done\.$'
    git -C "$TMP/copies/file" log -1 --format='%H %s'
    git -C "$TMP/copies/folder" fetch -q
    git -C "$TMP/copies/folder" pull -q
    git -C "$TMP/copies/shallow" log --oneline | wc -l
    git -C "$TMP/copies/bare" fsck --no-progress && git -C "$TMP/copies/file" ls-remote | wc -l
    git clone -q "file://$TMP/none" "$TMP/copies/none" 2>&1 || echo "status $?"
}

# A fixed string is what git compiles by PCRE2's JIT.
search()
{
    git grep -n needle
    git grep --threads=4 -P 'line \d+' HEAD~9 | wc -l
    git log --format=%s --grep 'Commit 1'
}

# A pager is for terminals; script gives it one.
pagers()
{
    local command
    for command in "log --format=%s -4" "-c core.pager=cat diff" \
        "-c core.pager='sed s/needle/pin/' grep needle"; do
        TERM=xterm script -qec "git -c color.ui=never $command" /dev/null </dev/null | tr -d '\r'
    done
}

shipped git-read git
same "git-read.ini: commits" read_commits
same "git-read.ini: files" read_files
same "git-read.ini: what fails" go_wrong
attack "an alias that runs a program" 'cannot fork\(\) for echo ran' git -c alias.x='!echo ran; false' x
attack "a pager of the repository's choice" '^(0|128)\|error: cannot fork\(\) for sed s/\^/ran/: Operation not permitted' \
    script -qec "git -c core.pager='sed s/^/ran/' log -1 --format=%h" /dev/null
attack "a file system monitor of the repository's choice" 'cannot (fork|run)' \
    git -c core.fsmonitor='touch ran; false' status
attack "an external diff" 'cannot (fork|run)|external diff died' git -c diff.external='echo ran' diff
intruded git "$INSIDE_REFUSED" git version

shipped git
same "git.ini: commits" read_commits
same "git.ini: clones" clones
same "git.ini: searching" search
same "git.ini: pagers" pagers
attack "an alias that opens a connection" 'Operation not permitted|EPERM|not permitted' \
    git -c alias.x='!perl -MSocket -e "socket(S, AF_INET, SOCK_STREAM, 0) or die \$!"' x
attack "an alias that makes a namespace" 'Operation not permitted' git -c alias.x='!unshare -U true' x
attack "an alias that traces" '^1\|\|strace: ' git -c alias.x='!strace -o /dev/null true' x
intruded git "${INSIDE_REFUSED/exec=EPERM/exec=ENOENT}" git version
finish
