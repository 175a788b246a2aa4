#!/bin/bash
# shellcheck disable=SC2016
# portcullis export --to systemd: drop-ins that systemd takes without a word, and their warnings.
. "$(dirname "$0")/../helpers/tap.sh"
cd "$TMP" || exit
mkdir -p bin units/try.service.d
install -m 755 "$BUILD/portcullis" "$SHIM" bin/ || exit 1
PORTCULLIS=$TMP/bin/portcullis
printf '[Service]\nExecStart=/bin/true\n' >units/try.service

# exports TEXT [OPTION...]: of a whitelist of these lines.
exports()
{
    printf '%b\n' "$1" >a.ini
    run "$PORTCULLIS" export --to systemd "${@:2}" a.ini
}

# taken NAME: systemd has nothing to say of the drop-in.
taken()
{
    printf '%s\n' "$OUT" >units/try.service.d/portcullis.conf
    run env SYSTEMD_UNIT_PATH="$TMP/units:" systemd-analyze --man=no --recursive-errors=no verify \
        try.service
    is "$STATUS|$OUT|$ERR" "0||" "$1"
}

exports '[filter]\nprogram = /bin/true\n[allow]\nsyscalls = read'
is "$STATUS|$ERR" "0|" "a_drop_in_is_made"
is "$OUT" "# Made of $TMP/a.ini by: portcullis export --to systemd
# Every command of the unit gets these; \"program =\" in the whitelist says which of
# them it is for.
[Service]
Environment=LD_PRELOAD=$TMP/bin/libportcullis.so
Environment=PORTCULLIS_WHITELIST=$TMP/a.ini
# As root (+): a service whose main process is not filtered by it is stopped. Where
# filters can't be read (\"cannot prove\" in the journal), add --accept-unproven.
ExecStartPost=+\"$TMP/bin/portcullis\" verify --wait 5 \$MAINPID" \
    "it_sets_the_variables_and_verifies"
taken "systemd_takes_it"

# What the drop-in sets filters a program, and what it runs then says so.
sleep=$(realpath "$(command -v sleep)")
exports "[filter]\nprogram = $sleep\n[allow]\nsyscalls = @stdio @files"
mapfile -t environment < <(sed -n 's/^Environment=//p' <<<"$OUT")
read -ra post < <(sed -n 's/^ExecStartPost=+//p' <<<"$OUT" | tr -d '"')
start env "${environment[@]}" "$sleep" 60
if ((EUID == 0)); then
    run env "${environment[@]}" "${post[@]/\$MAINPID/$PID}"
    is "$STATUS|$OUT|$ERR" "0|yes: sleep, 1 thread, is filtered by $TMP/a.ini|" \
        "the_main_process_is_filtered"
    stop "$PID"
    start sleep 60
    run env "${environment[@]}" "${post[@]/\$MAINPID/$PID}"
    is "$STATUS|$OUT|$ERR" "1|no: thread $PID of sleep has no filter; its loader has finished, and \
has not loaded the shim|" "another_is_not"
else
    succeeds "the_main_process_is_filtered" wait_for 5 grep -q '^Seccomp:.*2' "/proc/$PID/status"
fi
stop "$PID"

exports '[filter]\nprogram = /bin/true\n[allow]\nsyscalls = read' --unit try
like "$OUT" $'\n# To be /etc/systemd/system/try.service.d/portcullis.conf\n' "it_says_where_it_goes"
exports '[filter]\nprogram = /bin/true\n[allow]\nsyscalls = read' --unit a@b.socket
like "$OUT" '/system/a@b.socket.d/portcullis.conf' "a_unit_s_whole_name_will_do"
exports '[allow]\nsyscalls = read' --unit ../try
is "$STATUS|$OUT|$ERR" "78||a.ini: error: '../try' is no unit's name: letters, digits and :-_.\\@" \
    "a_path_is_no_unit"
exports '[allow]\nsyscalls = read'
is "$STATUS|$OUT|$ERR" "78||a.ini: error: 'program' is missing in [filter]: Environment= reaches \
every command of a unit, and 'program = PATH' says which of them the whitelist is for" \
    "program_must_say_which_command_is_meant"

mkdir -p 'a "50%" $b'
printf '[filter]\nprogram = /bin/true\n[allow]\nsyscalls = read\n' >'a "50%" $b/a.ini'
run "$PORTCULLIS" export --to systemd 'a "50%" $b/a.ini'
like "$OUT" $'\nEnvironment="PORTCULLIS_WHITELIST='"$TMP"'/a \\"50%%\\" \$b/a.ini"'$'\n' \
    "what_systemd_would_read_is_escaped"
taken "systemd_takes_that_too"
run "$PORTCULLIS" export --to systemd $'none\n.ini'
like "$STATUS|$ERR" "^78\|none\?.ini: error: cannot read 'none\?.ini': no such file$" \
    "a_control_character_is_not_shown"
cp a.ini $'a\a.ini'
sed -i '1i [filter]\nprogram = /bin/true' $'a\a.ini'
run "$PORTCULLIS" export --to systemd $'a\a.ini'
is "$STATUS|$ERR" "78|a?.ini: error: a path has a control character" "nor_written_to_a_unit"
rm bin/libportcullis.so
exports '[filter]\nprogram = /bin/true\n[allow]\nsyscalls = read'
like "$STATUS|$ERR" "^78\|portcullis: error: cannot find libportcullis.so in .*
a.ini: error: a drop-in has to name the shim$" "the_shim_has_to_be_there"
install -m 755 "$SHIM" bin/libportcullis.so

# systemd's own filter.
exports '[filter]\ndefault = EACCES\n[allow]\nsyscalls = write 1000\n[deny]\nmount = EXDEV\nbpf = kill' \
    --native --unit try
is "$STATUS|$ERR" "0|a.ini:4: warning: libseccomp has no name for '1000', and systemd takes names \
only: it gets the default" "native_says_what_has_no_name"
like "$OUT" $'^# Made of a.ini by: portcullis export --to systemd --native\n# To be ' "it_has_a_head"
for line in NoNewPrivileges=yes SystemCallArchitectures=native SystemCallErrorNumber=EACCES \
    'SystemCallFilter=(.* )?write .*' 'SystemCallFilter=(.* )?execve( .*)?' \
    'SystemCallFilter=~(.* )?getpid( .*)?' 'SystemCallFilter=~(.* )?mount:EXDEV( .*)?' \
    'SystemCallFilter=~(.* )?bpf:kill( .*)?' 'SystemCallFilter=~(.* )?clone3:ENOSYS( .*)?'; do
    is "$(grep -cE "^$line$" <<<"$OUT")" 1 "a_line_says_$line"
done
is "$(grep -c '.\{97,\}' <<<"$OUT")" 0 "lines_are_short"
taken "systemd_takes_it_as_well"

# warns TEXT LINE: is told of, in a drop-in that systemd takes.
warns()
{
    exports "$1" --native
    is "$STATUS|$ERR" "0|a.ini:$2" "$3"
    taken "systemd_takes_it_when_$3"
}

warns '[allow]\nsocket = domain == AF_UNIX' "2: warning: the condition does not carry over, socket \
is allowed whatever its arguments: socket = domain == AF_UNIX" "a_condition_is_lost"
warns '[allow]\nsyscalls = socket\n[deny]\nsocket = EPERM if domain == 16' "4: warning: the \
condition does not carry over, socket is allowed whatever its arguments: socket = EPERM if domain \
== 16" "the_condition_of_a_denial_is_lost"
warns '[allow]\nsyscalls = read\n[deny]\nsocket = ENOENT if domain == 16' "4: warning: the condition \
does not carry over, socket is refused as by default: socket = ENOENT if domain == 16" \
    "an_error_by_condition_is_lost"
warns '[allow]\nmprotect = prot without PROT_EXEC' "2: warning: a start needs mprotect, which is \
allowed whatever its arguments: mprotect = prot without PROT_EXEC" "a_start_needs_more"
warns '[filter]\ndefault = trap\n[allow]\nsyscalls = read' "2: warning: 'trap' does not carry over: \
systemd kills, and the program can't catch it" "the_default_is_trap"
warns '[filter]\nprogram = /bin/true\n[allow]\nsyscalls = read' "2: warning: 'program' does not \
carry over: the filter holds for every command of the unit" "there_is_a_program"
warns '[filter]\naudit = yes\n[allow]\nsyscalls = read' "2: warning: 'audit' does not carry over: \
systemd logs what it kills, and no more" "there_is_audit"

exports '[filter]\ndefault = allow\nno-new-privileges = no\n[deny]\nmount = EPERM\nbpf = kill' --native
is "$STATUS|$ERR|$(sed 1d <<<"$OUT")" "0||[Service]
SystemCallArchitectures=
SystemCallArchitectures=native
SystemCallFilter=~mount:EPERM bpf:kill" "what_denies_only_is_a_list_of_denials"
taken "systemd_takes_a_list_of_denials"
exports '[filter]\ndefault = log\n[allow]\nsyscalls = read\n[deny]\nmount = EPERM' --native
like "$OUT" $'\nSystemCallLog=\nSystemCallLog=~read .*\nSystemCallFilter=~mount:EPERM$' "what_logs_only_is_a_log"
taken "systemd_takes_a_log"
mapfile -t lists < <(grep -L "^\[stage" "$ROOT"/examples/*/*.ini) # which no format can say
for list in "${lists[@]}"; do
    run "$PORTCULLIS" export --to systemd --native "$list"
    taken "systemd_takes_${list##*/}"
done
finish
