#!/bin/bash
# portcullis itself: --help, --version, what is not there.
. "$(dirname "$0")/../helpers/tap.sh"
PORTCULLIS=$BUILD/portcullis

run "$PORTCULLIS"
is "$STATUS:$OUT:$ERR" "2::portcullis: a verb is missing; see 'portcullis --help'" \
    "no_verb_is_a_usage_error"
run "$PORTCULLIS" chek
is "$STATUS:$OUT:$ERR" "2::portcullis: unknown verb 'chek'; see 'portcullis --help'" \
    "so_is_an_unknown_verb"
run "$PORTCULLIS" --verbose
is "$STATUS:$OUT:$ERR" "2::portcullis: unknown verb '--verbose'; see 'portcullis --help'" \
    "so_is_an_option_before_the_verb"

run "$PORTCULLIS" --version
like "$OUT" '^portcullis [0-9]+\.[0-9]+\.[0-9]+$' "version_tells_the_version"
is "$STATUS:$ERR" "0:" "version_is_status_0"

run "$PORTCULLIS" -h
short=$OUT
run "$PORTCULLIS" --help
is "$STATUS:$ERR" "0:" "help_is_status_0"
is "$OUT" "$short" "h_is_short_for_help"
verbs=(run check explain diff verify groups doctor)
for verb in "${verbs[@]}"; do
    like "$OUT" $'\n  '"$verb +[a-z]" "help_tells_what_${verb}_is_for"
done
for verb in "${verbs[@]}"; do
    run "$PORTCULLIS" "$verb" --help
    is "$STATUS:$ERR" "0:" "${verb}_help_is_status_0"
    like "$OUT" "^usage: portcullis $verb" "${verb}_help_shows_the_usage"
    is "$(grep -cE '.{101,}' <<<"$OUT")" 0 "${verb}_help_has_no_line_over_100_columns"
    run "$PORTCULLIS" "$verb" --no-such-option
    is "$STATUS:$OUT" "2:" "an_unknown_option_of_${verb}_is_status_2"
    like "$ERR" $'(^|\n)'"portcullis $verb: .*; see 'portcullis $verb --help'$" "it_points_at_the_help_of_$verb"
done

for arguments in "--help" "--version" "groups" "check --help"; do
    read -ra words <<<"$arguments"
    run bash -c '"$@" >/dev/full' - "$PORTCULLIS" "${words[@]}"
    is "$STATUS:$ERR" "71:portcullis: error: cannot write to standard output" \
        "a_full_disk_is_told_by_${arguments// /_}"
done
finish
