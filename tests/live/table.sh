#!/bin/bash
# The README's table is what `make table` makes: of our whitelists all of it; of the tools of others
# the rows of those that are here, in the version that the table names.
. "$(dirname "$0")/../helpers/tap.sh"
cd "$TMP" || exit 1
export BUILD

run python3 -B "$ROOT/tests/bench/table.py"
is "$STATUS|$ERR" "0|" "the table is made"
made=$OUT
written=$(sed -n '/^<!-- made by make table -->$/,/^<!-- end of what make table makes -->$/p' \
    "$ROOT/README.md" | sed '1d; $d')

# ours and others: a row is of a whitelist, or has a version.
ours()
{
    grep '^|' <<<"$1" | grep -vE '^\| [A-Za-z-]+ [0-9.]+ +\|'
}

others()
{
    grep -E '^\| [A-Za-z-]+ [0-9.]+ +\|' <<<"$1"
}

is "$(ours "$written")" "$(ours "$made")" "README.md has the rows of our whitelists ('make table')"
is "$(grep -v '^|' <<<"$written" | sed '/^$/d')" "$(grep -v '^|' <<<"$made" | sed '/^$/d')" \
    "README.md says what its words mean"
is "$(others "$written" | wc -l)" 4 "it has the rows of four others"
compared=0
while IFS= read -r row; do
    name=$(cut -d '|' -f 2 <<<"$row")
    before=$(grep -F "|$name|" <<<"$written") || continue
    is "$before" "$row" "README.md has the row of${name%% }"
    compared=$((compared + 1))
done < <(others "$made")
diag "$compared rows of others are in the versions that README.md names"

# A table can be told apart from another: a program of ours that may do everything.
mkdir -p other/config/whitelists other/tests/bench
cp "$ROOT/tests/bench/table.py" other/tests/bench/
printf '; all.ini\n[filter]\ndefault = allow\n[deny]\nreboot = EPERM\n' \
    >other/config/whitelists/all.ini
printf '; part.ini: a part. To be\n; included.\n[allow]\nsyscalls = read\n' \
    >other/config/whitelists/part.ini
printf '; none.ini\n[allow]\nsyscalls = read\nioctl = request == TCGETS\n' \
    >other/config/whitelists/none.ini
run python3 -B other/tests/bench/table.py
like "$OUT" $'\n\| all +\| +[0-9]+ \| +0 \| +\| exec trace mount userns rwx bpf uring kernel tty raw inet +\|
\| none +\| +6 \| +1 \| +\| - +\|\n' \
    "all that is open is named, what is closed is not, and what is there to be included has no row"
printf 'before\n<!-- made by make table -->\nold\n<!-- end of what make table makes -->\nafter\n' >a.md
printf '; bad.ini\n[allow]\nsyscalls = frob\n' >other/config/whitelists/bad.ini
run python3 -B other/tests/bench/table.py a.md
like "$STATUS|$ERR" "^1\|table.py: .*/bad.ini: " "a mistake in a whitelist is told"
is "$(sed -n 3p a.md)" old "and nothing is written"
finish
