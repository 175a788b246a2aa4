"""Whitelists by chance, and calls that come near to what they say."""

import calls

ERRORS = "EPERM EACCES ENOSYS EINVAL ENOENT 13 22 38 110".split()
GROUPS = "stdio files network process signals threads time info fallback chown exec".split()
GARBAGE = (0, 0, 0, 1 << 32, 0xDEAD << 32, 0xFFFFFFFF << 32)
PLAIN = [name for name, arguments in calls.TABLE.items() if not arguments]
WITH_ARGUMENTS = [name for name, arguments in calls.TABLE.items() if arguments]


class Maker:
    def __init__(self, random):
        self.random = random
        self.near = {}  # call's name: {argument's index: values that conditions name}

    def value(self, call, index):
        name, type_ = call.arguments[index]
        named = calls.VALUES.get((call.name, name))
        if named and self.random.random() < 0.7:
            return self.random.choice(named.split())
        low, high = (-70, 70) if type_.is_signed else (0, 140)
        if self.random.random() < 0.2:
            low, high = (-(1 << 31), (1 << 31) - 1) if type_.is_signed else (0, 1 << type_.bits - 1)
        number = self.random.randint(low, high)
        return self.random.choice((str(number), hex(number) if number >= 0 else str(number)))

    def mark(self, call, index, word):
        number = calls.CONSTANTS.get(word)
        number = int(word, 0) if number is None else number
        self.near.setdefault(call.name, {}).setdefault(index, set()).add(number)
        return word

    def words(self, call, index):
        words = []
        for _ in range(self.random.randint(1, 3)):
            word = self.mark(call, index, self.value(call, index))
            if self.random.random() < 0.3:
                start = calls.CONSTANTS.get(word)
                start = int(word, 0) if start is None else start
                end = min(start + self.random.randint(0, 15), call.type(index).ones >> 1)
                word = f"{word}..{self.mark(call, index, str(max(start, end)))}"
            words.append(word)
        return self.random.choice((" ", ", ")).join(words)

    def flags(self, call, index):
        known = calls.FLAGS[call.name, call.arguments[index][0]].split()
        chosen = self.random.sample(known, self.random.randint(1, min(3, len(known))))
        for word in chosen:
            self.mark(call, index, word)
        return "|".join(chosen)

    def clause(self, call, index):
        name, type_ = call.arguments[index]
        argument = self.random.choice((name, name, f"a{index}"))
        if type_.is_pointer:
            return f"{argument} {self.random.choice(('==', '!='))} 0"
        if (call.name, name) in calls.FLAGS:
            operator = self.random.choice(("with", "without", "only"))
            return f"{argument} {operator} {self.flags(call, index)}"
        if self.random.random() < 0.2:
            mask = self.random.choice((0xF, 0xFF, 0x70, 0x7FFF))
            value = self.random.getrandbits(16) & mask
            self.mark(call, index, str(value))
            return f"{argument} & {mask:#x} {self.random.choice(('==', '!='))} {value:#x}"
        if self.random.random() < 0.5:
            return f"{argument} {self.random.choice(('in', 'not in'))} {self.words(call, index)}"
        operator = self.random.choice(("==", "!=", "<", "<=", ">", ">="))
        return f"{argument} {operator} {self.mark(call, index, self.value(call, index))}"

    def condition(self, call):
        indexes = range(len(call.arguments))
        chosen = self.random.choices(indexes, k=self.random.choice((1, 1, 1, 1, 2, 2, 3)))
        return " and ".join(self.clause(call, index) for index in chosen)

    def allow_lines(self, subtract):
        """SUBTRACT: names that [deny] has without a condition; not named here a second time."""
        names = [name for name in calls.TABLE if name not in subtract]
        lines = []
        for _ in range(self.random.randint(1, 3)):
            words = self.random.sample(names, self.random.randint(1, 6))
            groups = self.random.sample(GROUPS, self.random.randint(0, 1))
            words += [f"@{group}" for group in groups]
            words += self.random.choice(([], [], ["?nonesuch"], ["600"], ["110"]))
            lines.append(f"syscalls = {self.random.choice((' ', ', ')).join(words)}")
        for name in self.random.choices(WITH_ARGUMENTS, k=self.random.randint(2, 6)):
            lines.append(f"{name} = {self.condition(calls.find(name))}")
        self.random.shuffle(lines)
        return lines

    def deny_lines(self, plain):
        lines = []
        for name in plain:
            lines.append(f"{name} = {self.action()}")
        for name in self.random.choices(WITH_ARGUMENTS, k=self.random.randint(0, 4)):
            lines.append(f"{name} = {self.action()} if {self.condition(calls.find(name))}")
        if self.random.random() < 0.3:
            lines.append(f"@{self.random.choice(GROUPS)} = {self.action()}")
        self.random.shuffle(lines)
        return lines

    def action(self):
        return self.random.choice(ERRORS + ["kill", "trap"])

    def whitelist(self, included, with_stage):
        """The text; INCLUDED: a file's name, or None."""
        default = self.random.choice(ERRORS + ["kill", "trap", "log", "allow", None])
        subtract = self.random.sample(list(calls.TABLE), self.random.randint(0, 2))
        lines = ["[filter]"] + ([f"default = {default}"] if default else [])
        lines += [f"include = {included}"] if included else []
        lines += ["[allow]"] + self.allow_lines(subtract)
        lines += ["", "; what is refused", "[deny]"] + self.deny_lines(subtract)
        if with_stage:
            lines += ["[stage serving]", "when = epoll_wait"] + self.allow_lines(subtract)
        return "\n".join(lines) + "\n"

    def argument(self, call, index):
        near = self.near.get(call.name, {}).get(index)
        number = self.random.choice(sorted(near)) if near and self.random.random() < 0.8 else \
            self.random.choice((0, self.random.getrandbits(8), self.random.getrandbits(64)))
        number += self.random.choice((0, 0, 0, 1, -1))
        if near and self.random.random() < 0.3:
            number |= self.random.choice(sorted(near))
        number &= call.type(index).ones if self.random.random() < 0.7 else (1 << 64) - 1
        return (number ^ self.random.choice(GARBAGE)) & ((1 << 64) - 1)

    def tuple(self):
        """(number, six arguments)."""
        chance = self.random.random()
        if chance < 0.05:
            number = self.random.choice((*range(440, 480), 600, 0x40000001, 1 << 30))
            return number, [self.random.getrandbits(64) for _ in range(6)]
        if chance < 0.15:
            number = self.random.randint(0, 480)
            return number, [self.random.getrandbits(self.random.choice((4, 64))) for _ in range(6)]
        known = sorted(self.near) if self.near and chance < 0.8 else WITH_ARGUMENTS + PLAIN
        call = calls.find(self.random.choice(known))
        arguments = [self.argument(call, index) for index in range(len(call.arguments))]
        return calls.NUMBERS[call.name], (arguments + [0] * 6)[:6]
