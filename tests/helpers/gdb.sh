# shellcheck shell=bash
# gdb, to call functions of a process from inside. To be sourced after tap.sh.

"${CC:-gcc}" -std=gnu17 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror -shared -fPIC \
    "$ROOT/tests/victims/gdb_state.c" -o "$TMP/gdb_state.so" || exit 1

# attached PID ARGUMENT...: gdb, with the process PID, in which it can call functions on any processor.
attached()
{
    timeout 30 env LD_PRELOAD="$TMP/gdb_state.so" gdb -nx -batch -p "$1" "${@:2}" </dev/null
}
