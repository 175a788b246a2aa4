#!/usr/bin/env bash
# shellcheck disable=SC2002,SC2016,SC2094,SC2317
# Debian's unzip and tar at work under their whitelists.
. "$(dirname "$0")/../helpers/wl.sh"
. "$(dirname "$0")/../helpers/wl_inside.sh"
. "$(dirname "$0")/../helpers/wl_tree.sh"

# --- unzip ---
python3 - "$TMP/a.zip" <<'END'
import stat, sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w", zipfile.ZIP_DEFLATED) as z:
    z.writestr("n", "".join("%d\n" % i for i in range(50000)))
    z.writestr("d/", ""); z.writestr("d/a", "a\r\n")
    link = zipfile.ZipInfo("d/l"); link.create_system = 3
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    z.writestr(link, "a")
END
shipped unzip

unzip_work()
{
    unzip -q ../a.zip -d u && find u | sort && readlink u/d/l
    unzip -l ../a.zip
    unzip -t ../a.zip
    unzip -v ../a.zip | wc -l
    unzip -Z -1 ../a.zip
    unzip -p ../a.zip n | tail -n 1
    unzip -j -o -aa -X ../a.zip d/a -d flat && od -c flat/a
    echo changed >u/d/a && unzip -qn ../a.zip -d u && cat u/d/a && unzip -qo ../a.zip -d u && cat u/d/a
}

unzip_errors()
{
    {
        unzip n || echo "status $?"
        unzip none || echo "status $?"
        head -c 1000 ../a.zip >cut.zip
        unzip -t cut.zip || echo "status $?"
        unzip ../a.zip nothing || echo "status $?"
        unzip -q ../a.zip d/a
        echo n | unzip ../a.zip d/a 2>/dev/null || echo "status $?"
    } 2>../err
    sed 's|/usr/bin/||' ../err
}

same "unzip's work" unzip_work
same "unzip's errors" unzip_errors
intruded unzip "$INSIDE_REFUSED" unzip -qo ../a.zip

# --- tar, alone ---
shipped tar-plain tar

tar_work()
{
    tar -cf a.tar --sort=name t n && tar -tf a.tar && tar -tvf a.tar | wc -l
    mkdir x && tar -xpf a.tar -C x --same-owner && cat x/t/a && cmp n x/n
    mkfifo t/p && tar -C t -cf - p l | tar -xf - -C x && stat -c %F x/p x/l
    tar -rf a.tar t/a && tar -uf a.tar n && tar --delete -f a.tar t/sub/b && tar -tf a.tar | wc -l
    tar -df a.tar && tar -xOf a.tar t/odd | wc -l
    tar -cf b.tar --sparse --acls --xattrs --selinux t && tar -xf b.tar --acls --xattrs --selinux -C x
    tar -cf c.tar --listed-incremental=snap t && touch t/new && tar -cvf d.tar --listed-incremental=snap t
    tar -xf c.tar --listed-incremental=/dev/null -C x && tar -Af c.tar d.tar
    tar -cWf e.tar t && tar --totals --checkpoint=50 --owner=nobody --group=nogroup -cf f.tar t 2>&1 | wc -l
    tar -xf e.tar --backup=numbered -C x && tar -xf e.tar --unlink-first --recursive-unlink -C x
    tar -cf g.tar --remove-files x && find x
}

tar_errors()
{
    {
        tar -xf none || echo "status $?"
        tar -cf h.tar none || echo "status $?"
        tar -cf a.tar t && echo other >t/a && touch -d @0 t/a
        tar -df a.tar || echo "status $?"
        tar -xkf a.tar || echo "status $?"
        tar -tf n || echo "status $?"
        head -c 12000 a.tar | tar -tf - || echo "status $?"
    } 2>../err
    sed 's|/usr/bin/||' ../err
}

same "tar's work" tar_work
same "tar's errors" tar_errors
attack "a checkpoint's program" 'Operation not permitted' \
    tar -cf a.tar --checkpoint=1 --checkpoint-action=exec=true n
attack "tar -z" 'Operation not permitted' tar -czf a.tar n

# tar closes stderr before it ends, so gdb asks in its place, while it waits for an archive.
waiting_tar()
{
    without_filter
    [[ -z ${tar-} ]] || stop "$tar"
    serve filtered tar -tf "$TMP/fifo"
    tar=$PID
    wait_for 10 filtered "$tar"
}
filtered()
{
    [[ $(seccomp_modes "$1") == 2 && $(readlink "/proc/$1/exe") == */tar ]]
}
mkfifo "$TMP/fifo"
exec 6<>"$TMP/fifo"
waiting_tar
refused_inside "$tar" exec tcp tcp6 udp raw netlink map protect ptrace unshare uring

# --- tar with what compresses ---
shipped tar

compressed()
{
    local how
    mkdir x
    for how in -z -J --zstd; do
        rm -rf x/*
        tar "$how" -cf a.tar t n && tar -tf a.tar | wc -l && tar "$how" -xf a.tar -C x && cmp n x/n
        cat a.tar | tar "$how" -tf - | wc -l
    done
    tar -I 'xz -T2' -cf a.tar n && tar -xOf a.tar | cmp - n
    tar -cf a.tar t/a && tar -xf a.tar --to-command='cat; echo "$TAR_FILENAME"'
    # Which of the two speaks first, tar or its child, is up to chance.
    {
        tar -czf a.tar n && head -c 999 a.tar >cut.tar && tar -tzf cut.tar || echo "status $?"
        tar -I none -cf a.tar n || echo "status $?"
        tar -xJf n || echo "status $?"
    } 2>../err
    sed 's|/usr/bin/||; /a.tar: /d' ../err | sort # how far it wrote is up to chance, too
}

same "tar with compressors" compressed
waiting_tar
refused_inside "$tar" tcp tcp6 udp raw netlink map protect ptrace unshare uring
# What it executes is held as well.
intruded gzip "${INSIDE_REFUSED/exec=EPERM/exec=ENOENT}" tar -czf a.tar n
finish
