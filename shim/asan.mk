# make check-asan: the command built with AddressSanitizer and UndefinedBehaviorSanitizer, in the
# place of the usual one in the live tests. The shim is the usual one. What the sanitizers find is in
# files $(ASAN)/findings.*, and that alone fails: tests may fail by the sanitizers' time and memory.
ASAN := $(BUILD)/asan
ASAN_OBJECTS := $(TOOL_SOURCES:%.c=$(ASAN)/objects/%.o) $(CORE_SOURCES:%.c=$(ASAN)/objects/%.o) \
    $(ASAN)/objects/tests/asan.o
ASAN_FLAGS := $(DIALECT) -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined $(WARNINGS) \
    -MMD -MP -DASAN_FINDINGS='"$(abspath $(ASAN))/findings"'

# Left out: these build, install or measure the command by a make of their own, or look at the file
# that it is.
ASAN_LEFT_OUT := bench constants_generator deb demo install manuals multilib object readme table \
    templates
# A host of its own loads the shim, and measures what a start calls.
ASAN_LEFT_OUT += export_native
ASAN_TESTS = $(filter-out $(ASAN_LEFT_OUT:%=tests/live/%.sh),$(LIVE_TESTS))

$(ASAN)/objects/%.o: %.c $(BUILD)/flags | $(CONSTANTS_TABLE) $(NUMBERS_TABLE)
	@mkdir -p $(@D)
	$(CC) $(ASAN_FLAGS) -c $< -o $@

$(ASAN)/portcullis: $(ASAN_OBJECTS)
	$(CC) $(ASAN_FLAGS) -static-libasan -static-libubsan $^ $(DYNAMIC_LINK) -o $@

.PHONY: check-asan asan-tests
check-asan: deps
	$(AGAIN) asan-tests

# The folder is what BUILD is to the tests; anybody may find something.
asan-tests: all $(FAILING_SHIM) $(DYNAMIC_TOOL) $(ASAN)/portcullis
	@mkdir -p $(ASAN)/tests && chmod 1777 $(ASAN) && rm -f $(ASAN)/findings.*
	@cp $(BUILD)/libportcullis.so $(ASAN)/ && cp $(FAILING_SHIM) $(DYNAMIC_TOOL) $(ASAN)/tests/
	@env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL BUILD="$(abspath $(ASAN))" CC="$(CC)" \
	    PORTCULLIS_SHIM="$(abspath $(ASAN)/libportcullis.so)" TEST_SECONDS=900 \
	    prove -j2 --failures --comments --timer --exec tests/run $(ASAN_TESTS) || true
	@bash tests/helpers/findings.sh $(ASAN)
