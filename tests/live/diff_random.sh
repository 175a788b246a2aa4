#!/bin/bash
# What diff and check say of random whitelists is so: diff against explain, call by call; check by
# taking lines away.
. "$(dirname "$0")/../helpers/tap.sh"
SEED=${PORTCULLIS_SEED:-$RANDOM$RANDOM}
PAIRS=25
diag "PORTCULLIS_SEED=$SEED"

cat >"$TMP/try.py" <<'EOF'
import random, re, subprocess, sys
command, folder, seed, pairs = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
random.seed(seed)

# Conditions know numbers up to 31, so beyond those one value for each pattern of low bits will do.
VALUES = [low | high for high in (0, 0x100) for low in range(32)]
CALLS = ''.join(f'write {fd} 0 {count}\n' for fd in VALUES for count in VALUES)

def clause(argument):
    number = lambda: random.randrange(32)
    kind = random.randrange(6)
    if kind == 0:
        return f'{argument} {random.choice(["==", "!=", "<", "<=", ">", ">="])} {number() or 1}'
    if kind == 1:
        return f'{argument} {random.choice(["with", "without"])} {number() or 1}'
    if kind == 2:
        return f'{argument} only {number() or 1}'
    if kind == 3:
        mask = number() or 1
        return f'{argument} & {mask} {random.choice(["==", "!="])} {number() & mask}'
    low = number()
    word = random.choice(['in', 'not in'])
    return f'{argument} {word} {low}..{random.randrange(low, 32)} {number()}'

def condition():
    clauses = [clause(random.choice(['fd', 'count'])) for _ in range(random.randrange(1, 4))]
    return ' and '.join(clauses)

def whitelist():
    lines = ['[allow]', 'syscalls = read']
    lines += [f'write = {condition()}' for _ in range(random.randrange(1, 6))]
    lines += ['[deny]']
    for _ in range(random.randrange(3)):
        lines += [f'write = {random.choice(["EIO", "ENOSPC"])} if {condition()}']
    return lines

def shuffled(lines):
    end = lines.index('[deny]')
    return lines[:2] + random.sample(lines[2:end], end - 2) + lines[end:]

def save(name, lines):
    with open(f'{folder}/{name}', 'w') as file:
        file.write('\n'.join(lines) + '\n')
    return f'{folder}/{name}'

def run(*words, text=''):
    return subprocess.run([command, *words], input=text, capture_output=True, text=True)

def verdicts(path):
    return [line for line in run('explain', path, '-', text=CALLS).stdout.split('\n')
            if line.startswith('write(')]

def wrong(what, *files):
    print(what, *files)
    for file in files:
        print(open(file).read())
    sys.exit(1)

equal = different = taken = needed = 0
for _ in range(pairs):
    base = whitelist()
    one = save('one.ini', base)
    if run('check', one).returncode:
        continue  # it would take too many instructions
    other = save('other.ini', random.choice([whitelist(), shuffled(base)]))
    if run('check', other).returncode:
        continue
    same = verdicts(one) == verdicts(other)
    if run('diff', one, other).returncode != (0 if same else 1):
        wrong('diff is wrong about', one, other)
    equal, different = equal + same, different + (not same)

    told = run('check', '--no-warn', 'always-matches', one).stderr
    found = re.findall(r':(\d+): warning: [^\n]*\[(?:swallowed|never-matches)\]', told)
    idle = {int(line) for line in found}
    kept = [line for number, line in enumerate(base, 1) if number not in idle]
    if run('diff', one, save('kept.ini', kept)).returncode == 1:
        wrong('check calls a line idle that is not', one, f'{folder}/kept.ini')
    taken += len(idle)
    for number, line in enumerate(kept):
        if not line.startswith('write') or number > kept.index('[deny]'):
            continue
        less = save('less.ini', kept[:number] + kept[number + 1:])
        if run('diff', one, less).returncode == 0:
            wrong('check does not tell of an idle line', one, less)
        needed += 1
print(f'{equal} pairs the same, {different} different, {taken} idle lines, {needed} needed')
sys.exit(not (equal and different and taken and needed))
EOF

run python3 "$TMP/try.py" "$BUILD/portcullis" "$TMP" "$SEED" "$PAIRS"
diag "$OUT$ERR"
is "$STATUS" 0 "diff_and_check_are_right_about_random_whitelists"
finish
