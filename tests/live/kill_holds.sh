#!/bin/bash
# A call that is denied with "kill" ends the process, whatever it does to survive: under `run
# --report`, and while it is learned by both backends. KILLED: how often each way is tried (2); make
# soak raises it.
. "$(dirname "$0")/../helpers/report.sh"

"${CC:-gcc}" -O1 -pthread -o "$TMP/evade" "$ROOT/tests/victims/kill_evasions.c" || exit 1
cd "$TMP" || exit 1
printf '[filter]\ndefault = allow\n[deny]\nmkdir = kill\ntime = kill\n' >report.ini
sed 's/^default.*/default = EPERM/; s/^\[deny\]/[allow]\nsyscalls = read\n&/' report.ini >learn.ini

# evade HOW BACKEND: STATUS and OUT are what came of it.
evade()
{
    if [[ $2 == report ]]; then
        report --report report.ini -- ./evade "$1"
        return
    fi
    cp learn.ini learned.ini
    run timeout 60 "$PORTCULLIS" learn --quiet --backend "$2" -o learned.ini -- ./evade "$1"
}

# ends HOW BACKEND REGEX: status and output, KILLED times. 159 and signal 31: by SIGSYS, as the
# kernel's own verdict; 137 and 9: by SIGKILL, where SIGSYS could be swallowed or there is no system
# call instruction to die of.
ends()
{
    local round
    for ((round = 0; round < ${KILLED:-2}; round++)); do
        evade "$1" "$2"
        [[ "$STATUS $OUT" =~ ^($3)$ ]] || break
    done
    like "$STATUS $OUT" "^($3)$" "under_$2_kill_ends_it_by_$1"
    [[ $2 != report ]] || like "$ERR" "refused (mkdir|time)\(.* = kill" "and_it_is_told"
}

for backend in report notify ptrace; do
    for way in signal sharer vfork; do
        ends $way $backend "159 "
    done
    ends rewrite $backend "(159|137) "
    ends unmap $backend "(159|137) "
    ends away $backend "(159|137) "
    ends vforked $backend "0 child: signal 31"
done
ends vsyscall report "137 "
ends vsyscall notify "137 "
ends vsyscall ptrace "159 "
ends tracer report "0 child: signal 9"
ends late report "0 child: signal (9|31)"
for backend in notify ptrace; do
    ends tracer $backend "0 child: signal 31" # which can't trace
    ends late $backend "0 child: signal 31"
done

# The death is waited for: what another process is answered is answered later.
report --report report.ini -- sh -c './evade signal; ./evade vsyscall; exit 7'
is "$STATUS $(grep -c '^portcullis: refused' <<<"$ERR")" "7 2" "each_process_has_an_end_of_its_own"
finish
