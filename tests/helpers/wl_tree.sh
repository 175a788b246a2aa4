# shellcheck shell=bash disable=SC2034
# What archivers and compressors work on, for the tests of the shipped whitelists; to be sourced after
# wl.sh. Each use begins in a folder with a long file, n, and a tree, t, of all that tar has to know.

mkdir "$TMP/scratch"
cd "$TMP/scratch" || exit

fill()
{
    rm -rf ./*
    seq 40000 >n
    mkdir -p t/sub
    echo a >t/a
    echo b >t/sub/b
    ln -s a t/l
    ln t/a t/h
    truncate -s 1M t/sparse
    head -c 999 n >t/odd
}
BEFORE=fill
