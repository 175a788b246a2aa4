# make: the shim and the command. make demo: see it work. make check: every test. CONTRIBUTING.md says more.

CC ?= gcc
PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
DATADIR ?= $(PREFIX)/share
BUILD ?= build
FUZZ_SECONDS ?= 60
# In CI a warning is an error.
WERROR ?= $(if $(CI),-Werror)

PACKAGES := gcc make git libc6-dev libseccomp-dev libinih-dev libcriterion-dev pkg-config perl python3

.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules

WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wcast-qual -Wcast-align \
    -Wformat=2 -Wundef -Wpointer-arith -Wwrite-strings -Wstrict-prototypes -Wmissing-prototypes \
    -Wold-style-definition -Wvla -Wnull-dereference -Wimplicit-fallthrough -Wswitch-enum \
    -Wno-gnu-zero-variadic-macro-arguments $(WERROR)
HARDENING := -fPIC -fvisibility=hidden -fstack-protector-strong -fstack-clash-protection
COMMON := -std=gnu17 -D_GNU_SOURCE -O2 -g $(HARDENING) $(WARNINGS) -I$(BUILD)/generated -MMD -MP
HOSTED := $(COMMON) -D_FORTIFY_SOURCE=3 $(CFLAGS)
# A checked function is an import, so the shim's own objects are not fortified.
FREESTANDING := $(COMMON) -U_FORTIFY_SOURCE -ffreestanding -ffunction-sections -fdata-sections $(CFLAGS)

CORE_SOURCES := $(wildcard config/*.c) $(filter-out shim/preload.c shim/environment.c,$(wildcard shim/*.c))
SHIM_SOURCES := $(wildcard config/*.c shim/*.c shim/freestanding/*.c)
HELPER_SOURCES := $(wildcard tests/helpers/*.c)
UNIT_SOURCES := $(wildcard tests/config/*.c tests/shim/*.c)

CORE_OBJECTS := $(CORE_SOURCES:%.c=$(BUILD)/hosted/%.o)
SHIM_OBJECTS := $(SHIM_SOURCES:%.c=$(BUILD)/freestanding/%.o)
HELPER_OBJECTS := $(HELPER_SOURCES:%.c=$(BUILD)/hosted/%.o)
UNIT_TESTS := $(UNIT_SOURCES:%.c=$(BUILD)/%)
LIBS := -lseccomp -linih

.PHONY: all
all: $(BUILD)/libportcullis.so

$(BUILD)/hosted/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(HOSTED) -c $< -o $@

$(BUILD)/freestanding/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(FREESTANDING) -c $< -o $@

$(BUILD)/libcore.a: $(CORE_OBJECTS)
	$(AR) rcsD $@.new $^ && mv $@.new $@

$(BUILD)/libhelpers.a: $(HELPER_OBJECTS)
	$(AR) rcsD $@.new $^ && mv $@.new $@

# One object that needs nothing: no libc, no import, no export.
SHIM_LDFLAGS := -shared -nostdlib -Wl,-soname,libportcullis.so.0 -Wl,--exclude-libs,ALL -Wl,--gc-sections \
    -Wl,-Bsymbolic -Wl,-z,defs,-z,text,-z,relro,-z,now,-z,nodlopen,-z,noexecstack,-z,separate-code
SHIM_LIBS := -Wl,-Bstatic $(LIBS) -Wl,-Bdynamic

$(BUILD)/libportcullis.so: $(SHIM_OBJECTS)
	$(CC) $(SHIM_LDFLAGS) $(SHIM_OBJECTS) $(SHIM_LIBS) -o $@.new
	strip --strip-unneeded $@.new && mv $@.new $@

$(BUILD)/tests/%: $(BUILD)/hosted/tests/%.o $(BUILD)/libhelpers.a $(BUILD)/libcore.a
	@mkdir -p $(@D)
	$(CC) $(HOSTED) $< $(BUILD)/libhelpers.a $(BUILD)/libcore.a -lcriterion $(LIBS) -o $@

.PHONY: clean
clean:
	rm -rf $(BUILD)

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
