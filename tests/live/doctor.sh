#!/bin/bash
# portcullis doctor: each thing tried, not looked up.
. "$(dirname "$0")/../helpers/tap.sh"

# A copy that everybody may read, wherever the build is.
chmod 711 "$TMP"
install -m 755 "$BUILD/portcullis" "$TMP/portcullis" || exit 1
DOCTOR=("$TMP/portcullis" doctor)
trials="filter threads kill unprivileged prctl log audit-log trace read-filter notify \
notify-threads notify-killable notify-sync"

run "${DOCTOR[@]}"
is "$STATUS $(tail -n 1 <<<"$OUT")" "0 whitelists can be enforced here" "this machine enforces"
is "$(awk '$1 == "yes" || $1 == "no" { printf "%s%s", sep, $2; sep = " " }' <<<"$OUT")" "$trials" \
    "every trial is told"
is "$(grep -c $'\033' <<<"$OUT")" 0 "there is no colour in a file"

run setpriv --reuid 65534 --regid 65534 --clear-groups "${DOCTOR[@]}"
is "$STATUS $(tail -n 1 <<<"$OUT")" "0 whitelists can be enforced here" "as nobody, too"
like "$OUT" "no   read-filter      'verify' can't prove whose filter it is; run it as root \
\(Permission denied\)" "nobody is told what is missing and what it costs"

# Under outer filters.
cat >"$TMP/outer.ini" <<END
[filter]
default = allow
[deny]
seccomp = EPERM
END
# under WHITELIST COMMAND...: what a filtered shell executes.
under()
{
    run env LD_PRELOAD="$SHIM" PORTCULLIS_WHITELIST="$1" bash -c 'exec "$@"' - "${@:2}"
}
under "$TMP/outer.ini" "${DOCTOR[@]}"
is "$STATUS $(tail -n 1 <<<"$OUT")" "1 whitelists cannot be enforced here" \
    "without seccomp(2) nothing is certain"
like "$OUT" "no   filter           nothing can be enforced on this machine \(Operation not permitted\)" \
    "the trial says why"
like "$OUT" "note: this process runs under a filter already" "an outer filter is told"
sed 's/^seccomp.*/ptrace = EPERM/' "$TMP/outer.ini" >"$TMP/ptrace.ini"
under "$TMP/ptrace.ini" "${DOCTOR[@]}"
like "$STATUS $OUT" "no   trace            'run' works with --no-gate only" \
    "without ptrace there is no gate"
is "$STATUS" 0 "yet whitelists can be enforced"

run "${DOCTOR[@]}" now
is "$STATUS $ERR" "2 portcullis doctor: it takes no 'now'; see 'portcullis doctor --help'" \
    "an argument is misuse"
run "${DOCTOR[@]}" --help
like "$STATUS $OUT" "^0 usage: portcullis doctor" "--help helps"

finish
