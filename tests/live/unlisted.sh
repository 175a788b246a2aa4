#!/bin/bash
# What holds without a line: for calls that are newer than this portcullis, and for those of other
# architectures.
. "$(dirname "$0")/../helpers/tap.sh"

PORTCULLIS=$BUILD/portcullis
cd "$TMP" || exit 1

# How programs ask whether the kernel has a call: ENOSYS means no.
cat >new.c <<'C'
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(void)
{
    static const long CALLS[] = {600, 0x3fffffff};
    for (int i = 0; i < 2; i++) {
        errno = 0;
        long result = syscall(CALLS[i], 0, 0, 0, 0, 0);
        printf("%ld: %ld %s\n", CALLS[i], result, strerror(errno));
        fflush(stdout);
    }
    return 0;
}
C
"${CC:-gcc}" -D_GNU_SOURCE -o new new.c || exit 1
WANTED='600: -1 Function not implemented
1073741823: -1 Function not implemented'
is "$(./new)" "$WANTED" "this_kernel_has_no_such_calls"

# whitelist DEFAULT [LINE...]: new.ini.
whitelist()
{
    printf '[filter]\ndefault = %s\n[allow]\nsyscalls = @stdio\n' "$1" >new.ini
    shift
    printf '%s\n' "$@" >>new.ini
}

for default in EPERM ENOSYS kill trap log allow; do
    whitelist "$default"
    run env LD_PRELOAD="$SHIM" PORTCULLIS_WHITELIST=new.ini ./new
    is "$STATUS|$OUT|$ERR" "0|$WANTED|" "a_newer_call_gets_ENOSYS_under_$default"
    "$PORTCULLIS" compile new.ini -o new.pcw || exit 1
    run env LD_PRELOAD="$SHIM" PORTCULLIS_WHITELIST=new.pcw ./new
    is "$STATUS|$OUT|$ERR" "0|$WANTED|" "so_it_does_where_that_is_compiled"
    run "$PORTCULLIS" run --report new.ini ./new
    is "$STATUS|$OUT|$(grep -c 'refused system call' <<<"$ERR")" "0|$WANTED|0" \
        "and_under_a_report_that_says_nothing_of_it"
done

whitelist EPERM '[deny]' '600 = kill'
run "$PORTCULLIS" run new.ini ./new
is "$STATUS|$OUT" "159|" "a_line_that_denies_a_newer_number_holds"
whitelist kill '600 = a0 == 1' '[deny]' '1073741823 = EXDEV'
run "$PORTCULLIS" run new.ini ./new
is "$STATUS|$OUT" "159|" "so_does_a_condition_that_is_not_met"
whitelist kill '600 = a0 == 0' '[deny]' '1073741823 = EXDEV'
run "$PORTCULLIS" run new.ini ./new
is "$STATUS|$OUT" "0|600: -1 Function not implemented
1073741823: -1 Invalid cross-device link" "and_one_that_is_met"

# --- what says so
FIRST=$("$PORTCULLIS" explain new.ini | sed -n 's/^; \([0-9]*\) and higher, if not listed: ENOSYS.*/\1/p')
like "$FIRST" '^4[5-9][0-9]$|^[5-9][0-9][0-9]$' "explain_prints_the_first"
whitelist kill
run "$PORTCULLIS" explain new.ini 600
is "$STATUS|$OUT" "0|600(): ENOSYS
  because no line lists it, and it is newer than this portcullis, which knows calls up to $((FIRST - 1))" \
    "explain_says_why"
is "$("$PORTCULLIS" explain --json new.ini 600 | python3 -c 'import json, sys
answer = json.load(sys.stdin)
print(answer["verdict"], answer["reason"], answer["allowed"])')" "ENOSYS newer False" "so_does_its_json"
like "$("$PORTCULLIS" explain new.ini $((FIRST - 1)))" ': kill' "the_last_that_is_known_gets_the_default"
printf '[filter]\ndefault = kill\n[allow]\nsyscalls = @stdio 600\n' >more.ini
run "$PORTCULLIS" diff new.ini more.ini
is "$STATUS|$OUT" "1|600
  new.ini: ENOSYS  (newer than this portcullis)
  more.ini: allow  (more.ini:4 [allow]  syscalls = 600)" "diff_compares_it"
run "$PORTCULLIS" run --report=all new.ini ./new
like "$ERR" 'refused system call 600\(.*\) = ENOSYS' "a_report_of_all_has_it"

# --- learning
for backend in ptrace notify; do
    rm -f learned.ini
    run "$PORTCULLIS" learn --quiet --backend "$backend" -o learned.ini -- ./new
    is "$STATUS|$OUT|$(grep -c 600 learned.ini)" "0|$WANTED|0" "by_${backend}_it_is_not_learned"
    printf '[filter]\ndefault = log\n' >log.ini
    run "$PORTCULLIS" learn --quiet --backend "$backend" -o log.ini -- ./new
    is "$STATUS|$OUT|$(grep -c 600 log.ini)" "0|$WANTED|0" "nor_for_a_list_that_logs"
done
sed -i 's/^default = .*/default = kill/' learned.ini
run "$PORTCULLIS" run learned.ini ./new
is "$STATUS|$OUT" "0|$WANTED" "what_was_learned_does_under_kill"

# --- other architectures
cat >foreign.c <<'C'
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int main(int count, char **arguments)
{
    char *low = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT,
                     -1, 0);
    long result = 0;

    strcpy(low, "made");
    if (count > 1 && strcmp(arguments[1], "x32") == 0)
        result = syscall(0x40000000 | 83, low, 0700);
    else
        __asm__ volatile("int $0x80" : "=a"(result) : "a"(39L), "b"(low), "c"(0700L) : "memory");
    printf("mkdir: %ld\n", result);
    return 0;
}
C
"${CC:-gcc}" -D_GNU_SOURCE -o foreign foreign.c || exit 1
for default in EPERM kill log allow; do
    for way in int80 x32; do
        printf '[filter]\ndefault = %s\n[allow]\nsyscalls = @stdio\n[deny]\nmkdir = kill\n' \
            "$default" >foreign.ini
        run "$PORTCULLIS" run foreign.ini ./foreign "$way"
        is "$STATUS|$OUT|$(ls -d made 2>/dev/null)" "159||" "by_${way}_there_is_no_way_around_under_$default"
    done
done
like "$("$PORTCULLIS" explain foreign.ini)" '; of other architectures: kill' "explain_says_so"

finish
