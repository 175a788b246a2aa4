#!/usr/bin/env python3
"""What Portcullis costs: `make bench`, or `make bench BENCH="start calls"` for some sections.

Figures are good for ratios within one run: the variants of a section take turns, so that what
disturbs the machine disturbs all. Writes a CSV and an SVG a section into $BUILD/bench.
"""

import argparse
import os
import platform
import statistics
import sys
import tempfile
import time

import programs
from figures import Bars, Section, lower_quartile
from lab import Lab, have, memory_folder

SIZES = (20, 40, 100, 300)
GROWTH = (10, 20, 40, 70, 100, 150, 200, 300, 400, 450)
CLAUSES = (1, 4, 16, 64, 128, 256, 512)
INI, COMPILED, SOURCE = "portcullis INI", "portcullis compiled", "libseccomp in the source"


def start(lab, rounds, bars):
    """From vfork to wait, of a program that does nothing."""
    section = Section("start", "a process start", "microseconds")
    tiny = lab.path("tiny")
    variants = {"plain": tiny, "an empty preload": f"LD_PRELOAD={lab.path('empty.so')} {tiny}"}
    for size in SIZES:
        variants.update({(name, size): f"{words} {tiny}"
                         for name, words in lab.preloads(size).items()})
    times, _ = lab.starts(10 * rounds, variants)
    plain = section.add("plain", times["plain"])
    section.add("an empty preload", times["an empty preload"], plain)
    for name, size in (variant for variant in variants if isinstance(variant, tuple)):
        section.add(name, times[name, size], plain, section.find("floor", size), size)
    for size in (40, 300):
        floor = section.added("floor", size)
        source = section.added(SOURCE, size)
        bars.bar(section, f"compiled, {size} names, to the floor",
                 section.added(COMPILED, size), floor, 1.15)
        bars.bar(section, f"INI, {size} names, to libseccomp in the source",
                 section.added(INI, size), source, 0.85 if size == 40 else 1.0)
    peers(lab, rounds, section)
    return section


def peers(lab, rounds, section):
    """Other tools with the same 40 names. They take milliseconds: rounds of their own."""
    tiny = lab.path("tiny")
    floor = lab.path("names-40.bpf")
    variants = {"plain": tiny}
    if have("bwrap"):
        variants["bwrap --seccomp"] = f"X=1 bwrap --seccomp 3 --dev-bind / / {tiny}"
    if have("firejail"):
        variants["firejail --seccomp.keep"] = ("X=1 firejail --quiet --noprofile --seccomp.keep=" +
                                               ",".join(lab.names(40)) + f" {tiny}")
    for name in list(variants)[1:]:
        times, _ = lab.starts(rounds, {"plain": tiny, name: variants[name]}, floor)
        section.add(name, times[name], section.plain, section.find("floor", 40), 40)


def calls(lab, rounds, bars):
    """A call under the filter."""
    section = Section("calls", "a system call", "nanoseconds", adds=False)
    values = range(1000, 1020)
    number = lab.number("sched_get_priority_max")
    kinds = {"by number": (lab.number("getppid"), 0), "by the first of 20 values": (number, 1000),
             "by the last of 20 values": (number, 1019), "refused": (lab.number("getsid"), 0)}
    variants = {("no filter", "", kind): ("", *call) for kind, call in kinds.items()}
    for size in (20, 300):
        names = lab.names(size, ("sched_get_priority_max", "getsid"))
        numbers = sorted(map(lab.number, names))
        rules = "".join(f"{number} {value}\n" for value in values)
        line = f"sched_get_priority_max = policy in {' '.join(map(str, values))}\n"
        ini = lab.whitelist(f"calls-{size}", names, line)
        preload = f"LD_PRELOAD={lab.path('floor.so')} FLOOR="
        ways = {"floor list": preload + lab.bpf(f"list-{size}", numbers, False, rules),
                "floor": preload + lab.bpf(f"tree-{size}", numbers, True, rules),
                INI: f"LD_PRELOAD={lab.shim} PORTCULLIS_WHITELIST={ini}"}
        if "compile" in lab.verbs:
            ways[COMPILED] = f"LD_PRELOAD={lab.shim} PORTCULLIS_WHITELIST={lab.compiled(ini)}"
        variants.update({(way, size, kind): (words, *call)
                         for way, words in ways.items() for kind, call in kinds.items()})
    figures = lab.in_turn(max(3, rounds // 2), variants,
                          lambda variant: programs.call(lab, *variant))
    for (way, size, kind), samples in figures.items():
        plain = section.find(f"no filter: {kind}") if size else None
        section.add(f"{way}: {kind}", samples, plain, section.find(f"floor: {kind}", size), size)
    judge_calls(section, bars)
    return section


def judge_calls(section, bars):
    """The bars of the calls."""
    def median(way, kind, size):
        row = section.find(f"{way}: {kind}", size)
        return row and row["median"]
    for way in (INI, COMPILED):
        for size in (20, 300):
            bars.bar(section, f"allowed by number, {size} names, {way}, to the floor",
                     median(way, "by number", size), median("floor", "by number", size), 1.02)
        kind = "by the last of 20 values"
        bars.bar(section, f"allowed by argument, 300 names to 20, {way}",
                 median(way, kind, 300), median(way, kind, 20), 1.1)


def stages(lab, rounds, bars):
    """A call of a function that begins a stage, once it has begun."""
    section = Section("stages", "a call of a function", "nanoseconds", adds=False)
    names = lab.names(40)
    stage = ("[stage serving]\nwhen = pause\n" +
             "".join(f"syscalls = {name}\n" for name in names[:20] + ["write", "exit_group"]))
    preload = f"LD_PRELOAD={lab.shim} PORTCULLIS_WHITELIST="
    ini = lab.whitelist("stages", names, stage)
    variants = {"plain": "", "filtered": preload + lab.whitelist("no-stages", names),
                "it has begun a stage": preload + ini}
    figures = lab.in_turn(max(5, rounds), variants, lambda words: programs.trigger(lab, words))
    plain = section.add("plain", figures.pop("plain"))
    for name, samples in figures.items():
        section.add(name, samples, plain)
    bars.bar(section, "what a stage adds to a call of its function, nanoseconds, to one",
             section.added("it has begun a stage"), 1.0, 2.0)
    return section


def run(lab, rounds, _):
    """The gate: a start by `portcullis run`."""
    section = Section("run", "a start under portcullis run", "microseconds")
    ini = lab.whitelist("run", lab.names(40))
    tiny = lab.path("tiny")
    times, _ = lab.starts(3 * rounds, {
        "plain": tiny,
        "the preload alone": f"LD_PRELOAD={lab.shim} PORTCULLIS_WHITELIST={ini} {tiny}",
        "run": f"X=1 {lab.command} run {ini} -- {tiny}",
        "run --report": f"X=1 {lab.command} run --report {ini} -- {tiny}"})
    plain = section.add("plain", times.pop("plain"))
    for name, samples in times.items():
        section.add(name, samples, plain)
    return section


def report(lab, rounds, _):
    """An allowed call under `run --report`, which costs what it does under `run`."""
    section = Section("report", "an allowed call under run and run --report", "nanoseconds",
                      adds=False)
    plain_list = lab.whitelist("report-number", lab.names(40))
    asked = lab.whitelist("report-argument", lab.names(40),
                          "sched_get_priority_max = policy in 0..2000\n")
    variants = {"plain": ([], "getppid")}
    for kind, ini, name in (("by number", plain_list, "getppid"),
                            ("by argument", asked, "sched_get_priority_max")):
        variants[f"run: {kind}"] = ([lab.command, "run", ini, "--"], name)
        variants[f"run --report: {kind}"] = ([lab.command, "run", "--report", ini, "--"], name)
    figures = lab.in_turn(max(3, rounds // 2), variants, lambda variant: programs.call(
        lab, "", lab.number(variant[1]), 7, variant[0]))
    plain = section.add("plain", figures["plain"])
    for kind in ("by number", "by argument"):
        row = section.add(f"run: {kind}", figures[f"run: {kind}"], plain)
        section.add(f"run --report: {kind}", figures[f"run --report: {kind}"], plain, row)
    return section


def judge_learn(section, work, bars, figures):
    """How much less than strace learning adds, and what a second run takes, by the quicker quarter
    of the runs: percents are asked for, and what disturbs a run makes it slower, never quicker. No
    bar for what strace adds where a disk is waited for, as meanwhile it costs nothing; nor for a
    second run of what is over in ten times as long as a start takes."""
    def median(name):
        row = section.find(f"{work}: {name}")
        return row and row["median"]

    plain, strace = median("plain"), median("strace -f")
    row = section.find(f"{work}: plain")
    for way, limit in (("learn by notify", 10), (programs.ANSWER, None), ("learn by ptrace", 1.5)):
        bars.bar(section, f"{work}: what strace -f adds, to {way}", strace and strace - plain,
                 median(way) - plain, None if work == programs.ON_DISK else limit, least=True,
                 plain=row)
    for name, other, limit in ((programs.AGAIN, "plain", 1.05), (programs.ONE, "plain", None),
                               (programs.AGAIN, programs.ONE, None)):
        bars.bar(section, f"{work}: {name}, to {other}", lower_quartile(figures[name]),
                 lower_quartile(figures[other]), None if work == programs.IN_MEMORY else limit,
                 plain=row)


def learn(lab, rounds, bars):
    """Work that is recorded. The quick ways take turns, there and back; then the slow ones do, some
    times."""
    if "learn" not in lab.verbs:
        print("\nlearn: this build of portcullis does not know the verb")
        return None
    section = Section("learn", "work while it is recorded", "milliseconds", adds=False)
    with memory_folder(400 << 20, 30000) or tempfile.TemporaryDirectory(dir=lab.folder) as folder:
        print("\nlearn: " + ("no memory file system has room: the work is done on a disk"
                            if folder.startswith(lab.folder) else
                            f"the work is done in memory, in {folder}"))
        for work, command in programs.work(lab, folder).items():
            quick, slow = programs.recorders(lab, work, command)
            turns = max(1, 2 * rounds // 3 if work == programs.ON_DISK else rounds)
            figures = lab.there_and_back(turns, quick, programs.timed)
            figures.update(lab.in_turn(max(1, rounds // 6), slow, programs.timed))
            plain = floor = None
            for name, samples in figures.items():
                row = section.add(f"{work}: {name}", samples, plain, floor)
                plain = plain or row
                floor = row if name == programs.ONE else floor
            judge_learn(section, work, bars, figures)
    return section


def servers(lab, rounds, bars):
    """Servers without a filter, under their whitelist, and in its stage; where nothing is demanded,
    under the least that any filter is, too. The server has a processor, its client another; a round
    asks all in turn, and then the other way round, so that what drifts disturbs all alike, and each
    time another process, as where its memory happens to lie makes some percent. Judged by the
    median of the rounds' ratios. Where the client has more to do than the server, the answers don't
    tell what a filter takes: what the server takes of its processor does."""
    section = Section("servers", "servers", "requests a second", adds=False)
    processor = Section("processor", "a request, on the processor of the server", "microseconds",
                        adds=False)
    for name, (serve, ask, limit) in programs.servers().items():
        # as many as take half a second, by what a first try says; less in a mere try
        first, _ = programs.served(lab, "plain", serve, ask, 5000)
        count = int(min(0.5, rounds / 60) * first)
        both = lab.there_and_back(
            max(1, rounds // 6), {variant: variant for variant in programs.SERVED
                                  if variant != programs.ONE or limit is None},
            lambda variant, serve=serve, ask=ask, count=count:
            programs.served(lab, variant, serve, ask, count))
        figures = {variant: [answers for answers, _ in pairs] for variant, pairs in both.items()}
        plain = taken = None
        for variant, pairs in both.items():
            row = section.add(f"{name}: {variant}", figures[variant], plain)
            work = processor.add(f"{name}: {variant}", [each for _, each in pairs], taken)
            plain, taken = plain or row, taken or work
            if row is plain:
                continue
            ratios = [one / other for one, other in zip(rounds_of(figures[variant]),
                                                        rounds_of(figures["plain"]))]
            bars.bar(section, f"{name}, {variant}, to plain", statistics.median(ratios), 1.0,
                     None if variant == programs.ONE else limit, least=True, plain=plain)
    return (section, processor) if section.rows else None


def rounds_of(figures):
    """What each round came to, there and back."""
    return [sum(pair) for pair in zip(figures[::2], figures[1::2])]


def memory(lab, rounds, bars):
    """What stays of it, and what it touches."""
    section = Section("memory", "memory of a process", "KiB", floor="empty")
    tiny = lab.path("tiny")
    preloads = {"plain": "", "an empty preload": f"LD_PRELOAD={lab.path('empty.so')}"}
    preloads.update({f"{name}: {size} names": words for size in (40, 300)
                     for name, words in lab.preloads(size).items()})
    sizes = lab.in_turn(rounds, preloads, lambda words: programs.resident(tiny, words))
    _, faults = lab.starts(rounds, {name: f"{words} {tiny}" for name, words in preloads.items()})
    pages = Section("faults", "page faults of a start", "faults", floor="empty")
    for table, figures in ((section, sizes), (pages, faults)):
        for name, samples in figures.items():
            table.add(name, samples, table.plain, table.find("an empty preload"))
        bars.bar(table, f"{table.title}, added, compiled, 40 names, to an empty preload",
                 table.added(f"{COMPILED}: 40 names"), table.added("an empty preload"), 1.3)
    return section, pages


def growth(lab, rounds, _):
    """How it grows."""
    section = Section("growth", "added to a start by a whitelist of so many names", "microseconds")
    tiny = lab.path("tiny")
    variants = {"plain": tiny}
    for size in GROWTH:
        variants.update({(name, size): f"{words} {tiny}"
                         for name, words in lab.preloads(size).items()})
    times, _ = lab.starts(2 * rounds, variants)
    plain = section.add("plain", times.pop("plain"))
    for (name, size), samples in times.items():
        section.add(name, samples, plain, section.find("floor", size), size)
    return section, clauses(lab, rounds)


def clauses(lab, rounds):
    """The same for one call with so many values of one argument."""
    section = Section("clauses", "added to a start by so many values of one argument",
                      "microseconds")
    tiny = lab.path("tiny")
    variants = {"plain": tiny}
    for size in CLAUSES:
        values = list(range(1000, 1000 + 2 * size, 2))
        lines = "".join(f"getpgid = pid in {' '.join(map(str, values[i:i + 16]))}\n"
                        for i in range(0, size, 16))
        ini = lab.whitelist(f"clauses-{size}", lab.names(20), lines)
        preload = f"LD_PRELOAD={lab.shim} PORTCULLIS_WHITELIST="
        variants[INI, size] = f"{preload}{ini} {tiny}"
        if "compile" in lab.verbs:
            variants[COMPILED, size] = f"{preload}{lab.compiled(ini)} {tiny}"
    times, _ = lab.starts(2 * rounds, variants)
    plain = section.add("plain", times.pop("plain"))
    for (name, size), samples in times.items():
        section.add(name, samples, plain, None, size)
    return section


SECTIONS = {each.__name__: each
            for each in (start, calls, stages, run, report, learn, servers, memory, growth)}


def tell_machine():
    """What the figures were made on."""
    model = "unknown processor"
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as file:
        for line in file:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
    print(f"{model}, {os.cpu_count()} processors, Linux {platform.release()}, "
          f"load {os.getloadavg()[0]:.2f}")


def main():
    """Runs the sections that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default=os.environ.get("BUILD", "build"))
    parser.add_argument("--rounds", type=int, default=30, help="30; fewer are quicker")
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=" ".join(SECTIONS))
    options = parser.parse_args()
    unknown = [name for name in options.sections if name not in SECTIONS]
    if unknown:
        parser.error(f"no section '{unknown[0]}'; there are: {' '.join(SECTIONS)}")
    build = os.path.abspath(options.build)
    tell_machine()
    lab = Lab(build, os.path.join(build, "bench", "lab"), os.environ.get("CC", "gcc"))
    bars = Bars()
    for name in options.sections or SECTIONS:
        begin = time.monotonic()
        tables = SECTIONS[name](lab, options.rounds, bars)
        for table in tables if isinstance(tables, tuple) else (tables,):
            if table:
                table.print()
                table.write(os.path.join(build, "bench"))
        print(f"({name}: {time.monotonic() - begin:.0f} seconds, load {os.getloadavg()[0]:.2f})",
              flush=True)
    bars.print()
    print(f"\nthe tables and plots are in {os.path.relpath(os.path.join(build, 'bench'))}")


if __name__ == "__main__":
    sys.exit(main())
