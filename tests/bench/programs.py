"""The programs that bench.py measures: calls, work to be recorded, servers."""

import contextlib
import ctypes
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

from lab import alone, environment, have

CALLS = 100000
ONE, AGAIN = "a filter of one instruction", "learn again"
ANSWER = "a listener that only answers"
IN_MEMORY, ON_DISK = "sqlite3 in memory", "sqlite3 on a disk"
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
HAPROXY = """global
    nbthread 1
    maxconn 200
defaults
    mode http
    timeout connect 9s
    timeout client 9s
    timeout server 9s
listen web
    bind 127.0.0.1:{port}
    server one 127.0.0.1:{back}
"""


def call(lab, words, number, value, before=()):
    """Nanoseconds that a system call takes in a program that is started with WORDS."""
    result = subprocess.run([*before, lab.path("calls"), str(CALLS), str(number), str(value)],
                            env=environment(words), check=True, capture_output=True, text=True,
                            preexec_fn=alone)
    return float(result.stdout)


def trigger(lab, words):
    """Nanoseconds that a call of pause() takes, which returns at once."""
    result = subprocess.run([lab.path("trigger"), str(100 * CALLS)], env=environment(words),
                            check=True, capture_output=True, text=True, preexec_fn=alone)
    return float(result.stdout)


def timed(command):
    """Milliseconds that it takes. It may be a function that returns it, which takes no time."""
    if callable(command):
        command = command()
    begin = time.monotonic()
    subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL, env=environment(""), check=True)
    return 1000 * (time.monotonic() - begin)


def same_addresses():
    """In a child: no random addresses (personality(2), ADDR_NO_RANDOMIZE)."""
    ctypes.CDLL(None).personality(0x0040000)


def resident(program, words):
    """KiB that are resident for it while it waits, but for pages of the program's, the loader's and
    the C library's files: those are there once for all processes, and the kernel maps as many of
    them around a fault as the addresses happen to allow, which would make 100 KiB of difference."""
    with subprocess.Popen([program, "wait"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          env=environment(words), preexec_fn=same_addresses) as process:
        process.stdout.read(1)
        with open(f"/proc/{process.pid}/smaps", encoding="ascii") as file:
            mappings = re.split(r"^(?=[0-9a-f]+-)", file.read(), flags=re.MULTILINE)[1:]
        process.stdin.close()
    everybodys = re.compile(rf"(libc\.so|libc-|ld-linux|{re.escape(program)})\S*$")
    total = 0
    for mapping in mappings:
        count = "Anonymous" if everybodys.search(mapping.partition("\n")[0]) else "Rss"
        total += int(re.search(rf"^{count}: +(\d+)", mapping, re.MULTILINE)[1])
    return float(total)


def make_tree(folder):
    """20,000 files, one of which is found. Each has 16 KiB, as an average file of /usr/include or
    of Linux's sources: with less, grep -r would do little but system calls."""
    tree = os.path.join(folder, "tree")
    text = "a line of text\n" * 1092
    for each in range(200):
        os.makedirs(os.path.join(tree, str(each)))
        for number in range(100):
            with open(os.path.join(tree, str(each), str(number)), "w", encoding="ascii") as file:
                file.write(text if each or number else "portcullis\n" + text)
    return tree


def transactions(folder):
    """What has sqlite3 make a database there, with 500 transactions."""
    script = os.path.join(folder, "transactions.sql")
    base = os.path.join(folder, "base.db")
    with open(script, "w", encoding="ascii") as file:
        file.write("CREATE TABLE t(a);\n" + "INSERT INTO t VALUES(1);\n" * 500)

    def prepare():
        if os.path.exists(base):
            os.unlink(base)
        return ["sqlite3", base, f".read {script}"]
    return prepare


def work(lab, folder):
    """What is recorded, by name: a command, or a function that returns it. FOLDER is a new one, in
    memory where there is such a thing."""
    tree = make_tree(folder)
    works = {"ls -lR": ["ls", "-lR", tree], "grep -r": ["grep", "-r", "portcullis", tree]}
    if have("sqlite3"):
        works[IN_MEMORY] = transactions(folder)
        disk = lab.path("disk")
        os.makedirs(disk, exist_ok=True)
        works[ON_DISK] = transactions(disk)
    return works


def recorders(lab, name, command):
    """The ways to record COMMAND: those that hardly slow it down, and those that do. A whitelist
    that is there is learnt again, at full speed."""
    def before(words, fresh=None):
        def prepare():
            if fresh and os.path.exists(fresh):
                os.unlink(fresh)
            return words + (command() if callable(command) else command)
        return prepare

    again = lab.path("learnt-" + re.sub(r"\W+", "-", name) + ".ini")
    quick = {"plain": before([]), ONE: before([lab.path("allow")]),
             AGAIN: before([lab.command, "learn", "-o", again, "--"])}
    slow = {ANSWER: before([lab.path("answer")])}
    for backend in ("ptrace", "notify"):
        output = lab.path(f"learnt-{backend}.ini")
        slow[f"learn by {backend}"] = before(
            [lab.command, "learn", "--backend", backend, "-o", output, "--"], output)
    if have("strace"):
        slow["strace -f"] = before(["strace", "-f", "-o", lab.path("strace.out")])
    if os.path.exists(again):
        os.unlink(again)
    timed(quick[AGAIN])
    return quick, slow


def free_port():
    """A port on loopback that nobody has at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port):
    """Waits until somebody listens."""
    for _ in range(1000):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.01)
    sys.exit(f"bench: nobody listens on port {port}")


# The ways in which a server is measured, and the whitelists of a server, by its way: those of its
# example, and those that are shipped.
INI, STAGE = "portcullis INI", "in its stage"
SERVED = ("plain", ONE, INI, STAGE)


def example(name):
    """The whitelists of a server's example."""
    return {INI: f"examples/{name}/{name}.ini", STAGE: f"examples/{name}/stages.ini"}


def shipped(name):
    """The whitelists that are shipped for a server."""
    return {INI: f"config/whitelists/{name}.ini", STAGE: f"config/whitelists/{name}-serving.ini"}


def pinned(last):
    """For a child: to keep to the last processor, as clients do, or to the first, as servers do."""
    processors = sorted(os.sched_getaffinity(0))

    def pin():
        os.sched_setaffinity(0, {processors[-1 if last else 0]})
    return pin


def filtered(lab, variant, whitelists):
    """The words that go before a server's command."""
    if variant == ONE:
        return [lab.path("allow")]
    if variant not in whitelists:
        return []
    return ["env", f"LD_PRELOAD={lab.shim}",
            f"PORTCULLIS_WHITELIST={os.path.join(ROOT, whitelists[variant])}"]


def new_folder(lab, name, inside):
    """A new folder for a server, with one in it."""
    path = lab.path(name.replace(" ", "-"))
    shutil.rmtree(path, ignore_errors=True)
    os.makedirs(os.path.join(path, inside))
    return path


@contextlib.contextmanager
def running(folder, command, port, last=False, end=signal.SIGTERM):
    """A server, once somebody listens; it ends with the context, by this signal."""
    with open(os.path.join(folder, "said"), "wb") as said:
        process = subprocess.Popen(command, cwd=folder, env=environment(""), stdout=said,
                                   stderr=said, stdin=subprocess.DEVNULL, preexec_fn=pinned(last))
    try:
        wait_for(port)
        yield process
    finally:
        process.send_signal(end)
        process.wait(20)


def with_children(process):
    """The ids of it and its children."""
    with open(f"/proc/{process.pid}/task/{process.pid}/children", encoding="ascii") as file:
        return [process.pid, *map(int, file.read().split())]


def consumed(process):
    """Microseconds that it and its children have had of a processor: their clocks, as
    clock_getcpuclockid(3) names them."""
    return sum(1e6 * time.clock_gettime((~pid << 3) | 2) for pid in with_children(process))


def in_stage(process):
    """Whether it, or a child of it, has two filters."""
    for pid in with_children(process):
        with open(f"/proc/{pid}/status", encoding="ascii") as file:
            if "Seccomp_filters:\t2\n" in file.read():
                return True
    return False


@contextlib.contextmanager
def serve_nginx(lab, variant, last=False):
    """nginx, as stages.ini wants it, with one worker, which may read wherever this is built: the
    process and its port."""
    port = free_port()
    folder = new_folder(lab, f"nginx {variant}", "html")
    with open(os.path.join(folder, "html", "page"), "w", encoding="ascii") as file:
        file.write("portcullis\n" * 1000)
    with open(os.path.join(ROOT, "examples/nginx/nginx.conf"), encoding="ascii") as file:
        lines = [line for line in file if "thread" not in line or line.startswith("#")]
    text = "".join(lines).replace("127.0.0.1:8080", f"127.0.0.1:{port}")
    with open(os.path.join(folder, "nginx.conf"), "w", encoding="ascii") as file:
        file.write(text.replace("worker_processes 2", "worker_processes 1")
                   .replace("user www-data", "user root"))
    program = shutil.which("nginx", path="/usr/sbin:/usr/bin")
    with running(folder, [*filtered(lab, variant, example("nginx")), program, "-p", folder + "/",
                          "-c", "nginx.conf"], port, last) as process:
        yield process, port


def ask_web(_, port, count, *options):
    """Requests a second, by ab with these options."""
    command = ["ab", "-q", "-n", str(count), "-c", "20", *options, f"http://127.0.0.1:{port}/page"]
    result = subprocess.run(command, check=True, capture_output=True, text=True,
                            preexec_fn=pinned(True))
    if not re.search(r"Failed requests: +0\n", result.stdout) or "Non-2xx" in result.stdout:
        sys.exit("bench: requests have failed:\n" + result.stdout)
    return float(re.search(r"Requests per second: +([\d.]+)", result.stdout)[1])


def ask_kept(lab, port, count):
    """The same over connections that are kept."""
    return ask_web(lab, port, count, "-k")


@contextlib.contextmanager
def serve_haproxy(lab, variant):
    """haproxy without a second thread, in front of an nginx without a filter, which shares the
    client's processor: haproxy's process and its port."""
    port = free_port()
    folder = new_folder(lab, f"haproxy {variant}", "")
    with serve_nginx(lab, "plain", True) as (_, back):
        with open(os.path.join(folder, "haproxy.cfg"), "w", encoding="ascii") as file:
            file.write(HAPROXY.format(port=port, back=back))
        with running(folder, [*filtered(lab, variant, shipped("haproxy")), "haproxy", "-db", "-f",
                              "haproxy.cfg"], port) as process:
            yield process, port


@contextlib.contextmanager
def serve_redis(lab, variant):
    """Redis, as stages.ini wants it, without threads that would turn on one processor for one
    another: the process and its port."""
    port = free_port()
    folder = new_folder(lab, f"redis {variant}", "appendonlydir")
    with running(folder, [*filtered(lab, variant, example("redis")), "redis-server",
                          os.path.join(ROOT, "examples/redis/redis.conf"), "--port", str(port),
                          "--io-threads", "1", "--jemalloc-bg-thread", "no"], port) as process:
        yield process, port


def ask_redis(_, port, count):
    """Operations a second."""
    result = subprocess.run(["redis-benchmark", "-p", str(port), "-n", str(count), "-c", "20",
                             "-t", "get", "--csv"], check=True, capture_output=True, text=True,
                            preexec_fn=pinned(True))
    return float(re.search(r'"GET","([\d.]+)"', result.stdout)[1])


@contextlib.contextmanager
def serve_memcached(lab, variant):
    """memcached with one thread that answers: the process and its port. Asked to end, it takes a
    second."""
    port = free_port()
    folder = new_folder(lab, f"memcached {variant}", "")
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    with running(folder, [*filtered(lab, variant, shipped("memcached")), "memcached", *user,
                          "-t", "1", "-p", str(port), "-l", "127.0.0.1"], port,
                 end=signal.SIGKILL) as process:
        yield process, port


def ask_memcached(lab, port, count):
    """Answers a second."""
    result = subprocess.run([lab.path("gets"), str(port), str(count)], check=True,
                            stdout=subprocess.PIPE, text=True, preexec_fn=pinned(True))
    return float(result.stdout)


def served(lab, variant, serve, ask, count):
    """Starts a server for COUNT requests; returns how many it answers a second, and how many
    microseconds of its processor one takes."""
    with serve(lab, variant) as (process, port):
        begin = consumed(process)
        answers = ask(lab, port, count)
        taken = (consumed(process) - begin) / count
        if (variant == STAGE) != in_stage(process):
            sys.exit(f"bench: {' '.join(process.args)}: it has another number of filters")
        return answers, taken


def servers():
    """{name: (how to start it, how to ask it, what has to be left of its answers)} of those that
    are installed. Nothing is demanded where connections are kept: then a request is eight calls in
    as little time as can be, and of that any filter takes its part, be it of one instruction."""
    known = {"nginx": ("nginx ab", serve_nginx, ask_web, 0.97),
             "nginx, connections kept": ("nginx ab", serve_nginx, ask_kept, None),
             "haproxy": ("haproxy nginx ab", serve_haproxy, ask_web, 0.97),
             "redis": ("redis-server redis-benchmark", serve_redis, ask_redis, 0.97),
             "memcached": ("memcached", serve_memcached, ask_memcached, 0.97)}
    return {name: way for name, (needs, *way) in known.items() if all(map(have, needs.split()))}
