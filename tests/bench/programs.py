"""The programs that bench.py measures: calls, work to be recorded, servers."""

import ctypes
import os
import re
import shutil
import socket
import subprocess
import sys
import time

from lab import alone, environment, have

CALLS = 100000
ONE, AGAIN, ON_DISK = "a filter of one instruction", "learn again", "sqlite3 on a disk"
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


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
    """20,000 files, one of which is found."""
    tree = os.path.join(folder, "tree")
    for each in range(200):
        os.makedirs(os.path.join(tree, str(each)))
        for number in range(100):
            with open(os.path.join(tree, str(each), str(number)), "w", encoding="ascii") as file:
                file.write("a line of text\n" if each or number else "portcullis\n")
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
        works["sqlite3"] = transactions(folder)
        disk = lab.path("disk")
        os.makedirs(disk, exist_ok=True)
        works[ON_DISK] = transactions(disk)
    return works


def recorders(lab, name, command):
    """The ways to record COMMAND. A whitelist that is there is learnt again, at full speed."""
    def before(words, fresh=None):
        def prepare():
            if fresh and os.path.exists(fresh):
                os.unlink(fresh)
            return words + (command() if callable(command) else command)
        return prepare

    again = lab.path("learnt-" + re.sub(r"\W+", "-", name) + ".ini")
    ways = {"plain": before([]), ONE: before([lab.path("allow")]),
            AGAIN: before([lab.command, "learn", "-o", again, "--"])}
    for backend in ("ptrace", "notify"):
        output = lab.path(f"learnt-{backend}.ini")
        ways[f"learn by {backend}"] = before(
            [lab.command, "learn", "--backend", backend, "-o", output, "--"], output)
    if have("strace"):
        ways["strace -f"] = before(["strace", "-f", "-o", lab.path("strace.out")])
    if os.path.exists(again):
        os.unlink(again)
    timed(ways[AGAIN])
    return ways


def free_port():
    """A port on loopback that nobody has at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port):
    """Waits until somebody listens."""
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    sys.exit(f"bench: nobody listens on port {port}")


def stop(process):
    """Ends a server."""
    process.terminate()
    process.wait(20)


def preload(lab, example, kind):
    """The variables that put a server under its example's whitelist, or none."""
    if not kind:
        return ""
    path = os.path.join(ROOT, "examples", example, example + ".ini")
    return f"LD_PRELOAD={lab.shim} PORTCULLIS_WHITELIST={path}"


def serve_nginx(lab, kind):
    """Starts nginx; returns the process and its port."""
    port = free_port()
    folder = lab.path("nginx-" + (kind[:4] or "plain"))
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(os.path.join(folder, "html"))
    with open(os.path.join(folder, "html", "index.html"), "w", encoding="ascii") as file:
        file.write("portcullis\n")
    with open(os.path.join(ROOT, "examples/nginx/nginx.conf"), encoding="ascii") as file:
        text = file.read()
    with open(os.path.join(folder, "nginx.conf"), "w", encoding="ascii") as file:
        file.write(text.replace("127.0.0.1:8080", f"127.0.0.1:{port}"))
    log = open(os.path.join(folder, "log"), "wb")
    program = shutil.which("nginx", path="/usr/sbin:/usr/bin")
    process = subprocess.Popen([program, "-p", folder + "/", "-c", "nginx.conf"],
                               env=environment(preload(lab, "nginx", kind)),
                               stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    log.close()
    wait_for(port)
    return process, port


def ask_nginx(port):
    """Requests a second."""
    command = ["ab", "-q", "-n", "10000", "-c", "20", "-k", f"http://127.0.0.1:{port}/"]
    result = subprocess.run(command, check=True, capture_output=True, text=True)
    return float(re.search(r"Requests per second: +([\d.]+)", result.stdout)[1])


def serve_redis(lab, kind):
    """Starts redis; returns the process and its port."""
    port = free_port()
    folder = lab.path("redis-" + (kind[:4] or "plain"))
    os.makedirs(folder, exist_ok=True)
    process = subprocess.Popen(["redis-server", os.path.join(ROOT, "examples/redis/redis.conf"),
                                "--port", str(port)], cwd=folder, stdin=subprocess.DEVNULL,
                               env=environment(preload(lab, "redis", kind)),
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for(port)
    return process, port


def ask_redis(port):
    """Operations a second."""
    result = subprocess.run(["redis-benchmark", "-p", str(port), "-n", "20000", "-c", "20", "-t",
                             "get", "--csv"], check=True, capture_output=True, text=True)
    return float(re.search(r'"GET","([\d.]+)"', result.stdout)[1])


def servers(lab):
    """{name: (how to start it, how to ask it)} of those that are installed."""
    known = {"nginx": (("nginx", "ab"), serve_nginx, ask_nginx),
             "redis": (("redis-server", "redis-benchmark"), serve_redis, ask_redis)}
    return {name: (lambda kind, serve=serve: serve(lab, kind), ask)
            for name, (needs, serve, ask) in known.items() if all(map(have, needs))}
