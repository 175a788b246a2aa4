#!/usr/bin/env python3
"""The README's table: what the shipped whitelists leave open, and what others' defaults do.

`make table` writes it between the two marks in README.md. Without an argument it is printed, and
tools that are not installed have no row. One judge for all: the filters of others are made
whitelists first, and `portcullis explain` says what each call gets.
"""

import json
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("BUILD", "build")).resolve()
MARKS = "<!-- made by make table -->", "<!-- end of what make table makes -->"
COMMON = "golang-github-containers-common"
DOCKER = "golang-github-docker-docker-dev"

# A word in the table, what it means, and the calls that show it: one that is allowed is enough.
DANGERS = (
    ("exec", "run another program", ("execve", "execveat")),
    ("trace", "read or change another process (`ptrace`, `process_vm_writev`, `pidfd_getfd`)",
     ("ptrace PTRACE_ATTACH 1", "process_vm_readv", "process_vm_writev", "pidfd_getfd")),
    ("mount", "change what is mounted",
     ("mount", "umount2", "pivot_root", "fsmount", "move_mount", "open_tree", "mount_setattr")),
    ("userns", "make or enter a user namespace (`clone`, `clone3`, `unshare`, `setns`)",
     ("clone CLONE_NEWUSER", "clone CLONE_NEWUSER|SIGCHLD", "clone3", "unshare CLONE_NEWUSER",
      "setns 3 CLONE_NEWUSER", "setns 3 0")),
    ("rwx", "run memory that it has written (`mmap`, `mprotect`, `pkey_mprotect`, `shmat`,\n  "
     "`personality`); code that is mapped from a file does not count",
     ("mmap 0 4096 PROT_READ|PROT_WRITE|PROT_EXEC MAP_PRIVATE|MAP_ANONYMOUS -1",
      "mmap 0 4096 PROT_READ|PROT_WRITE|PROT_EXEC MAP_SHARED 3",
      "mprotect 4096 4096 PROT_READ|PROT_EXEC", "mprotect 4096 4096 PROT_READ|PROT_WRITE|PROT_EXEC",
      "pkey_mprotect 4096 4096 PROT_READ|PROT_EXEC", "shmat 0 0 SHM_EXEC",
      "personality READ_IMPLIES_EXEC")),
    ("bpf", "`bpf`, `perf_event_open` or `userfaultfd`", ("bpf", "perf_event_open", "userfaultfd")),
    ("uring", "`io_uring_setup`", ("io_uring_setup",)),
    ("kernel", "load a module or another kernel, reboot, reach ports",
     ("init_module", "finit_module", "kexec_load", "kexec_file_load", "reboot", "iopl", "ioperm")),
    ("tty", "type into its terminal (`TIOCSTI`)", ("ioctl 0 TIOCSTI", "ioctl 0 TIOCLINUX")),
    ("raw", "raw and packet sockets, `AF_ALG`, `AF_VSOCK`",
     ("socket AF_INET SOCK_RAW IPPROTO_RAW", "socket AF_INET SOCK_RAW IPPROTO_ICMP",
      "socket AF_INET6 SOCK_RAW IPPROTO_ICMPV6", "socket AF_PACKET SOCK_RAW 768",
      "socket AF_PACKET SOCK_DGRAM 768", "socket AF_ALG SOCK_SEQPACKET",
      "socket AF_VSOCK SOCK_STREAM")),
    ("inet", "sockets of TCP and UDP",
     ("socket AF_INET SOCK_STREAM", "socket AF_INET SOCK_DGRAM", "socket AF_INET6 SOCK_STREAM",
      "socket AF_INET6 SOCK_DGRAM")),
)


def output(*command, text=None):
    """What COMMAND prints, or the end."""
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"table.py: {' '.join(map(str, command))}: {done.stderr.strip()}")
    return done.stdout


def portcullis(*arguments, text=None):
    return output(BUILD / "portcullis", *arguments, text=text)


def is_part(whitelist):
    """Whether it is there to be included, as its head says."""
    return "To be included" in re.sub(r"\n; *", " ", whitelist.read_text())


def serving(whitelist):
    """How many calls NAME-serving.ini leaves to NAME once it serves; '' where there is none."""
    staged = whitelist.with_name(f"{whitelist.stem}-serving.ini")
    if not staged.exists():
        return ""
    stage = json.loads(portcullis("check", "--json", staged))["files"][0]["stages"][0]
    return stage["allowed"] + stage["constrained"]


def row(name, whitelist):
    """A line of the table."""
    counts = json.loads(portcullis("check", "--json", whitelist))["files"][0]
    calls = [(word, call) for word, _, probes in DANGERS for call in probes]
    answers = portcullis("explain", "--json", whitelist, "-",
                         text="".join(call + "\n" for _, call in calls)).splitlines()
    if len(answers) != len(calls):
        sys.exit(f"table.py: {whitelist}: {len(answers)} answers to {len(calls)} questions")
    allowed = {word for (word, _), answer in zip(calls, answers) if json.loads(answer)["allowed"]}
    words = " ".join(word for word, _, _ in DANGERS if word in allowed)
    return (f"| {name:24} | {counts['allowed'] + counts['constrained']:>5} "
            f"| {counts['constrained']:>11} | {serving(whitelist):>7} | {words or '-':47} |")


def files_of(package):
    """What an installed package has; nothing of one that is not."""
    listed = subprocess.run(("dpkg", "-L", package), capture_output=True, text=True, check=False)
    return [pathlib.Path(line) for line in listed.stdout.splitlines()]


def version_of(package):
    """Without Debian's part."""
    version = output("dpkg-query", "-W", "-f", "${Version}", package)
    return re.sub(r"^\d+:|[-+].*", "", version)


def systemd():
    """SystemCallFilter=@system-service, as systemd-analyze has it."""
    if not files_of("systemd"):
        return None
    unit = "\n".join(("[Service]", "SystemCallArchitectures=native", "SystemCallErrorNumber=EPERM",
                      "SystemCallFilter=@system-service", ""))
    return f"systemd {version_of('systemd')}", portcullis("import", "--from", "systemd", "-",
                                                          text=unit)


def containers():
    """What Podman, Buildah and CRI-O take without another word."""
    if not files_of(COMMON):
        return None
    return f"containers-common {version_of(COMMON)}", portcullis(
        "import", "--from", "oci", "/usr/share/containers/seccomp.json")


def docker():
    """Docker's own is compiled in. Debian has its source in a package with 250 dependencies, which
    is not installed but looked into."""
    folder = BUILD / "table"
    folder.mkdir(parents=True, exist_ok=True)
    if not list(folder.glob(f"{DOCKER}_*.deb")):
        subprocess.run(("apt-get", "-o", "Acquire::http::Timeout=10", "-o", "Acquire::Retries=0",
                        "download", DOCKER), cwd=folder, capture_output=True, check=False)
    packages = sorted(folder.glob(f"{DOCKER}_*.deb"))
    if not packages:
        return None
    output("dpkg-deb", "-x", packages[-1], folder)
    version = output("dpkg-deb", "-f", packages[-1], "Version").strip()
    profile, = folder.glob("usr/**/docker/docker/profiles/seccomp/default.json")
    return f"Docker {re.sub('[-+].*', '', version)}", portcullis("import", "--from", "oci", profile)


def firejail():
    """Its default.profile: `seccomp`, `restrict-namespaces`, `protocol unix,inet,inet6`. The first
    is a file of BPF that its fsec-print puts into words: compare with a number, and to the end. The
    others are as `fseccomp restrict-namespaces` and `fseccomp protocol build` write them."""
    folders = [path.parent for path in files_of("firejail") if path.name == "fsec-print"]
    if not folders:
        return None
    lines = output(folders[0] / "fsec-print", folders[0] / "seccomp")
    dropped = [int(number, 16) for number in
               re.findall(r": 15 [0-9a-f]{2} 00 ([0-9a-f]{8}) +jeq (?!ARCH)", lines)]
    return f"firejail {version_of('firejail')}", "\n".join((
        "[filter]", "default = allow", "[deny]", *(f"{number} = EPERM" for number in dropped),
        "clone3 = ENOSYS", "clone = EPERM if flags & 0x7e020000 != 0",
        "unshare = EPERM if a0 & 0x7e020080 != 0", "setns = EPERM if a1 == 0",
        "setns = EPERM if a1 & 0x7e020080 != 0",
        "socket = EOPNOTSUPP if domain not in AF_UNIX AF_INET AF_INET6", ""))


def table(complete):
    """The text between the marks. COMPLETE: a source that is missing is the end."""
    rows = [row(path.stem, path) for path in sorted((ROOT / "config/whitelists").glob("*.ini"))
            if not is_part(path) and not path.stem.endswith("-serving")]
    copy = BUILD / "table.ini"
    for source in (systemd, docker, containers, firejail):
        found = source()
        if found:
            copy.write_text(found[1])
            rows.append(row(found[0], copy))
        elif complete:
            sys.exit(f"table.py: nothing is known of {source.__name__}: 'make deps' installs it")
    head = (f"| {'whitelist':24} | calls | by argument | serving | {'leaves open':47} |",
            f"|{'-' * 26}|------:|------------:|--------:|{'-' * 49}|")
    legend = (f"- *{word}*: {meaning}" for word, meaning, _ in DANGERS)
    return "\n".join((*head, *rows, "", *legend))


def main():
    if len(sys.argv) < 2:
        print(table(False))
        return
    file = pathlib.Path(sys.argv[1])
    before, rest = file.read_text().split(MARKS[0] + "\n")
    after = rest.split(MARKS[1])[1]
    file.write_text(f"{before}{MARKS[0]}\n{table(True)}\n\n{MARKS[1]}{after}")


if __name__ == "__main__":
    main()
