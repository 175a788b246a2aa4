# The shim for other architectures: each is a make of its own, in a folder of its own below BUILD.
#
#   make multilib   for 32-bit programs on this machine, beside the 64-bit one
#   make arm64      cross-built
#
# Neither changes which architectures dpkg knows: libseccomp.a and libinih.a are unpacked from
# Debian's packages into BUILD (shim/foreign.sh). lib32gcc-N-dev is what gcc-multilib stands for, and
# goes together with cross compilers.
MULTILIB_PACKAGES := lib32gcc-$(or $(shell gcc -dumpversion 2>/dev/null),12)-dev libc6-dev-i386
ARM64_PACKAGES := gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user

I386_CC = $(CC) -m32 -idirafter /usr/include/x86_64-linux-gnu
# libgcc's way to choose among atomics at run time asks the C library, which the shim does not have.
ARM64_CC = aarch64-linux-gnu-gcc -mno-outline-atomics
ARM64_STRIP = aarch64-linux-gnu-strip

# The relocations that ld.so is not told of are 64-bit ones: i386's shim is linked by the linker's
# usual script.
I386_LINK = SHIM_SCRIPT= DEFER=
ARM64_LINK = DEFER=$(abspath $(BUILD)/defer)

# $(call foreign,ARCHITECTURE,COMPILER,STRIP): the beginning of that make's command line.
foreign = +$(MAKE) --no-print-directory BUILD=$(BUILD)/$(1) CC="$(2)" STRIP=$(3) \
    ABI_FLAGS="-D_FILE_OFFSET_BITS=64 -isystem $(abspath $(BUILD)/$(1)/libraries/include) \
    -isystem $(abspath tests/foreign)" LIBS="-L$(abspath $(BUILD)/$(1)/libraries) -lseccomp -linih -lgcc"

$(BUILD)/%/libraries/libseccomp.a: shim/foreign.sh
	shim/foreign.sh $* $(@D)
	@touch $@

# Unit tests that hold on every architecture, against as much of Criterion as they use; arm64 has no
# kernel here that could be asked.
FOREIGN_TESTS := $(patsubst %,tests/shim/test_%,random environment freestanding_format \
    freestanding_libc freestanding_memory spellings)
I386_TESTS := $(FOREIGN_TESTS) $(patsubst %,tests/shim/test_%,freestanding_arena load verdicts)
ARM64_TESTS := $(FOREIGN_TESTS) $(patsubst %,tests/shim/test_%,values)

$(BUILD)/libraries/libcriterion.a: tests/foreign/criterion/criterion.c \
    tests/foreign/criterion/criterion.h $(BUILD)/flags
	$(CC) $(HOSTED) -c $< -o $(@:.a=.o)
	$(AR) rcsD $@ $(@:.a=.o)

# `make check` tries the 32-bit shim as well, where there can be one.
ifeq ($(shell uname -m),x86_64)
PACKAGES += $(MULTILIB_PACKAGES)
tests: i386-tests
endif

.PHONY: multilib i386 i386-compiler i386-tests
multilib: all i386

i386-compiler: $(BUILD)/flags
	@echo 'int main(void) { return 0; }' | $(I386_CC) -x c - -o $(BUILD)/i386-compiler 2>/dev/null || \
	    { echo "make multilib: '$(CC) -m32' does not link; please install what Debian calls" \
	          "$(MULTILIB_PACKAGES) (make deps PACKAGES='...' does it)" >&2; exit 1; }

i386: i386-compiler $(BUILD)/i386/libraries/libseccomp.a
	$(call foreign,i386,$(I386_CC),strip) $(I386_LINK) $(BUILD)/i386/libportcullis.so

i386-tests: i386
	$(call foreign,i386,$(I386_CC),strip) $(I386_LINK) $(BUILD)/i386/libraries/libcriterion.a
	$(call foreign,i386,$(I386_CC),strip) $(I386_LINK) $(I386_TESTS:%=$(BUILD)/i386/%)

# Where ld.so looks for PREFIX/$LIB: Debian's libc6 of each class, and libc6-i386.
LIBDIR64 = $(PREFIX)/lib/x86_64-linux-gnu
LIBDIR32 = $(PREFIX)/lib/i386-linux-gnu

.PHONY: install-multilib uninstall-multilib
install-multilib: multilib
	$(MAKE) --no-print-directory install LIBDIR=$(LIBDIR64)
	install -d $(DESTDIR)$(LIBDIR32) $(DESTDIR)$(PREFIX)/lib32
	install -m 755 $(BUILD)/i386/libportcullis.so $(DESTDIR)$(LIBDIR32)/libportcullis.so
	ln -sf ../lib/i386-linux-gnu/libportcullis.so $(DESTDIR)$(PREFIX)/lib32/libportcullis.so

uninstall-multilib:
	$(MAKE) --no-print-directory uninstall LIBDIR=$(LIBDIR64)
	rm -f $(DESTDIR)$(LIBDIR32)/libportcullis.so $(DESTDIR)$(PREFIX)/lib32/libportcullis.so

# arm64 has no kernel here: its unit tests run under qemu, which enforces nothing.
.PHONY: arm64 arm64-tests check-arm64
arm64: $(BUILD)/defer $(BUILD)/arm64/libraries/libseccomp.a
	$(call foreign,arm64,$(ARM64_CC),$(ARM64_STRIP)) $(ARM64_LINK) $(BUILD)/arm64/libportcullis.so

arm64-tests: arm64
	$(call foreign,arm64,$(ARM64_CC),$(ARM64_STRIP)) $(ARM64_LINK) $(BUILD)/arm64/libraries/libcriterion.a
	$(call foreign,arm64,$(ARM64_CC),$(ARM64_STRIP)) $(ARM64_LINK) $(ARM64_TESTS:%=$(BUILD)/arm64/%)

check-arm64:
	@$(MAKE) --no-print-directory deps PACKAGES="$(BUILD_PACKAGES) $(ARM64_PACKAGES) perl"
	$(AGAIN) arm64-tests
	@env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL BUILD="$(abspath $(BUILD))" \
	    PORTCULLIS_SHIM="$(abspath $(BUILD)/arm64/libportcullis.so)" \
	    prove -j2 --failures --comments --timer --exec tests/run tests/foreign/arm64.sh
