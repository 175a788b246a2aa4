#!/bin/bash
# The filter is in, and the environment blanked, however a program is started.
. "$(dirname "$0")/../helpers/tap.sh"

cat >"$TMP/victim.c" <<'EOF'
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int main(int count, char **arguments, char **environment)
{
    (void)arguments;
    printf("%d arguments, mkdir: %s\n", count - 1,
           mkdir("/nowhere/at/all", 0700) < 0 ? strerror(errno) : "done");
    for (char **variable = environment; *variable; variable++) {
        if (strncmp(*variable, "LD_", 3) == 0 || strncmp(*variable, "PORT", 4) == 0)
            puts(*variable);
    }
    return getenv("PORTCULLIS_WHITELIST") && getenv("PORTCULLIS_WHITELIST")[0] ? 1 : 0;
}
EOF
cat >"$TMP/a.ini" <<'EOF'
[filter]
default = allow
[deny]
mkdir = EPERM
EOF
"${CC:-gcc}" -o "$TMP/victim" "$TMP/victim.c" || exit 1
"${CC:-gcc}" -no-pie -o "$TMP/fixed" "$TMP/victim.c" || exit 1
LOADER=$(readelf -lW "$TMP/victim" | sed -n 's/.*interpreter: \(.*\)]/\1/p')
PRELOAD=LD_PRELOAD=$SHIM
WHITELIST=PORTCULLIS_WHITELIST=$TMP/a.ini

# filtered NAME ARGUMENT-COUNT PRELOAD-LEFT COMMAND...
filtered()
{
    local name=$1 count=$2 left=$3
    shift 3
    run "$@"
    is "$STATUS $OUT$ERR" "0 $count arguments, mkdir: Operation not permitted
$left" "$name"
}

blank=$'LD_PRELOAD=\nPORTCULLIS_WHITELIST='
filtered "with nothing in its environment but the shim" 0 "$blank" \
    env -i "$PRELOAD" "$WHITELIST" "$TMP/victim"
filtered "linked to a fixed address" 2 "$blank" env -i "$PRELOAD" "$WHITELIST" "$TMP/fixed" a b
# shellcheck disable=SC2046
filtered "with 3000 arguments and 2000 variables" 3000 "$blank" \
    env -i $(printf 'V%d=x ' {1..2000}) "$PRELOAD" "$WHITELIST" "$TMP/victim" {1..3000}
filtered "by its loader" 1 "$blank" env -i "$PRELOAD" "$WHITELIST" "$LOADER" "$TMP/victim" a
for many in 1 3 20 60; do
    # shellcheck disable=SC2046
    filtered "by its loader with $((2 * many + 2)) options" 1 "$blank" env -i "$PRELOAD" \
        "$WHITELIST" "$LOADER" --argv0 name $(printf -- '--inhibit-rpath x%.0s ' $(seq "$many")) \
        "$TMP/victim" a
done
filtered "by its loader's option instead of LD_PRELOAD" 0 "PORTCULLIS_WHITELIST=" \
    env -i "$WHITELIST" "$LOADER" --preload "$SHIM" "$TMP/victim"
run env -i "$LOADER" --preload "$SHIM" "$TMP/victim"
is "$STATUS $OUT$ERR" "78 portcullis: error: PORTCULLIS_WHITELIST is not set; set it to a \
whitelist's path" "by its loader's option without any environment it is refused"

cp "$SHIM" "$TMP/gate.so"
filtered "by its loader, with the shim under another name" 0 "$blank" \
    env -i LD_PRELOAD="$TMP/gate.so" "$WHITELIST" "$LOADER" "$TMP/victim"
libm=$("$LOADER" --list "$(command -v gawk)" | sed -n "s/.*=> \(.*libm\.so[^ ]*\).*/\1/p")
if [[ $libm ]]; then
    filtered "among other preloads, which stay" 0 \
        "LD_PRELOAD=$libm:$libm"$'\nPORTCULLIS_WHITELIST=' \
        env -i LD_PRELOAD="$libm:$SHIM $libm" "$WHITELIST" "$TMP/victim"
fi
run env -i LD_PRELOAD="$SHIM:$TMP/gate.so" "$WHITELIST" "$TMP/victim"
is "$STATUS $OUT" "78 " "with a second copy of the shim it is refused"
is "$(tr ' ' '\n' <<<"$ERR" | grep -cxE "'($SHIM|$TMP/gate.so)'")" 2 "both copies are named"

# A limit on files or descriptors that leaves the shim room for its whitelist alone.
run bash -c "set -o pipefail
    { ulimit -f 0; ulimit -n 4; exec env -i '$PRELOAD' '$WHITELIST' '$TMP/victim'; } | cat"
is "$STATUS $OUT" "0 0 arguments, mkdir: Operation not permitted
$blank" "with no byte to write and one descriptor left"

# Descriptors that are not open: the shim's own must not end up in their place.
for closed in '<&-' '2>&-' '<&- 2>&-'; do
    run bash -c "exec env -i '$PRELOAD' '$WHITELIST' '$TMP/victim' $closed"
    is "$STATUS $OUT" "0 0 arguments, mkdir: Operation not permitted
$blank" "with $closed"
done
run bash -c "exec env -i '$PRELOAD' '$TMP/victim' <&- >&- 2>&-"
is "$STATUS $OUT$ERR" "78 " "with no descriptor at all it is refused in silence"

finish
