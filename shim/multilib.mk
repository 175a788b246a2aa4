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
ARM64_CC = aarch64-linux-gnu-gcc
ARM64_STRIP = aarch64-linux-gnu-strip

# $(call foreign,ARCHITECTURE,COMPILER,STRIP): the beginning of that make's command line.
foreign = +$(MAKE) --no-print-directory BUILD=$(BUILD)/$(1) CC="$(2)" STRIP=$(3) \
    ABI_FLAGS="-D_FILE_OFFSET_BITS=64 -isystem $(abspath $(BUILD)/$(1)/libraries/include)" \
    LIBS="-L$(abspath $(BUILD)/$(1)/libraries) -lseccomp -linih -lgcc"

$(BUILD)/%/libraries/libseccomp.a: shim/foreign.sh
	shim/foreign.sh $* $(@D)
	@touch $@

.PHONY: multilib arm64 i386
multilib: all i386

i386: $(BUILD)/i386/libraries/libseccomp.a
	$(call foreign,i386,$(I386_CC),strip) $(BUILD)/i386/libportcullis.so

arm64: $(BUILD)/arm64/libraries/libseccomp.a
	$(call foreign,arm64,$(ARM64_CC),$(ARM64_STRIP)) $(BUILD)/arm64/libportcullis.so
