#!/bin/bash
# clang-tidy takes long, so each part has a test of its own, and what has not changed is not looked at.
. "$(dirname "$0")/../helpers/tap.sh"
cd "$ROOT" || exit 1

succeeds "clang_tidy_has_nothing_to_say" make -s -k BUILD="$BUILD" tidy-folders
finish
