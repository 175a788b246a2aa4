#!/bin/bash
# clang-tidy takes long, so it has a test of its own, and looks only at what has changed.
. "$(dirname "$0")/../helpers/tap.sh"
cd "$ROOT" || exit 1

succeeds "clang_tidy_has_nothing_to_say" make -s -k BUILD="$BUILD" tidy
finish
