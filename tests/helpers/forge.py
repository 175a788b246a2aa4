"""forge.py IN OUT STATEMENT: a compiled whitelist changed, with the digest that fits.

STATEMENT may change format, machine, flags, maker, stages [(name, when, length)], code [(code, jt,
jf, k)], sources, programs and texts (bytes). The counts follow. See shim/compiled.h."""
import struct
import sys

MASK = (1 << 64) - 1


def siphash(data, key=b"Portcullis file "):
    v = [k ^ c for k, c in zip(struct.unpack("<QQ", key) * 2,
                               (0x736f6d6570736575, 0x646f72616e646f6d,
                                0x6c7967656e657261, 0x7465646279746573))]

    def turn(value, bits):
        return (value << bits | value >> (64 - bits)) & MASK

    def mix(rounds):
        for _ in range(rounds):
            for a, b, c, d, e, f in ((0, 1, 2, 3, 13, 16), (2, 1, 0, 3, 17, 21)):
                v[a] = (v[a] + v[b]) & MASK
                v[b] = turn(v[b], e) ^ v[a]
                v[a] = turn(v[a], 32)
                v[c] = (v[c] + v[d]) & MASK
                v[d] = turn(v[d], f) ^ v[c]

    tail = len(data) % 8
    last = data[len(data) - tail:].ljust(7, b"\0") + bytes([len(data) & 255])
    for (word,) in struct.iter_unpack("<Q", data[:len(data) - tail] + last):
        v[3] ^= word
        mix(2)
        v[0] ^= word
    v[2] ^= 255
    mix(4)
    return v[0] ^ v[1] ^ v[2] ^ v[3]


def main(source, target, statement):
    data = open(source, "rb").read()
    magic, format, machine, _, _, flags, n_stages, n_code, n_sources, n_programs, _, maker = \
        struct.unpack_from("<8sIIQ8I", data)
    at = 56
    raw = [struct.unpack_from("<4I", data, at + 16 * i) for i in range(n_stages)]
    at += 16 * n_stages
    code = [struct.unpack_from("<HBBI", data, at + 8 * i) for i in range(n_code)]
    at += 8 * n_code
    sources = data[at:at + 40 * n_sources]
    at += 40 * n_sources
    programs = data[at:at + 4 * n_programs]
    at += 4 * n_programs
    fields = {"format": format, "machine": machine, "flags": flags, "maker": maker, "code": code,
              "stages": [(name, when, length) for name, when, length, _ in raw],
              "sources": sources, "programs": programs, "texts": data[at:]}
    before = len(code)
    exec(statement, {}, fields)
    code, stages, texts = fields["code"], fields["stages"], fields["texts"]
    if len(stages) == 1 and len(code) != before:
        stages = [stages[0][:2] + (len(code),)]
    body = b"".join(struct.pack("<4I", *stage, 0) for stage in stages)
    body += b"".join(struct.pack("<HBBI", *instruction) for instruction in code)
    body += fields["sources"] + fields["programs"] + texts
    rest = struct.pack("<8I", 56 + len(body), fields["flags"], len(stages), len(code), n_sources,
                       n_programs, len(texts), fields["maker"]) + body
    with open(target, "wb") as file:
        file.write(struct.pack("<8sIIQ", magic, fields["format"], fields["machine"],
                               siphash(rest)) + rest)


main(*sys.argv[1:])
