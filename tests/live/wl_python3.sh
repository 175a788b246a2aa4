#!/usr/bin/env bash
# shellcheck disable=SC2317,SC2034
# Debian's python3 at work under config/whitelists/python3.ini.
PATH=/usr/bin:$PATH # not another Python than Debian's
. "$(dirname "$0")/../helpers/wl.sh"
. "$(dirname "$0")/../helpers/wl_inside.sh"

shipped python3
cd "$TMP" || exit

BEFORE=clear_away
clear_away()
{
    rm -rf "$TMP/scratch"
    mkdir -p "$TMP/scratch/modules"
    echo 'def f(): return "imported"' >"$TMP/scratch/modules/m.py"
    cd "$TMP/scratch" || exit
}

compute()
{
    python3 -c 'print("hello")'
    echo 21 | python3 -c 'print(2 * int(input()))'
    python3 -I -c 'import json, re, csv, decimal, statistics, collections, hashlib, zlib, textwrap, ast
print(json.dumps({"a": [1, 2, 3]}), re.findall(r"\d+", "a1b22"), hashlib.sha256(b"x").hexdigest())
print(statistics.mean(range(100)), decimal.Decimal(2).sqrt(), ast.dump(ast.parse("1+1")))'
    for _ in compiled cached; do
        python3 -c 'import sys; sys.path.insert(0, "modules"); import m; print(m.f())'
    done
    python3 -c 'blocks = [bytearray(1 << 20) for i in range(100)]; del blocks; print(len("a" * (1 << 26) + "b"))'
}

files()
{
    python3 -c 'import tempfile, shutil, pathlib, os, gzip, zipfile, tarfile, mmap, fcntl
with tempfile.TemporaryDirectory() as d:
    p, q = pathlib.Path(d, "a"), pathlib.Path(d, "b")
    p.write_text("x" * 1000); shutil.copy2(p, q); os.rename(q, d + "/c"); os.symlink("a", d + "/s")
    os.link(p, d + "/h"); os.chmod(p, 0o600); os.utime(p); os.truncate(p, 10)
    shutil.copytree(d, d + "-tree"); shutil.rmtree(d + "-tree")
    gzip.open(d + "/g.gz", "wb").write(b"x")
    with zipfile.ZipFile(d + "/z.zip", "w") as z: z.write(p)
    with tarfile.open(d + "/t.tar.xz", "w:xz") as t: t.add(p, "a")
    with tarfile.open(d + "/t.tar.xz") as t: t.extractall(d + "/out")
    print(sorted(os.listdir(d)), p.read_text(), shutil.disk_usage(d).total > 0)
with open("m", "w+b") as f:
    f.write(b"x" * 8192); f.flush(); os.fsync(f.fileno())
    with mmap.mmap(f.fileno(), 0) as m: m[0:1] = b"y"; m.flush()
    fcntl.flock(f, 2); fcntl.lockf(f, 2); f.seek(0); print(f.read(2), os.pread(f.fileno(), 2, 1))
    os.posix_fallocate(f.fileno(), 0, 10); os.posix_fadvise(f.fileno(), 0, 0, 0)
shutil.copyfile("m", "n"); print(os.stat("n").st_size, os.getcwd() == os.path.realpath("."))
os.makedirs("a/b/c"); os.removedirs("a/b/c"); print(os.access("m", 4), list(os.scandir("modules"))[0].name)'
    python3 -c 'import sqlite3; d = sqlite3.connect("a.db"); d.execute("create table t(a)")
d.execute("insert into t values(1)"); d.commit(); print(d.execute("select * from t").fetchone())'
    python3 -c 'import shelve; s = shelve.open("s"); s["a"] = 1; s.close(); print(dict(shelve.open("s")))'
}

wait_and_share()
{
    python3 -c 'import concurrent.futures as c
with c.ThreadPoolExecutor(8) as e: print(sum(e.map(lambda x: x * x, range(1000))))'
    python3 -c 'import threading; t = threading.Timer(0.05, print, ["timer"]); t.start(); t.join()
c = threading.Condition()
with c: print(c.wait(0.01))'
    python3 -c 'import asyncio
async def main():
    await asyncio.sleep(0.01); await asyncio.to_thread(print, "a thread")
    asyncio.get_running_loop().add_signal_handler(10, print)
asyncio.run(main())'
    python3 -c 'import signal, os; signal.signal(signal.SIGALRM, lambda *a: print("alarm"))
signal.alarm(1); signal.pause(); signal.setitimer(signal.ITIMER_REAL, 0.05); signal.pause(); os.kill(os.getpid(), 0)'
    python3 -c 'import select, os; r, w = os.pipe(); os.write(w, b"x"); print(select.select([r], [], [], 0))
p = select.poll(); p.register(r); print(len(p.poll(0))); e = select.epoll(); e.register(r, 1); print(len(e.poll(0)))'
}

ask()
{
    python3 -c 'import os, resource, platform, getpass, pwd, uuid, secrets, time, zoneinfo, datetime, locale
print(os.cpu_count() > 0, os.uname().sysname, resource.getrlimit(resource.RLIMIT_NOFILE)[0] > 0, os.times()[0] >= 0)
print(platform.system(), getpass.getuser(), pwd.getpwuid(0), os.getgroups(), os.getpriority(0, 0))
print(len(secrets.token_hex()), uuid.uuid4().version, time.time() > 0, os.getloadavg()[0] >= 0, os.umask(0o22))
print(datetime.datetime(2026, 7, 1, tzinfo=zoneinfo.ZoneInfo("Europe/Paris")), locale.setlocale(locale.LC_ALL, ""))
print(os.path.expanduser("~nobody"), os.sched_getaffinity(0) != set(), os.path.exists("none"))'
    python3 -m json.tool <<<'[1]'
    python3 -m zipfile -c z.zip modules/m.py && python3 -m zipfile -l z.zip | wc -l
    python3 -m compileall -q modules && python3 --version
    python3 -c 'import unittest
class T(unittest.TestCase):
    def test(self): self.assertEqual(1, 1)
unittest.main()' 2>&1 | tail -n 1
    python3 -c 'import ctypes; print(ctypes.CDLL(None).getpid() > 0)'
}

# Nothing here says a line of stderr that begins as a report's do.
go_wrong()
{
    {
        python3 -c 'raise ValueError("wrong")' || echo "status $?"
        python3 none.py || echo "status $?"
        python3 -c 'open("/nonexistent/x", "w")' || echo "status $?"
        python3 -c 'import nonesuch' || echo "status $?"
        python3 -X dev -W error -c 'import sys; sys.exit(5)' || echo "status $?"
        python3 --nonsense || echo "status $?"
    } 2>&1 | sed 's|/usr/bin/||'
    (python3 -c 'import faulthandler, os; faulthandler.enable(); os.abort()' || echo "status $?") 2>/dev/null
}

same "computing and importing" compute
same "files, archives, databases" files
same "threads, timers, signals, asyncio" wait_and_share
same "asking about itself and the machine, tools" ask
same "what fails" go_wrong

denied='^1\|\|(.*[^a-z])?PermissionError: \[Errno 1\] Operation not permitted'
attack "os.execv" "$denied" python3 -c 'import os; os.execv("/usr/bin/true", ["true"])'
attack "os.fork" "$denied" python3 -c 'import os; os.fork() or os._exit(0)'
attack "subprocess" "$denied" python3 -c 'import subprocess; subprocess.run("true")'
attack "a TCP socket" "$denied" python3 -c 'import socket; socket.socket()'
attack "a UDP socket over IPv6" "$denied" python3 -c \
    'import socket; socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)'
attack "memory to write and execute" "$denied" python3 -c 'import mmap; mmap.mmap(-1, 4096, prot=7)'
attack "ptrace by ctypes" '^0\|-1 1\|' python3 -c 'import ctypes
c = ctypes.CDLL(None, use_errno=True); print(c.ptrace(16, 0, 0, 0), ctypes.get_errno())'
intruded python3 "$INSIDE_REFUSED" python3 -c 1
finish
