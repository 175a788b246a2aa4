# make: the shim. make demo: see it work. make check: every test. CONTRIBUTING.md tells more.

ifeq ($(origin CC),default)
CC := gcc
endif
CLANG ?= clang
CLANG_FORMAT ?= clang-format
CLANG_TIDY ?= clang-tidy
STRIP ?= strip
PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
LIBDIR ?= $(PREFIX)/lib
DATADIR ?= $(PREFIX)/share
VERSION := $(shell sed -n 's/^\#define PORTCULLIS_VERSION "\(.*\)"/\1/p' shim/tool/tool.h)
BUILD ?= build
# One name for one folder: other flags would be other objects.
override BUILD := $(patsubst $(CURDIR)/%,%,$(abspath $(BUILD)))
FUZZ_SECONDS ?= 60
# In CI a warning is an error.
WERROR ?= $(if $(CI),-Werror)

# Debian's names for what the shim is built from, and for what `make demo`, `make fuzz`, `make
# bench` and `make check` want on top.
BUILD_PACKAGES := gcc make libc6-dev libseccomp-dev libinih-dev libelf-dev libdw-dev \
    libjson-c-dev libcap-dev nettle-dev liblzma-dev libbz2-dev zlib1g-dev
DEMO_PACKAGES := $(BUILD_PACKAGES) golang-go
FUZZ_PACKAGES := $(BUILD_PACKAGES) clang libclang-rt-dev
DEB_PACKAGES := $(BUILD_PACKAGES) build-essential debhelper dpkg-dev fakeroot git lintian
# Those who run containers under exported profiles, for `make check-engines`.
ENGINE_PACKAGES := $(BUILD_PACKAGES) bubblewrap conmon crun docker.io podman python3 runc
BENCH_PACKAGES := $(BUILD_PACKAGES) apache2-utils gnuplot-nox haproxy memcached nginx-light \
    python3 redis-server redis-tools sqlite3 strace
PACKAGES := $(DEMO_PACKAGES) $(FUZZ_PACKAGES) $(DEB_PACKAGES) $(BENCH_PACKAGES) binutils \
    clang-format clang-tidy cppcheck curl fish g++ gawk libcap2-bin libcriterion-dev mandoc \
    musl-tools openssl perl pkgconf procps shellcheck systemd xz-utils zsh

# Those who load exported filters, and what they bring along.
PACKAGES += bubblewrap crun firejail golang-github-containers-common

# What the shipped whitelists are for, and gdb to attack from inside.
LISTED_PACKAGES := bsdutils dnsmasq-base ffmpeg file gdb ghostscript git haproxy imagemagick jq \
    less memcached nginx-light nodejs openssh-client openssh-sftp-server poppler-data \
    poppler-utils postgresql postgresql-client redis-server unzip zip zstd
PACKAGES += $(LISTED_PACKAGES)

.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules

WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wcast-qual \
    -Wcast-align -Wformat=2 -Wundef -Wpointer-arith -Wwrite-strings -Wstrict-prototypes \
    -Wmissing-prototypes -Wold-style-definition -Wvla -Wnull-dereference -Wimplicit-fallthrough \
    -Wswitch-enum -Wno-gnu-zero-variadic-macro-arguments $(WERROR)
HARDENING := -fPIC -fvisibility=hidden -fstack-protector-strong -fstack-clash-protection
DIALECT := -std=gnu17 -D_GNU_SOURCE $(ABI_FLAGS) -I$(BUILD)/generated
COMMON := $(DIALECT) -O2 -g $(HARDENING) $(WARNINGS) -MMD -MP
HOSTED := $(COMMON) -D_FORTIFY_SOURCE=3 $(CFLAGS)
# A checked function is an import, so the shim's own objects are not fortified.
FREESTANDING := $(COMMON) -U_FORTIFY_SOURCE -ffreestanding -ffunction-sections -fdata-sections \
    $(CFLAGS)
FUZZING := $(DIALECT) -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined \
    -fno-sanitize-recover=all $(WARNINGS) -MMD -MP

# The core is what the tests share with the shim: the pipeline without the two ends that belong to a
# process which is about to be filtered.
PROCESS_SOURCES := $(addprefix shim/,preload.c source.c refuse.c environment.c stages.c stubs.c)
CORE_SOURCES := $(wildcard config/*.c) \
    $(filter-out $(PROCESS_SOURCES),$(wildcard shim/*.c))
SHIM_SOURCES := $(wildcard config/*.c shim/*.c shim/freestanding/*.c)
TOOL_SOURCES := $(wildcard shim/tool/*.c shim/tool/*/*.c)
HELPER_SOURCES := $(wildcard tests/helpers/*.c)
UNIT_SOURCES := $(wildcard tests/config/*.c tests/shim/*.c tests/shim/tool/*.c)
LIVE_TESTS := $(wildcard tests/live/*.sh)
LINT_TESTS := $(wildcard tests/lint/*.sh)
SHELL_SOURCES = $(shell git ls-files --cached --others --exclude-standard '*.sh' '*.bash' \
    .ci/run tests/run .debian/tests/smoke)
C_SOURCES = $(sort $(SHIM_SOURCES) $(TOOL_SOURCES) $(wildcard shim/link/*.c) $(HELPER_SOURCES) \
    $(UNIT_SOURCES) tests/fuzz.c tests/fuzz_imports.c tests/asan.c)
# Victims and examples are programs of their own, written to be looked at or to misbehave.
PROGRAM_SOURCES = $(wildcard tests/failing/*.c tests/victims/*.[ch] tests/bench/*.c \
    tests/foreign/criterion/*.[ch] \
    examples/*/*.c)
C_HEADERS = $(wildcard config/*.h shim/*.h shim/freestanding/*.h shim/tool/*.h shim/tool/*/*.h \
    tests/helpers/*.h)
FORMATTED = $(C_SOURCES) $(C_HEADERS) $(PROGRAM_SOURCES)

CORE_OBJECTS := $(CORE_SOURCES:%.c=$(BUILD)/hosted/%.o)
SHIM_OBJECTS := $(SHIM_SOURCES:%.c=$(BUILD)/freestanding/%.o)
HELPER_OBJECTS := $(HELPER_SOURCES:%.c=$(BUILD)/hosted/%.o)
FUZZ_OBJECTS := $(CORE_SOURCES:%.c=$(BUILD)/fuzzing/%.o) $(BUILD)/fuzzing/tests/helpers/bpf.o
FUZZ_TOOL_OBJECTS = $(FUZZ_OBJECTS) \
    $(patsubst %.c,$(BUILD)/fuzzing/%.o,$(filter-out %/main.c %/dlopen.c,$(TOOL_SOURCES)))
UNIT_TESTS := $(UNIT_SOURCES:%.c=$(BUILD)/%)
LIBS := -lseccomp -linih

# Other flags than the last time: everything is built again.
FLAGS := $(strip $(CC) $(HOSTED) $(FREESTANDING))
ifneq ($(file <$(BUILD)/flags),$(FLAGS))
$(shell mkdir -p $(BUILD))
$(file >$(BUILD)/flags,$(FLAGS))
endif

.PHONY: all
all: $(BUILD)/libportcullis.so $(BUILD)/portcullis

# What is generated, and other architectures: each NAME.mk says how its own is made.
-include $(wildcard config/*.mk shim/*.mk)

$(BUILD)/hosted/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(CC) $(HOSTED) -c $< -o $@

$(BUILD)/freestanding/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(CC) $(FREESTANDING) -c $< -o $@

$(BUILD)/fuzzing/%.o: %.c | $(CONSTANTS_TABLE) $(NUMBERS_TABLE)
	@mkdir -p $(@D)
	$(CLANG) $(FUZZING) -fsanitize=fuzzer-no-link -c $< -o $@

$(BUILD)/libcore.a: $(CORE_OBJECTS)
	$(AR) rcsD $@.new $^ && mv $@.new $@

$(BUILD)/libhelpers.a: $(HELPER_OBJECTS)
	$(AR) rcsD $@.new $^ && mv $@.new $@

# One object that needs nothing: no libc, no import, no export. DEFER is a program of this machine.
SHIM_SCRIPT := shim/link/libportcullis.ld
DEFER := $(BUILD)/defer
SHIM_LDFLAGS := -shared -nostdlib -Wl,-soname,libportcullis.so.0 -Wl,--exclude-libs,ALL \
    -Wl,--gc-sections -Wl,-Bsymbolic -Wl,-z,defs,-z,text,-z,relro,-z,now,-z,nodlopen \
    -Wl,-z,noexecstack $(SHIM_SCRIPT:%=-T %)
SHIM_LIBS := -Wl,-Bstatic $(LIBS) -Wl,-Bdynamic

# The command: hosted, with what Debian has for ELF, stacks and JSON. All of it is linked
# statically: objects to be found and relocated would be most of a millisecond of every start, and
# no preload gets into what proves that others are filtered. SHARED=yes: for distributions, which
# mend a shared library once for all; and so it is where a static link does not work, as with
# elfutils 0.192, whose archives are not whole. A probe finds that out.
TOOL_OBJECTS := $(TOOL_SOURCES:%.c=$(BUILD)/hosted/%.o)
TOOL_LIBS := -ldw -lelf -ljson-c -lcap -lnettle
# Debian 13's libelf needs libzstd; where there is none, it is not needed.
STATIC_LIBS = $(LIBS) $(TOOL_LIBS) -llzma -lbz2 -lz \
    $(if $(wildcard $(shell $(CC) -print-file-name=libzstd.a)),-lzstd)
STATIC_LINK = -static-pie -Wl,--wrap=dlopen $(STATIC_LIBS)
# All but the C library: for the tests.
DYNAMIC_LINK = -Wl,-Bstatic $(STATIC_LIBS) -Wl,-Bdynamic
# libseccomp is the shim's own: `verify` compares what it makes, byte for byte.
SHARED_LINK = $(SHIM_LIBS) $(TOOL_LIBS)

# What the linker is handed: @command, and @tests for the same with a shared C library.
$(BUILD)/link/command: $(BUILD)/hosted/shim/link/probe.o
	@mkdir -p $(@D)
	@if [ -z "$(SHARED)" ] && \
	    $(CC) $(HOSTED) $< $(STATIC_LINK) -o $(@D)/probe >$(@D)/probe.log 2>&1; then \
	    echo "$(DYNAMIC_LINK)" >$(@D)/tests && echo "$(STATIC_LINK)" >$@; \
	else \
	    echo "$(SHARED_LINK)" >$(@D)/tests && echo "$(SHARED_LINK)" >$@; \
	fi

$(BUILD)/portcullis: $(TOOL_OBJECTS) $(BUILD)/libcore.a $(BUILD)/link/command
	$(CC) $(HOSTED) $(filter %.o %.a,$^) @$(BUILD)/link/command -o $@

# The same with a C library that can be made to fail.
DYNAMIC_TOOL := $(BUILD)/tests/portcullis
$(DYNAMIC_TOOL): $(TOOL_OBJECTS) $(BUILD)/libcore.a $(BUILD)/link/command
	@mkdir -p $(@D)
	$(CC) $(HOSTED) $(filter %.o %.a,$^) @$(BUILD)/link/tests -o $@

# All of it but main(), for its unit tests.
$(BUILD)/libtool.a: $(filter-out %/main.o,$(TOOL_OBJECTS))
	$(AR) rcsD $@.new $^ && mv $@.new $@

# For the tests: the same over an arena that fails when it is told to.
FAILING_SHIM := $(BUILD)/tests/libportcullis-failing.so
FAILING_OBJECTS := $(patsubst %/shim/freestanding/arena.o,%/tests/failing/arena.o,$(SHIM_OBJECTS))

$(BUILD)/libportcullis.so: $(SHIM_OBJECTS)
$(FAILING_SHIM): $(FAILING_OBJECTS)
$(BUILD)/libportcullis.so $(FAILING_SHIM): $(SHIM_SCRIPT) $(DEFER)
	@mkdir -p $(@D)
	$(CC) $(SHIM_LDFLAGS) $(filter %.o,$^) $(SHIM_LIBS) -o $@.new
	$(STRIP) --strip-unneeded $@.new $(DEFER:%=&& % $@.new) && mv $@.new $@

$(BUILD)/defer: shim/link/defer.c $(BUILD)/flags
	$(CC) $(HOSTED) $< -o $@

$(BUILD)/tests/shim/tool/%: $(BUILD)/hosted/tests/shim/tool/%.o $(BUILD)/libhelpers.a \
    $(BUILD)/libtool.a $(BUILD)/libcore.a $(BUILD)/link/command
	@mkdir -p $(@D)
	$(CC) $(HOSTED) $(filter %.o %.a,$^) -lcriterion @$(BUILD)/link/tests -o $@

$(BUILD)/tests/%: $(BUILD)/hosted/tests/%.o $(BUILD)/libhelpers.a $(BUILD)/libcore.a
	@mkdir -p $(@D)
	$(CC) $(HOSTED) $< $(BUILD)/libhelpers.a $(BUILD)/libcore.a -lcriterion $(LIBS) -o $@

$(BUILD)/fuzz-whitelist: $(BUILD)/fuzzing/tests/fuzz.o $(FUZZ_OBJECTS)
	$(CLANG) $(FUZZING) -fsanitize=fuzzer $^ $(LIBS) -o $@

# One source for all of them: each is compiled for one.
FUZZ_IMPORTS := oci systemd strace audit
$(FUZZ_IMPORTS:%=$(BUILD)/fuzz-%): $(BUILD)/fuzz-%: tests/fuzz_imports.c $(FUZZ_TOOL_OBJECTS)
	$(CLANG) $(FUZZING) -DFUZZED=FUZZ_$(shell echo $* | tr a-z A-Z) -fsanitize=fuzzer \
	    $(filter %.c %.o,$^) $(LIBS) $(TOOL_LIBS) -o $@

.SECONDARY:

# Everything that a compiler sees.
.PHONY: everything
everything: all $(UNIT_TESTS) $(FAILING_SHIM) $(DYNAMIC_TOOL)

# Installs what is missing of PACKAGES, and asks nothing.
.PHONY: deps
deps:
	@missing=; for package in $(sort $(PACKAGES)); do \
	    dpkg-query -W -f='$${db:Status-Status}' $$package 2>/dev/null | grep -qx installed || \
	        missing="$$missing $$package"; \
	done; \
	[ -n "$$missing" ] || exit 0; \
	if ! command -v apt-get >/dev/null; then \
	    echo "make deps: no apt-get here; please install what Debian calls:$$missing" >&2; \
	    echo "make deps: then use 'make show' for 'make demo', 'make tests' for 'make check'" >&2; \
	    exit 1; \
	fi; \
	sudo=; [ "$$(id -u)" = 0 ] || sudo=sudo; \
	echo "make deps: installing$$missing" && \
	$$sudo apt-get update -qq && \
	$$sudo env DEBIAN_FRONTEND=noninteractive \
	    apt-get install -y -qq --no-install-recommends $$missing \
	    </dev/null >$(BUILD)/deps.log 2>&1 || \
	{ tail -n 20 $(BUILD)/deps.log >&2; echo "make deps: could not install$$missing" >&2; exit 1; }

# The second make starts from what the first has installed. -j: as given, else one job a processor.
AGAIN = +@$(MAKE) --no-print-directory $(if $(findstring -j,$(MAKEFLAGS)),,-j$$(nproc))

.PHONY: demo show
demo:
	@$(MAKE) --no-print-directory deps PACKAGES="$(DEMO_PACKAGES)"
	$(AGAIN) all >$(BUILD)/demo.log || { cat $(BUILD)/demo.log; exit 1; }
	@$(MAKE) --no-print-directory show

show: all
	@env -u MAKEFLAGS -u MFLAGS BUILD="$(abspath $(BUILD))" CC="$(CC)" \
	    PORTCULLIS_SHIM="$(abspath $(BUILD)/libportcullis.so)" bash examples/mkdir/demo.sh

.PHONY: check tests unit live lint soak soak-run
check: deps
	$(AGAIN) tests

# One prove runs all; its own last line is the last line. Tests that call make have the same flags:
# with others two of them would build everything again, at once.
PROVE = env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL BUILD="$(abspath $(BUILD))" CC="$(CC)" \
    WERROR="$(WERROR)" $(if $(CFLAGS),CFLAGS="$(CFLAGS)") \
    PORTCULLIS_SHIM="$(abspath $(BUILD)/libportcullis.so)" \
    prove -j2 --failures --comments --timer --exec tests/run

tests: everything
	@$(PROVE) $(UNIT_TESTS) $(LINT_TESTS) $(LIVE_TESTS)

unit: $(BUILD)/portcullis $(UNIT_TESTS)
	@$(PROVE) $(UNIT_TESTS)

live: all $(FAILING_SHIM) $(DYNAMIC_TOOL)
	@$(PROVE) $(LIVE_TESTS)

lint: $(BUILD)/flags
	@$(PROVE) $(LINT_TESTS)

# What takes minutes by chance or by number, at full length; each script's head tells of its own.
SOAK_PACKAGES := $(BENCH_PACKAGES) default-jdk-headless
SOAKED = $(addprefix tests/live/learn_,inject.sh lifecycle.sh many.sh nochange.sh) \
    $(addprefix tests/live/verify_,dances.sh load.sh units.sh) tests/live/stages_many.sh \
    tests/live/import_large.sh tests/live/kill_holds.sh tests/live/report_images.sh
soak:
	@$(MAKE) --no-print-directory deps PACKAGES="$(SOAK_PACKAGES)"
	$(AGAIN) soak-run

soak-run: all $(BUILD)/tests/shim/tool/test_oci
	@env SOAK=1 TRIES=10000 STARTS=1000 ROUNDS=1000 KILLED=200 EVENTS=10000000 \
	    IMAGES=200000 REQUESTS=1000000 MEGABYTES=10 TEST_SECONDS=7200 \
	    $(PROVE) $(BUILD)/tests/shim/tool/test_oci $(SOAKED)

# Each release of these tools has opinions of its own. Debian 12's decide; of another one there is a
# note, and nothing is looked at: CLANG_FORMAT=clang-format-14 names one that decides.
# $(call decides,TOOL,RELEASE)
decides = { $(1) --version | grep -qE '(version |Cppcheck )$(2)\b' || \
    { echo "$(notdir $(1)) $(2) decides, and this is another release"; false; }; }

# clang-tidy, one file at a time, and again only where something changed. The tests take parts. The
# analyzer takes 40 times as long as all other checks, so it does not look at tests.
TIDY_FOLDERS := $(wildcard shim/tool/*/*.c)
TIDY_TOOL := $(wildcard shim/tool/*.c)
TIDY_TESTS := $(filter tests/%,$(C_SOURCES))
TIDY_SHIM := $(filter-out $(TIDY_FOLDERS) $(TIDY_TOOL) $(TIDY_TESTS),$(C_SOURCES))

.PHONY: tidy tidy-folders tidy-tool tidy-tests tidy-shim
tidy: tidy-folders tidy-tool tidy-tests tidy-shim
tidy-folders: $(TIDY_FOLDERS:%.c=$(BUILD)/tidy/%.ok)
tidy-tool: $(TIDY_TOOL:%.c=$(BUILD)/tidy/%.ok)
tidy-tests: TIDY_CHECKS := --checks=-clang-analyzer-*
tidy-tests: $(TIDY_TESTS:%.c=$(BUILD)/tidy/%.ok)
tidy-shim: $(TIDY_SHIM:%.c=$(BUILD)/tidy/%.ok)

$(BUILD)/tidy/%.ok: %.c .clang-tidy | $(CONSTANTS_TABLE) $(NUMBERS_TABLE)
	@mkdir -p $(@D)
	@! $(call decides,$(CLANG_TIDY),14) || \
	    $(CLANG_TIDY) --quiet $(TIDY_CHECKS) --warnings-as-errors='*' $< -- $(DIALECT) \
	        >$@.log 2>/dev/null || \
	    { cat $@.log; exit 1; }
	@$(CLANG) $(DIALECT) -MM -MP -MT $@ $< >$(@:.ok=.d.new) && mv $(@:.ok=.d.new) $(@:.ok=.d)
	@touch $@

# It takes no hint from a noreturn function with an attribute before it; clang's analyzer does.
.PHONY: cppcheck
PASTE := \#\#
cppcheck:
	@$(call decides,cppcheck,2.10) || exit 0; \
	cppcheck --quiet --error-exitcode=1 --enable=warning,performance,portability --inline-suppr \
	    --suppress=nullPointerRedundantCheck \
	    --std=c11 --language=c -D_GNU_SOURCE -D__x86_64__ -j2 '-DElfW(type)=Elf64_$(PASTE)type' \
	    '-DTest(suite,name,...)=static void suite$(PASTE)_$(PASTE)name(void)' '-DTestSuite(...)=' \
	    $(C_SOURCES)

# SC2317: functions that are handed to wait_for and the like seem to be called by nobody.
.PHONY: shellcheck
shellcheck:
	@shellcheck -x -P SCRIPTDIR -e SC2317 $(SHELL_SOURCES)

.PHONY: format format-check
format:
	$(CLANG_FORMAT) -i $(FORMATTED)

format-check:
	@$(call decides,$(CLANG_FORMAT),14) || exit 0; $(CLANG_FORMAT) --dry-run --Werror $(FORMATTED)

# libFuzzer over reader, rules and BPF, and over each importer. They share FUZZ_SECONDS. FUZZ_CORPUS
# grows, a folder each; what was found is kept there too.
FUZZ_CORPUS ?= $(BUILD)/corpus
FUZZ_TARGETS ?= whitelist $(FUZZ_IMPORTS)
FUZZ_SEEDS_whitelist = $(wildcard config/whitelists/*.ini examples/*/*.ini tests/data/*.ini \
    tests/data/*/*.ini)
FUZZ_SEEDS_strace = $(wildcard tests/data/strace/*.log)

.PHONY: fuzz fuzz-run
fuzz:
	@$(MAKE) --no-print-directory deps PACKAGES="$(FUZZ_PACKAGES)"
	$(AGAIN) fuzz-run

fuzz-run: $(FUZZ_TARGETS:%=fuzz-run-%)

# One after another, since they share the processors too.
.PHONY: $(FUZZ_TARGETS:%=fuzz-run-%)
$(FUZZ_TARGETS:%=fuzz-run-%): fuzz-run-%: $(BUILD)/fuzz-%
	@mkdir -p $(FUZZ_CORPUS)/$* $(BUILD)/empty
	@for seed in $(FUZZ_SEEDS_$*) $(wildcard tests/data/fuzz/$*/*); do \
	    cp "$$seed" "$(FUZZ_CORPUS)/$*/$$(echo "$$seed" | tr / _)"; done
	@cd $(BUILD)/empty && flock $(abspath $(BUILD)/fuzz.lock) $(abspath $(BUILD)/fuzz-$*) \
	    -max_total_time=$$(($(FUZZ_SECONDS) / $(words $(FUZZ_TARGETS)))) -timeout=20 \
	    -rss_limit_mb=2048 -max_len=16384 -verbosity=0 -print_final_stats=1 \
	    $(if $(filter whitelist,$*),-dict=$(abspath tests/data/fuzz.dict),-close_fd_mask=3) \
	    -artifact_prefix=$(abspath $(FUZZ_CORPUS))/ $(abspath $(FUZZ_CORPUS))/$* \
	    >$(abspath $(BUILD)/fuzz-$*.log) 2>&1 || \
	    { grep -v '# Uses:' $(abspath $(BUILD)/fuzz-$*.log) | tail -n 60; exit 1; }
	@sed -n 's/^stat::number_of_executed_units: */fuzz-$*: inputs tried without a finding: /p' \
	    $(BUILD)/fuzz-$*.log

# Figures, as ratios inside one run; no test asserts them. BENCH="start calls" for some sections.
.PHONY: bench bench-run
bench:
	@$(MAKE) --no-print-directory deps PACKAGES="$(BENCH_PACKAGES)"
	$(AGAIN) all >$(BUILD)/bench.log || { cat $(BUILD)/bench.log; exit 1; }
	@$(MAKE) --no-print-directory bench-run

bench-run: all
	@BUILD="$(abspath $(BUILD))" CC="$(CC)" python3 -B tests/bench/bench.py $(BENCH)

# The table in README.md, again: what each whitelist leaves open, and what others do.
.PHONY: table
table: all
	@BUILD="$(abspath $(BUILD))" python3 -B tests/bench/table.py README.md

WHITELISTS := $(wildcard config/whitelists/*.ini)

# A prefix has its own: two may be installed to at once.
PKGCONFIG := $(BUILD)/pkgconfig$(LIBDIR)/portcullis.pc

$(PKGCONFIG): shim/portcullis.pc.in $(BUILD)/flags FORCE
	@mkdir -p $(@D)
	@sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' -e 's|@DATADIR@|$(DATADIR)|' \
	    -e 's|@VERSION@|$(VERSION)|' $< >$@

.PHONY: FORCE
FORCE:

# Drop-ins for the units of config/whitelists/systemd: what `portcullis export` writes, with the
# paths of the installed files, and what a unit needs besides (UNIT.conf). A prefix has its own.
UNITS := $(patsubst config/whitelists/systemd/%.ini,%,$(wildcard config/whitelists/systemd/*.ini))
UNITDIR = $(DATADIR)/portcullis/systemd

$(BUILD)/units$(UNITDIR)/%.conf: config/whitelists/systemd/%.ini all FORCE
	@mkdir -p $(@D)
	@$(BUILD)/portcullis export --to systemd --unit $* -o $@.new $<
	@{ sed -e 's|[^ ="]*/libportcullis.so|$(LIBDIR)/libportcullis.so|' \
	    -e 's|[^ ="]*/config/whitelists/|$(DATADIR)/portcullis/|' \
	    -e 's|"[^"]*/portcullis"|"$(BINDIR)/portcullis"|' $@.new && \
	sed -e 's|@LIBDIR@|$(LIBDIR)|' -e 's|@DATADIR@|$(DATADIR)|' /dev/null \
	    $(wildcard $(<:.ini=.conf)); } >$@

MANDIR ?= $(DATADIR)/man

# What is installed: MODE:FILE:PLACE.
INSTALLED = 644:$(BUILD)/libportcullis.so:$(LIBDIR)/libportcullis.so \
    755:$(BUILD)/portcullis:$(BINDIR)/portcullis \
    644:$(PKGCONFIG):$(LIBDIR)/pkgconfig/portcullis.pc \
    644:shim/tool/portcullis.1:$(MANDIR)/man1/portcullis.1 \
    644:config/portcullis.ini.5:$(MANDIR)/man5/portcullis.ini.5 \
    644:shim/libportcullis.7:$(MANDIR)/man7/libportcullis.7 \
    644:shim/tool/completion/portcullis.bash:$(DATADIR)/bash-completion/completions/portcullis \
    644:shim/tool/completion/_portcullis:$(DATADIR)/zsh/vendor-completions/_portcullis \
    644:shim/tool/completion/portcullis.fish:$(DATADIR)/fish/vendor_completions.d/portcullis.fish \
    $(foreach file,$(WHITELISTS),644:$(file):$(DATADIR)/portcullis/$(notdir $(file))) \
    $(foreach unit,$(UNITS),644:config/whitelists/systemd/$(unit).ini:$(UNITDIR)/$(unit).ini) \
    $(foreach unit,$(UNITS),\
        644:$(BUILD)/units$(UNITDIR)/$(unit).conf:$(UNITDIR)/$(unit).service.d/portcullis.conf)

.PHONY: install uninstall
install: all $(PKGCONFIG) $(UNITS:%=$(BUILD)/units$(UNITDIR)/%.conf)
	@for item in $(INSTALLED); do \
	    file=$${item#*:}; \
	    install -D -m $${item%%:*} $${file%:*} "$(DESTDIR)$${file##*:}" || exit; \
	done

uninstall:
	@for item in $(INSTALLED); do rm -f "$(DESTDIR)$${item##*:}"; done
	@[ ! -d "$(DESTDIR)$(DATADIR)/portcullis" ] || \
	    find "$(DESTDIR)$(DATADIR)/portcullis" -depth -type d -empty -delete

# Debian packages, from what is committed: .debian/ is debian/ there. lintian's errors are ours.
DEB := $(BUILD)/deb/portcullis-$(VERSION)

.PHONY: deb deb-build
deb:
	@$(MAKE) --no-print-directory deps PACKAGES="$(DEB_PACKAGES)"
	$(AGAIN) deb-build

deb-build:
	@rm -rf $(BUILD)/deb && mkdir -p $(DEB)
	@git archive HEAD | tar -x -C $(DEB) && mv $(DEB)/.debian $(DEB)/debian
	@cd $(DEB) && env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL -u BUILD dpkg-buildpackage -us -uc -b \
	    >../build.log 2>&1 || { tail -n 30 ../build.log; exit 1; }
	@lintian --allow-root --fail-on error $(BUILD)/deb/portcullis_*.changes
	@ls $(BUILD)/deb/*.deb

# The packages in a fresh Debian; as root.
.PHONY: check-deb
check-deb:
	@$(MAKE) --no-print-directory deps PACKAGES="$(DEB_PACKAGES) debootstrap perl"
	$(AGAIN) deb-build
	@$(PROVE) tests/foreign/deb.sh

# Every shipped whitelist, exported, by crun, runc, podman, dockerd and bwrap; as root. Minutes.
.PHONY: check-engines
check-engines:
	@$(MAKE) --no-print-directory deps PACKAGES="$(ENGINE_PACKAGES) $(LISTED_PACKAGES)"
	$(AGAIN) all
	@TEST_SECONDS=2400 $(PROVE) tests/foreign/engines.sh

# All of this in a fresh Debian 13, as root: `make demo` and `make check` of what is committed.
.PHONY: check-trixie
check-trixie:
	@mkdir -p $(BUILD)
	@$(MAKE) --no-print-directory deps PACKAGES="debootstrap git perl"
	@env TEST_SECONDS=7200 $(PROVE) tests/foreign/trixie.sh

.PHONY: clean
clean:
	rm -rf $(BUILD)

# Not those of other makes in folders below it, which may be at work.
OTHERS := $(addprefix -o -path $(BUILD)/,i386 arm64 trixie 'with-*')
-include $(shell find $(BUILD) \( -path $(BUILD)/deb $(OTHERS) \) -prune -o -type f -name '*.d' \
    -print 2>/dev/null)
