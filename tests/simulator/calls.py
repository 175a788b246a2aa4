"""Some system calls of x86-64, with their arguments as the manual pages name them and as the kernel
declares them (SYSCALL_DEFINE in the kernel's sources), and the constants that go with them."""

import os
import re
import signal
import socket


class Type:
    def __init__(self, bits, is_signed=False, is_pointer=False):
        self.bits, self.is_signed, self.is_pointer = bits, is_signed, is_pointer
        self.ones = (1 << bits) - 1

    def take(self, number):
        """What is left of a number of 64 bits, or of one that somebody wrote."""
        number &= self.ones
        return number - (1 << self.bits) if self.is_signed and number >> self.bits - 1 else number


INT, UINT, MODE = Type(32, True), Type(32), Type(16)
LONG, ULONG, POINTER = Type(64, True), Type(64), Type(64, is_pointer=True)

# name: (argument, type, what it is used for in random conditions) ...
TABLE = {
    "read": [("fd", UINT), ("buf", POINTER), ("count", ULONG)],
    "write": [("fd", UINT), ("buf", POINTER), ("count", ULONG)],
    "close": [("fd", UINT)],
    "lseek": [("fd", UINT), ("offset", LONG), ("whence", UINT)],
    "pread64": [("fd", UINT), ("buf", POINTER), ("count", ULONG), ("offset", LONG)],
    "ioctl": [("fd", UINT), ("request", UINT), ("arg", ULONG)],
    "dup2": [("oldfd", UINT), ("newfd", UINT)],
    "dup3": [("oldfd", UINT), ("newfd", UINT), ("flags", INT)],
    "pipe2": [("pipefd", POINTER), ("flags", INT)],
    "openat": [("dirfd", INT), ("pathname", POINTER), ("flags", INT), ("mode", MODE)],
    "open": [("pathname", POINTER), ("flags", INT), ("mode", MODE)],
    "openat2": [("dirfd", INT), ("pathname", POINTER), ("how", POINTER), ("size", ULONG)],
    "fchmod": [("fd", UINT), ("mode", MODE)],
    "mkdirat": [("dirfd", INT), ("pathname", POINTER), ("mode", MODE)],
    "access": [("pathname", POINTER), ("mode", INT)],
    "umask": [("mask", INT)],
    "flock": [("fd", UINT), ("operation", UINT)],
    "fallocate": [("fd", INT), ("mode", INT), ("offset", LONG), ("len", LONG)],
    "madvise": [("addr", ULONG), ("length", ULONG), ("advice", INT)],
    "socket": [("domain", INT), ("type", INT), ("protocol", INT)],
    "socketpair": [("domain", INT), ("type", INT), ("protocol", INT), ("sv", POINTER)],
    "listen": [("sockfd", INT), ("backlog", INT)],
    "shutdown": [("sockfd", INT), ("how", INT)],
    "setsockopt": [("sockfd", INT), ("level", INT), ("optname", INT), ("optval", POINTER),
                   ("optlen", INT)],
    "epoll_ctl": [("epfd", INT), ("op", INT), ("fd", INT), ("event", POINTER)],
    "eventfd2": [("initval", UINT), ("flags", INT)],
    "kill": [("pid", INT), ("sig", INT)],
    "tgkill": [("tgid", INT), ("tid", INT), ("sig", INT)],
    "setpgid": [("pid", INT), ("pgid", INT)],
    "getpriority": [("which", INT), ("who", INT)],
    "setpriority": [("which", INT), ("who", INT), ("prio", INT)],
    "prctl": [("option", INT), ("arg2", ULONG), ("arg3", ULONG), ("arg4", ULONG),
              ("arg5", ULONG)],
    "setuid": [("uid", UINT)],
    "alarm": [("seconds", UINT)],
    "clone3": [("cl_args", POINTER), ("size", ULONG)],
    "close_range": [("first", UINT), ("last", UINT), ("flags", UINT)],
    "clone": [("flags", ULONG), ("stack", ULONG), ("parent_tid", POINTER),
              ("child_tid", POINTER), ("tls", ULONG)],
    "getpid": [],
    "sched_yield": [],
}
# "clone's flags are consumed as 32": portcullis.ini(5) leaves it to the kernel.
TABLE["clone"][0] = ("flags", UINT)

# (call, argument): flags that are bits, from the C library's headers.
FLAGS = {
    ("openat", "flags"): "O_CREAT O_EXCL O_TRUNC O_APPEND O_CLOEXEC O_NONBLOCK O_NOFOLLOW",
    ("open", "flags"): "O_CREAT O_EXCL O_TRUNC O_APPEND O_CLOEXEC O_NONBLOCK O_NOFOLLOW",
    ("pipe2", "flags"): "O_CLOEXEC O_NONBLOCK",
    ("dup3", "flags"): "O_CLOEXEC",
    ("eventfd2", "flags"): "O_CLOEXEC O_NONBLOCK",
    ("access", "mode"): "R_OK W_OK X_OK",
    ("fallocate", "mode"): "0x1 0x2 0x8 0x10",
    ("umask", "mask"): "0x1 0x2 0x4 0x10 0x20 0x80",
    ("fchmod", "mode"): "0x1 0x8 0x40 0x400 0x800",
}
# Values with a name, for any comparison.
VALUES = {
    ("socket", "domain"): "AF_UNIX AF_INET AF_INET6 AF_NETLINK AF_PACKET",
    ("socketpair", "domain"): "AF_UNIX AF_INET",
    ("setsockopt", "level"): "SOL_SOCKET IPPROTO_TCP IPPROTO_IP",
    ("setsockopt", "optname"): "SO_REUSEADDR SO_KEEPALIVE SO_BROADCAST",
    ("kill", "sig"): "SIGTERM SIGKILL SIGHUP SIGUSR1",
    ("tgkill", "sig"): "SIGABRT SIGTERM",
    ("lseek", "whence"): "SEEK_SET SEEK_CUR SEEK_END",
    ("shutdown", "how"): "SHUT_RD SHUT_WR SHUT_RDWR",
    ("openat", "dirfd"): "AT_FDCWD",
    ("mkdirat", "dirfd"): "AT_FDCWD",
}
CONSTANTS = {"AT_FDCWD": -100, "SOCK_TYPE_MASK": 0xF,
             "O_ACCMODE": os.O_RDONLY | os.O_WRONLY | os.O_RDWR}
for module in (os, signal, socket):
    CONSTANTS.update((name, int(number)) for name, number in vars(module).items()
                     if re.fullmatch("[A-Z][A-Z0-9_]+", name) and isinstance(number, int))

# Behind what the headers of Debian 12 know; from the kernel's syscall_64.tbl.
NEWER = """cachestat fchmodat2 map_shadow_stack futex_wake futex_wait futex_requeue statmount
    listmount lsm_get_self_attr lsm_set_self_attr lsm_list_modules mseal setxattrat getxattrat
    listxattrat removexattrat open_tree_attr file_getattr file_setattr""".split()


def read_numbers():
    with open("/usr/include/x86_64-linux-gnu/asm/unistd_64.h", encoding="ascii") as header:
        numbers = {name: int(number)
                   for name, number in re.findall(r"#define __NR_(\w+)\s+(\d+)", header.read())}
    numbers.update((name, 451 + index) for index, name in enumerate(NEWER))
    return numbers


NUMBERS = read_numbers()
NAMES = {str(number): name for name, number in NUMBERS.items()}
NEWEST = 451 + len(NEWER) - 1


class Call:
    def __init__(self, name):
        self.name = name
        self.arguments = TABLE[name]

    def index(self, word):
        """a0 to a5, or the manual's name."""
        if re.fullmatch("a[0-5]", word):
            return int(word[1])
        return [name for name, _ in self.arguments].index(word)

    def type(self, index):
        return self.arguments[index][1]


def find(name):
    return Call(name)


def name_of(word):
    """A raw number is the call that has it."""
    return NAMES.get(str(int(word)), str(int(word))) if word.isdigit() else word


def is_known(name):
    return name in NUMBERS
