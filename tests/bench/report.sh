#!/bin/bash
# What a call costs under `run` and under `run --report`: 100,000 allowed calls a round, the variants
# in turn, medians of the rounds, and their ratio to `run`. A figure, not a verdict.
set -eu
cd "$(dirname "$0")/../.."
build=$(realpath -m -- "${BUILD:-build}")
rounds=${ROUNDS:-25}
folder=$(mktemp -d)
trap 'rm -rf -- "$folder"' EXIT

${CC:-gcc} -O2 -o "$folder/calls" tests/bench/calls.c
printf '[allow]\nsyscalls = @stdio getpgid\n' >"$folder/number.ini"
printf '[allow]\nsyscalls = @stdio getpgid\n[deny]\ngetpgid = EPERM if pid == 1234\n' \
    >"$folder/argument.ini"

calls()
{
    "$@" "$folder/calls" 100000
}

for ((round = 0; round < rounds; round++)); do
    calls >>"$folder/plain"
    for kind in number argument; do
        calls "$build/portcullis" run "$folder/$kind.ini" -- >>"$folder/$kind-run"
        calls "$build/portcullis" run --report "$folder/$kind.ini" -- \
            >>"$folder/$kind-report" 2>>"$folder/errors"
    done
done

median()
{
    sort -n "$folder/$1" | sed -n "$((rounds / 2 + 1))p"
}

ratio()
{
    awk -v a="$1" -v b="$2" 'BEGIN { printf "%.3f", a / b }'
}

echo "an allowed call, nanoseconds, median of $rounds rounds of 100,000; load $(cut -d' ' -f1 /proc/loadavg)"
printf '%-28s %8s %8s %8s\n' "" run --report ratio
for kind in number argument; do
    run=$(median "$kind-run") report=$(median "$kind-report")
    printf '%-28s %8s %8s %8s\n' "decided by $kind" "$run" "$report" "$(ratio "$report" "$run")"
done
echo "(without a filter: $(median plain))"
