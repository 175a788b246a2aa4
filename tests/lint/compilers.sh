#!/bin/bash
# Both compilers build everything, and neither has anything to say.
. "$(dirname "$0")/../helpers/tap.sh"
cd "$ROOT" || exit 1

for compiler in gcc clang; do
    succeeds "${compiler}_builds_everything_without_a_warning" \
        make -s -k CC="$compiler" WERROR=-Werror BUILD="$BUILD/with-$compiler" everything
done
finish
