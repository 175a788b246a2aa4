#!/bin/bash
# The shape of the sources: short functions, short files, one direction.
. "$(dirname "$0")/../helpers/tap.sh"
cd "$ROOT" || exit 1

# What git knows or might; deleted files aside.
mapfile -t SOURCES < <(git ls-files --cached --others --exclude-standard -- \
    '*.[ch]' '*.sh' '*.py' '*.go' '*.md' Makefile | while read -r file; do
    [[ ! -f $file ]] || echo "$file"
done)

# A generated table says so in its first lines.
is_generated()
{
    head -n 3 "$1" | grep -qi 'generated'
}

long_files()
{
    local file lines
    for file in "${SOURCES[@]}"; do
        lines=$(wc -l <"$file")
        ((lines <= 500)) || is_generated "$file" || echo "$file: $lines lines"
    done
}

# The brace that opens a function stands alone in the first column, in C and in bash alike.
long_functions()
{
    awk 'FNR == 1 { start = 0 }
         /^\{$/ { start = FNR; name = before }
         /^}$/ && start { lines = FNR - start + 2
                          if (lines > 60) print FILENAME ":" start ": " lines " lines: " name
                          start = 0 }
         { before = $0 }' "$@"
}

# includes_of FOLDER: what its files include by "path", seen from the repository.
includes_of()
{
    local file target
    grep -rHoE --include='*.[ch]' '^#[[:space:]]*include[[:space:]]+"[^"]+"' "$1" |
        while IFS=: read -r file target; do
            target=${target#*\"}
            target=$(dirname "$file")/${target%\"}
            printf '%s includes %s\n' "$file" "$(realpath -m --relative-to=. "$target")"
        done
}

# In a script the name of a test may go beyond; so may a row of a table, which can't be broken.
wide_lines()
{
    local file
    for file in "${SOURCES[@]}"; do
        [[ $file == *.sh ]] || is_generated "$file" || grep -HnE '^[^|].{100,}' "$file"
    done
}

left_to_do()
{
    grep -nwE 'TO[D]O|FIX[M]E|X[X]X' "${SOURCES[@]}" # this line is none
}

printf 'int main(void)\n{\n%s\n}\n' "$(yes ';' | head -n 57)" >"$TMP/short.c"
printf 'int main(void)\n{\n%s\n}\n' "$(yes ';' | head -n 58)" >"$TMP/long.c"
is "$(long_functions "$TMP"/*.c)" "$TMP/long.c:2: 61 lines: int main(void)" \
    "a_function_of_61_lines_would_be_noticed"
is "$(long_functions "${SOURCES[@]}")" "" "no_function_is_over_60_lines"
is "$(long_files)" "" "no_file_is_over_500_lines"
is "$(wide_lines)" "" "no_line_is_over_100_columns"
is "$(includes_of config | grep -E ' includes (shim|tests)/')" "" "config_never_includes_shim"
is "$(includes_of shim | grep -E ' includes tests/')" "" "shim_never_includes_tests"
is "$(grep -rlE --include='*.c' '^#include <seccomp\.h>' config)" "" "config_knows_no_libseccomp"
is "$(left_to_do)" "" "nothing_is_left_to_do"
finish
