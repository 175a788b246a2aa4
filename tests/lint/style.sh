#!/bin/bash
# What the tools say of the sources.
. "$(dirname "$0")/../helpers/tap.sh"
cd "$ROOT" || exit 1

# A release of theirs that does not decide says so.
succeeds "clang_format_would_change_nothing" make -s BUILD="$BUILD" format-check
succeeds "shellcheck_has_nothing_to_say" make -s BUILD="$BUILD" shellcheck
succeeds "cppcheck_has_nothing_to_say" make -s BUILD="$BUILD" cppcheck
finish
