"""compare.py PORTCULLIS FOLDER WHITELISTS TUPLES SEED: random whitelists, and random calls of each.
The simulator of language.py, `portcullis explain` and the program that `portcullis export --to bpf`
writes must decide the same. Prints each difference, then how much was compared."""

import collections
import json
import os
import random
import re
import subprocess
import sys

import bpf
import language
import random_whitelist


class TooLarge(Exception):
    """The kernel takes no filter of that size."""


def ask(command, **more):
    done = subprocess.run(command, check=False, capture_output=True, text=True, **more)
    if re.search("needs more than the 4096 BPF|with stages, a filter may have", done.stderr):
        raise TooLarge
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: status {done.returncode}\n{done.stderr}")
    return done.stdout


def read_groups(portcullis):
    names = [line.split()[0][1:] for line in ask([portcullis, "groups"]).splitlines()]
    return {name: read_group(portcullis, name) for name in names}


def read_group(portcullis, name):
    lines = ask([portcullis, "groups", "@" + name]).splitlines()
    return [line.lstrip("?") for line in lines if line[0] != ";"]


def in_words(number, arguments):
    return " ".join([str(number)] + [hex(argument) for argument in arguments])


class Comparison:
    def __init__(self, portcullis, folder, seed):
        self.portcullis, self.folder = portcullis, folder
        self.random = random.Random(seed)
        self.groups = read_groups(portcullis)
        self.differences = 0
        self.seen = collections.Counter()

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="ascii") as file:
            file.write(text)
        return path

    def whitelist(self, index):
        maker = random_whitelist.Maker(self.random)
        included = None
        if index % 3 == 0:
            included = "included.ini"
            text = "[filter]\ndefault = ENOENT\n[allow]\n" + "\n".join(maker.allow_lines([])) + "\n"
            self.write(included, text + "[deny]\n" + "\n".join(maker.deny_lines([])) + "\n")
        stage = index % 4 == 1
        return maker, self.write("a.ini", maker.whitelist(included, stage)), stage

    def export(self, path):
        exported = os.path.join(self.folder, "a.bpf")
        ask([self.portcullis, "export", "--to", "bpf", "-o", exported, path])
        return bpf.read(exported)

    def explain(self, path, tuples):
        text = ask([self.portcullis, "explain", "--json", path, "-"],
                   input="".join(in_words(*call) + "\n" for call in tuples))
        return [json.loads(line) for line in text.splitlines()]

    def differ(self, path, call, answers):
        self.differences += 1
        if self.differences <= 3:
            with open(path, encoding="ascii") as file:
                print(file.read())
            print(f"{in_words(*call)}: {answers}")

    def one(self, index, count):
        maker, path, stage = self.whitelist(index)
        policy = language.Policy(path, self.groups)
        tuples = [maker.tuple() for _ in range(count)]
        # A list with stages is two filters, and can't be exported as one.
        program = None if stage else self.export(path)
        for call, told in zip(tuples, self.explain(path, tuples), strict=True):
            answers = {"simulated": policy.decide(*call), "explained": told["verdict"]}
            if program:
                answers["run"] = bpf.run(program, *call)
            self.seen[answers["simulated"]] += 1
            if len(set(answers.values())) > 1:
                self.differ(path, call, answers)
            if stage:
                answers = {"simulated in the stage": policy.decide(*call, "serving"),
                           "explained": told["stages"][0]["verdict"]}
                if len(set(answers.values())) > 1:
                    self.differ(path, call, answers)


def main(portcullis, folder, whitelists, tuples, seed):
    comparison, too_large = Comparison(portcullis, folder, seed), 0
    for index in range(int(whitelists)):
        while True:
            try:
                comparison.one(index, int(tuples) // int(whitelists) + 1)
                break
            except TooLarge:
                too_large += 1
    print(f"compared {comparison.seen.total()} calls of {whitelists} whitelists:",
          f"{comparison.differences} differences")
    print("verdicts:", " ".join(f"{count} {verdict}"
                                for verdict, count in comparison.seen.most_common()),
          f"({too_large} more whitelists were too large for the kernel)")


main(*sys.argv[1:])
