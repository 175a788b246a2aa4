#!/bin/bash
# Programs whose ELF headers are odd, or made to get round the gate: main runs filtered or not at all.
. "$(dirname "$0")/../helpers/run.sh"
cd "$TMP" || exit 1

build_victim victim
# The same with a loader of its own, which is none: it does what it likes, and starts nobody.
cat >own.c <<'END'
void _start(void)
{
    static const char TEXT[] = "NOT FILTERED\n";
    __asm__ volatile("syscall" : : "a"(1), "D"(1), "S"(TEXT), "d"(13) : "rcx", "r11", "memory");
    __asm__ volatile("syscall" : : "a"(60), "D"(0));
}
END
"${CC:-gcc}" -O1 -static-pie -nostdlib -fno-stack-protector -o own own.c || exit 1
# An auditor that hides the shim from ld.so.
cat >audit.c <<'END'
#include <stdint.h>
#include <string.h>
unsigned la_version(unsigned version)
{
    return version;
}
char *la_objsearch(const char *name, uintptr_t *cookie, unsigned flag)
{
    (void)cookie, (void)flag;
    return strstr(name, "libportcullis") ? (char *)"libm.so.6" : (char *)name;
}
END
"${CC:-gcc}" -shared -fPIC -o audit.so audit.c || exit 1
chmod 755 own audit.so

# odd FROM TO PYTHON: a copy of the program, changed by PYTHON: `headers` are lists of type, flags,
# offset, vaddr, paddr, filesz, memsz, align; `dynamic` lists of tag and value; `put(bytes)` adds bytes
# at the file's end and returns their place.
odd()
{
    python3 - "$@" <<'END' || exit 1
import os, struct, sys
source, target, change = sys.argv[1:]
data = bytearray(open(source, "rb").read())
start, = struct.unpack_from("<Q", data, 32)
count, = struct.unpack_from("<H", data, 56)
headers = [list(struct.unpack_from("<IIQQQQQQ", data, start + 56 * i)) for i in range(count)]
at = next(h for h in headers if h[0] == 2)
dynamic = [list(struct.unpack_from("<qQ", data, at[2] + i)) for i in range(0, at[5], 16)]
interpreter = next(h for h in headers if h[0] == 3)

def put(text):
    data.extend(text)
    return len(data) - len(text)

def interpret(header, text):
    header[2], header[5], header[6] = put(text), len(text), len(text)

exec(change)
for i, h in enumerate(headers):
    struct.pack_into("<IIQQQQQQ", data, start + 56 * i, *h)
for i, d in enumerate(dynamic):
    struct.pack_into("<qQ", data, at[2] + 16 * i, *d)
open(target, "wb").write(data)
os.chmod(target, 0o755)
END
}

# passes NAME PROGRAM: it runs, filtered.
passes()
{
    run timeout 20 "$PORTCULLIS" run "$TMP/good.ini" "$2" "$TMP/open/made"
    is "$STATUS $OUT$ERR" "0 filtered" "$1"
}

# stopped STATUS MESSAGE NAME COMMAND...: it does not.
stopped()
{
    run timeout 20 "$PORTCULLIS" run "$TMP/good.ini" "${@:4}"
    is "$STATUS $OUT$ERR" "$1 portcullis: error: $2" "$3"
}

LOADER='b"/lib64/ld-linux-x86-64.so.2"'
INTERPRETER="interpret(interpreter, $LOADER + b'\0/ld-musl-\0')"
# a DT_INIT that nobody calls, before the one that ld.so takes
TWICE='real = next(d for d in dynamic if d[0] == 12)
fini = next(d for d in dynamic if d[0] == 13)
next(d for d in dynamic if d[0] == 0)[:] = real
real[1] = fini[1] + 16'

odd victim behind "$INTERPRETER"
passes "what_stands_behind_the_nul_of_the_loader_s_name_does_not_count" ./behind
odd victim twice "$INTERPRETER
$TWICE"
passes "nor_does_the_first_of_two_init_functions" ./twice
export LD_AUDIT=$TMP/audit.so
stopped 125 "'$TMP/twice' was stopped at its entry point: the loader has not loaded \
'$TMP/bin/libportcullis.so'" "and_with_an_auditor_that_hides_the_shim_it_does_not_run" ./twice
unset LD_AUDIT

# Two PT_INTERP: the kernel takes the first.
SECOND="second = next(h for h in headers if h[0] in (4, 0x6474e553))
second[0] = 3"
odd victim first "$SECOND
i, k = headers.index(interpreter), headers.index(second)
interpret(headers[max(i, k)], b'$TMP/own\0')
interpret(headers[min(i, k)], $LOADER + b'\0')"
passes "of_two_loaders_the_first_counts" ./first
odd victim second "$SECOND
i, k = headers.index(interpreter), headers.index(second)
interpret(headers[max(i, k)], $LOADER + b'\0')
interpret(headers[min(i, k)], b'$TMP/own\0')"
REACH="the shim cannot reach './"
NONE="as its loader (PT_INTERP), which is none; link it with the C library's loader"
stopped 126 "${REACH}second': it names '$TMP/own' $NONE" \
    "and_where_that_is_no_loader_nothing_runs" ./second

odd victim own-loader "interpret(interpreter, b'$TMP/own\0')"
is "$(./own-loader)" "NOT FILTERED" "a_program_may_name_anything_as_its_loader"
stopped 126 "${REACH}own-loader': it names '$TMP/own' $NONE" "which_is_refused" ./own-loader
odd victim relative "interpret(interpreter, b'./own\0')"
stopped 126 "${REACH}relative': it names './own' $NONE" "so_is_a_relative_one" ./relative
cp /lib64/ld-linux-x86-64.so.2 loader
odd victim copy "interpret(interpreter, b'./loader\0')"
passes "a_relative_path_of_a_loader_is_fine" ./copy
odd victim long "interpret(interpreter, b'/' * 4000 + $LOADER + b'\0')"
passes "so_is_a_long_one" ./long
mkfifo -m 755 fifo
odd victim fifo-loader "interpret(interpreter, b'./fifo\0')"
stopped 126 "${REACH}fifo-loader': it names './fifo' $NONE" "a_pipe_is_not_waited_for" ./fifo-loader
odd victim open-end "interpret(interpreter, $LOADER)"
stopped 126 "${REACH}open-end': it is a damaged ELF file; look at it with 'readelf -l'" \
    "a_loader_s_name_without_an_end_is_refused" ./open-end

# What `run` looks at may be something else when it is executed.
cp victim named
printf '[filter]\nprogram = %s\ndefault = allow\n[deny]\nmkdir = EPERM\n' "$TMP/named" >named.ini
run timeout 20 "$PORTCULLIS" run named.ini sh -c \
    'dd if=own-loader of=named bs=1M conv=notrunc status=none; exec ./named'
is "$STATUS $OUT$ERR" "137 portcullis: error: '$TMP/named' cannot be held at its entry point, and was \
killed: what it names as its loader (PT_INTERP) is none" "a_program_that_is_changed_is_killed"

# musl runs the libraries' constructors behind the entry point.
musl-gcc -o musl "$ROOT/tests/victims/run_victim.c" || exit 1
passes "a_musl_program_runs_filtered" ./musl
odd musl musl-twice "$TWICE"
passes "and_with_two_init_functions_held_at_the_one_that_is_called" ./musl-twice
odd musl musl-none 'next(d for d in dynamic if d[0] == 12)[0] = 0x6ffffff0'
stopped 125 "'$TMP/musl-none' was stopped at its entry point: it has no _init(), where musl's \
programs are held" "without_any_it_does_not_run" ./musl-none
ln -s /lib64/ld-linux-x86-64.so.2 ld-musl-x
odd victim false-musl "interpret(interpreter, b'$TMP/ld-musl-x\0')
$TWICE"
passes "glibc_s_loader_by_the_name_of_musl_s_is_held_twice" ./false-musl
export LD_AUDIT=$TMP/audit.so
stopped 125 "'$TMP/false-musl' was stopped at its entry point: the loader has not loaded the shim" \
    "and_at_the_entry_point_where_it_has_not_loaded_the_shim" ./false-musl
finish
