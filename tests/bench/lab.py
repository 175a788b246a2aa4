"""What bench.py measures with: programs that are built for it, whitelists, runs in turn."""

import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

# What a dynamic program calls from exec to exit: bwrap and firejail have their filter before it.
NEEDED = """access arch_prctl brk close execve exit_group fstat getppid mmap mprotect munmap
    newfstatat openat pread64 read rseq set_robust_list set_tid_address write prlimit64""".split()

SOURCE = """#include <errno.h>
#include <seccomp.h>
#include <unistd.h>
__attribute__((constructor)) static void load(void)
{
    scmp_filter_ctx context = seccomp_init(SCMP_ACT_ERRNO(EPERM));
%s    if (seccomp_load(context) != 0)
        _exit(99);
    seccomp_release(context);
}
"""


class Lab:
    """The folder in which everything is built, and what it has."""

    def __init__(self, build, folder, compiler):
        self.build, self.folder, self.compiler = build, folder, compiler
        self.sources = os.path.dirname(os.path.abspath(__file__))
        self.command = os.path.join(build, "portcullis")
        for built in (self.command, os.path.join(build, "libportcullis.so")):
            if not os.path.exists(built):
                sys.exit(f"bench: {built} is not there; run 'make' first")
        os.makedirs(folder, exist_ok=True)
        self.shim = self.path("libportcullis.so")
        self.install(os.path.join(build, "libportcullis.so"), self.shim)
        for name in ("start", "tiny", "calls", "allow", "answer", "gets"):
            self.compile(name, [])
        self.compile("bpf", ["-lseccomp"])
        self.compile("trigger", ["-DLIBRARY", "-shared", "-fPIC"], "libtrigger.so")
        self.compile("trigger", [self.path("libtrigger.so"), f"-Wl,-rpath,{folder}"])
        for name in ("empty", "floor"):
            self.compile(name, ["-shared", "-fPIC"], name + ".so")
        self.numbers = self.read_numbers()
        self.verbs = {verb for verb in ("compile", "learn", "run") if self.knows(verb)}

    def path(self, name):
        """A file of the folder."""
        return os.path.join(self.folder, name)

    def install(self, built, path):
        """Copies a file as install(1) does, in one piece. What a linker has just written lies in
        small pieces in the page cache: mapping it takes 12 microseconds more."""
        with open(built, "rb") as file:
            content = file.read()
        if os.path.exists(path):
            os.unlink(path)
        with open(path, "wb", buffering=0) as file:
            file.write(content)
        os.chmod(path, 0o755)

    def compile(self, name, options, output=None, text=None):
        """Builds NAME.c of the sources, or of TEXT."""
        source = os.path.join(self.sources, name + ".c")
        if text is not None:
            source = self.path(name + ".c")
            with open(source, "w", encoding="ascii") as file:
                file.write(text)
        subprocess.run([self.compiler, "-std=gnu17", "-D_GNU_SOURCE", "-O2", source, "-o",
                        self.path("linked")] + options, check=True)
        self.install(self.path("linked"), self.path(output or name))

    def knows(self, verb):
        """Whether the command has this verb."""
        return subprocess.run([self.command, verb, "--help"], stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, check=False).returncode == 0

    def read_numbers(self):
        """The system calls of the system's headers, by name."""
        text = subprocess.run([self.compiler, "-E", "-dM", "-include", "sys/syscall.h", "-x", "c",
                               "/dev/null"], check=True, capture_output=True, text=True).stdout
        return {name: int(number)
                for name, number in re.findall(r"#define __NR_(\w+) (\d+)\n", text)}

    def names(self, size, without=()):
        """SIZE names in alphabetical order: what a program needs, then any, always the same. When
        there are no more, numbers that no kernel has."""
        others = sorted(set(self.numbers) - set(NEEDED) - set(without))
        random.Random(1).shuffle(others)
        spare = [str(number) for number in range(500, 600)]
        return sorted((NEEDED + others + spare)[:size])

    def number(self, name):
        """Its number."""
        return int(name) if name.isdigit() else self.numbers[name]

    def whitelist(self, name, names, lines=""):
        """Writes NAME.ini, a name a line, and LINES; returns its path."""
        path = self.path(name + ".ini")
        with open(path, "w", encoding="ascii") as file:
            file.write("[allow]\n" + "".join(f"syscalls = {each}\n" for each in names) + lines)
        return path

    def compiled(self, whitelist):
        """The compiled form of a whitelist."""
        output = whitelist.replace(".ini", ".compiled")
        subprocess.run([self.command, "compile", whitelist, "-o", output], check=True)
        return output

    def bpf(self, name, numbers, tree=True, lines=""):
        """libseccomp's program for the numbers, list or tree, in a file; returns its path."""
        path = self.path(name + ".bpf")
        text = "".join(f"{number}\n" for number in numbers) + lines
        with open(path, "wb") as file:
            subprocess.run([self.path("bpf"), "2" if tree else "1"], input=text.encode(),
                           stdout=file, check=True)
        return path

    def source(self, name, numbers):
        """A preload with the list in its source, as tutorials write it; returns its path."""
        rules = "".join(f"    if (seccomp_rule_add(context, SCMP_ACT_ALLOW, {number}, 0) != 0)\n"
                        "        _exit(98);\n" for number in numbers)
        self.compile(name, ["-shared", "-fPIC", "-lseccomp"], name + ".so", SOURCE % rules)
        return self.path(name + ".so")

    def preloads(self, size):
        """The ways to be filtered by SIZE names, as words that go before a command."""
        names = self.names(size)
        numbers = [self.number(name) for name in names]
        ini = self.whitelist(f"names-{size}", names)
        floor = self.bpf(f"names-{size}", sorted(numbers))
        ways = {"floor": f"LD_PRELOAD={self.path('floor.so')} FLOOR={floor}",
                "libseccomp in the source": f"LD_PRELOAD={self.source(f'source-{size}', numbers)}",
                "portcullis INI": f"LD_PRELOAD={self.shim} PORTCULLIS_WHITELIST={ini}"}
        if "compile" in self.verbs:
            ways["portcullis compiled"] = (f"LD_PRELOAD={self.shim} "
                                            f"PORTCULLIS_WHITELIST={self.compiled(ini)}")
        return ways

    def starts(self, rounds, variants, descriptor=None):
        """Starts each of the variants, {name: words}, once a round. Returns ({name: microseconds},
        {name: page faults})."""
        command = [self.path("start"), str(rounds)]
        if descriptor:
            command = ["sh", "-c", 'exec "$@" 3<"$0"', descriptor] + command
        result = subprocess.run(command, input="".join(words + "\n" for words in variants.values()),
                                capture_output=True, text=True, check=False, preexec_fn=alone)
        # a preload that ld.so can't find is a warning, and a very fast variant
        if result.returncode != 0 or "ld.so" in result.stderr:
            sys.exit(f"bench: {result.stderr[:500]}")
        times = {name: [] for name in variants}
        faults = {name: [] for name in variants}
        names = list(variants)
        for line in result.stdout.splitlines():
            index, nanoseconds, count = map(int, line.split())
            times[names[index]].append(nanoseconds / 1000)
            faults[names[index]].append(count)
        return times, faults

    def in_turn(self, rounds, variants, measure):
        """Measures each variant once a round; returns {name: figures}."""
        figures = {name: [] for name in variants}
        for _ in range(rounds):
            for name, variant in variants.items():
                figures[name].append(measure(variant))
        return figures

    def there_and_back(self, rounds, variants, measure):
        """Measures each variant twice a round, in turn and then the other way round; returns
        {name: figures}, a round's two after one another."""
        figures = {name: [] for name in variants}
        for _ in range(rounds):
            for name in [*variants, *reversed(variants)]:
                figures[name].append(measure(variants[name]))
        return figures


def memory_folder(size, files):
    """A new folder that goes away with the result, in a memory file system which has so many bytes
    and files left; or None."""
    with open("/proc/self/mounts", encoding="ascii", errors="replace") as file:
        mounts = [line.split()[1:3] for line in file]
    for place in ("/dev/shm", tempfile.gettempdir()):
        if [place, "tmpfs"] in mounts and os.access(place, os.W_OK):
            left = os.statvfs(place)
            if left.f_bavail * left.f_frsize >= size and left.f_favail >= files:
                return tempfile.TemporaryDirectory(prefix="portcullis-bench-", dir=place)
    return None


def alone():
    """In a child: keeps to one processor, ahead of what else wants it, where that is allowed."""
    try:
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    except PermissionError:
        pass


def environment(words):
    """The variables of "NAME=VALUE ..." over what a program needs."""
    variables = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}
    variables.update(word.split("=", 1) for word in words.split())
    return variables


def have(program):
    """Whether it is installed."""
    return shutil.which(program, path="/usr/sbin:/usr/bin:/sbin:/bin") is not None
