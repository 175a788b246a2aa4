#!/bin/bash
# portcullis export: its command line, and what all formats share.
. "$(dirname "$0")/../helpers/tap.sh"
PORTCULLIS=$BUILD/portcullis
cd "$TMP" || exit

printf '[allow]\nsyscalls = read\n' >a.ini
printf '[allow]\nsyscalls = raed\n' >bad.ini

usage()
{
    local wanted=$1 name=$2
    shift 2
    run "$PORTCULLIS" export "$@"
    is "$STATUS|$OUT|$ERR" "2||portcullis export: $wanted; see 'portcullis export --help'" "$name"
}

usage "'--to FORMAT' is missing" "a_format_is_wanted" a.ini
usage "unknown format 'json'" "an_unknown_format_is_told" --to json a.ini
usage "a whitelist is missing" "a_whitelist_is_wanted" --to oci
usage "one whitelist at a time; a program goes with '--native'" "one_is_enough" --to oci a.ini a.ini
usage "unknown option '--from'" "an_unknown_option_is_told" --from oci a.ini
usage "option '--to' needs a value" "to_needs_a_value" --to
usage "option '-o' needs a value" "so_does_o" --to oci a.ini -o
usage "'--native' goes with '--to systemd'" "native_is_systemd_s" --to oci --native a.ini
usage "'--unit' goes with '--to systemd'" "so_is_unit" --to bpf --unit x a.ini
usage "'--startup' goes with '--to oci' and '--to bpf'" "startup_is_for_early_filters" \
    --to pfc --startup a.ini

usage "'--engine' goes with '--to oci' and '--startup'" "an_engine_needs_a_start" \
    --to oci --engine crun a.ini
usage "'--engine' goes with '--to oci' and '--startup'" "it_is_oci_s" \
    --to bpf --startup --engine crun a.ini
usage "'--no-new-privileges' goes with '--to oci' and '--startup'" "so_are_its_privileges" \
    --to oci --no-new-privileges a.ini
usage "unknown engine 'lxc'; crun, runc and docker are known" "an_unknown_engine_is_told" \
    --to oci --startup --engine lxc a.ini

run "$PORTCULLIS" export --help
like "$STATUS|$OUT" '^0\|usage: portcullis export --to FORMAT' "help_is_no_error"
for word in oci systemd bpf pfc --output --startup --engine --no-new-privileges --native --unit; do
    like "$OUT" "(^|[ ,])$word " "help_tells_of_${word#--}"
done

run "$PORTCULLIS" export --to oci bad.ini
is "$STATUS|$OUT|$ERR" "78||bad.ini:2: error: unknown syscall 'raed'; did you mean 'read'?" \
    "a_mistake_in_the_whitelist_is_status_78"
run "$PORTCULLIS" export --to pfc -o out a.ini
is "$STATUS|$OUT|$ERR" "0||" "o_writes_a_file"
is "$("$PORTCULLIS" export --to pfc a.ini)" "$(<out)" "the_same_that_goes_to_standard_output"
run "$PORTCULLIS" export --to pfc --output "$TMP/none/out" a.ini
is "$STATUS|$ERR" "71|portcullis: error: cannot write '$TMP/none/out': No such file or directory" \
    "a_file_that_can_t_be_written_is_status_71"
run "$PORTCULLIS" export --to pfc -o /dev/full a.ini
is "$STATUS|$ERR" "71|portcullis: error: cannot write '/dev/full': No space left on device" \
    "so_is_one_without_room"

mv out before
: >out
ln -s out link
run "$PORTCULLIS" export --to pfc -o link a.ini
is "$STATUS|$ERR|$(readlink link)|$(cmp out before)" "0||out|" "a_link_is_followed"

# A compiled whitelist has a program and no rules.
"$PORTCULLIS" compile a.ini -o a.compiled || diag "it is not compiled"
for options in "--to oci" "--to bpf --startup" "--to systemd --native"; do
    # shellcheck disable=SC2086
    run "$PORTCULLIS" export $options a.compiled
    is "$STATUS|$OUT|$ERR" "2||portcullis: error: a.compiled: it is compiled, and this export needs \
the text: name '$TMP/a.ini'" "${options}_is_not_made_of_a_compiled_whitelist"
done
run "$PORTCULLIS" export --to pfc a.compiled
like "$STATUS|$OUT|$ERR" $'^0\\|# a.compiled: [0-9]+ instructions\n.*return allow.*\\|$' "pseudo_code_is"

# Bytes are for no terminal: script gives it one.
run script -qec "'$PORTCULLIS' export --to bpf a.ini" /dev/null
like "$STATUS|$OUT" "^2\|portcullis export: bytes are nothing for a terminal: '-o OUT' is wanted;" \
    "bytes_are_not_shown_on_a_terminal"
finish
