#!/bin/bash
# The shared object needs nothing of its host and gives it nothing.
. "$(dirname "$0")/../helpers/tap.sh"

is "$(nm -D "$SHIM" 2>/dev/null)" "" "it imports and exports no symbol"
dynamic=$(readelf -dW "$SHIM")
is "$(grep -cE '\((NEEDED|TEXTREL|RPATH|RUNPATH)\)|TEXTREL' <<<"$dynamic")" 0 \
    "it needs no library and no text relocation"
like "$dynamic" 'BIND_NOW' "its relocations are made at the start"
like "$dynamic" 'NOOPEN' "it can't be loaded by dlopen"
like "$dynamic" 'SONAME.*\[libportcullis\.so\.0\]' "it is called libportcullis.so.0"
segments=$(readelf -lW "$SHIM")
like "$segments" 'GNU_RELRO' "its relocated data is read-only afterwards"
like "$segments" 'GNU_STACK +[^ ]+ [^ ]+ [^ ]+ [^ ]+ [^ ]+ RW ' "its stack is not executable"
is "$(grep -cE 'LOAD.* RWE ' <<<"$segments")" 0 "no segment is writable and executable"
is "$(readelf -rW "$SHIM" | grep -c R_ | tr -d ' ')" \
    "$(readelf -rW "$SHIM" | grep -c _RELATIVE)" "all its relocations are relative ones"
size=$(stat -c %s "$SHIM")
is "$((size < 400 * 1024))" 1 "it is smaller than 400 KiB ($size bytes)"

finish
