#!/bin/bash
# Installing puts the object, the command, the whitelists and drop-ins where it is told, uninstalling
# takes it away, and a machine without apt-get is told what to install.
. "$(dirname "$0")/../helpers/tap.sh"
cd "$ROOT" || exit 1

built=$(stat -c %y "$BUILD/flags")

QUIET_MAKE=(make -s BUILD="$BUILD" DESTDIR="$TMP/root" PREFIX=/opt/gate)

whitelists()
{
    local unit
    find config/whitelists -maxdepth 1 -name '*.ini' -printf '/opt/gate/share/portcullis/%f\n'
    for unit in config/whitelists/systemd/*.ini; do
        unit=/opt/gate/share/portcullis/systemd/$(basename "$unit" .ini)
        printf '%s\n' "$unit.ini" "$unit.service.d/portcullis.conf"
    done
}

installed()
{
    (cd "$TMP/root" && find . ! -type d -printf '/%P\n' | sort)
}

run "${QUIET_MAKE[@]}" install
is "$STATUS$OUT$ERR" 0 "install says nothing and succeeds"
is "$(installed)" "$( (printf '/opt/gate/%s\n' bin/portcullis lib/libportcullis.so \
    lib/pkgconfig/portcullis.pc share/man/man{1/portcullis.1,5/portcullis.ini.5,7/libportcullis.7} \
    share/bash-completion/completions/portcullis share/fish/vendor_completions.d/portcullis.fish \
    share/zsh/vendor-completions/_portcullis && whitelists) | sort)" \
    "install puts all of it below DESTDIR and PREFIX"
is "$(stat -c %a "$TMP/root/opt/gate/lib/libportcullis.so")" 644 "everyone may load it"
succeeds "it is the object that was built" \
    cmp "$BUILD/libportcullis.so" "$TMP/root/opt/gate/lib/libportcullis.so"

run "$TMP/root/opt/gate/bin/portcullis" --version
like "$STATUS $OUT" "^0 portcullis [0-9]" "the command runs from there"

printf '[allow]\nsyscalls = @stdio @files\n' >"$TMP/cat.ini"
run "$TMP/root/opt/gate/bin/portcullis" run "$TMP/cat.ini" -- grep Seccomp: /proc/self/status
is "$STATUS|$OUT|$ERR" $'0|Seccomp:\t2|' "it runs a program under the object that was installed with it"
run env LD_DEBUG=files "$TMP/root/opt/gate/bin/portcullis" run "$TMP/cat.ini" -- true
like "$ERR" "file=$TMP/root/opt/gate/lib/libportcullis.so " "which it finds there, not in the build folder"

touch "$TMP/root/opt/gate/lib/libother.so"
run "${QUIET_MAKE[@]}" uninstall
is "$STATUS$OUT$ERR" 0 "uninstall says nothing and succeeds"
is "$(installed)" /opt/gate/lib/libother.so "uninstall takes away what install put there, no more"
run "${QUIET_MAKE[@]}" uninstall
is "$STATUS$OUT$ERR" 0 "uninstalling twice is no mistake"

# A machine with neither apt-get nor dpkg: only what the recipe itself needs. Another environment has
# other flags, hence a build folder of its own.
mkdir "$TMP/bin"
for tool in sh grep id env mkdir find make; do
    ln -s "$(command -v "$tool")" "$TMP/bin/$tool"
done
run env -i PATH="$TMP/bin" make -s BUILD="$TMP/build" deps PACKAGES="gcc no-such-package"
is "$STATUS $OUT" "2 " "without apt-get deps fails"
like "$ERR" "no apt-get here; please install what Debian calls: gcc no-such-package" \
    "without apt-get deps names what is missing"
run make -s BUILD="$BUILD" deps PACKAGES="libc6-dev make"
is "$STATUS$OUT$ERR" 0 "deps says nothing where nothing is missing"
is "$(stat -c %y "$BUILD/flags")" "$built" "what was built for the tests is taken as it is"
finish
