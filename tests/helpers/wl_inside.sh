# shellcheck shell=bash
# An intruder in any dynamic program, for the tests of the shipped whitelists; to be sourced after wl.sh.

"${CC:-gcc}" -std=gnu17 -D_GNU_SOURCE -O1 -Wall -Wextra -Werror -shared -fPIC \
    -o "$TMP/inside.so" "$ROOT/tests/victims/wl_inside.c" || exit 1
chmod 755 "$TMP/inside.so"

# intruded NAME WANTED COMMAND...: what tests/victims/wl_inside.c tries at the end of the program NAME
# (as the kernel calls it), which COMMAND runs. Without a filter all of it gets to the kernel; under
# the whitelist WANTED comes of it. Refused is what ends in EPERM, the lists' default, or in
# ENOSYS, as io_uring_setup does: @fallback has it.
intruded()
{
    local name=$1 wanted=$2
    shift 2
    without_filter
    run env LD_PRELOAD="$TMP/inside.so" INTRUDE="$name" "$@"
    is "$(grep -o 'exec=.*' <<<"$ERR" | tr ' ' '\n' | grep -c -E '^(exec|map|protect|ptrace)=(ENOENT|done|ESRCH)$')" 4 \
        "$name: what is tried from inside gets to the kernel without a filter"
    wrap "'$PORTCULLIS'" run "'$WHITELIST'" --
    run env LD_PRELOAD="$TMP/inside.so" INTRUDE="$name" "$@"
    is "$(grep -o 'exec=.*' <<<"$ERR")" "$wanted " "$name: and is refused from inside under the whitelist"
}

INSIDE_REFUSED="exec=EPERM tcp=EPERM raw=EPERM packet=EPERM vsock=EPERM map=EPERM protect=EPERM"
INSIDE_REFUSED+=" ptrace=EPERM unshare=EPERM bpf=EPERM uring=ENOSYS keyctl=EPERM"
