#!/usr/bin/env bash
# The committed table of prototypes against the trace events of the running kernel. Of the kernel
# that it was made on, they must agree in everything; of another one, which has other calls and
# calls arguments otherwise, in the number, the widths and the pointers of the calls known to both.

# A mount namespace of its own, so that tracefs is mounted for this test alone.
inside=${1-}
# A chroot's root is no mount point, whose propagation could be changed; it is left as it is there.
for propagation in private unchanged; do
    if [[ $inside != --inside ]] && unshare --mount --propagation $propagation true 2>/dev/null; then
        exec unshare --mount --propagation $propagation bash "$0" --inside
    fi
done

. "$(dirname "$0")/../helpers/tap.sh"

# find_events: the folder of the trace events of the system calls.
find_events()
{
    local tracing=/sys/kernel/tracing
    [[ -d $tracing ]] || tracing=$TMP/tracing # a chroot without /sys
    if [[ $inside == --inside && ! -e $tracing/events ]]; then
        mkdir -p "$tracing"
        mount -t tracefs tracefs "$tracing" 2>/dev/null
    fi
    [[ -r $tracing/events/syscalls/sys_enter_openat/format ]] && echo "$tracing/events/syscalls"
}

# rows FILE: a line a call, its name and its prototype on this architecture, which comes last.
rows()
{
    sed '1,/^static const struct prototype/d' "$1" |
        awk '/^#if/ { skip = 1 } /^#(else|endif)/ { skip = 0 } !skip && !/^#/' | tr -d ' \n' | sed 's/}},{TEXT/}}\n{TEXT/g' |
        sed 's/^{TEXT(\([a-z0-9_]*\)),/\1 /'
}

# shapes: of rows, the number of the arguments, their widths, and whether they are pointers.
shapes()
{
    sed -E 's/TEXT\([A-Za-z0-9_]*\),TEXT\([A-Za-z0-9_]*\),[^,]*,([0-9]+|WORD),[a-z]+,/\1,/g'
}

unmount_and_clean()
{
    local code=$?
    umount "$TMP/tracing" 2>/dev/null
    (exit "$code")
    tap_clean
}
trap unmount_and_clean EXIT

command -v python3 >/dev/null || skip_all "python3 is not installed"
events=$(find_events) || skip_all "tracefs can't be had: the prototypes are compared with nothing"

run python3 "$ROOT/config/prototypes.py" --any-kernel "$ROOT/config/prototypes.exceptions" "$events"
is "$STATUS $ERR" "0 " "the generator understands the trace events of this kernel"
printf '%s\n' "$OUT" >"$TMP/here.inc"
rows "$ROOT/config/prototypes.inc" | sort >"$TMP/committed"
rows "$TMP/here.inc" | sort >"$TMP/here"

made_on=$(sed -n '1s/.*of Linux \([0-9.]*\) .*/\1/p' "$ROOT/config/prototypes.inc")
[[ $(uname -r) == "$made_on".* || $(uname -r) == "$made_on"-* ]] || {
    diag "the table was made on Linux $made_on: names and signs are not compared"
    for table in committed here; do
        shapes <"$TMP/$table" >"$TMP/shapes" && mv "$TMP/shapes" "$TMP/$table"
    done
}
join -j 1 "$TMP/committed" "$TMP/here" >"$TMP/both"
diag "$(wc -l <"$TMP/both") calls are known to the table and to this kernel"
is "$(($(wc -l <"$TMP/both") >= 300))" 1 "the table and the kernel know 300 calls and more in common"
is "$(awk '$2 != $3' "$TMP/both")" "" "the committed table says what the kernel's trace events say"

finish
