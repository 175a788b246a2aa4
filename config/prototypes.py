#!/usr/bin/env python3
"""Writes config/prototypes.inc, the table of system call prototypes.

usage: prototypes.py [--any-kernel] EXCEPTIONS [EVENTS]

EXCEPTIONS is config/prototypes.exceptions; EVENTS is the folder of the kernel's trace events for
system calls, /sys/kernel/tracing/events/syscalls unless said otherwise. The table goes to stdout.
An exception that fits no call is an error, but for --any-kernel: older ones lack some.

It is committed: it is made again when a new kernel has new calls, and read before it is committed.
"""

import os
import pathlib
import re
import sys

# Bits and sign of every type that is not a pointer. An unknown type is an error: look it up first.
TYPES = {
    **dict.fromkeys(["umode_t", "old_uid_t", "old_gid_t"], (16, False)),
    **dict.fromkeys(["int", "s32", "__s32", "pid_t", "key_t", "key_serial_t", "clockid_t",
                     "timer_t", "mqd_t", "rwf_t"], (32, True)),
    **dict.fromkeys(["unsigned", "unsigned int", "u32", "__u32", "uid_t", "gid_t", "qid_t",
                     "enum landlock_rule_type"], (32, False)),
    **dict.fromkeys(["long", "off_t", "loff_t"], (64, True)),
    **dict.fromkeys(["unsigned long", "size_t", "u64", "__u64", "aio_context_t"], (64, False)),
}
POINTERS = {"cap_user_header_t", "cap_user_data_t"}
# By value they take two registers of 32 bits, the lower half first.
DOUBLES = {"loff_t", "u64", "__u64"}


def split_declaration(text):
    """"const char * filename" to ("const char *", "filename")."""
    match = re.fullmatch(r"(.*?)\s*\b(\w+(?:=\w+)?)", text.strip())
    if not match or not match[1]:
        sys.exit(f"prototypes: not a declaration: {text}")
    return match[1], match[2]


def consumed(kind):
    """The width, the sign and whether it is a pointer."""
    kind = " ".join(word for word in kind.split() if word != "const")
    if "*" in kind or kind in POINTERS:
        return 64, False, True
    if kind not in TYPES:
        sys.exit(f"prototypes: unknown type: {kind}")
    return *TYPES[kind], False


def read_exceptions(path):
    found = {word: {} for word in ("event", "skip", "call", "i386", "backwards", "number", "type",
                                   "field", "names")}
    for line in pathlib.Path(path).read_text(encoding="ascii").splitlines():
        if not line or line.startswith("#"):
            continue
        word, rest = line.split(None, 1)
        if word in ("call", "i386", "backwards"):
            name, arguments = re.fullmatch(r"(\w+)\((.*)\)", rest).groups()
            key, value = name, [split_declaration(part) for part in arguments.split(",") if part]
        elif word in ("type", "field"):
            call, argument, value = rest.split(None, 2)
            key = (call, argument)
        elif word in ("names", "skip"):
            key, *value = rest.split()
        else:
            key, value = rest.split()
        if word not in found or key in found[word]:
            sys.exit(f"prototypes: unknown or repeated: {line}")
        found[word][key] = value
    return found


def read_events(folder, exceptions):
    """The calls that have a trace event: name -> [(type, name), ...]."""
    calls = {}
    for path in sorted(pathlib.Path(folder).glob("sys_enter_*/format")):
        event = path.parent.name.removeprefix("sys_enter_")
        if event in exceptions["skip"]:
            continue
        fields = re.findall(r"^\tfield:([^;]+);", path.read_text(encoding="ascii"), re.M)
        first = fields.index("int __syscall_nr") + 1
        name = exceptions["event"].get(event, event)
        calls[name] = [split_declaration(field) for field in fields[first:]]
    if not calls:
        sys.exit(f"prototypes: no trace events in {folder}")
    return calls


def drop_misfits(calls, exceptions):
    """Takes out the exceptions that fit no call; returns what they say of it."""
    misfits = []
    for word in ("type", "field"):
        for call, argument in list(exceptions[word]):
            declared = calls.get(call, []) + exceptions["i386"].get(call, [])
            if argument not in [name.partition("=")[0] for _, name in declared]:
                misfits.append(f"{word}: {call} has no argument {argument}")
                del exceptions[word][call, argument]
    for call, names in list(exceptions["names"].items()):
        if len(names) != len(calls.get(call, [])):
            misfits.append(f"names: wrong number of arguments for {call}")
            del exceptions["names"][call]
    misfits += [f"number: no such call: {call}" for call in exceptions["number"]
                if call not in calls]
    return misfits


class Table:
    """The rows of one architecture, and the texts that they need."""

    def __init__(self, exceptions, i386):
        self.exceptions = exceptions
        self.i386 = i386
        self.texts = set()

    def text(self, name):
        self.texts.add(name)
        return f"TEXT({name})"

    def argument(self, name, kernel_name, width, signed, pointer, field=None):
        return (f"{{{self.text(name)}, {self.text(kernel_name)}, "
                f"{self.text(field) if field else 0}, {width if width < 64 else 'WORD'}, "
                f"{'true' if signed else 'false'}, {'true' if pointer else 'false'}}}")

    def arguments(self, call, declared, names):
        """Of a call; where words have 32 bits, one that is wider is two."""
        for (kind, kernel_name), name in zip(declared, names):
            special = self.exceptions["type"].get((call, kernel_name), kind)
            if self.i386 and kind in DOUBLES:
                yield self.argument(name + "_low", kernel_name + "_low", 32, False, False)
                yield self.argument(name + "_high", kernel_name + "_high", 32, kind == "loff_t",
                                    False)
                continue
            # A half that stands for the whole where words have 64 bits.
            width, signed, pointer = consumed(kind if self.i386 and special in DOUBLES else special)
            yield self.argument(name, kernel_name, width, signed, pointer,
                                self.exceptions["field"].get((call, kernel_name)))

    def row(self, call, declared, names):
        arguments = list(self.arguments(call, declared, names))
        inner = ",\n      ".join(arguments) or "{0}"
        return f"    {{{self.text(call)}, NUMBER_{call}, {len(arguments)},\n     {{{inner}}}}},"


def split_names(declared):
    """Arguments written as "TYPE KERNEL_NAME" or "TYPE KERNEL_NAME=NAME"."""
    pairs = [name.partition("=") for _, name in declared]
    return ([(kind, kernel) for (kind, _), (kernel, _, _) in zip(declared, pairs)],
            [name or kernel for kernel, _, name in pairs])


def print_texts(macro, texts, more=()):
    print(f"#define {macro}(TEXT) \\\n    "
          + " \\\n    ".join([f"TEXT({name})" for name in sorted(texts)] + list(more)))


def print_number(call, number):
    print(f"#ifdef __NR_{call}\n#define NUMBER_{call} __NR_{call}\n#else\n"
          f"#define NUMBER_{call} {number}\n#endif")


def write_table(calls, exceptions):
    wide, narrow = Table(exceptions, False), Table(exceptions, True)
    rows = []
    for call in sorted(calls.keys() | exceptions["i386"].keys()):
        usual = [name for _, name in calls.get(call, [])]
        row = backwards = None
        if call in calls:
            row = wide.row(call, calls[call], exceptions["names"].get(call, usual))
        if call in exceptions["i386"]:
            row32 = narrow.row(call, *split_names(exceptions["i386"][call]))
        else:
            row32 = narrow.row(call, calls[call], exceptions["names"].get(call, usual))
        if call in exceptions["backwards"]:
            backwards = wide.row(call, *split_names(exceptions["backwards"][call]))
        rows += variants(row, row32, backwards)

    release = ".".join(os.uname().release.split(".")[:2])
    print(f"/* Made by config/prototypes.py from the trace events of Linux {release} and\n"
          " * config/prototypes.exceptions. Don't edit. */\n")
    print("#ifdef __i386__")
    print_texts("TEXTS_HERE", narrow.texts - wide.texts)
    print("#else")
    print_texts("TEXTS_HERE", wide.texts - narrow.texts)
    print("#endif\n")
    print_texts("TEXTS", narrow.texts & wide.texts, ["TEXTS_HERE(TEXT)"])
    print()
    print("struct texts {\n    char none[1];\n    TEXTS(TEXT_MEMBER)\n};\n")
    print('static const struct texts texts = {"", TEXTS(TEXT_INITIALIZER)};\n')
    # What the headers at build time don't know has the same number everywhere, or none here.
    for call in sorted(calls):
        print_number(call, exceptions["number"].get(call, -1))
    print("#ifdef __i386__")
    for call in sorted(exceptions["i386"].keys() - calls.keys()):
        print_number(call, -1)
    print("#endif")
    print("\nstatic const struct prototype prototypes[] = {")
    print("\n".join(rows))
    print("};")


def variants(row, row32, backwards):
    """One row, or one for each kind of architecture."""
    if row is None:
        return ["#ifdef __i386__", row32, "#endif"]
    if row == row32 and not backwards:
        return [row]
    if backwards:
        return ["#if defined(__i386__)", row32, "#elif defined(__aarch64__)", backwards, "#else",
                row, "#endif"]
    return ["#ifdef __i386__", row32, "#else", row, "#endif"]


def main():
    arguments = sys.argv[1:]
    any_kernel = "--any-kernel" in arguments[:1]
    arguments = arguments[any_kernel:]
    if len(arguments) not in (1, 2):
        sys.exit(__doc__)
    exceptions = read_exceptions(arguments[0])
    calls = read_events((arguments + ["/sys/kernel/tracing/events/syscalls"])[1], exceptions)
    for call, declared in exceptions["call"].items():
        calls.setdefault(call, declared)
    misfits = drop_misfits(calls, exceptions)
    if misfits and not any_kernel:
        sys.exit("prototypes: " + "\nprototypes: ".join(misfits))
    write_table(calls, exceptions)


main()
