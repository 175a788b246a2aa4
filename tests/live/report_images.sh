#!/bin/bash
# What a program maps is its own to choose. No image, whatever is in it and whatever becomes of it,
# ends the supervisor, makes it wait, or changes a verdict; it is read by a process without rights.
# IMAGES: how many mutations are tried (2000); SEED: the first one's number. make soak raises IMAGES.
. "$(dirname "$0")/../helpers/run.sh"

IMAGES=${IMAGES:-2000}
SEED=${SEED:-$((RANDOM * 32768 + RANDOM))}
AT_ONCE=1000 # in a process
"${CC:-gcc}" -O1 -o "$TMP/images" "$ROOT/tests/victims/hostile_images.c" || exit 1
"${CC:-gcc}" -O1 -o "$TMP/calls" "$ROOT/tests/victims/report_calls.c" || exit 1
cd "$TMP" || exit 1
cat >base.c <<'END_OF_BASE'
__attribute__((naked)) long leave(void) { __asm__("syscall\n ret"); }
long one(long a) { return leave() + a; }
long two(long a) { long b[9]; b[a & 7] = one(a); return b[0] + two(a - 1); }
END_OF_BASE
"${CC:-gcc}" -O1 -g -shared -fPIC -nostdlib -o base.so base.c || exit 1
printf '[filter]\ndefault = allow\n[deny]\nmkdir = EPERM\nrename = kill\n' >w.ini
printf '[allow]\nsyscalls = @loader\n' >empty.ini

report()
{
    run "$PORTCULLIS" run "$@"
    await_count
}

# --- mutations
diag "SEED=$SEED"
wrong=''
for ((done = 0; done < IMAGES; done += AT_ONCE)); do
    count=$((IMAGES - done < AT_ONCE ? IMAGES - done : AT_ONCE))
    report --report w.ini -- ./images base.so $((SEED + done)) $count mkdir
    [[ "$STATUS $OUT" == "159 $count images" &&
        $ERR == *"refused rename("*"told, $((2 * count + 1)) in all" ]] ||
        wrong+="from $((SEED + done)): $STATUS $OUT ${ERR##*$'\n'}"$'\n'
done
is "$wrong" "" "the_supervisor_outlives_every_image_and_each_verdict_stays"
like "$ERR" "from image\.tmp(!leave)?\+0x[0-9a-f]+" "and_places_are_found_all_the_same"
wrong=''
for ((done = 0; done < IMAGES / 4; done += AT_ONCE)); do
    count=$((IMAGES / 4 - done < AT_ONCE ? IMAGES / 4 - done : AT_ONCE))
    cp empty.ini learned.ini
    run "$PORTCULLIS" learn --quiet --annotate --arguments all -o learned.ini -- \
        ./images base.so $((SEED + done)) $count ioctl
    [[ "$STATUS $OUT" == "0 $count images" ]] && grep -q 'ioctl' learned.ini ||
        wrong+="from $((SEED + done)): $STATUS $OUT $ERR"$'\n'
done
is "$wrong" "" "so_does_who_learns_with_annotations"

# --- a stack that nobody ever fills
cat >stack.c <<'END_OF_STACK'
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static long call_there(char *stack, long number)
{
    long result;

    __asm__ volatile("mov %%rsp, %%rbx\n mov %2, %%rsp\n syscall\n mov %%rbx, %%rsp"
                     : "=a"(result)
                     : "a"(number), "r"(stack), "D"("x"), "S"("y")
                     : "rbx", "rcx", "r11", "memory");
    return result;
}

int main(void)
{
    char *page = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct uffdio_api api = {.api = UFFD_API};
    struct uffdio_register range = {{(unsigned long)page, 65536}, UFFDIO_REGISTER_MODE_MISSING, 0};
    int faults = (int)syscall(SYS_userfaultfd, O_CLOEXEC | 1); /* UFFD_USER_MODE_ONLY */

    if (faults < 0)
        faults = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
    if (ioctl(faults, UFFDIO_API, &api) != 0 || ioctl(faults, UFFDIO_REGISTER, &range) != 0)
        return 2;
    printf("mkdir: %ld\n", call_there(page + 4096, SYS_mkdir));
    fflush(stdout);
    printf("rename: %ld\n", call_there(page + 4096, SYS_rename));
    return 0;
}
END_OF_STACK
"${CC:-gcc}" -O1 -o stack stack.c || exit 1
report --report w.ini -- ./stack
is "$STATUS $OUT $(grep -c refused <<<"$ERR")" "159 mkdir: -1 3" \
    "a_stack_that_cannot_be_read_costs_the_place_only"

# --- who reads
# namers: the processes of ours that have a filter.
namers()
{
    local watcher
    for watcher in $(watchers); do
        ! grep -q '^Seccomp:.2$' "/proc/$watcher/status" 2>/dev/null || echo "$watcher"
    done
}

a_namer_is_there()
{
    [[ -n $(namers) ]]
}

# The one that looks at the process: another child of the supervisor.
looker_of()
{
    local namer=$1 supervisor watcher
    supervisor=$(awk '/^PPid:/ { print $2 }' "/proc/$namer/status")
    for watcher in $(watchers); do
        ((watcher == namer)) || ! grep -qx "PPid:.$supervisor" "/proc/$watcher/status" ||
            echo "$watcher"
    done
}
mkfifo go again
start "$PORTCULLIS" run --report w.ini -- sh -c './calls plain; read x <go; ./calls plain; ./calls plain
    read x <again; ./calls plain; ./calls plain' >out 2>err
wait_for 10 a_namer_is_there
namer=$(namers)
if ((EUID == 0)); then
    is "$(awk '/^(Uid|Gid|Groups|CapInh|CapPrm|CapEff|CapAmb|NoNewPrivs|Seccomp):/ { $1 = $1; print }' \
        "/proc/$namer/status" | tr '\n' ' ')" "Uid: 65534 65534 65534 65534 Gid: 65534 65534 65534 65534 Groups: \
CapInh: 0000000000000000 CapPrm: 0000000000000000 CapEff: 0000000000000000 \
CapAmb: 0000000000000000 NoNewPrivs: 1 Seccomp: 2 " "symbols_are_read_by_a_process_without_rights"
fi
is "$(awk '/^Max (cpu|file size|data|open files|processes|address)/ { print $(NF - 1) }
    ' "/proc/$namer/limits" | tr '\n' ' ')" "60 0 268435456 0 64 4294967296 " "and_with_limits"
is "$(find "/proc/$namer/fd" -lname 'socket:*' | wc -l) $(find "/proc/$namer/fd" -type l | wc -l)" "1 1" \
    "and_with_no_descriptor_but_its_channel"
kill -KILL "$namer"
wait_for 10 none_alive "$namer"
echo >go
wait_for 30 grep -q 'from 0x' err
looker=$(looker_of "$(wait_for 10 a_namer_is_there && namers)")
kill -STOP "$looker"
echo >again
wait "$PID"
wait_for 10 counted err
is "$(grep -c 'from libc.so.6!mkdir+0x[0-9a-f]*, called by calls!make_folder' err) \
$(grep -c 'from 0x' err) $(tail -n 1 err) $(sort -u out)" \
    "1 2 portcullis: 3 refused calls told, 5 in all mkdir: -1, Operation not permitted" \
    "a_reader_that_is_killed_or_never_answers_costs_one_place"
is "$(alive "$looker" && echo alive)" "" "and_is_killed_then"
wait_for 10 nobody_watches
is "$(watchers)" "" "and_nobody_of_ours_is_left"
finish
