#!/bin/bash
# Both compilers build everything, and neither has anything to say.
. "$(dirname "$0")/../helpers/tap.sh"
cd "$ROOT" || exit 1

# Where COMPILER's go: if the folder under test was made like that, there is nothing left to do.
folder()
{
    local -a flags
    read -ra flags <"$BUILD/flags"
    if [[ ${flags[0]} == "$1" && " ${flags[*]} " == *" -Werror "* ]]; then
        echo "$BUILD"
    else
        echo "$BUILD/with-$1"
    fi
}

for compiler in gcc clang; do
    succeeds "${compiler}_builds_everything_without_a_warning" \
        make -s -k CC="$compiler" WERROR=-Werror BUILD="$(folder "$compiler")" everything
done
finish
