#!/bin/bash
# The arm64 shim, cross-built and run under qemu: no kernel is asked there, so nothing is enforced, but
# rules, programs and the way to the kernel's door can be tried. Run by `make check-arm64`.
. "$(dirname "$0")/../helpers/tap.sh"
. "$ROOT/tests/helpers/hosts.sh"

cd "$ROOT" || exit 1
SHIM=$BUILD/arm64/libportcullis.so
QEMU=(qemu-aarch64 -L /usr/aarch64-linux-gnu)
run make -s BUILD="$BUILD" arm64-tests
is "$STATUS $ERR" "0 " "shim_and_unit_tests_are_built_for_arm64"

# dynamic TAG: the values of that tag in the dynamic section.
dynamic()
{
    readelf -dW "$SHIM" | sed -n "s/^ *0x[0-9a-f]* ($1) *//p"
}

like "$(readelf -hW "$SHIM")" 'ELF64.*AArch64' "object_is_for_arm64"
is "$(nm -D "$SHIM" 2>/dev/null)" "" "arm64_object_has_no_dynamic_symbol"
is "$(dynamic NEEDED)$(dynamic TEXTREL)$(dynamic RPATH)$(dynamic RUNPATH)" "" \
    "arm64_object_needs_no_other_and_no_text_relocation"
is "$(readelf -rW "$SHIM" | grep ' R_' | grep -vc ' R_AARCH64_RELATIVE ')" 0 \
    "arm64_object_asks_the_loader_for_no_symbol"

for name in random spellings values environment freestanding_{format,libc,memory}; do
    succeeds "test_${name}_holds_on_arm64" "${QEMU[@]}" "$BUILD/arm64/tests/shim/test_$name"
done

# The constructor comes as far as seccomp(2), which qemu does not have: then the program must not run.
compile aarch64-linux-gnu-gcc victim victim -pthread
emulated()
{
    run "${QEMU[@]}" -E LD_PRELOAD="$SHIM" "$@" "$TMP/victim" ask
}
run "${QEMU[@]}" "$TMP/victim" ask
told 0 "$ALLOWED" "" "arm64_program_runs_without_the_shim"
emulated
told 78 "" "portcullis: error: PORTCULLIS_WHITELIST is not set; set it to a whitelist's path" \
    "arm64_program_does_not_run_without_the_variable"
printf '[allow]\nsyscalls = opne\n' >"$TMP/wrong.ini"
emulated -E PORTCULLIS_WHITELIST="$TMP/wrong.ini"
told 78 "" "$TMP/wrong.ini:2: error: unknown syscall 'opne'; did you mean 'open'?" \
    "arm64_program_does_not_run_with_a_mistake_in_its_whitelist"
emulated -E PORTCULLIS_WHITELIST="$REFUSING"
told 71 "" "portcullis: error: seccomp(2) is refused, and this may not be the only thread: EINVAL" \
    "arm64_program_does_not_run_where_no_filter_can_be_loaded"

# What is shipped is accepted there: it comes as far. The program calls what begins the stages.
cat >"$TMP/waits.c" <<'END'
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>

int main(int count, char **arguments)
{
    (void)arguments;
    if (count > 9)
        return accept4(0, 0, 0, 0) + epoll_wait(0, 0, 0, 0) + poll(0, 0, 0) + (int)recv(0, 0, 0, 0);
    return 0;
}
END
aarch64-linux-gnu-gcc "$TMP/waits.c" -o "$TMP/waits" || exit 1
for list in config/whitelists/*.ini examples/*/*.ini; do
    [[ $list != examples/systemd/* ]] || continue # a path of another system's program
    run "${QEMU[@]}" -E LD_PRELOAD="$SHIM" -E PORTCULLIS_WHITELIST="$list" "$TMP/waits"
    told 71 "" "portcullis: error: seccomp(2) is refused, and this may not be the only thread: EINVAL" \
        "${list}_is_accepted_on_arm64"
done
finish
