"""Classic BPF as seccomp(2) and linux/bpf_common.h describe it."""

import errno
import struct

X86_64 = 0xC000003E
VERDICTS = {0x80000000: "kill", 0x00030000: "trap", 0x7FFC0000: "log", 0x7FFF0000: "allow"}
JUMPS = {0x10: lambda a, k: a == k, 0x20: lambda a, k: a > k, 0x30: lambda a, k: a >= k,
         0x40: lambda a, k: a & k != 0}
ARITHMETIC = {0x50: lambda a, k: a & k, 0x40: lambda a, k: a | k, 0xA0: lambda a, k: a ^ k,
              0x00: lambda a, k: a + k, 0x10: lambda a, k: a - k, 0x60: lambda a, k: a << k,
              0x70: lambda a, k: a >> k}


def read(path):
    with open(path, "rb") as file:
        return list(struct.iter_unpack("=HBBI", file.read()))


def run(program, number, arguments):
    """The verdict in words."""
    data = struct.unpack("=16I", struct.pack("=iIQ6Q", number if number < 1 << 31 else
                                             number - (1 << 32), X86_64, 0, *arguments))
    at, a, x, memory = 0, 0, 0, [0] * 16
    while True:
        code, true, false, k = program[at]
        at += 1
        kind = code & 0x07
        if code == 0x20:
            a = data[k // 4]
        elif kind == 0x05 and code & 0xF0 == 0x00:
            at += k
        elif kind == 0x05:
            at += true if JUMPS[code & 0xF0](a, x if code & 0x08 else k) else false
        elif kind == 0x04:
            a = ARITHMETIC[code & 0xF0](a, x if code & 0x08 else k) & 0xFFFFFFFF
        elif code == 0x06:
            return verdict(k)
        elif code == 0x02:
            memory[k] = a
        elif code == 0x60:
            a = memory[k]
        elif code == 0x07:
            x = a
        elif code == 0x00:
            a = k
        else:
            raise ValueError(f"instruction {at - 1}: unknown code {code:#x}")


def verdict(result):
    action = result & 0xFFFF0000
    return errno.errorcode[result & 0xFFFF] if action == 0x00050000 else VERDICTS[action]
