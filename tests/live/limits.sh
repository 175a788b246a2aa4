#!/bin/bash
# Under small resource limits a start is filtered as ever, or there is one clear message.
. "$(dirname "$0")/../helpers/run.sh"
cd "$TMP" || exit 1

build_victim victim
"$PORTCULLIS" compile good.ini -o good.pcw
chmod 755 . && chmod 644 good.*

# limited LIMIT COMMAND...: as nobody, since some limits do not hold for root. Its output goes through
# a pipe: for a file the limit on files would hold. OUT has both.
limited()
{
    OUT=$("${NOBODY[@]}" prlimit "--$1" "${@:2}" 2>&1 </dev/null | cat; exit "${PIPESTATUS[0]}")
    STATUS=$? ERR=
}

by_shim()
{
    limited "$1" env LD_PRELOAD="$TMP/bin/libportcullis.so" PORTCULLIS_WHITELIST="$TMP/$2" \
        "$TMP/victim" "$TMP/open/made"
}

# The arena maps what the file needs.
for limit in as=67108864 as=8388608 as=5242880 data=67108864 data=4194304 memlock=0 fsize=0 nofile=4 \
    nproc=0 stack=65536; do
    for form in good.ini good.pcw; do
        by_shim $limit $form
        is "$STATUS $OUT$ERR" "0 filtered" "the_shim_filters_by_${form}_with_$limit"
    done
done
by_shim data=1000000 good.ini
is "$STATUS $OUT$ERR" "71 portcullis: error: cannot map memory: ENOMEM" \
    "without_any_memory_there_is_a_message"
{ printf '[allow]\nsyscalls = @stdio\n' && head -c 1000000 /dev/zero | tr '\0' ';' | fold -w 100; } \
    >large.ini
by_shim data=1600000 large.ini
is "$STATUS $OUT$ERR" "71 portcullis: error: out of memory: the whitelist needs more than RLIMIT_AS, \
RLIMIT_DATA or the machine leaves" "with_too_little_for_a_large_whitelist_there_is_another"

# The command.
for limit in as=67108864 data=67108864 memlock=0 nofile=8 stack=65536; do
    limited $limit "$PORTCULLIS" run good.ini ./victim open/made
    is "$STATUS $OUT$ERR" "0 filtered" "run_filters_with_$limit"
    limited $limit "$PORTCULLIS" learn --quiet ./victim open/none
    is "$STATUS ${OUT%%$'\n'*}" "0 NOT FILTERED" "learn_learns_with_$limit"
    rmdir open/none
done
# fails LIMIT STATUS MESSAGE
fails()
{
    limited "$1" "$PORTCULLIS" run good.ini ./victim open/made
    is "$STATUS $OUT$ERR" "$2 $3" "run_says_why_it_does_not_run_with_$1"
}
fails as=6000000 125 "portcullis: error: cannot start the watcher: Cannot allocate memory"
fails nproc=0 125 "portcullis: error: cannot start the watcher: Resource temporarily unavailable"
fails nofile=3 78 "good.ini: error: cannot read 'good.ini': EMFILE"
fails nofile=4 126 "portcullis: error: the shim cannot reach './victim': it names \
'/lib64/ld-linux-x86-64.so.2' as its loader (PT_INTERP), which cannot be read: Too many open files; see \
to that"
fails nofile=5 125 "portcullis: error: cannot start the watcher: Too many open files"
fails fsize=0 71 "portcullis: error: good.ini: the limit on the size of files (RLIMIT_FSIZE) leaves the \
filter no room"
limited fsize=0 "$PORTCULLIS" run good.pcw ./victim open/made
is "$STATUS $OUT$ERR" "0 filtered" "a_compiled_whitelist_needs_none"
limited fsize=100000 "$PORTCULLIS" run good.ini sh -c 'head -c 200000 /dev/zero >open/file'
is "$STATUS" 153 "the_program_s_own_limit_is_as_it_was"
finish
