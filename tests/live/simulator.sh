#!/bin/bash
# The language as its manual describes it, written a second time in Python (tests/simulator), against
# the language as it is enforced: random whitelists, and calls near to what they say. SEED repeats a
# run; WHITELISTS and TUPLES are how many.
. "$(dirname "$0")/../helpers/tap.sh"

SEED=${SEED:-$(date +%s)}
WHITELISTS=${WHITELISTS:-300}
TUPLES=${TUPLES:-50000}

run python3 -B "$ROOT/tests/simulator/compare.py" "$BUILD/portcullis" "$TMP" "$WHITELISTS" \
    "$TUPLES" "$SEED"
diag "seed $SEED"$'\n'"$OUT$ERR"
is "$STATUS" 0 "every_random_whitelist_is_explained_and_exported"
like "$OUT" "compared [0-9]{5,} calls of $WHITELISTS whitelists: 0 differences" \
    "simulator_explain_and_exported_bpf_decide_the_same"
finish
