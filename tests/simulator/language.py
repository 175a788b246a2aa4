"""The whitelist language, once more: written from portcullis.ini(5) alone, so that an error of the
code that enforces is not repeated here. Policy(path).decide(number, arguments) names what a call
gets: "allow", "log", "kill", "trap" or an errno's name."""

import errno
import os

import calls

EXIT = {"exit", "exit_group", "rt_sigreturn", "restart_syscall"}
FOREIGN = 0x40000000  # x32's calls have this bit
OLDER = {"clone3": ("clone",), "openat2": ("open", "openat")}
ACTIONS = ("kill", "trap", "log", "allow")


def value_of(word):
    """A number (decimal, hexadecimal, octal, negative) or a constant's name."""
    if word in calls.CONSTANTS:
        return calls.CONSTANTS[word]
    digits = word.lstrip("-")
    base = 16 if digits[:2] in ("0x", "0X") else 8 if digits[:1] == "0" else 10
    number = int(digits, base)
    return -number if word.startswith("-") else number


def joined(text):
    """Values joined by '|'."""
    result = 0
    for word in text.split("|"):
        result |= value_of(word.strip())
    return result


def action_of(word):
    if word in ACTIONS:
        return word
    return errno.errorcode[int(word)] if word.isdigit() else word


def stricter(newer, older):
    """Of the verdicts of two filters that seccomp(2) would take: of two errnos the newer one."""
    def rank(verdict):
        return ("kill", "trap", "errno", "log", "allow").index(
            verdict if verdict in ACTIONS else "errno")
    return older if rank(older) < rank(newer) else newer


class Clause:
    """ARG [& MASK] OPERATOR REST."""

    def __init__(self, call, words):
        self.index = call.index(words[0])
        self.type = call.type(self.index)
        self.mask = None
        if words[1] == "&":
            at = next(i for i, word in enumerate(words) if i > 1 and word in OPERATORS)
            self.mask = joined("".join(words[2:at]))
            words = words[:1] + words[at:]
        self.operator = words[1]
        self.rest = words[2:]
        if self.operator == "not":
            self.operator, self.rest = "not in", words[3:]

    def seen(self, argument):
        """The argument as wide as the kernel consumes it, with the sign of its type."""
        return self.type.take(argument if self.mask is None else argument & self.mask)

    def is_within(self, seen):
        for word in " ".join(self.rest).replace(",", " ").split():
            low, _, high = word.partition("..")
            if self.wanted(low) <= seen <= self.wanted(high or low):
                return True
        return False

    def wanted(self, word):
        return self.type.take(value_of(word))

    def matches(self, arguments):
        seen = self.seen(arguments[self.index])
        bits = seen & self.type.ones
        if self.operator in ("in", "not in"):
            return self.is_within(seen) == (self.operator == "in")
        flags = joined("".join(self.rest)) & self.type.ones
        if self.operator == "with":
            return bits & flags == flags
        if self.operator == "without":
            return bits & flags == 0
        if self.operator == "only":
            return bits & ~flags == 0
        return COMPARISONS[self.operator](seen, self.type.take(flags))


COMPARISONS = {"==": lambda a, b: a == b, "!=": lambda a, b: a != b, "<": lambda a, b: a < b,
               "<=": lambda a, b: a <= b, ">": lambda a, b: a > b, ">=": lambda a, b: a >= b}
OPERATORS = {"in", "not", "with", "without", "only", *COMPARISONS}


class Condition:
    def __init__(self, call, text):
        words, self.clauses = [], []
        for word in text.split() + ["and"]:
            if word == "and":
                self.clauses.append(Clause(call, words))
                words = []
            else:
                words.append(word)

    def matches(self, arguments):
        return all(clause.matches(arguments) for clause in self.clauses)


class Policy:
    def __init__(self, path, groups):
        self.groups = groups
        self.settings = {}
        self.stages = {}  # name: {call's name: [conditions; None allows whatever the arguments]}
        self.allowed = {}
        self.denied = []  # (call's name, action, condition or None), in the order of the lines
        self.read(path)
        self.default = action_of(self.settings.get("default", "EPERM"))

    def read(self, path):
        """Includes stand where they are named; what the including file sets holds."""
        section, own, included = None, {}, {}
        with open(path, encoding="ascii") as lines:
            for line in lines:
                line = line.rstrip("\n").partition(" ;")[0].partition(" #")[0].rstrip()
                if not line or line[0] in ";#":
                    continue
                if line[0] == "[":
                    section = line[1:-1]
                    continue
                key, _, value = (part.strip() for part in line.partition("="))
                if section == "filter" and key == "include":
                    before, self.settings = self.settings, {}
                    self.read(os.path.join(os.path.dirname(path), value))
                    included.update(self.settings)
                    self.settings = before
                elif section == "filter":
                    own[key] = value
                else:
                    self.take_line(section, key, value)
        self.settings = {**included, **own}

    def take_line(self, section, key, value):
        if section == "deny":
            action, _, condition = value.partition(" if ")
            for name in self.expand(key):
                self.denied.append((name, action_of(action.strip()),
                                    Condition(calls.find(name), condition) if condition else None))
            return
        if section.startswith("stage "):
            lists = self.stages.setdefault(section[6:], {})
        else:
            lists = self.allowed
        if key == "syscalls":
            for name in self.expand(value):
                lists.setdefault(name, []).append(None)
        elif key != "when":
            for name in self.expand(key):
                lists.setdefault(name, []).append(Condition(calls.find(name), value))

    def expand(self, text):
        """Names of calls; a raw number is the name of the call that has it, or itself."""
        for word in text.replace(",", " ").split():
            if word[0] == "@":
                yield from self.groups[word[1:]]
            elif word[0] != "?" or calls.is_known(word[1:]):
                yield calls.name_of(word.lstrip("?"))

    def decide(self, number, arguments, stage=None):
        if number & FOREIGN or number >= 1 << 31:
            return "kill"
        name = calls.name_of(str(number))
        for denied, action, condition in self.denied:
            if denied == name and (condition is None or condition.matches(arguments)):
                return action
        verdict = self.decide_allowed(self.allowed, name, arguments, number)
        if stage is None:
            return verdict
        return stricter(self.decide_allowed(self.stages[stage], name, arguments, number), verdict)

    def decide_allowed(self, lists, name, arguments, number):
        if name in EXIT:
            return "allow"
        conditions = lists.get(name, [])
        if any(condition is None or condition.matches(arguments) for condition in conditions):
            return "allow"
        listed = name in lists or any(denied == name for denied, _, _ in self.denied)
        if not listed and self.is_answered_enosys(name, number, lists):
            return "ENOSYS"
        return self.default

    def is_answered_enosys(self, name, number, lists):
        if number > calls.NEWEST:
            return True
        if self.default == "log" or name not in self.groups["fallback"]:
            return False
        if self.default == "allow":
            older = OLDER.get(name, ())
            return any(condition for old in older for condition in lists.get(old, [])) or \
                any(denied in older and condition for denied, _, condition in self.denied)
        return True
