#!/usr/bin/env bash
# The closed loop for programs with threads, children and runtimes of their own.
. "$(dirname "$0")/../helpers/tap.sh"
. "$(dirname "$0")/../helpers/learn.sh"

cd "$TMP" || exit 1
victim work -pthread
g++ -std=c++17 -O2 "$ROOT/tests/victims/learn_exceptions.cc" -o exceptions -pthread || exit 1
export HOME=$TMP GO111MODULE=off
CGO_ENABLED=1 go build -ldflags=-linkmode=external -o goroutines \
    "$ROOT/tests/victims/learn_goroutines.go" || exit 1

# That a program may have a ring is somebody's decision.
printf '[filter]\ndefault = EPERM\n[allow]\nsyscalls = io_uring_setup\n' >uring.ini
for kind in fork vfork spawn uring signalfd timers; do
    loop "$kind" ./work "$kind"
done
# Who waits for whom differs from run to run, and with it who makes which call.
ROUNDS=4 loop threads ./work threads
ROUNDS=3 loop exceptions ./exceptions
ROUNDS=8 loop goroutines ./goroutines

cat >program.py <<'END'
import queue, subprocess, threading

results = queue.Queue()

def work(number):
    done = subprocess.run(["echo", str(number)], capture_output=True, text=True)
    results.put(int(done.stdout) ** 2)

threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(sorted(results.get() for _ in threads))
print(subprocess.check_output("echo shell | tr a-z A-Z", shell=True, text=True), end="")
END
ROUNDS=3 loop python3 /usr/bin/python3 program.py

mkdir project
cat >project/Makefile <<'END'
all: program
	./program
program: one.o two.o
	$(CC) -o $@ $^
%.o: %.c
	$(CC) -O1 -c $< -o $@
END
echo 'int two(void); int main(void) { return two() == 2 ? 0 : 1; }' >project/one.c
echo 'int two(void) { return 2; }' >project/two.c
clean() { rm -f project/*.o project/program; }
BEFORE=clean ROUNDS=1 loop make make -s -C project CC="${CC:-gcc}"
finish
