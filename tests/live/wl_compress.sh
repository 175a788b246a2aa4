#!/usr/bin/env bash
# shellcheck disable=SC2002,SC2016,SC2094,SC2317
# Debian's gzip, xz and zstd at work under their whitelists.
. "$(dirname "$0")/../helpers/wl.sh"
. "$(dirname "$0")/../helpers/wl_inside.sh"
. "$(dirname "$0")/../helpers/wl_tree.sh"

# --- gzip ---
shipped gzip

gzip_work()
{
    gzip -k n && gzip -t n.gz && gzip -l n.gz && gzip -dc n.gz | cmp - n
    gzip -9 <n | gzip -d | cmp - n
    gzip -rv t && gzip -dr t && cat t/a
    gzip -f --synchronous --rsyncable n && gzip -d n && wc -l n
    gzip -n -c n | head -c 3 | od -c
}

gzip_errors()
{
    {
        gzip -k n
        gzip -k n || echo "status $?"
        head -c 100 n.gz >cut.gz
        gzip -t cut.gz || echo "status $?"
        gzip -d t/a || echo "status $?"
        gzip none || echo "status $?"
    } 2>../err
    sed 's|/usr/bin/||' ../err
}

same "gzip's work" gzip_work
same "gzip's errors" gzip_errors
intruded gzip "$INSIDE_REFUSED" gzip -k n

# --- xz ---
shipped xz

xz_work()
{
    xz -k n && xz -t n.xz && xz -lv --robot n.xz && xz -dc n.xz | cmp - n
    xz -T2 --block-size=100000 -c n | xz -T2 -dc | cmp - n
    xz -9e <n | xz -d | cmp - n
    xz -k --format=lzma n && xz -d -c n.lzma | head -n 1
    xz -vf n 2>/dev/null && xz -d n.xz && wc -l n
}

xz_errors()
{
    {
        xz -k n
        xz -k n || echo "status $?"
        head -c 100 n.xz >cut.xz
        xz -t cut.xz || echo "status $?"
        xz -d t/a || echo "status $?"
        xz -c none || echo "status $?"
    } 2>../err
    sed 's|/usr/bin/||' ../err
}

same "xz's work" xz_work
same "xz's errors" xz_errors
intruded xz "$INSIDE_REFUSED" xz -k n

# --- zstd ---
shipped zstd

zstd_work()
{
    zstd -q -k n && zstd -q -t n.zst && zstd -l n.zst | wc -l && zstd -dc n.zst | cmp - n
    zstd -q -T2 -12 --long -c n | zstd -dc | cmp - n
    zstd -1 <n | zstd -d | cmp - n
    mkdir s && for i in {1..200}; do echo "sample $i of $((i * 3)) in all" >"s/$i"; done
    zstd -q --train -o dict --maxdict=1024 s/* && zstd -q -D dict -k s/1 && zstd -q -D dict -dc s/1.zst
    zstd -q -r --rm s && find s -type f | wc -l
    zstd -q --output-dir-mirror out -r t && find out | sort
    zstd -q --format=gzip n && zstd -q -dc n.gz | cmp - n
    zstd -q --adapt -f n && cat n.zst | zstd -q -dc | tail -n 1
}

zstd_errors()
{
    {
        zstd -q -k n
        zstd -q -k n || echo "status $?"
        head -c 100 n.zst >cut.zst
        zstd -q -t cut.zst || echo "status $?"
        zstd -q -d t/a || echo "status $?"
        zstd -q none || echo "status $?"
    } 2>../err
    sed 's|/usr/bin/||' ../err
}

same "zstd's work" zstd_work
same "zstd's errors" zstd_errors
intruded zstd "$INSIDE_REFUSED" zstd -q -k n

finish
