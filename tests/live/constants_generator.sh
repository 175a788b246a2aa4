#!/bin/bash
# config/constants.sh on small lists: what is left out, and what stops a build.
set -u
# shellcheck source=tests/helpers/tap.sh
. "$(dirname "$0")/../helpers/tap.sh"

CC=${CC:-gcc}

# generate LIST [FLAG...]: runs the generator. ROWS are the rows of its table.
generate()
{
    printf '%s\n' "$1" >"$TMP/list"
    shift
    rm -f "$TMP/table.h"
    # The compiler may be several words.
    # shellcheck disable=SC2086
    run "$ROOT/config/constants.sh" "$TMP/list" "$TMP/table.h" $CC "$@"
    ROWS=$(sed -n 's/^    \({.*\),$/\1/p' "$TMP/table.h" 2>/dev/null | paste -sd ' ')
}

mkdir "$TMP/include"
cat >"$TMP/include/ours.h" <<'END'
enum colour {
    RED = 2,
#define GREEN GREEN
    GREEN, /* BLUE */
    HIGHEST = 1 << 31,
};
#define FOREIGN sizeof(struct elsewhere)
#define GONE 1
#undef GONE
END

generate $'[ours.h]\nGREEN RED' -I"$TMP/include"
is "$STATUS $ROWS" "0 {3, 1, false} {2, 7, false}" "enumerators are found, and sorted by name"

generate $'[ours.h]\nBLUE FOREIGN GONE RED' -I"$TMP/include"
is "$STATUS $ROWS" "0 {2, 1, false}" "what is not there, or not on this machine, is left out"
like "$(<"$TMP/table.h")" "Not in the headers of this system: BLUE FOREIGN GONE " \
    "what was left out is told"

generate $'[ours.h]\nHIGHEST' -I"$TMP/include"
is "$STATUS $ROWS" "0 {2147483648, 1, false}" "bit 31 is positive"

generate $'[no/such.h]\nFOO\n[errno.h]\nEPERM'
is "$STATUS $ROWS" "0 {1, 1, true}" "a header that is not there is left out"

generate $'[ours.h]\nSECRET=0xf # nowhere else' -I"$TMP/include"
is "$STATUS $ROWS" "0 {15, 1, false}" "a name may come with its value"

generate $'[errno.h]\nEAGAIN\n[ours.h]\nRED EAGAIN' -I"$TMP/include"
is "$STATUS $ERR" "1 $TMP/list:4: error: EAGAIN is listed twice" "a name that is listed twice is told"

echo 'int broken(' >"$TMP/include/broken.h"
generate $'[broken.h]\nEPERM=1' -I"$TMP/include"
is "$((STATUS != 0)) $(find "$TMP" -name table.h)" "1 " "a header that does not compile ends the build"

finish
